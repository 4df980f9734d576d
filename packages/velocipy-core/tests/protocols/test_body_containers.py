"""Lists, dicts, tuples, sets and unions as the body: of what was declared, and of nothing else."""

import json
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Any, Dict, List, NewType, Optional, TypedDict, Union  # noqa: UP035
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import Body, VelociPy

app = VelociPy()


@dataclass
class Item:
    name: str


@dataclass
class Other:
    size: int


@dataclass
class Tree:
    by_name: "dict[str, Tree]" = field(default_factory=dict)
    only: "Tree | None" = None
    many: "list[Tree | int]" = field(default_factory=list)


class Color(Enum):
    RED = "red"


ItemIn = NewType("ItemIn", Item)
Again = NewType("Again", ItemIn)

TYPES: dict[str, Any] = {
    "new-type": Again,
    "annotated": Annotated[Item, "documented"],
    "list": list[Item],
    "old-list": List[Item],  # noqa: UP006
    "old-dict": Dict[str, Item],  # noqa: UP006
    "list-of-lists": list[list[int]],
    "dict-of-lists": dict[str, list[Item]],
    "tuple": tuple[Item, int],
    "long-tuple": tuple[Item, ...],
    "set": set[int],
    "frozenset": frozenset[str],
    "sequence": Sequence[Item],
    "mutable-sequence": MutableSequence[int],
    "iterable": Iterable[int],
    "optional-list": list[Item] | None,
    "list-of-optional": list[Optional[Item]],  # noqa: UP045
    "union": Item | Other,
    "nested-union": list[Union[Item, Union[int, None]]],  # noqa: UP007
    "text-or-model": Annotated[str | Item, Body()],
    "one-or-many": Annotated[int | list[int], Body()],
    "tree": Tree,
    "date-keys": dict[date, int],
    "uuid-keys": dict[UUID, int],
    "enum-keys": dict[Color, int],
    "bool-keys": dict[bool, int],
    "any": Annotated[Any, Body()],
    "anything": Annotated[object, Body()],
    "none": Annotated[None, Body()],
    "bare-list": list,
    "bare-dict": dict,
    "bare-tuple": tuple,
}


def declare(name: str, annotation: Any) -> None:
    async def alone(value: Any) -> list[str]:
        return [repr(value)]

    async def keyed(value: Any, other: Annotated[int, Body()]) -> list[str]:
        return [repr(value)]

    alone.__annotations__["value"] = keyed.__annotations__["value"] = annotation
    app.add_route(f"/alone/{name}", alone, ["POST"])
    app.add_route(f"/keyed/{name}", keyed, ["POST"])


for _name, _type in TYPES.items():
    declare(_name, _type)

