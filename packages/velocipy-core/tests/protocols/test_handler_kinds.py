"""What can be a handler: functions, methods, objects, partials, lambdas; one function on two routes."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import Client

from velocipy import VelociPy

app = VelociPy()


async def asynchronous(n: int = 1) -> list[Any]:
    return ["async", n]


def plain(n: int = 1) -> list[Any]:
    return ["plain", n]


class Controller:
    def __init__(self, name: str) -> None:
        self.name = name

    async def show(self, n: int = 1) -> list[Any]:
        return [self.name, n]

    def plain(self, n: int = 1) -> list[Any]:
        return [f"plain {self.name}", n]

    @classmethod
    def of_the_class(cls, n: int = 1) -> list[Any]:
        return [cls.__name__, n]

    @staticmethod
    async def static(n: int = 1) -> list[Any]:
        return ["static", n]


@dataclass
class Endpoint:
    name: str

    async def __call__(self, n: int = 1) -> list[Any]:
        return [self.name, n]


class PlainEndpoint:
    def __call__(self, n: int = 1) -> list[Any]:
        return ["plain object", n]


async def scaled(factor: int, n: int = 1, *, label: str = "partial") -> list[Any]:
    return [label, factor * n]


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


one, two = Controller("one"), Controller("two")
KINDS: dict[str, tuple[Callable[..., Any], str]] = {
    "async": (asynchronous, "async"),
    "plain": (plain, "plain"),
    "method": (one.show, "one"),
    "same-method-of-another": (two.show, "two"),
    "plain-method": (one.plain, "plain one"),
    "classmethod": (Controller.of_the_class, "Controller"),
    "static": (Controller.static, "static"),
    "object": (Endpoint("object"), "object"),
    "plain-object": (PlainEndpoint(), "plain object"),
    "partial": (functools.partial(scaled, 1), "partial"),
    "partial-keyword": (functools.partial(scaled, factor=1, label="keyword"), "keyword"),
    "partial-of-partial": (functools.partial(functools.partial(scaled, 1), label="twice"), "twice"),
    "partial-of-method": (functools.partial(one.show), "one"),
    "wrapped": (logged(asynchronous), "async"),
}

for _name, (_handler, _) in KINDS.items():
    app.add_route(f"/{_name}", _handler)

app.add_route("/lambda", lambda: ["lambda"])


@app.get("/by-path/{key}")
@app.get("/by-query")
async def by_path_or_query(key: int) -> dict[str, int]:
    return {"key": key}


@app.get("/positional/{a}")
async def positional(a: int, /, b: int = 2, *, c: int = 3) -> list[int]:
    return [a, b, c]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (_, value) in KINDS.items()])
def test_every_kind_answers(client: Client, name: str, value: str) -> None:
    assert client.get(f"/{name}?n=7").json() == [value, 7]
    assert client.get(f"/{name}").json() == [value, 1]
    assert client.get(f"/{name}?n=x").status_code == 422


def test_a_lambda_answers(client: Client) -> None:
    assert client.get("/lambda").json() == ["lambda"]


def test_one_function_reads_each_route_for_itself(client: Client) -> None:
    assert client.get("/by-path/5").json() == {"key": 5}
    assert client.get("/by-query?key=6").json() == {"key": 6}
    assert client.get("/by-path/x").json()["detail"][0]["loc"] == ["path", "key"]
    assert client.get("/by-query?key=x").json()["detail"][0]["loc"] == ["query", "key"]
    assert client.get("/by-query").json()["detail"][0]["loc"] == ["query", "key"]


def test_parameters_of_every_sort_are_passed(client: Client) -> None:
    assert client.get("/positional/1?b=5&c=6").json() == [1, 5, 6]
    assert client.get("/positional/1").json() == [1, 2, 3]


def test_a_decorator_returns_the_function_itself() -> None:
    assert VelociPy().get("/")(plain) is plain
