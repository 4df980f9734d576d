"""How often a dependency runs: once for a request, unless it is asked to run again; nested ones in order."""

from itertools import count
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, VelociPy

numbers = count()


def number() -> int:
    return next(numbers)


def by_left(n: Annotated[int, Depends(number)]) -> int:
    return n


async def by_right(n: Annotated[int, Depends(number)]) -> int:
    return n


def by_fresh(n: Annotated[int, Depends(number, use_cache=False)]) -> int:
    return n


class Equal:
    """Two of these are one key, as two bound methods of one object are."""

    def __call__(self, n: Annotated[int, Depends(number)]) -> int:
        return n

    def method(self) -> int:
        return next(numbers)


equal = Equal()
app = VelociPy()


@app.get("/shared")
async def shared(
    a: Annotated[int, Depends(by_left)],
    b: Annotated[int, Depends(by_right)],
    c: Annotated[int, Depends(number)],
    d: int = Depends(number),
) -> list[int]:
    return [a, b, c, d]


@app.get("/fresh")
async def fresh(
    a: Annotated[int, Depends(number)],
    b: Annotated[int, Depends(number, use_cache=False)],
    c: Annotated[int, Depends(by_fresh)],
    d: Annotated[int, Depends(number)],
) -> list[int]:
    return [a, b, c, d]


@app.get("/methods")
async def methods(a: Annotated[int, Depends(equal.method)], b: Annotated[int, Depends(equal.method)]) -> list[int]:
    return [a, b]


def deep_3(n: int) -> list[Any]:
    return [n]


def deep_2(below: Annotated[list[Any], Depends(deep_3)], m: int = 2) -> list[Any]:
    return [*below, m]


async def deep_1(
    below: Annotated[list[Any], Depends(deep_2)], again: Annotated[list[Any], Depends(deep_3)]
) -> list[Any]:
    return [*below, below[0] == again[0]]


@app.get("/deep")
async def deep(value: Annotated[list[Any], Depends(deep_1)]) -> list[Any]:
    return value


def original() -> str:
    return "original"


async def uses_original(value: Annotated[str, Depends(original)]) -> str:
    return f"uses {value}"


@app.get("/overridden")
async def overridden(a: Annotated[str, Depends(original)], b: Annotated[str, Depends(uses_original)]) -> list[str]:
    return [a, b]


def replacement(word: str = "replacement") -> str:
    return word


def test_a_dependency_runs_once_for_a_request(client: Client) -> None:
    first, second = client.get("/shared").json(), client.get("/shared").json()
    assert len(set(first)) == len(set(second)) == 1
    assert first != second


def test_use_cache_false_runs_again(client: Client) -> None:
    a, b, c, d = client.get("/fresh").json()
    assert a == d
    assert len({a, b, c}) == 3


def test_methods_of_one_object_are_one_dependency(client: Client) -> None:
    a, b = client.get("/methods").json()
    assert a == b


def test_values_come_from_any_depth(client: Client) -> None:
    assert client.get("/deep?n=1").json() == [1, 2, True]
    assert client.get("/deep?m=x").json()["detail"] == [
        {"loc": ["query", "n"], "msg": "Field required", "type": "missing"},
        {
            "loc": ["query", "m"],
            "msg": "Input should be a valid integer, unable to parse string as an integer",
            "type": "int_parsing",
        },
    ]


@pytest.mark.in_process
def test_an_override_stands_in_at_every_depth_until_it_is_taken_away(client: Client) -> None:
    assert client.get("/overridden").json() == ["original", "uses original"]
    app.dependency_overrides[original] = replacement
    try:
        assert client.get("/overridden").json() == ["replacement", "uses replacement"]
        assert client.get("/overridden?word=mine").json() == ["mine", "uses mine"]
    finally:
        app.dependency_overrides.clear()
    assert client.get("/overridden").json() == ["original", "uses original"]


@pytest.mark.in_process
def test_overrides_may_be_replaced_as_a_whole(client: Client) -> None:
    app.dependency_overrides = {original: lambda: "other"}
    try:
        assert client.get("/overridden").json() == ["other", "uses other"]
        del app.dependency_overrides[original]
        assert client.get("/overridden").json() == ["original", "uses original"]
    finally:
        app.dependency_overrides = {}


@pytest.mark.in_process
def test_an_override_may_be_of_another_kind(client: Client) -> None:
    async def generator() -> Any:
        yield "generated"

    app.dependency_overrides[original] = generator
    try:
        assert client.get("/overridden").json() == ["generated", "uses generated"]
    finally:
        app.dependency_overrides.clear()