A = {"name": "a"}
REFUSED: list[tuple[str, Any, list[tuple[list[Any], str]]]] = [
    ("new-type", {}, [(["name"], "missing")]),
    ("annotated", [A], [([], "model_type")]),
    ("annotated", "a", [([], "model_type")]),
    ("list", A, [([], "list_type")]),
    ("list", "aa", [([], "list_type")]),
    ("list", None, [([], "list_type")]),
    ("old-list", [5], [([0], "model_type")]),
    ("old-dict", {"a": 5}, [(["a"], "model_type")]),
    ("list-of-lists", [[1], 1, ["x"]], [([1], "list_type"), ([2, 0], "int_type")]),
    ("dict-of-lists", {"a": A, "b": [{}]}, [(["a"], "list_type"), (["b", 0, "name"], "missing")]),
    ("tuple", [A], [([], "too_short")]),
    ("tuple", [A, 1, 2], [([], "too_long")]),
    ("tuple", [1, A], [([0], "model_type"), ([1], "int_type")]),
    ("long-tuple", [A, None], [([1], "model_type")]),
    ("set", [1, "1"], [([1], "int_type")]),
    ("set", [1, [1]], [([1], "int_type")]),
    ("set", 1, [([], "set_type")]),
    ("frozenset", {"a": 1}, [([], "frozen_set_type")]),
    ("sequence", "a", [([], "list_type")]),
    ("mutable-sequence", [True], [([0], "int_type")]),
    ("optional-list", [None], [([0], "model_type")]),
    ("list-of-optional", [None, 5], [([1], "model_type")]),
    ("union", {}, [(["Item", "name"], "missing"), (["Other", "size"], "missing")]),
    ("union", None, [(["Item"], "model_type"), (["Other"], "model_type")]),
    ("text-or-model", 5, [(["str"], "string_type"), (["Item"], "model_type")]),
    ("one-or-many", ["x"], [(["int"], "int_type"), (["list", 0], "int_type")]),
    (
        "tree",
        {"by_name": {"x": {"only": {"many": [1, {"only": 5}]}}}},
        [
            (["by_name", "x", "only", "many", 1, "Tree", "only"], "model_type"),
            (["by_name", "x", "only", "many", 1, "int"], "int_type"),
        ],
    ),
    ("date-keys", {"soon": 1}, [(["soon", "[key]"], "date_parsing")]),
    ("uuid-keys", {"": 1}, [(["", "[key]"], "uuid_parsing")]),
    ("enum-keys", {"RED": 1}, [(["RED", "[key]"], "enum")]),
    ("bool-keys", {"2": 1}, [(["2", "[key]"], "bool_parsing")]),
    ("none", 0, [([], "none_required")]),
    ("bare-list", {}, [([], "list_type")]),
    ("bare-dict", [], [([], "dict_type")]),
    ("bare-tuple", {}, [([], "tuple_type")]),
]
TAKEN: list[tuple[str, Any, str]] = [
    ("new-type", A, "Item(name='a')"),
    ("annotated", {**A, "size": 1}, "Item(name='a')"),
    ("list", [A, A], "[Item(name='a'), Item(name='a')]"),
    ("list", [], "[]"),
    ("old-list", [A], "[Item(name='a')]"),
    ("old-dict", {"": A}, "{'': Item(name='a')}"),
    ("list-of-lists", [[], [1]], "[[], [1]]"),
    ("dict-of-lists", {"ü": [A]}, "{'ü': [Item(name='a')]}"),
    ("tuple", [A, 1], "(Item(name='a'), 1)"),
    ("long-tuple", [], "()"),
    ("set", [1, 1], "{1}"),
    ("frozenset", ["a", "a"], "frozenset({'a'})"),
    ("sequence", [A], "[Item(name='a')]"),
    ("mutable-sequence", [1], "[1]"),
    ("iterable", [1], "[1]"),
    ("optional-list", None, "None"),
    ("list-of-optional", [None, A], "[None, Item(name='a')]"),
    ("union", {"size": 1}, "Other(size=1)"),
    ("union", {"name": "a", "size": 1}, "Item(name='a')"),
    ("nested-union", [A, 1, None], "[Item(name='a'), 1, None]"),
    ("text-or-model", "a", "'a'"),
    ("text-or-model", A, "Item(name='a')"),
    ("one-or-many", [1], "[1]"),
    ("tree", {"many": [1, {}]}, "Tree(by_name={}, only=None, many=[1, Tree(by_name={}, only=None, many=[])])"),
    ("date-keys", {"2024-01-02": 1}, "{datetime.date(2024, 1, 2): 1}"),
    ("uuid-keys", {"0" * 32: 1}, "{UUID('00000000-0000-0000-0000-000000000000'): 1}"),
    ("enum-keys", {"red": 1}, "{<Color.RED: 'red'>: 1}"),
    ("bool-keys", {"true": 1}, "{True: 1}"),
    ("any", None, "None"),
    ("any", {"a": [1]}, "{'a': [1]}"),
    ("anything", "a", "'a'"),
    ("none", None, "None"),
    ("bare-list", [1, "a", None], "[1, 'a', None]"),
    ("bare-dict", {"1": None}, "{'1': None}"),
    ("bare-tuple", [1, [2]], "(1, [2])"),
]


