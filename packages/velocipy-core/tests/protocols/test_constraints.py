"""Bounds, lengths and patterns: from our markers, in every source, all of them at once."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Form, Header, Path, Query, VelociPy

app = VelociPy()


@dataclass(frozen=True)
class AtLeast:
    """A constraint of nobody's library: it is known by the name of its attribute."""

    ge: int


@app.get("/above")
async def above(n: Annotated[int, Query(gt=3)]) -> int:
    return n


@app.get("/below")
async def below(n: Annotated[int, Query(lt=3)]) -> int:
    return n


@app.get("/between")
async def between(n: Annotated[int, Query(gt=0, le=10)] = 1) -> int:
    return n


@app.get("/even")
async def even(n: Annotated[int, Query(multiple_of=2, ge=0)]) -> int:
    return n


@app.get("/ratio")
async def ratio(n: float = Query(ge=0.5, lt=1)) -> float:
    return n


@app.get("/step")
async def step(n: Annotated[float, Query(multiple_of=0.1)]) -> float:
    return n


@app.get("/price")
async def price(n: Annotated[Decimal, Query(gt=0, le=Decimal("99.90"))]) -> str:
    return str(n)


@app.get("/word")
async def word(s: Annotated[str, Query(min_length=2, max_length=4, pattern="^[a-z]+$")]) -> str:
    return s


@app.get("/optional")
async def optional(n: Annotated[int | None, Query(ge=3)] = None) -> list[Any]:
    return [n]


@app.get("/list")
async def a_list(n: Annotated[list[Annotated[int, AtLeast(1)]], Query(min_length=2, max_length=3)]) -> list[int]:
    return n


@app.get("/path/{n}")
async def in_the_path(n: Annotated[int, Path(ge=1, le=9)]) -> int:
    return n


@app.get("/convertor/{n:int}")
async def with_convertor(n: Annotated[int, Path(ge=1, le=9)]) -> int:
    return n


@app.get("/header")
async def in_a_header(x_size: Annotated[int, Header(le=5)]) -> int:
    return x_size


@app.post("/form")
async def in_a_form(name: Annotated[str, Form(max_length=3)]) -> str:
    return name


@app.post("/body")
async def of_the_body(items: Annotated[list[int], Body(min_length=1, max_length=2)]) -> list[int]:
    return items


@app.get("/naive")
async def naive(at: Annotated[datetime, Query(ge=datetime(2020, 1, 1))]) -> str:  # noqa: DTZ001
    return at.isoformat()


@app.get("/day")
async def day(on: Annotated[date, Query(gt=date(2020, 1, 1))]) -> str:
    return on.isoformat()


@app.get("/hour")
async def hour(at: Annotated[time, Query(ge=time(9), le=time(17))]) -> str:
    return at.isoformat()


@app.get("/span")
async def span(of: Annotated[timedelta, Query(le=timedelta(hours=1))]) -> float:
    return of.total_seconds()


def fault_of(client: Client, path: str, **params: Any) -> tuple[Any, str, str]:
    response = client.get(path, params=params)
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    return fault["loc"], fault["type"], fault["msg"]


@pytest.mark.parametrize(
    ("path", "text", "type", "msg"),
    [
        ("/above", "3", "greater_than", "Input should be greater than 3"),
        ("/below", "3", "less_than", "Input should be less than 3"),
        ("/between", "0", "greater_than", "Input should be greater than 0"),
        ("/between", "11", "less_than_equal", "Input should be less than or equal to 10"),
        ("/between", "+11", "less_than_equal", "Input should be less than or equal to 10"),
        ("/between", "9" * 30, "less_than_equal", "Input should be less than or equal to 10"),
        ("/even", "3", "multiple_of", "Input should be a multiple of 2"),
        ("/even", "-2", "greater_than_equal", "Input should be greater than or equal to 0"),
        ("/ratio", "0.49", "greater_than_equal", "Input should be greater than or equal to 0.5"),
        ("/ratio", "1", "less_than", "Input should be less than 1"),
        ("/step", "0.25", "multiple_of", "Input should be a multiple of 0.1"),
        ("/price", "0", "greater_than", "Input should be greater than 0"),
        ("/price", "99.91", "less_than_equal", "Input should be less than or equal to 99.90"),
        ("/optional", "2", "greater_than_equal", "Input should be greater than or equal to 3"),
    ],
)
def test_a_number_out_of_bounds(client: Client, path: str, text: str, type: str, msg: str) -> None:
    assert fault_of(client, path, n=text) == (["query", "n"], type, msg)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("/above", "4", 4),
        ("/below", "2", 2),
        ("/below", "-200", -200),
        ("/between", "1", 1),
        ("/between", "10", 10),
        ("/even", "0", 0),
        ("/ratio", "0.5", 0.5),
        ("/step", "0.3", 0.3),
        ("/price", "99.90", None),
        ("/optional", "3", [3]),
    ],
)
def test_a_number_on_the_bound(client: Client, path: str, text: str, value: Any) -> None:
    response = client.get(path, params={"n": text})
    assert response.status_code == 200
    assert value is None or response.json() == value


