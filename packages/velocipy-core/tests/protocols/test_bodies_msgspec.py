"""Bodies that are msgspec's: Struct in all its ways, Meta, tagged unions, UNSET."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import pytest
from httpx2 import Client

from velocipy import Body, VelociPy

msgspec = pytest.importorskip("msgspec", reason="its models are tested here")
from msgspec import UNSET, Meta, Struct, UnsetType, field  # noqa: E402

app = VelociPy()

Element = TypeVar("Element")


class Item(Struct):
    name: Annotated[str, Meta(min_length=1)]
    price: Annotated[float, Meta(gt=0)]
    tags: list[str] = []


class Order(Struct, forbid_unknown_fields=True, rename="camel"):
    order_id: int
    line_items: list[Item] = field(default_factory=list)


class Cat(Struct, tag="cat"):
    lives: int = 9


class Dog(Struct, tag="dog"):
    good: bool


class Position(Struct, array_like=True):
    x: int
    y: int = 0


class Patch(Struct):
    name: str | UnsetType = UNSET
    price: float | UnsetType | None = UNSET


class Zoned(Struct):
    at: Annotated[datetime, Meta(tz=True)]


class Local(Struct):
    at: Annotated[datetime, Meta(tz=False)]


class Page(Struct, Generic[Element]):
    items: list[Element]


class Tree(Struct):
    value: int
    children: "list[Tree]" = []


class Range(Struct):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


MODELS: dict[str, Any] = {
    "item": Item,
    "items": list[Item],
    "by-name": dict[str, Item],
    "order": Order,
    "pet": Cat | Dog,
    "maybe-pet": Cat | Dog | None,
    "pets": list[Cat | Dog],
    "position": Position,
    "patch": Patch,
    "zoned": Zoned,
    "local": Local,
    "page": Page[Item],
    "tree": Tree,
    "range": Range,
}


def declare(name: str, annotation: Any) -> None:
    async def alone(value: Any) -> str:
        return repr(value)

    async def among_others(value: Any, other: Annotated[int, Body()]) -> str:
        return repr(value)

    alone.__annotations__["value"] = among_others.__annotations__["value"] = annotation
    app.add_route(f"/alone/{name}", alone, ["POST"])
    app.add_route(f"/keyed/{name}", among_others, ["POST"])


for _name, _annotation in MODELS.items():
    declare(_name, _annotation)


@app.post("/echo")
async def echo(item: Item) -> Item:
    return item


ITEM = "Item(name='a', price=2.0, tags=[])"
TAKEN: list[tuple[str, Any, str]] = [
    ("item", {"name": "a", "price": 2, "unknown": 1}, ITEM),
    ("items", [{"name": "a", "price": 2}], f"[{ITEM}]"),
    ("by-name", {"a": {"name": "a", "price": 2}}, f"{{'a': {ITEM}}}"),
    ("order", {"orderId": 1, "lineItems": [{"name": "a", "price": 2}]}, f"Order(order_id=1, line_items=[{ITEM}])"),
    ("pet", {"type": "dog", "good": True}, "Dog(good=True)"),
    ("pet", {"type": "cat"}, "Cat(lives=9)"),
    ("pets", [{"type": "cat"}, {"type": "dog", "good": False}], "[Cat(lives=9), Dog(good=False)]"),
    ("position", [1, 2], "Position(x=1, y=2)"),
    ("position", [1], "Position(x=1, y=0)"),
    ("patch", {}, "Patch(name=UNSET, price=UNSET)"),
    ("patch", {"price": None}, "Patch(name=UNSET, price=None)"),
    ("local", {"at": "2024-01-02T03:04:05"}, "Local(at=datetime.datetime(2024, 1, 2, 3, 4, 5))"),
    ("page", {"items": [{"name": "a", "price": 2}]}, f"Page(items=[{ITEM}])"),
    ("tree", {"value": 1, "children": [{"value": 2}]}, "Tree(value=1, children=[Tree(value=2, children=[])])"),
    ("range", {"low": 1, "high": 1}, "Range(low=1, high=1)"),
]
REFUSED: list[tuple[str, Any, list[tuple[list[Any], str]]]] = [
    ("item", {}, [(["name"], "missing"), (["price"], "missing")]),
    ("item", {"name": "", "price": 0}, [(["name"], "string_too_short"), (["price"], "greater_than")]),
    (
        "item",
        {"name": 1, "price": "2", "tags": [1]},
        [(["name"], "string_type"), (["price"], "float_type"), (["tags", 0], "string_type")],
    ),
    ("item", [], [([], "model_type")]),
    (
        "items",
        [{"name": "a", "price": 2}, 5, {}],
        [([1], "model_type"), ([2, "name"], "missing"), ([2, "price"], "missing")],
    ),
    ("by-name", {"a": {"name": "a"}}, [(["a", "price"], "missing")]),
    ("order", {"order_id": 1}, [(["orderId"], "missing"), (["order_id"], "extra_forbidden")]),
    ("order", {"orderId": 1, "x": 1, "y": 2}, [(["x"], "extra_forbidden"), (["y"], "extra_forbidden")]),
    ("pet", {"good": True}, [([], "union_tag_not_found")]),
    ("pet", {"type": "cow"}, [([], "union_tag_invalid")]),
    ("pet", {"type": ["dog"]}, [([], "union_tag_invalid")]),
    ("pet", {"type": "dog", "good": 1}, [(["good"], "bool_type")]),
    ("position", [1, "2"], [([1], "int_type")]),
    ("position", {"x": 1}, [([], "list_type")]),
    ("position", [], [([0], "missing")]),
    ("patch", {"name": None}, [(["name"], "string_type")]),
    ("zoned", {"at": "2024-01-02T03:04:05"}, [(["at"], "timezone_aware")]),
    ("local", {"at": "2024-01-02T03:04:05Z"}, [(["at"], "timezone_naive")]),
    ("page", {"items": [{"name": "a", "price": -1}]}, [(["items", 0, "price"], "greater_than")]),
    ("tree", {"value": 1, "children": [{"value": "x"}]}, [(["children", 0, "value"], "int_type")]),
    ("range", {"low": 2, "high": 1}, [([], "value_error")]),
]


@pytest.mark.parametrize(("name", "data", "answer"), TAKEN)
def test_a_struct_is_made_of_the_body(client: Client, name: str, data: Any, answer: str) -> None:
    assert client.post(f"/alone/{name}", json=data).text == answer
    assert client.post(f"/keyed/{name}", json={"value": data, "other": 1}).text == answer


@pytest.mark.parametrize(("name", "data", "faults"), REFUSED)
def test_every_fault_is_told_with_its_place(client: Client, name: str, data: Any, faults: Any) -> None:
    for path, body, start in (
        ("alone", data, ["body"]),
        ("keyed", {"value": data, "other": 1}, ["body", "value"]),
    ):
        response = client.post(f"/{path}/{name}", json=body)
        assert response.status_code == 422
        found = [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]
        assert sorted(found, key=repr) == sorted([([*start, *loc], type) for loc, type in faults], key=repr)


def test_a_struct_is_sent_as_it_came(client: Client) -> None:
    item = {"name": "a", "price": 2.5, "tags": ["x"]}
    assert client.post("/echo", json=item).json() == item