def send(client: Client, path: str, data: Any) -> Any:
    """Send *data*, null too, which the client would leave out."""
    return client.post(path, content=json.dumps(data).encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize(("name", "data", "faults"), REFUSED)
def test_every_fault_has_its_place(client: Client, name: str, data: Any, faults: Any) -> None:
    for path, body, start in (("alone", data, ["body"]), ("keyed", {"value": data, "other": 1}, ["body", "value"])):
        response = send(client, f"/{path}/{name}", body)
        assert response.status_code == 422
        found = [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]
        assert found == [([*start, *loc], type) for loc, type in faults]


@pytest.mark.parametrize(("name", "data", "shown"), TAKEN)
def test_json_becomes_what_was_declared(client: Client, name: str, data: Any, shown: str) -> None:
    assert send(client, f"/alone/{name}", data).json() == [shown]
    assert send(client, f"/keyed/{name}", {"value": data, "other": 1}).json() == [shown]


@pytest.mark.parametrize("name", TYPES)
def test_no_body_is_missing_even_if_null_would_do(client: Client, name: str) -> None:
    (fault,) = client.post(f"/alone/{name}").json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body"], "missing")


@app.query("/methods")
@app.delete("/methods")
@app.get("/methods")
@app.put("/methods")
@app.patch("/methods")
async def methods(item: Item) -> Item:
    return item


@pytest.mark.parametrize("method", ["QUERY", "DELETE", "GET", "PUT", "PATCH"])
def test_every_method_may_have_a_body(client: Client, method: str) -> None:
    assert client.request(method, "/methods", json=A).json() == A
    (fault,) = client.request(method, "/methods", json={}).json()["detail"]
    assert fault["loc"] == ["body", "name"]


def with_sets() -> VelociPy:
    app = VelociPy()

    @app.post("/bare")
    async def bare(value: set) -> int:  # type: ignore[type-arg]
        return len(value)

    @app.post("/any")
    async def of_any(value: frozenset[Any]) -> int:
        return len(value)

    @app.post("/inside")
    async def inside(value: dict[str, set[Any]]) -> int:
        return len(value)

    return app


def test_a_set_of_what_cannot_be_hashed_is_the_clients_fault(client_factory: Any) -> None:
    client = client_factory("with_sets")
    for path, data in (("/bare", [[1]]), ("/any", [{}]), ("/inside", {"a": [[]]})):
        response = client.post(path, json=data)
        assert response.status_code == 422
        assert response.json()["detail"][0]["type"] in ("set_type", "frozen_set_type")


def test_an_iterable_is_a_list_of_what_was_declared(client: Client) -> None:
    for data in ({"a": 1}, "abc", ["x"]):
        assert send(client, "/alone/iterable", data).status_code == 422


def with_iterables() -> VelociPy:
    app = VelociPy()

    class Inside(TypedDict):
        numbers: Iterable[int]

    @app.post("/inside")
    async def inside(value: Inside) -> Any:
        return list(value["numbers"])

    return app


def test_an_iterable_in_a_field_is_one_too(client_factory: Any) -> None:
    client = client_factory("with_iterables")
    assert client.post("/inside", json={"numbers": [1]}).json() == [1]
    for data in ({"a": 1}, "abc", ["x"]):
        assert client.post("/inside", json={"numbers": data}).status_code == 422


def with_mappings() -> VelociPy:
    app = VelociPy()

    @app.post("/mapping")
    async def mapping(value: Mapping[str, int]) -> Any:
        return value

    return app


def test_a_mapping_is_the_body_as_a_sequence_is(client_factory: Any) -> None:
    client = client_factory("with_mappings")
    assert client.post("/mapping", json={"a": 1}).json() == {"a": 1}


def with_strict_types() -> VelociPy:
    app = VelociPy()

    @app.post("/keys")
    async def keys(value: dict[float, int]) -> Any:
        return {str(key): element for key, element in value.items()}

    @app.post("/duration")
    async def duration(value: Annotated[timedelta, Body()]) -> Any:
        return value

    @app.post("/empty")
    async def empty(value: tuple[()]) -> Any:
        return value

    return app


def test_every_codec_is_as_strict(client_factory: Any) -> None:
    client = client_factory("with_strict_types")
    assert client.post("/keys", json={"1.5": 1}).json() == {"1.5": 1}
    assert client.post("/keys", json={"nan": 1}).json()["detail"][0]["type"] == "finite_number"
    assert client.post("/duration", json="PT1H30M").json() == "PT5400S"
    assert client.post("/duration", json="PT1.5H").json()["detail"][0]["type"] == "time_delta_parsing"
    assert client.post("/empty", json=[]).json() == []
    assert client.post("/empty", json=[1]).json()["detail"][0]["type"] == "too_long"
