"""Constraints as other libraries write them: annotated-types, msgspec.Meta, pydantic's Field and validators."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Query, VelociPy

at = pytest.importorskip("annotated_types", reason="its constraints are tested here")
msgspec = pytest.importorskip("msgspec", reason="the constraints of msgspec.Meta are tested here")
pydantic = pytest.importorskip("pydantic", reason="the constraints of pydantic.Field are tested here")

app = VelociPy()

Small: Any = Annotated[int, at.Ge(5)]

PARAMETERS: dict[str, Any] = {
    "ge": Annotated[int, at.Ge(3)],
    "interval": Annotated[int, at.Interval(gt=2, le=5)],
    "len": Annotated[str, at.Len(2, 3)],
    "multiple": Annotated[int, at.MultipleOf(3)],
    "predicate": Annotated[int, at.Predicate(lambda value: value > 10)],
    "meta": Annotated[str, msgspec.Meta(min_length=2, pattern="^a")],
    "meta-int": Annotated[int, msgspec.Meta(ge=3, lt=6)],
    "field": Annotated[int, pydantic.Field(ge=3, lt=6)],
    "field-str": Annotated[str, pydantic.Field(max_length=2)],
    "positive": pydantic.PositiveInt,
    "digits": Annotated[Decimal, pydantic.Field(max_digits=4, decimal_places=1)],
    "stripped": Annotated[str, pydantic.StringConstraints(strip_whitespace=True, to_lower=True, max_length=3)],
    "after": Annotated[int, pydantic.AfterValidator(lambda value: value + 1)],
    "type-and-marker": Annotated[Small, Query(ge=1, le=9)],
    "two-lower": Annotated[int, at.Ge(5), at.Ge(1)],
    "narrowed": Annotated[Small, at.Lt(8)],
    "items": list[Annotated[int, at.Ge(3)]],
}


def declare(name: str, annotation: Any) -> None:
    async def handler(v: Any) -> dict[str, str]:
        return {"v": str(v)}

    handler.__annotations__["v"] = Annotated[annotation, Query()] if name == "items" else annotation
    app.add_route(f"/{name}", handler)


for _name, _annotation in PARAMETERS.items():
    declare(_name, _annotation)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ge", "3", "3"),
        ("interval", "5", "5"),
        ("len", "ab", "ab"),
        ("multiple", "6", "6"),
        ("predicate", "11", "11"),
        ("meta", "ab", "ab"),
        ("meta-int", "5", "5"),
        ("field", "3", "3"),
        ("field-str", "ab", "ab"),
        ("positive", "1", "1"),
        ("digits", "123.4", "123.4"),
        ("stripped", " ABC ", "abc"),
        ("after", "1", "2"),
        ("type-and-marker", "5", "5"),
        ("two-lower", "5", "5"),
        ("narrowed", "7", "7"),
        ("items", "3", "[3]"),
    ],
)
def test_a_value_that_fits(client: Client, name: str, text: str, value: str) -> None:
    response = client.get(f"/{name}", params={"v": text})
    assert (response.status_code, response.json()) == (200, {"v": value})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ge", "2"),
        ("interval", "2"),
        ("interval", "6"),
        ("len", "a"),
        ("len", "abcd"),
        ("multiple", "4"),
        ("predicate", "10"),
        ("meta", "a"),
        ("meta", "ba"),
        ("meta-int", "6"),
        ("field", "6"),
        ("field-str", "abc"),
        ("positive", "0"),
        ("digits", "1.25"),
        ("digits", "12345"),
        ("stripped", "abcd"),
        ("type-and-marker", "4"),
        ("type-and-marker", "+4"),
        ("type-and-marker", "10"),
        ("two-lower", "4"),
        ("narrowed", "4"),
        ("narrowed", "8"),
        ("items", "2"),
    ],
)
def test_a_value_that_does_not_fit(client: Client, name: str, text: str) -> None:
    response = client.get(f"/{name}", params={"v": text})
    assert response.status_code == 422
    assert [fault["loc"][:2] for fault in response.json()["detail"]] == [["query", "v"]]


@pytest.mark.parametrize("name", ["ge", "meta-int", "field", "positive", "after"])
@pytest.mark.parametrize("text", ["1_0", " 5", "5.0", "\u0665"])
def test_numbers_are_strict_whoever_constrains_them(client: Client, name: str, text: str) -> None:
    response = client.get(f"/{name}", params={"v": text})
    assert response.status_code == 422
    assert [fault["type"] for fault in response.json()["detail"]] == ["int_parsing"]
