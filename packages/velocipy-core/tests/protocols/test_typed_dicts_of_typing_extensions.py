"""TypedDicts of typing_extensions, which pydantic demands below Python 3.12: they are as those of typing are."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pytest
from httpx2 import Client

from velocipy import Form, Query, VelociPy

te = pytest.importorskip("typing_extensions", reason="its TypedDict is tested here")
pydantic = pytest.importorskip("pydantic", reason="it is the one who demands it")
from pydantic import BaseModel  # noqa: E402
from typing_extensions import NotRequired, ReadOnly, Required, TypedDict  # noqa: E402, UP035

app = VelociPy()
Value = TypeVar("Value")

SECRET = "hunter2"


class Total(TypedDict):
    must: int
    may: NotRequired[str]
    read: ReadOnly[NotRequired[int]]


class Partial(TypedDict, total=False):
    x: int


class Grown(Partial):
    y: Required[int]


class Other(TypedDict):
    name: str


class Box(TypedDict, Generic[Value]):
    value: Value


class Team(TypedDict):
    lead: Total
    others: list[Other]


class Model(BaseModel):
    """pydantic warns of ReadOnly, so there is none."""

    grown: Grown


@dataclass
class Record:
    total: Total
    maybe: Other | None = None


ANNOTATIONS: dict[str, Any] = {
    "total": Total,
    "grown": Grown,
    "list": list[Total],
    "dict": dict[str, Total],
    "union": Total | Other,
    "optional": Total | None,
    "generic": Box[int],
    "generic-of": Box[list[Other]],
    "team": Team,
    "record": Record,
    "model": Model,
}


def declare(name: str, annotation: Any) -> None:
    async def body(value: Any) -> Any:
        return value

    body.__annotations__ |= {"value": annotation, "return": annotation}
    app.add_route(f"/{name}", body, ["POST"])


for given in ANNOTATIONS.items():
    declare(*given)


@app.get("/query")
async def query(value: Annotated[Total, Query()]) -> Any:
    return value


@app.post("/form")
async def form(value: Annotated[Total, Form()]) -> Any:
    return value


@app.get("/answer")
async def answer() -> Total | Other | None:
    found: Any = {"must": 1, "password": SECRET}
    return found  # type: ignore[no-any-return]


@app.get("/answers", response_model=list[Total | Other])
async def answers() -> Any:
    return [{"must": 1, "password": SECRET}, {"name": "Blue", "password": SECRET}]


@app.get("/refused", response_model=Total | None)
async def refused() -> Any:
    return {"name": "Blue"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("total", {"must": 1}),
        ("total", {"must": 1, "may": "a", "read": 2}),
        ("grown", {"y": 1}),
        ("grown", {"x": 2, "y": 1}),
        ("list", [{"must": 1}, {"must": 2, "may": "a"}]),
        ("dict", {"a": {"must": 1}}),
        ("union", {"must": 1}),
        ("union", {"name": "Blue"}),
        ("optional", {"must": 1}),
        ("optional", None),
        ("generic", {"value": 1}),
        ("generic-of", {"value": [{"name": "Blue"}]}),
        ("team", {"lead": {"must": 1}, "others": [{"name": "Blue"}]}),
        ("record", {"total": {"must": 1}, "maybe": None}),
        ("model", {"grown": {"y": 1}}),
    ],
)
def test_it_is_a_body_and_an_answer(client: Client, path: str, value: Any) -> None:
    answer = client.post(f"/{path}", content=json.dumps(value), headers={"content-type": "application/json"})
    assert answer.json() == value


@pytest.mark.parametrize(
    ("path", "value", "loc", "type"),
    [
        ("total", {}, ["must"], "missing"),
        ("total", {"must": "a"}, ["must"], "int_type"),
        ("total", {"must": 1, "may": 2}, ["may"], "string_type"),
        ("grown", {"x": 1}, ["y"], "missing"),
        ("list", [{"must": 1}, {}], [1, "must"], "missing"),
        ("generic", {"value": "a"}, ["value"], "int_type"),
        ("team", {"lead": {"must": 1}, "others": [{}]}, ["others", 0, "name"], "missing"),
        ("record", {"total": {}}, ["total", "must"], "missing"),
        ("model", {"grown": {}}, ["grown", "y"], "missing"),
        ("model", {"grown": {"y": "a"}}, ["grown", "y"], "int_parsing"),
    ],
)
def test_its_faults(client: Client, path: str, value: Any, loc: list[Any], type: str) -> None:
    answer = client.post(f"/{path}", json=value)
    assert [(fault["loc"], fault["type"]) for fault in answer.json()["detail"]] == [(["body", *loc], type)]


def test_what_it_does_not_name_is_left_out(client: Client) -> None:
    assert client.post("/total", json={"must": 1, "password": SECRET}).json() == {"must": 1}
    assert client.get("/answer").json() == {"must": 1}
    assert client.get("/answers").json() == [{"must": 1}, {"name": "Blue"}]


def test_another_dict_is_not_the_declared_one(client: Client) -> None:
    assert client.get("/refused").status_code == 500


def test_it_is_a_model_of_a_place(client: Client) -> None:
    assert client.get("/query?must=1&may=a&x=2").json() == {"must": 1, "may": "a"}
    head = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/form", content="must=1", headers=head).json() == {"must": 1}
    fault = client.get("/query?may=a").json()["detail"][0]
    assert (fault["loc"], fault["type"]) == (["query", "must"], "missing")
