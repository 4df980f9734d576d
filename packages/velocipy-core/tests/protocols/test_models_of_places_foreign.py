"""Models of one place that are msgspec's, attrs' or pydantic's: aliases, validators, what is forbidden."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Cookie, Form, Header, Query, VelociPy

msgspec = pytest.importorskip("msgspec", reason="its models are tested here")
pydantic = pytest.importorskip("pydantic", reason="its models are tested here")
attrs = pytest.importorskip("attrs", reason="its models are tested here")
from msgspec import Meta, Struct  # noqa: E402
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator  # noqa: E402

app = VelociPy()


class Page(Struct, forbid_unknown_fields=True, rename="camel"):
    page_size: Annotated[int, Meta(ge=1)]
    sort_by: list[str] = []

    def __post_init__(self) -> None:
        if self.page_size == 13:
            raise ValueError("unlucky")


class Head(Struct, rename={"token": "X-Auth-Token"}):
    token: str
    x_part: int = 0


@attrs.define
class Point:
    x: int = attrs.field(validator=attrs.validators.ge(0))
    _y: int = 0


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(10, ge=1, le=100)
    sort_by: str = Field("name", alias="sortBy", pattern="^[a-z]+$")
    tags: list[str] = Field([], max_length=2)

    @field_validator("tags")
    @classmethod
    def no_shouting(cls, tags: list[str]) -> list[str]:
        if any(tag.isupper() for tag in tags):
            raise ValueError("no shouting")
        return tags

    @model_validator(mode="after")
    def some_limit(self) -> "Filter":
        if self.limit == 13:
            raise ValueError("unlucky")
        return self


class Head2(BaseModel):
    x_token: str = Field(min_length=3)
    x_parts: list[int] = []
    if_none_match: str | None = None


class Validated(BaseModel):
    user: str = Field(validation_alias="userName")


class Jar(BaseModel):
    sid: str = Field(max_length=3)


@app.get("/struct")
async def by_struct(page: Annotated[Page, Query()]) -> Any:
    return [page.page_size, page.sort_by]


@app.get("/struct-head")
async def by_struct_head(head: Annotated[Head, Header()]) -> Any:
    return [head.token, head.x_part]


@app.get("/attrs")
async def by_attrs(point: Annotated[Point, Query()]) -> Any:
    return [point.x, point._y]


@app.get("/filter")
async def by_filter(filter: Annotated[Filter, Query()]) -> Any:
    return filter


@app.post("/filter")
async def by_form(filter: Annotated[Filter, Form()]) -> Any:
    return filter


@app.get("/head")
async def by_head(head: Annotated[Head2, Header()]) -> Any:
    return head


@app.get("/validated")
async def by_validation_alias(it: Annotated[Validated, Query()]) -> Any:
    return it.user


@app.get("/jar")
async def by_jar(jar: Annotated[Jar, Cookie()]) -> Any:
    return jar


def faults_of(answer: Any) -> set[tuple[Any, ...]]:
    assert answer.status_code == 422, answer.text
    return {(*fault["loc"], fault["type"]) for fault in answer.json()["detail"]}


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("", {("pageSize", "missing")}),
        ("page_size=1", {("pageSize", "missing"), ("page_size", "extra_forbidden")}),
        ("pageSize=0", {("pageSize", "greater_than_equal")}),
        ("pageSize=x&a=1&b=2", {("pageSize", "int_parsing"), ("a", "extra_forbidden"), ("b", "extra_forbidden")}),
        ("pageSize=13", {("value_error",)}),
    ],
)
def test_faults_of_a_struct(client: Client, query: str, faults: set[tuple[Any, ...]]) -> None:
    assert faults_of(client.get(f"/struct?{query}")) == {("query", *fault) for fault in faults}


def test_extras_are_told_in_their_order(client: Client) -> None:
    answer = client.get("/struct?pageSize=1&" + "&".join(f"extra{number}=1" for number in range(20)))
    assert [fault["loc"][1] for fault in answer.json()["detail"]] == [f"extra{number}" for number in range(20)]


def test_a_struct_is_filled_by_the_names_of_its_data(client: Client) -> None:
    assert client.get("/struct?pageSize=5&sortBy=a&sortBy=b").json() == [5, ["a", "b"]]
    assert client.get("/struct-head", headers={"x-auth-token": "t", "x-part": "3"}).json() == ["t", 3]


def test_a_renamed_header_is_told_as_it_was_named(client: Client) -> None:
    assert faults_of(client.get("/struct-head")) == {("header", "X-Auth-Token", "missing")}


def test_attrs_is_filled_by_its_aliases_and_judged_by_its_validators(client: Client) -> None:
    assert client.get("/attrs?x=1&y=2").json() == [1, 2]
    assert faults_of(client.get("/attrs?x=-1")) == {("query", "value_error")}


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=0", {("limit", "greater_than_equal")}),
        ("limit=x&sortBy=A", {("limit", "int_parsing"), ("sortBy", "string_pattern_mismatch")}),
        ("limit=0&sortBy=A", {("limit", "greater_than_equal"), ("sortBy", "string_pattern_mismatch")}),
        ("sort_by=a", {("sort_by", "extra_forbidden")}),
        ("tags=a&tags=b&tags=c", {("tags", "too_long")}),
        ("tags=A", {("tags", "value_error")}),
        ("limit=13", {("value_error",)}),
        ("limit=1&limit=2", {("limit", "multiple_values")}),
    ],
)
def test_faults_of_a_pydantic_model(client: Client, query: str, faults: set[tuple[Any, ...]]) -> None:
    assert faults_of(client.get(f"/filter?{query}")) == {("query", *fault) for fault in faults}
    head = {"content-type": "application/x-www-form-urlencoded"}
    assert faults_of(client.post("/filter", content=query, headers=head)) == {("form", *fault) for fault in faults}


def test_a_pydantic_model_is_filled_by_its_aliases(client: Client) -> None:
    assert client.get("/filter").json() == {"limit": 10, "sortBy": "name", "tags": []}
    assert client.get("/filter?limit=5&sortBy=age&tags=a").json() == {"limit": 5, "sortBy": "age", "tags": ["a"]}
    assert client.get("/validated?userName=Blue").text == "Blue"
    assert faults_of(client.get("/validated?user=Blue")) == {("query", "userName", "missing")}


def test_headers_of_a_pydantic_model_are_told_by_their_names(client: Client) -> None:
    head = [("X-Token", "abc"), ("x-parts", "1"), ("x-parts", "2"), ("if-none-match", '"a"')]
    answer = client.get("/head", headers=head)
    assert answer.json() == {"x_token": "abc", "x_parts": [1, 2], "if_none_match": '"a"'}
    assert faults_of(client.get("/head")) == {("header", "x-token", "missing")}
    assert faults_of(client.get("/head", headers={"x-token": "a"})) == {("header", "x-token", "string_too_short")}


def test_a_cookie_of_a_pydantic_model_is_judged(client: Client) -> None:
    assert client.get("/jar", headers={"cookie": "a=1; sid=abc"}).json() == {"sid": "abc"}
    assert faults_of(client.get("/jar", headers={"cookie": "sid=abcd"})) == {("cookie", "sid", "string_too_long")}
