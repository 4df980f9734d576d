"""Bodies without any library: dict, list, dataclass, TypedDict, NamedTuple, generics, unions, several by name."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar

import pytest
from httpx2 import Client

from velocipy import Body, Depends, Query, VelociPy

app = VelociPy()

Element = TypeVar("Element")


class Unit(Enum):
    KG = "kg"
    LB = "lb"


@dataclass
class Part:
    name: str
    weight: float = 1.0
    unit: Unit = Unit.KG


@dataclass
class Order:
    id: int
    parts: list[Part]
    due: date | None = None
    prices: dict[str, Decimal] = field(default_factory=dict)
    total: int = field(init=False, default=0)


@dataclass
class Tree:
    value: int
    children: list["Tree"] = field(default_factory=list)


@dataclass
class Page(Generic[Element]):
    items: list[Element]
    next: Element | None = None


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclass
class Range:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


@app.post("/dict")
async def a_dict(data: dict[str, Any]) -> Any:
    return data


@app.post("/bare-dict")
async def a_bare_dict(data: dict) -> Any:  # type: ignore[type-arg]
    return data


@app.post("/int-keys")
async def int_keys(data: dict[int, int]) -> str:
    return repr(data)


@app.post("/list")
async def a_list(data: list[int]) -> list[int]:
    return data


@app.post("/parts")
async def many_parts(data: list[Part]) -> str:
    return repr(data)


@app.post("/order")
async def an_order(order: Order) -> str:
    return repr(order)


@app.post("/tree")
async def a_tree(tree: Tree) -> str:
    return repr(tree)


@app.post("/page")
async def a_page(page: Page[Part]) -> str:
    return repr(page)


@app.post("/movie")
async def a_movie(movie: Movie) -> str:
    return repr(movie)


@app.post("/point")
async def a_point(data: Annotated[Point, Body()]) -> str:
    return repr(data)


@app.post("/range")
async def a_range(data: Range) -> str:
    return repr(data)


@app.post("/union")
async def a_union(data: Part | Range) -> str:
    return type(data).__name__


@app.post("/optional")
async def optional(part: Part | None = None) -> str:
    return repr(part)


@app.post("/two")
async def two(part: Part, tree: Tree, note: Annotated[str, Body(max_length=3)] = "-") -> str:
    return repr((part, tree, note))


@app.post("/embed")
async def embed(part: Annotated[Part, Body(embed=True)]) -> str:
    return repr(part)


@app.post("/alias")
async def alias(part: Annotated[Part, Body(alias="the-part", embed=True)]) -> str:
    return repr(part)


def named(part: Part) -> str:
    return part.name


@app.post("/shared")
async def shared(part: Part, name: Annotated[str, Depends(named)], loud: Annotated[bool, Query()] = False) -> str:
    return name.upper() if loud else part.name


@pytest.mark.parametrize(
    ("path", "data", "answer"),
    [
        ("/order", {"id": 1, "parts": []}, "Order(id=1, parts=[], due=None, prices={}, total=0)"),
        (
            "/order",
            {"id": 1, "parts": [{"name": "a", "unit": "lb"}], "due": "2024-01-02", "prices": {"a": "1.10"}, "extra": 1},
            (
                "Order(id=1, parts=[Part(name='a', weight=1.0, unit=<Unit.LB: 'lb'>)], due=datetime.date(2024, 1, 2), "
                "prices={'a': Decimal('1.10')}, total=0)"
            ),
        ),
        ("/int-keys", {"1": 2}, "{1: 2}"),
        ("/parts", [{"name": "a"}], "[Part(name='a', weight=1.0, unit=<Unit.KG: 'kg'>)]"),
        ("/tree", {"value": 1, "children": [{"value": 2}]}, "Tree(value=1, children=[Tree(value=2, children=[])])"),
        (
            "/page",
            {"items": [{"name": "a", "weight": 2}]},
            "Page(items=[Part(name='a', weight=2.0, unit=<Unit.KG: 'kg'>)], next=None)",
        ),
        ("/movie", {"title": "Up", "other": 1}, "{'title': 'Up'}"),
        ("/movie", {"title": "Up", "year": 2009}, "{'title': 'Up', 'year': 2009}"),
        ("/point", [1, 2], "Point(x=1, y=2)"),
        ("/point", [1], "Point(x=1, y=0)"),
        ("/range", {"low": 1, "high": 2}, "Range(low=1, high=2)"),
        ("/union", {"low": 1, "high": 2}, "Range"),
        ("/union", {"name": "a"}, "Part"),
        ("/optional", {"name": "a"}, "Part(name='a', weight=1.0, unit=<Unit.KG: 'kg'>)"),
        ("/embed", {"part": {"name": "a"}}, "Part(name='a', weight=1.0, unit=<Unit.KG: 'kg'>)"),
        ("/alias", {"the-part": {"name": "a"}}, "Part(name='a', weight=1.0, unit=<Unit.KG: 'kg'>)"),
        (
            "/two",
            {"part": {"name": "a"}, "tree": {"value": 1}},
            "(Part(name='a', weight=1.0, unit=<Unit.KG: 'kg'>), Tree(value=1, children=[]), '-')",
        ),
        ("/shared", {"name": "a"}, "a"),
        ("/shared?loud=yes", {"name": "a"}, "A"),
    ],
)  # fmt: skip
def test_json_becomes_what_the_annotation_says(client: Client, path: str, data: Any, answer: str) -> None:
    response = client.post(path, json=data)
    assert (response.status_code, response.text) == (200, answer)


@pytest.mark.parametrize("data", [{}, {"a": [1, {"b": None}], "ü": "💚", "n": 1.5, "t": True}])
@pytest.mark.parametrize("path", ["/dict", "/bare-dict"])
def test_a_dict_is_the_data_itself(client: Client, path: str, data: dict[str, Any]) -> None:
    assert client.post(path, json=data).json() == data


@pytest.mark.parametrize(
    ("path", "data", "faults"),
    [
        ("/dict", [1], [(["body"], "dict_type")]),
        ("/bare-dict", "a", [(["body"], "dict_type")]),
        ("/list", {"a": 1}, [(["body"], "list_type")]),
        ("/list", [1, "2", 3.5, True, None], [(["body", index], "int_type") for index in (1, 2, 3, 4)]),
        ("/int-keys", {"1": 2, "x": "y"}, [(["body", "x", "[key]"], "int_parsing"), (["body", "x"], "int_type")]),
        ("/order", {}, [(["body", "id"], "missing"), (["body", "parts"], "missing")]),
        (
            "/order",
            {"id": "1", "parts": [{"weight": "x", "unit": "st"}, 5], "due": "soon", "prices": {"a": "x"}},
            [
                (["body", "id"], "int_type"),
                (["body", "parts", 0, "name"], "missing"),
                (["body", "parts", 0, "weight"], "float_type"),
                (["body", "parts", 0, "unit"], "enum"),
                (["body", "parts", 1], "model_type"),
                (["body", "due"], "date_parsing"),
                (["body", "prices", "a"], "decimal_parsing"),
            ],
        ),
        (
            "/tree",
            {"value": 1, "children": [{"value": 2, "children": [{}]}]},
            [(["body", "children", 0, "children", 0, "value"], "missing")],
        ),
        ("/page", {"items": [{"name": 1}]}, [(["body", "items", 0, "name"], "string_type")]),
        ("/movie", {"year": "x"}, [(["body", "title"], "missing"), (["body", "year"], "int_type")]),
        ("/range", {"low": 2, "high": 1}, [(["body"], "value_error")]),
        ("/embed", {"name": "a"}, [(["body", "part"], "missing")]),
        ("/embed", [], [(["body"], "dict_type")]),
        ("/two", {"part": 5}, [(["body", "part"], "model_type"), (["body", "tree"], "missing")]),
        (
            "/two",
            {"part": {"name": "a"}, "tree": {"value": "x"}, "note": "long"},
            [(["body", "tree", "value"], "int_type"), (["body", "note"], "string_too_long")],
        ),
        ("/two", 5, [(["body"], "dict_type")]),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_place(client: Client, path: str, data: Any, faults: Any) -> None:
    response = client.post(path, json=data)
    assert response.status_code == 422
    found = [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]
    assert sorted(found, key=repr) == sorted(faults, key=repr)


def test_the_reason_that_a_class_gives_is_told(client: Client) -> None:
    (fault,) = client.post("/range", json={"low": 2, "high": 1}).json()["detail"]
    assert fault == {"loc": ["body"], "msg": "Value error, low is above high", "type": "value_error"}


def test_a_member_of_a_union_is_named_in_the_place_of_its_fault(client: Client) -> None:
    found = client.post("/union", json={"low": 1}).json()["detail"]
    assert [fault["loc"] for fault in found] == [["body", "Part", "name"], ["body", "Range", "high"]]
