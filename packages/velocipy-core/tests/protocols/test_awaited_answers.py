"""Plain functions that give something to be awaited: it is awaited, and what was declared of it holds."""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, VelociPy

app = VelociPy()


@dataclass
class Public:
    name: str


@dataclass
class Private(Public):
    password: str = "hunter2"


async def load(name: str) -> Private:
    await asyncio.sleep(0)
    if name == "missing":
        raise HTTPException(404, "nobody")
    return Private(name)


class Later:
    """An object that can be awaited."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __await__(self) -> Generator[Any, None, Private]:
        return load(self.name).__await__()


@app.get("/undeclared/{name}")
def undeclared(name: str):  # type: ignore[no-untyped-def]
    return load(name)


@app.get("/model/{name}", response_model=Public)
def by_response_model(name: str) -> Any:
    return load(name)


app.add_route("/lambda", lambda: load("a"), response_model=Public)


@app.get("/object/{name}", response_model=Public)
def an_object(name: str) -> Any:
    return Later(name)


@app.get("/awaitable/{name}")
def awaitable(name: str) -> Awaitable[Public]:
    return load(name)


@app.get("/coroutine/{name}")
def coroutine(name: str) -> Coroutine[Any, Any, Public]:
    return load(name)


@app.get("/union/{name}")
def one_of_two(name: str) -> Awaitable[Public | None] | Public:
    return load(name)


@pytest.mark.parametrize("path", ["undeclared", "model", "object", "awaitable", "coroutine"])
def test_an_error_of_what_is_awaited_is_the_answer(client: Client, path: str) -> None:
    response = client.get(f"/{path}/missing")
    assert (response.status_code, response.json()) == (404, {"detail": "nobody"})


@pytest.mark.parametrize("path", ["/model/a", "/lambda", "/object/a"])
def test_a_response_model_holds_for_what_is_awaited(client: Client, path: str) -> None:
    assert client.get(path).json() == {"name": "a"}


def test_what_is_awaited_is_sent_as_it_is_where_nothing_was_declared(client: Client) -> None:
    assert client.get("/undeclared/a").json() == {"name": "a", "password": "hunter2"}


def test_a_return_type_holds_for_what_is_awaited(client: Client) -> None:
    for path in ("/awaitable/a", "/coroutine/a", "/union/a"):
        assert client.get(path).json() == {"name": "a"}
