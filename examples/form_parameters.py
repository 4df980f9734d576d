"""
Forms: fields one by one, and a whole form as a model, of pydantic, msgspec or the standard library.

Serve it with `granian --interface rsgi form_parameters:app`.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from pydantic import BaseModel, Field

from velocipy import Form, VelociPy

app = VelociPy()


@app.post("/login")
async def log_in(
    name: Annotated[str, Form(min_length=1)],
    password: Annotated[str, Form()],
    remember: Annotated[bool, Form()] = False,
    visits: int = Form(1),
) -> dict[str, str | bool | int]:
    return {"name": name, "remember": remember, "visits": visits}


@dataclass
class Sighting:
    animal: str
    places: list[str]
    number: int = 1


class Keeper(BaseModel):
    name: str = Field(min_length=2)
    age: int


class Egg(msgspec.Struct):
    weight: float
    cracked: bool = False


@app.post("/sightings")
async def report(sighting: Annotated[Sighting, Form()]) -> Sighting:
    return sighting


@app.post("/keepers")
async def hire(keeper: Annotated[Keeper, Form()]) -> Keeper:
    return keeper


@app.post("/eggs")
async def weigh(egg: Annotated[Egg, Form()]) -> Egg:
    return egg
