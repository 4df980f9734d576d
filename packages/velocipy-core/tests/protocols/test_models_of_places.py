"""Models of one place: the fields of a query, of headers, of cookies or of a form, each fault with its loc."""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar

import pytest
from httpx2 import Client

from velocipy import Cookie, Depends, Form, Header, Query, StartupError, VelociPy

app = VelociPy()

Element = TypeVar("Element")


class Order(Enum):
    UP = "up"
    DOWN = "down"


@dataclass
class Page:
    limit: Annotated[int, Query(ge=1, le=100)]
    offset: int = 0
    tags: list[str] = field(default_factory=list)
    since: date | None = None
    order: Order = Order.UP

    def __post_init__(self) -> None:
        if self.offset > 1000:
            raise ValueError("too far")


class Typed(TypedDict):
    limit: int
    tags: NotRequired[set[int]]


class Named(NamedTuple):
    limit: int
    offset: int = 7


@dataclass
class Of(Generic[Element]):
    value: Element


@dataclass
class Head:
    x_token: str
    x_parts: list[int] = field(default_factory=list)
    user_agent: str = "none"


@dataclass
class Jar:
    sid: str
    visits: int = 0


@app.get("/query")
async def of_query(page: Annotated[Page, Query()]) -> Any:
    return page


@app.get("/typed")
def of_typed(page: Annotated[Typed, Query()]) -> Any:
    return page


@app.get("/named")
async def of_named(page: Annotated[Named, Query]) -> Any:
    return page._asdict()


@app.get("/generic")
async def of_generic(of: Annotated[Of[int], Query()]) -> Any:
    return of


@app.get("/default")
async def by_default(page: Named = Query()) -> Any:  # noqa: B008
    return page._asdict()


@app.get("/headers")
async def of_headers(head: Annotated[Head, Header()]) -> Any:
    return head


@app.get("/cookies")
async def of_cookies(jar: Annotated[Jar, Cookie()]) -> Any:
    return jar


@app.post("/form")
async def of_form(page: Annotated[Page, Form()], more: Annotated[str, Form()] = "") -> Any:
    return {"page": page, "more": more}


def paged(page: Annotated[Named, Query()]) -> int:
    return page.limit


@app.post("/all/{item}")
async def of_all(
    item: int,
    page: Annotated[Page, Query()],
    head: Annotated[Head, Header()],
    jar: Annotated[Jar, Cookie()],
    limit: Annotated[int, Depends(paged)],
    body: dict[str, int],
) -> Any:
    return [item, page.limit, head.x_token, jar.sid, limit, body]


PAGE = {"limit": 5, "offset": 0, "tags": [], "since": None, "order": "up"}


def faults_of(answer: Any) -> set[tuple[Any, ...]]:
    assert answer.status_code == 422, answer.text
    return {(*fault["loc"], fault["type"]) for fault in answer.json()["detail"]}


def test_what_is_absent_is_told_of_each_field(client: Client) -> None:
    assert faults_of(client.get("/query")) == {("query", "limit", "missing")}
    assert faults_of(client.get("/headers")) == {("header", "x-token", "missing")}
    assert faults_of(client.get("/cookies")) == {("cookie", "sid", "missing")}
    assert faults_of(client.post("/form", data={"offset": "1"})) == {("form", "limit", "missing")}


def test_every_fault_is_told_at_once_with_its_place(client: Client) -> None:
    query = "limit=0&offset=x&tags=a&since=soon&order=sideways"
    assert faults_of(client.get(f"/query?{query}")) == {
        ("query", "limit", "greater_than_equal"),
        ("query", "offset", "int_parsing"),
        ("query", "since", "date_parsing"),
        ("query", "order", "enum"),
    }


def test_a_fault_in_a_list_has_the_index(client: Client) -> None:
    head = [("x-token", "a"), ("x-parts", "1"), ("x-parts", "b")]
    assert faults_of(client.get("/headers", headers=head)) == {("header", "x-parts", 1, "int_parsing")}


@pytest.mark.parametrize("text", ["1_0", " 5", "5.0", "\u0665", "", "0x5"])
def test_numbers_are_read_as_strictly_as_elsewhere(client: Client, text: str) -> None:
    answer = client.get("/typed", params={"limit": text})
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["query", "limit"]]


def test_a_field_that_comes_twice_is_a_fault(client: Client) -> None:
    assert faults_of(client.get("/query?limit=1&limit=2")) == {("query", "limit", "multiple_values")}
    twice = {"content": b"limit=1&limit=2", "headers": {"content-type": "application/x-www-form-urlencoded"}}
    assert faults_of(client.post("/form", **twice)) == {("form", "limit", "multiple_values")}  # type: ignore[arg-type]


