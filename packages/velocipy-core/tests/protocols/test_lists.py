"""Repeated values: lists, sets, tuples and their abstract kin, from query, form and headers."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Form, Header, Query, VelociPy

app = VelociPy()


@app.get("/list")
async def a_list(v: Annotated[list[int], Query()]) -> list[int]:
    return v


@app.get("/bare-list")
async def a_list_of_anything(v: Annotated[list, Query()]) -> list[Any]:  # type: ignore[type-arg]
    return v


@app.get("/set")
async def a_set(v: Annotated[set[str], Query()]) -> list[str]:
    return sorted(v)


@app.get("/frozenset")
async def a_frozenset(v: Annotated[frozenset[int], Query()]) -> list[Any]:
    return [type(v).__name__, *sorted(v)]


@app.get("/tuple")
async def a_tuple(v: Annotated[tuple[int, str], Query()]) -> list[Any]:
    return [type(v).__name__, *v]


@app.get("/tuple-of-any-length")
async def a_long_tuple(v: Annotated[tuple[int, ...], Query()]) -> list[Any]:
    return [type(v).__name__, *v]


@app.get("/sequence")
async def a_sequence(v: Annotated[Sequence[int], Query()]) -> list[int]:
    return list(v)


@app.get("/abstract-set")
async def an_abstract_set(v: Annotated[AbstractSet[int], Query()]) -> list[int]:
    return sorted(v)


@app.get("/optional")
async def optional(v: Annotated[list[int] | None, Query()] = None) -> Any:
    return {"v": v}


@app.get("/default")
async def default(v: Annotated[list[int], Query(alias="n")] = [1, 2]) -> list[int]:  # noqa: B006
    return v


@app.get("/header")
async def header(x_tag: Annotated[list[str], Header()] = []) -> list[str]:  # noqa: B006
    return x_tag


@app.post("/form")
async def form(v: Annotated[list[int], Form()], w: Annotated[set[str], Form()] = set()) -> list[Any]:  # noqa: B006
    return [v, sorted(w)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/list?v=1&v=2&v=1", [1, 2, 1]),
        ("/list?v=7", [7]),
        ("/bare-list?v=a&v=", ["a", ""]),
        ("/set?v=b&v=a&v=b", ["a", "b"]),
        ("/frozenset?v=2&v=1&v=2", ["frozenset", 1, 2]),
        ("/tuple?v=1&v=x", ["tuple", 1, "x"]),
        ("/tuple-of-any-length?v=1&v=2&v=3", ["tuple", 1, 2, 3]),
        ("/sequence?v=1", [1]),
        ("/sequence?v=1&v=2", [1, 2]),
        ("/abstract-set?v=2&v=1&v=2", [1, 2]),
        ("/optional", {"v": None}),
        ("/optional?v=1&v=2", {"v": [1, 2]}),
        ("/default", [1, 2]),
        ("/default?n=5", [5]),
    ],
)
def test_every_value_of_the_name_is_taken(client: Client, path: str, value: Any) -> None:
    assert client.get(path).json() == value


def test_each_bad_item_is_told_by_its_index(client: Client) -> None:
    response = client.get("/list?v=1&v=x&v=1_0")
    assert response.status_code == 422
    assert [(f["loc"], f["type"]) for f in response.json()["detail"]] == [
        (["query", "v", 1], "int_parsing"),
        (["query", "v", 2], "int_parsing"),
    ]


def test_a_required_list_needs_one_value(client: Client) -> None:
    assert client.get("/list").json()["detail"] == [{"loc": ["query", "v"], "msg": "Field required", "type": "missing"}]


@pytest.mark.parametrize(("query", "type"), [("v=1", "too_short"), ("v=1&v=a&v=b", "too_long")])
def test_a_tuple_has_its_length(client: Client, query: str, type: str) -> None:
    (fault,) = client.get(f"/tuple?{query}").json()["detail"]
    assert (fault["loc"], fault["type"]) == (["query", "v"], type)


def test_every_header_of_the_name_is_taken(client: Client) -> None:
    assert client.get("/header", headers=[("X-Tag", "a"), ("x-tag", "b")]).json() == ["a", "b"]
    assert client.get("/header").json() == []


def test_lists_of_a_form(client: Client) -> None:
    assert client.post("/form", data={"v": ["1", "2"], "w": ["b", "a", "b"]}).json() == [[1, 2], ["a", "b"]]
    (fault,) = client.post("/form", data={"v": ["1", "x"]}).json()["detail"]
    assert fault["loc"] == ["form", "v", 1]
