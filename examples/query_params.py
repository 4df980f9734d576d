"""
Values of the query: types, defaults, limits, lists, choices, and a model for many of them.

Serve it with `granian --interface rsgi query_params:app`, and ask for `/raptors?skip=1&name=Blue&order=-age`.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated

from velocipy import Query, VelociPy

app = VelociPy()


class Order(StrEnum):
    NAME = "name"
    OLDEST = "-age"


@app.get("/raptors")
async def list_raptors(
    skip: Annotated[int, Query(ge=0)] = 0,
    take: Annotated[int, Query(ge=1, le=100)] = 20,
    name: Annotated[list[str] | None, Query()] = None,  # ?name=Blue&name=Delta
    order: Order = Order.NAME,  # what is no value of a path is one of the query
    tame: bool = False,
) -> dict[str, object]:
    return {"skip": skip, "take": take, "name": name, "order": order, "tame": tame}


@app.get("/search")
async def search(words: Annotated[str, Query(alias="q", min_length=2, max_length=50)]) -> dict[str, str]:
    return {"words": words}


@dataclass
class Sightings:
    since: date = date(1993, 6, 11)
    at_least: Annotated[int, Query(ge=1)] = 1
    places: list[str] = field(default_factory=list[str])


@app.get("/sightings")
async def list_sightings(wanted: Annotated[Sightings, Query()]) -> Sightings:
    return wanted
