"""A value that is not of the declared type is a logged 500, and the client is told nothing of it."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

import pytest
from httpx2 import Client

from velocipy import Depends, VelociPy

app = VelociPy()

SECRET = "hunter2"

LOG: list[str] = []


@dataclass
class Public:
    name: str
    tags: list[str] = field(default_factory=list)
    boss: str | None = None


@dataclass
class User:
    name: str = "Blue"
    password: str = SECRET


@dataclass
class Pack:
    lead: Public


@dataclass
class Optionals:
    name: str | None = None


class Typed(TypedDict):
    name: str
    age: int


class Point(NamedTuple):
    x: int
    y: int


class Row:
    def __init__(self, **columns: Any) -> None:
        vars(self).update(columns)


class Broken:
    @property
    def name(self) -> str:
        raise RuntimeError(SECRET)


async def stream() -> AsyncIterator[Public]:
    yield Public("Blue")


CASES: dict[str, tuple[Any, Any]] = {
    "none": (Public, None),
    "str": (Public, SECRET),
    "bytes": (Public, SECRET.encode()),
    "int": (Public, 1),
    "empty-dict": (Public, {}),
    "other-dict": (Public, {"password": SECRET}),
    "list-for-one": (Public, [User()]),
    "object-without-the-fields": (Public, Row(password=SECRET)),
    "property-that-raises": (Public, Broken()),
    "str-for-optional": (Public | None, SECRET),
    "zero-for-optional": (Public | None, 0),
    "str-for-a-union-with-int": (Public | int, SECRET),
    "none-for-a-union": (Public | int, None),
    "one-for-a-list": (list[Public], User()),
    "dict-for-a-list": (list[Public], {"a": User()}),
    "str-for-a-list": (list[Public], SECRET),
    "async-generator-for-a-list": (list[Public], stream()),
    "none-in-a-list": (list[Public], [Public("Blue"), None]),
    "str-in-a-list": (list[Public], [SECRET]),
    "list-for-a-dict": (dict[str, Public], [User()]),
    "short-tuple": (tuple[Public, Public], (User(),)),
    "long-tuple": (tuple[Public, Public], (Public("a"), Public("b"), SECRET)),
    "nested-none": (Pack, Pack(None)),  # type: ignore[arg-type]
    "nested-str": (Pack, {"lead": SECRET}),
    "model-for-a-str": (Public, Row(name=User())),
    "dict-for-a-str": (Public, {"name": {"password": SECRET}}),
    "list-for-a-str": (Public, {"name": [User()]}),
    "model-for-an-optional-str": (Public, {"name": "Blue", "boss": User()}),
    "model-in-a-list-of-str": (Public, {"name": "Blue", "tags": [User()]}),
    "models-of-a-dict-for-a-list-of-str": (Public, {"name": "Blue", "tags": {"a": User()}}),
    "typed-dict-lacks-a-key": (Typed, {"name": "Blue"}),
    "typed-dict-in-a-list-lacks-a-key": (list[Typed], [{"name": "Blue", "age": 1}, {"name": "Blue"}]),
    "tuple-for-a-named-tuple": (Point, (1, 2)),
    "nothing-of-a-union": (Public | Pack, {"password": SECRET}),
    "no-json-inside": (Public, {"name": object()}),
}


async def session() -> AsyncIterator[None]:
    try:
        yield
    except Exception as error:
        LOG.append(type(error).__name__)
        raise


def declare(name: str, declared: Any, value: Any) -> None:
    @app.get(f"/{name}", response_model=declared, dependencies=[Depends(session)])
    async def handler() -> Any:
        return value


for _name, (_declared, _value) in CASES.items():
    declare(_name, _declared, _value)


@pytest.mark.parametrize("name", CASES)
def test_a_value_of_another_type_is_a_500_that_tells_nothing(client: Client, name: str) -> None:
    answer = client.get(f"/{name}")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


@pytest.mark.in_process
def test_what_is_open_is_told_and_can_roll_back(client: Client) -> None:
    LOG.clear()
    client.get("/other-dict")
    assert LOG == ["ResponseTypeError"]


@app.get("/optionals")
async def optionals() -> Optionals:
    return "a str has no name, and none is demanded"  # type: ignore[return-value]


def test_a_plain_value_is_no_model_though_none_of_its_fields_is_required(client: Client) -> None:
    assert client.get("/optionals").status_code == 500


def cyclic() -> Any:
    made: dict[str, Any] = {"name": "a"}
    made["children"] = [made]
    return made


@dataclass
class Node:
    name: str
    children: "list[Node]"


@app.get("/cyclic", response_model=Node)
async def read_cyclic() -> Any:
    return cyclic()


def test_a_value_that_holds_itself_is_a_500(client: Client) -> None:
    assert client.get("/cyclic").status_code == 500


@pytest.mark.in_process
def test_the_log_says_what_was_declared_and_what_came(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get("/other-dict")
    assert "ResponseTypeError" in caplog.text
    assert "Public demands" in caplog.text


def test_what_is_not_of_the_type_is_no_fault_of_the_client(client: Client) -> None:
    """A 422 would blame it."""
    assert client.get("/none").status_code == 500