def test_what_the_class_refuses_is_a_fault_of_the_place(client: Client) -> None:
    answer = client.get("/query?limit=5&offset=1001")
    assert answer.json()["detail"] == [{"loc": ["query"], "msg": "Value error, too far", "type": "value_error"}]


def test_faults_of_all_places_are_told_in_one_answer(client: Client) -> None:
    answer = client.post("/all/x?limit=0", headers={"x-parts": "a"}, json=[1])
    assert faults_of(answer) == {
        ("path", "item", "int_parsing"),
        ("query", "limit", "greater_than_equal"),
        ("header", "x-token", "missing"),
        ("header", "x-parts", 0, "int_parsing"),
        ("cookie", "sid", "missing"),
        ("body", "dict_type"),
    }


def test_a_form_of_another_type_is_refused_before_it_is_read(client: Client) -> None:
    assert client.post("/form", json={"limit": 5}).status_code == 415


def test_a_query_is_read_with_defaults(client: Client) -> None:
    assert client.get("/query?limit=5").json() == PAGE
    more = client.get("/query?limit=5&offset=2&tags=a&tags=b&since=1993-06-11&order=down&unknown=1")
    assert more.json() == {"limit": 5, "offset": 2, "tags": ["a", "b"], "since": "1993-06-11", "order": "down"}


def test_a_default_is_no_one_elses(client: Client) -> None:
    assert client.get("/query?limit=5&tags=a").json()["tags"] == ["a"]
    assert client.get("/query?limit=5").json()["tags"] == []


def test_a_typed_dict_has_what_was_there(client: Client) -> None:
    assert client.get("/typed?limit=5").json() == {"limit": 5}
    assert client.get("/typed?limit=5&tags=1&tags=1").json() == {"limit": 5, "tags": [1]}


def test_a_named_tuple_and_a_generic_class_are_models_too(client: Client) -> None:
    assert client.get("/named?limit=5").json() == {"limit": 5, "offset": 7}
    assert client.get("/default?limit=5&offset=1").json() == {"limit": 5, "offset": 1}
    assert client.get("/generic?value=5").json() == {"value": 5}
    assert faults_of(client.get("/generic?value=a")) == {("query", "value", "int_parsing")}


def test_headers_are_found_with_hyphens_in_any_case(client: Client) -> None:
    head = [("X-TOKEN", "a"), ("X-Parts", "1"), ("x-parts", "2"), ("User-Agent", "curl"), ("x-more", "1")]
    assert client.get("/headers", headers=head).json() == {"x_token": "a", "x_parts": [1, 2], "user_agent": "curl"}


def test_cookies_of_others_do_not_matter(client: Client) -> None:
    answer = client.get("/cookies", headers={"cookie": "theme=dark; sid=a1; visits=3"})
    assert answer.json() == {"sid": "a1", "visits": 3}


def test_a_form_may_have_fields_beside_the_model(client: Client) -> None:
    assert client.post("/form", data={"limit": "5", "more": "x"}).json() == {"page": PAGE, "more": "x"}


def test_models_of_all_places_stand_beside_each_other(client: Client) -> None:
    head = {"x-token": "t", "cookie": "sid=s"}
    answer = client.post("/all/1?limit=5", headers=head, json={"a": 1})
    assert answer.json() == [1, 5, "t", "s", 5, {"a": 1}]


# -- mistakes end the start ------------------------------------------------------------------------------------


@dataclass
class Inner:
    page: Page


@dataclass
class ListOfDicts:
    rows: list[dict[str, int]]


@dataclass
class ManyCookies:
    sid: list[str]


@dataclass
class Either:
    value: int | list[int]


@dataclass
class Unresolved:
    value: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[Inner, Query()],
        Annotated[ListOfDicts, Query()],
        Annotated[ManyCookies, Cookie()],
        Annotated[Either, Query()],
        Annotated[Unresolved, Query()],
        Annotated[list[Page], Query()],
        Annotated[Page | None, Query()],
        Annotated[Page | Named, Query()],
    ],
)
def test_a_model_that_no_place_could_fill_is_a_mistake(annotation: Any) -> None:
    program = VelociPy()

    async def handler(value: Any) -> None: ...

    handler.__annotations__["value"] = annotation
    program.add_route("/", handler)
    with pytest.raises(StartupError) as caught:
        program.freeze()
    assert (caught.value.handler, caught.value.parameter) == ("handler", "value")
