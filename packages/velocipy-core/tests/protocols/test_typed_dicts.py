"""TypedDicts: which keys must be there, as a body, as a model of the query, and as an answer."""

from typing import Annotated, Any, NotRequired, Required, TypedDict

import pytest
from httpx2 import Client

from velocipy import Query, VelociPy

app = VelociPy()


class Total(TypedDict):
    must: int
    may: NotRequired[int]


class Partial(TypedDict, total=False):
    must: Required[int]
    may: int


class Child(Total, total=False):
    too: int


class Grown(Partial):
    too: Required[int]


class Described(TypedDict):
    must: Required[Annotated[int, Query(ge=1)]]
    may: NotRequired[Annotated[int, "documented"]]


class Nothing(TypedDict, total=False):
    may: int


Named = TypedDict("Named", {"a-b": int, "class": NotRequired[int]})

TYPES: dict[str, Any] = {
    "total": Total,
    "partial": Partial,
    "child": Child,
    "grown": Grown,
    "described": Described,
    "nothing": Nothing,
    "named": Named,
}


def declare(name: str, annotation: Any) -> None:
    async def body(value: Any) -> Any:
        return [value]

    async def query(value: Any) -> Any:
        return [value]

    async def answer(value: dict[str, Any]) -> Any:
        return value

    body.__annotations__["value"] = annotation
    query.__annotations__["value"] = Annotated[annotation, Query()]
    answer.__annotations__["return"] = annotation
    app.add_route(f"/body/{name}", body, ["POST"])
    app.add_route(f"/query/{name}", query)
    app.add_route(f"/answer/{name}", answer, ["POST"])


for _name, _type in TYPES.items():
    declare(_name, _type)

REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("total", {}, ["must"]),
    ("total", {"may": 1}, ["must"]),
    ("partial", {}, ["must"]),
    ("partial", {"may": 1}, ["must"]),
    ("child", {"may": 1, "too": 1}, ["must"]),
    ("grown", {}, ["must", "too"]),
    ("grown", {"must": 1, "may": 1}, ["too"]),
    ("described", {"may": 1}, ["must"]),
    ("named", {"class": 1, "a_b": 1}, ["a-b"]),
]


@pytest.mark.parametrize(("name", "data", "missing"), REFUSED)
def test_a_key_that_must_be_there_is_missing(
    client: Client, name: str, data: dict[str, Any], missing: list[str]
) -> None:
    for place, response in (
        ("body", client.post(f"/body/{name}", json=data)),
        ("query", client.get(f"/query/{name}", params=data)),
    ):
        assert response.status_code == 422
        found = [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]
        assert sorted(found) == [([place, key], "missing") for key in missing]


@pytest.mark.parametrize(("name", "data", "missing"), REFUSED)
def test_an_answer_that_lacks_a_key_is_an_error_of_the_server(
    client: Client, name: str, data: dict[str, Any], missing: list[str]
) -> None:
    response = client.post(f"/answer/{name}", json=data)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


@pytest.mark.parametrize(("name", "key"), [("total", "may"), ("partial", "may"), ("child", "too"), ("named", "class")])
def test_a_key_that_may_be_there_is_judged_where_it_is(client: Client, name: str, key: str) -> None:
    data: dict[str, Any] = {"must": 1, "a-b": 1, key: "x"}
    assert client.post(f"/body/{name}", json=data).json()["detail"][0]["loc"] == ["body", key]
    assert client.get(f"/query/{name}", params=data).json()["detail"][0]["loc"] == ["query", key]


def test_what_a_key_is_annotated_with_counts(client: Client) -> None:
    (fault,) = client.post("/body/described", json={"must": 0}).json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body", "must"], "greater_than_equal")
    (fault,) = client.get("/query/described?must=0").json()["detail"]
    assert (fault["loc"], fault["type"]) == (["query", "must"], "greater_than_equal")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("total", {"must": 1}),
        ("total", {"must": 1, "may": 2}),
        ("partial", {"must": 1}),
        ("partial", {"must": 1, "may": 2}),
        ("child", {"must": 1, "may": 2, "too": 3}),
        ("grown", {"must": 1, "too": 3}),
        ("described", {"must": 1, "may": -1}),
        ("nothing", {}),
        ("nothing", {"may": 1}),
        ("named", {"a-b": 1, "class": 2}),
    ],
)
def test_only_what_was_there_is_in_the_dict(client: Client, name: str, data: dict[str, Any]) -> None:
    assert client.post(f"/body/{name}", json={**data, "unknown": "x"}).json() == [data]
    assert client.get(f"/query/{name}", params={**data, "unknown": "x"}).json() == [data]
    assert client.post(f"/answer/{name}", json={**data, "unknown": "x"}).json() == data


NAMESPACE: dict[str, Any] = {"__name__": __name__}
exec(
    """
from __future__ import annotations
from typing import NotRequired, Required, TypedDict


class Total(TypedDict):
    must: int
    may: NotRequired[int]


class Partial(TypedDict, total=False):
    must: Required[int]
    may: int
""",
    NAMESPACE,
)


def with_text() -> VelociPy:
    app = VelociPy()
    for name in ("Total", "Partial"):

        async def body(value: Any) -> Any:
            return value

        async def query(value: Any) -> Any:
            return value

        body.__annotations__ |= {"value": NAMESPACE[name], "return": NAMESPACE[name]}
        query.__annotations__["value"] = Annotated[NAMESPACE[name], Query()]
        app.add_route(f"/{name}", body, ["POST"])
        app.add_route(f"/{name}", query)
    return app


def test_annotations_may_be_text(client_factory: Any) -> None:
    client = client_factory("with_text")
    for name in ("Total", "Partial"):
        assert client.post(f"/{name}", json={"must": 1}).json() == {"must": 1}
        assert [fault["loc"] for fault in client.post(f"/{name}", json={}).json()["detail"]] == [["body", "must"]]
        assert client.get(f"/{name}?must=1").json() == {"must": 1}
        assert [fault["loc"] for fault in client.get(f"/{name}").json()["detail"]] == [["query", "must"]]


def with_qualifiers_inside() -> VelociPy:
    app = VelociPy()

    class Inside(TypedDict):
        must: int
        may: Annotated[NotRequired[int], "documented"]

    @app.post("/inside")
    async def inside(value: Inside) -> Inside:
        return value

    return app


def test_a_qualifier_may_stand_inside_annotated(client_factory: Any) -> None:
    """PEP 655: "in any nesting order"."""
    client = client_factory("with_qualifiers_inside")
    assert client.post("/inside", json={"must": 1}).json() == {"must": 1}
