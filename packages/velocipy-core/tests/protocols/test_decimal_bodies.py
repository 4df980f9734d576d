"""Decimals in bodies: the same strict text as everywhere, wherever in the body they stand and whoever decodes it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, VelociPy

app = VelociPy()


@dataclass
class Price:
    amount: Decimal


@app.post("/alone")
async def alone(value: Annotated[Decimal, Body()]) -> list[str]:
    return [str(value)]


@app.post("/list")
async def in_a_list(value: list[Decimal]) -> list[str]:
    return [str(item) for item in value]


@app.post("/dict")
async def in_a_dict(value: dict[str, Decimal | None]) -> list[str]:
    return [str(item) for item in value.values()]


@app.post("/record")
async def in_a_record(value: Price) -> list[str]:
    return [str(value.amount)]


@app.post("/union")
async def in_a_union(value: list[bool | Decimal]) -> list[str]:
    return [str(item) for item in value]


def bodies(value: Any) -> dict[str, Any]:
    return {"/alone": value, "/list": [value], "/dict": {"a": value}, "/record": {"amount": value}, "/union": [value]}


@pytest.mark.parametrize("value", ["1.10", "-5", "1e3", 5, 1.5])
@pytest.mark.parametrize("path", bodies(None))
def test_numbers_and_their_text_are_taken(client: Client, path: str, value: Any) -> None:
    response = client.post(path, json=bodies(value)[path])
    assert response.status_code == 200
    assert [Decimal(item) for item in response.json()] == [Decimal(str(value))]


@pytest.mark.parametrize(
    "value",
    ["NaN", "sNaN", "Infinity", "-inf", "1_0", " 1", "1 ", "\u0665", "1e999999999", "1e-999999999", "", "x", True],
)
@pytest.mark.parametrize("path", [path for path in bodies(None) if path != "/union"])
def test_hostile_text_is_refused(client: Client, path: str, value: Any) -> None:
    response = client.post(path, json=bodies(value)[path])
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert fault["loc"][0] == "body"


@pytest.mark.parametrize("value", ["NaN", "1_0", "1e999999999"])
def test_hostile_text_is_refused_in_a_union(client: Client, value: str) -> None:
    assert client.post("/union", json=[value]).status_code == 422
