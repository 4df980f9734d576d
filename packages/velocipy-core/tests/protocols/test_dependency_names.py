"""The names of users' functions and parameters mean nothing to the plan that is compiled of them."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Cookie, Depends, VelociPy

app = VelociPy()

OF_PLANS = [
    "request", "path", "query", "cookies", "raw", "faults", "form", "body", "fields", "content_type", "result", "plan",
    "handler", "encode", "encodable", "finish", "enter", "is_context", "open_exits", "call_plain", "refuse", "INVALID",
    "PLAIN", "ValidationError", "require_json", "p_n", "d_query", "convert_n", "default_n", "decode_item", "dependency",
]  # fmt: skip
OF_PYTHON = [
    "int",
    "len",
    "type",
    "isinstance",
    "None",
    "True",
    "async",
    "class",
    "lambda",
    "await",
    "def",
    "self",
    "été",
]
NO_NAMES = ["<lambda>", "a b", "a.b", "", "1a", "x\ny", "x'y", "__import__('os')"]
NAMES = OF_PLANS + OF_PYTHON + NO_NAMES


def made(name: str, answer: int) -> Callable[..., Any]:
    async def dependency() -> list[Any]:
        return [name, answer]

    def plain() -> list[Any]:
        return [name, answer]

    chosen: Callable[..., Any] = dependency if answer % 2 else plain
    chosen.__name__ = name
    return chosen


def declare(index: int, name: str) -> None:
    @app.post(f"/{index}/{{z}}")
    async def handler(
        z: int,
        first: Annotated[list[Any], Depends(made(name, 1))],
        second: Annotated[list[Any], Depends(made(name, 2))],
        item: dict[str, int],
        c: Annotated[str, Cookie()] = "c",
        n: int = 5,
    ) -> list[Any]:
        return [first, second, item, n]

    handler.__name__ = name


for _index, _name in enumerate(NAMES):
    declare(_index, _name)


@app.get("/parameters")
async def parameters(
    query: int, path: int, raw: int, faults: int, body: int, form: int, result: int, plan: int, len: int, encode: int
) -> list[int]:
    return [query, path, raw, faults, body, form, result, plan, len, encode]


@pytest.mark.parametrize(("index", "name"), list(enumerate(NAMES)))
def test_a_dependency_may_have_any_name(client: Client, index: int, name: str) -> None:
    response = client.post(f"/{index}/1?n=7", json={"a": 1})
    assert (response.status_code, response.json()) == (200, [[name, 1], [name, 2], {"a": 1}, 7])


def test_a_parameter_may_have_any_name(client: Client) -> None:
    names = ["query", "path", "raw", "faults", "body", "form", "result", "plan", "len", "encode"]
    query = "&".join(f"{name}={index}" for index, name in enumerate(names))
    assert client.get(f"/parameters?{query}").json() == list(range(10))