def test_a_default_needs_no_check(client: Client) -> None:
    assert client.get("/between").json() == 1
    assert client.get("/optional").json() == [None]


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("a", "string_too_short"),
        ("", "string_too_short"),
        ("abcde", "string_too_long"),
        ("ABC", "string_pattern_mismatch"),
        ("ab1", "string_pattern_mismatch"),
        ("äöü", "string_pattern_mismatch"),
    ],
)
def test_a_str_that_does_not_fit(client: Client, text: str, type: str) -> None:
    assert fault_of(client, "/word", s=text)[:2] == (["query", "s"], type)


def test_lengths_are_told_in_characters(client: Client) -> None:
    assert fault_of(client, "/word", s="a")[2] == "String should have at least 2 characters"
    assert client.post("/form", data={"name": "äöü"}).text == "äöü"
    (fault,) = client.post("/form", data={"name": "äöüß"}).json()["detail"]
    assert (fault["loc"], fault["type"]) == (["form", "name"], "string_too_long")


def test_the_length_of_a_list_and_its_items(client: Client) -> None:
    assert client.get("/list?n=1&n=2").json() == [1, 2]
    response = client.get("/list?n=1")
    assert [(f["loc"], f["type"]) for f in response.json()["detail"]] == [(["query", "n"], "too_short")]
    response = client.get("/list?n=1&n=2&n=3&n=4")
    assert [(f["loc"], f["type"]) for f in response.json()["detail"]] == [(["query", "n"], "too_long")]
    response = client.get("/list?n=0&n=2&n=x")
    assert [f["loc"] for f in response.json()["detail"]] == [["query", "n", 0], ["query", "n", 2]]


@pytest.mark.parametrize("path", ["/path", "/convertor"])
def test_bounds_of_a_path_value(client: Client, path: str) -> None:
    assert client.get(f"{path}/9").json() == 9
    (fault,) = client.get(f"{path}/10").json()["detail"]
    assert (fault["loc"], fault["type"]) == (["path", "n"], "less_than_equal")


def test_bounds_of_a_header(client: Client) -> None:
    (fault,) = client.get("/header", headers={"X-Size": "6"}).json()["detail"]
    assert (fault["loc"], fault["type"]) == (["header", "x-size"], "less_than_equal")


def test_the_length_of_a_body(client: Client) -> None:
    assert client.post("/body", json=[1]).json() == [1]
    assert [fault["type"] for fault in client.post("/body", json=[]).json()["detail"]] == ["too_short"]
    assert [fault["type"] for fault in client.post("/body", json=[1, 2, 3]).json()["detail"]] == ["too_long"]


def test_bounds_of_times(client: Client) -> None:
    assert client.get("/naive?at=2020-01-01T00:00:00").status_code == 200
    assert fault_of(client, "/naive", at="2019-12-31T23:59:59")[:2] == (["query", "at"], "greater_than_equal")
    assert fault_of(client, "/day", on="2020-01-01")[:2] == (["query", "on"], "greater_than")
    assert fault_of(client, "/hour", at="17:00:01")[:2] == (["query", "at"], "less_than_equal")
    assert fault_of(client, "/span", of="PT1H1S")[:2] == (["query", "of"], "less_than_equal")


@pytest.mark.parametrize(
    ("path", "name", "text"), [("/naive", "at", "2021-01-01T00:00:00Z"), ("/hour", "at", "10:00Z")]
)
def test_a_time_that_cannot_be_compared_with_its_bound_is_refused(
    client: Client, path: str, name: str, text: str
) -> None:
    assert fault_of(client, path, **{name: text})[0] == ["query", name]
