"""Validators of pydantic in parameters and in models of a place: each runs once, those that come first on the text."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Cookie, Form, Header, Query, VelociPy

pydantic = pytest.importorskip("pydantic", reason="its validators are tested here")
from pydantic import (  # noqa: E402
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

app = VelociPy()


def strip_dollar(value: str) -> str:
    return value.removeprefix("$")  # an AttributeError for whatever is no text


def split(value: str) -> list[str]:
    return value.split(",")


def double(value: int) -> int:
    return 2 * value


def or_none(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return None if value == "" else handler(value)


def even(value: int) -> int:
    if value % 2:
        raise ValueError("it is odd")
    return value


Doubled = Annotated[int, AfterValidator(double)]
Price = Annotated[int, BeforeValidator(strip_dollar)]
Blankable = Annotated[int | None, WrapValidator(or_none)]
Parts = Annotated[str, AfterValidator(split)]  # what comes of it is no str: a second run would refuse it


@app.get("/prices")
async def read_prices(
    price: Price = 0,
    prices: Annotated[list[Price], Query()] = [],  # noqa: B006
    maybe: Price | None = None,
    above: Annotated[Price, Query(gt=5)] = 6,
    count: Annotated[int, BeforeValidator(strip_dollar), Field(lt=9)] = 0,
) -> Any:
    return [price, prices, maybe, above, count]


@app.get("/doubled")
async def read_doubled(
    one: Doubled = 0,
    many: Annotated[list[Doubled], Query()] = [],  # noqa: B006
    maybe: Doubled | None = None,
    several: Annotated[list[Doubled | None] | None, Query()] = None,
    small: Annotated[Doubled, Query(le=10)] = 0,
    parts: Parts = "",
) -> Any:
    return [one, many, maybe, several, small, parts]


@app.get("/wrapped")
async def read_wrapped(
    n: Blankable = 5, pair: Annotated[Any, PlainValidator(split), Header()] = None, c: Annotated[Price, Cookie()] = 1
) -> Any:
    return [n, pair, c]


class Search(BaseModel):
    """Reads its text itself, in part."""

    tags: list[str] = []
    limit: int | None = Field(default=None, ge=1)
    price: Price = 0
    doubled: Doubled = 0
    parts: Parts = ""
    evens: list[Annotated[int, AfterValidator(even)]] = []
    page: int = 1

    @field_validator("tags", mode="before")
    @classmethod
    def split_tags(cls, tags: list[str]) -> list[str]:
        return [part for tag in tags for part in tag.split(",")]

    @field_validator("limit", mode="wrap")
    @classmethod
    def read_limit(cls, limit: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        return None if limit == "" else handler(limit)


class Everything(BaseModel):
    @field_validator("*", mode="before")
    @classmethod
    def shout(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else [item.upper() for item in value]

    name: str = ""
    names: list[str] = []


class Inherited(Everything):
    other: str = ""


class Point(BaseModel):
    """Knows a short way to write itself, in which none of its fields is named."""

    lat: float
    lon: float = Field(alias="long")

    @model_validator(mode="before")
    @classmethod
    def split_at(cls, data: dict[str, Any]) -> dict[str, Any]:
        if "at" not in data:
            return data
        lat, _, lon = data["at"].partition(" ")
        return {"lat": lat, "long": lon}


class StrictPoint(Point):
    model_config = ConfigDict(extra="forbid")


class Wrapped(BaseModel):
    n: int = 0

    @model_validator(mode="wrap")
    @classmethod
    def never_fail(cls, data: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(data)
        except ValueError:
            return cls.model_construct(n=-1)


class Counted(BaseModel):
    """Remembers how often its validators ran."""

    n: Annotated[int, AfterValidator(lambda value: runs.append(value) or value)]

    @field_validator("n")
    @classmethod
    def note(cls, n: int) -> int:
        runs.append(n)
        return n


runs: list[int] = []


class Heads(BaseModel):
    x_token: Annotated[str, Field(min_length=2)]
    n: Doubled = 0


@app.get("/search")
async def search(it: Annotated[Search, Query()]) -> Any:
    return vars(it)


@app.post("/search")
async def search_by_form(it: Annotated[Search, Form()]) -> Any:
    return vars(it)


@app.get("/search-headers")
async def search_by_headers(it: Annotated[Search, Header()]) -> Any:
    return vars(it)


@app.get("/everything")
async def everything(it: Annotated[Inherited, Query()]) -> Any:
    return vars(it)


@app.get("/point")
async def point(it: Annotated[Point, Query()], at_all: bool = False) -> Any:
    return [it.lat, it.lon]


@app.get("/strict-point")
async def strict_point(it: Annotated[StrictPoint, Query()]) -> Any:
    return [it.lat, it.lon]


@app.get("/wrapped-model")
async def wrapped_model(it: Annotated[Wrapped, Query()]) -> int:
    return it.n


@app.get("/counted")
async def counted(it: Annotated[Counted, Query()]) -> list[int]:
    noted = runs[:]
    runs.clear()
    return noted


@app.get("/headers")
async def headers(it: Annotated[Heads, Header()]) -> str:
    return it.x_token


def faults_of(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 422, answer.text
    return [[*fault["loc"], fault["type"]] for fault in answer.json()["detail"]]


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("price=$3", [3, [], None, 6, 0]),
        ("prices=$3&prices=4", [0, [3, 4], None, 6, 0]),
        ("maybe=$3", [0, [], 3, 6, 0]),
        ("above=$7&count=$8", [0, [], None, 7, 8]),
    ],
)
def test_a_validator_that_comes_first_has_the_text(client: Client, query: str, values: list[Any]) -> None:
    assert client.get(f"/prices?{query}").json() == values


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("price=$x", [["query", "price", "int_parsing"]]),
        ("price=1&price=2", [["query", "price", "multiple_values"]]),
        ("prices=1&prices=$$", [["query", "prices", 1, "int_parsing"]]),
        ("maybe=", [["query", "maybe", "int_parsing"]]),
        ("above=$5", [["query", "above", "greater_than"]]),
        ("count=$9", [["query", "count", "less_than"]]),
    ],
)
def test_what_comes_of_it_is_judged(client: Client, query: str, faults: list[list[Any]]) -> None:
    assert faults_of(client.get(f"/prices?{query}")) == faults


def test_a_validator_that_comes_last_runs_once(client: Client) -> None:
    answer = client.get("/doubled?one=1&many=1&many=2&maybe=3&several=4&several=5&small=5&parts=a,b")
    assert answer.json() == [2, [2, 4], 6, [8, 10], 10, ["a", "b"]]


def test_a_marker_bounds_what_the_last_validator_made(client: Client) -> None:
    assert faults_of(client.get("/doubled?small=6")) == [["query", "small", "less_than_equal"]]


def test_text_is_read_by_our_rules_where_no_validator_comes_first(client: Client) -> None:
    assert faults_of(client.get("/doubled?one=1_0&many=%205")) == [
        ["query", "one", "int_parsing"],
        ["query", "many", 0, "int_parsing"],
    ]


def test_validators_that_wrap_or_replace_have_the_text(client: Client) -> None:
    assert client.get("/wrapped?n=", headers={"pair": "a,b", "cookie": "c=$7"}).json() == [None, ["a", "b"], 7]
    assert client.get("/wrapped?n=3").json() == [3, None, 1]
    assert faults_of(client.get("/wrapped?n=x")) == [["query", "n", "int_parsing"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tags=a,b&tags=c", {"tags": ["a", "b", "c"]}),
        ("limit=", {}),
        ("limit=7&page=2", {"limit": 7, "page": 2}),
        ("price=$5", {"price": 5}),
        ("doubled=4", {"doubled": 8}),
        ("parts=a,b", {"parts": ["a", "b"]}),
        ("evens=2&evens=4", {"evens": [2, 4]}),
    ],
)
def test_validators_of_the_fields_of_a_place(client: Client, query: str, found: dict[str, Any]) -> None:
    expected = vars(Search()) | found
    assert client.get(f"/search?{query}").json() == expected
    assert client.post("/search", content=query, headers=FORM).json() == expected
    headers = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&"))]
    assert client.get("/search-headers", headers=headers).json() == expected


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=0", [["limit", "greater_than_equal"]]),
        ("limit=x&page=y", [["page", "int_parsing"]]),  # who reads text itself is asked when all else is well
        ("price=x", [["price", "int_parsing"]]),
        ("evens=2&evens=3", [["evens", 1, "value_error"]]),
        ("evens=3&page=y", [["evens", 0, "value_error"], ["page", "int_parsing"]]),
        ("price=1&price=2", [["price", "multiple_values"]]),
        ("doubled=1e3", [["doubled", "int_parsing"]]),
    ],
)
def test_faults_of_the_fields_of_a_place(client: Client, query: str, faults: list[list[Any]]) -> None:
    assert faults_of(client.get(f"/search?{query}")) == [["query", *fault] for fault in faults]
    assert faults_of(client.post("/search", content=query, headers=FORM)) == [["form", *fault] for fault in faults]


def test_a_validator_of_every_field_is_inherited(client: Client) -> None:
    assert client.get("/everything?name=a&names=b&names=c&other=d").json() == {
        "name": "A",
        "names": ["B", "C"],
        "other": "D",
    }


def test_a_validator_of_the_whole_model_has_all_that_is_there(client: Client) -> None:
    assert client.get("/point?at=1.5%202").json() == [1.5, 2]
    assert client.get("/point?lat=1&long=2&at_all=yes").json() == [1, 2]


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("", [["query", "lat", "missing"], ["query", "long", "missing"]]),
        ("lat=1", [["query", "long", "missing"]]),
        ("lat=x&long=2", [["query", "lat", "float_parsing"]]),
        ("at=1", [["query", "long", "float_parsing"]]),
    ],
)
def test_what_a_validator_of_the_whole_model_leaves_is_judged(
    client: Client, query: str, faults: list[list[Any]]
) -> None:
    assert faults_of(client.get(f"/point?{query}")) == faults


def test_a_validator_of_the_whole_model_may_take_what_the_model_forbids(client: Client) -> None:
    assert client.get("/strict-point?at=1%202").json() == [1, 2]
    assert faults_of(client.get("/strict-point?lat=1&long=2&up=3")) == [["query", "up", "extra_forbidden"]]


def test_a_validator_may_mend_the_whole_model(client: Client) -> None:
    assert client.get("/wrapped-model?n=x").text == "-1"
    assert client.get("/wrapped-model?n=7").text == "7"


def test_every_validator_of_a_model_of_a_place_runs_once(client: Client) -> None:
    assert client.get("/counted?n=7").json() == [7, 7]


def test_faults_that_a_model_of_headers_finds_are_told_by_their_names_there(client: Client) -> None:
    answer = client.get("/headers", headers={"n": "1", "x-token": "a"})
    assert faults_of(answer) == [["header", "x-token", "string_too_short"]]
