"""The syntax of Python 3.12 (PEP 695): `type` aliases and generic classes, from every place, as body and as answer.

The program is text, because Python 3.11 could not read it.
"""

import sys
from typing import Any

import pytest

if sys.version_info < (3, 12):
    pytest.skip("the syntax is that of Python 3.12", allow_module_level=True)

PROGRAM = """
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict

from velocipy import Body, Cookie, Depends, Form, Header, JSONResponse, Query, Request, VelociPy


type UserId = int
type Small = Annotated[int, Query(le=10)]
type Maybe[T] = T | None
type MaybeId = Maybe[UserId]
type Ids = list[UserId]
type Pair[T] = tuple[T, T]
type Pairs[T] = list[Pair[T]]
type ByName[V] = dict[str, V] | None
type Low[T] = Annotated[T, Query(le=3)]
type Req = Request
type Answer = Public | JSONResponse
type Chunks = AsyncIterator[bytes]


@dataclass
class Public:
    name: str


@dataclass
class Private(Public):
    password: str = "hunter2"


@dataclass
class Page[T]:
    items: list[T]
    next: T | None = None


class TypedPage[T](TypedDict):
    items: list[T]
    next: NotRequired[T]


class TuplePage[T](NamedTuple):
    items: list[T]
    next: T | None = None


@dataclass
class PageOfPublic(Page[Public]):
    total: int = 0


@dataclass
class Sized[U](Page[U]):
    size: U | None = None


@dataclass
class Bound[T: Public]:
    value: T


@dataclass
class Node[T]:
    value: Maybe[T]
    pair: Pair[T]


@dataclass
class Wide:
    id: UserId
    maybe: Maybe[Public]
    pair: Pair[Public]
    named: ByName[Public]
    either: Maybe[Public | int]


type Publics = list[Public]
type PublicPage = Page[Public]

SCALARS = {"id": UserId, "maybe": MaybeId, "small": Annotated[Small, "documented"]}
MODELS = {
    "page": Page[Public],
    "page-alias": PublicPage,
    "typed-page": TypedPage[Public],
    "tuple-page": TuplePage[Public],
    "subclass": PageOfPublic,
    "generic-subclass": Sized[Public],
    "bound": Bound[Public],
    "unbound": Bound,
    "node": Node[int],
    "list": Publics,
    "pair": Pair[Public],
    "pairs": Pairs[Public],
    "by-name": ByName[Public],
    "maybe": Maybe[Public],
    "ids": Ids,
    "nested": Page[Maybe[Public]],
}
ANSWERS = {
    "page": (Page[Public], Page([Private("a")], Private("b"))),
    "page-alias": (PublicPage, Page([Private("a")])),
    "typed-page": (TypedPage[Public], {"items": [Private("a")]}),
    "tuple-page": (TuplePage[Public], TuplePage([Private("a")])),
    "subclass": (PageOfPublic, PageOfPublic([Private("a")])),
    "generic-subclass": (Sized[Public], Sized([Private("a")], size=Private("b"))),
    "list": (Publics, [Private("a")]),
    "pair": (Pair[Public], (Private("a"), Private("b"))),
    "by-name": (ByName[Public], {"x": Private("a")}),
    "maybe": (Maybe[Public], Private("a")),
    "maybe-none": (Maybe[Public], None),
    "wide": (Wide, Wide(1, Private("a"), (Private("a"),) * 2, {"x": Private("a")}, Private("a"))),
    "wide-dict": (Wide, {"id": 1, "maybe": None, "pair": [Private("a")] * 2, "named": None, "either": 5}),
    "answer": (Answer, Private("a")),
}

app = VelociPy()


def declare_scalar(name, annotation):
    for place, marked in {
        "query": annotation,
        "header": Annotated[annotation, Header()] if name != "small" else annotation,
        "cookie": Annotated[annotation, Cookie()] if name != "small" else annotation,
        "form": Annotated[annotation, Form()] if name != "small" else annotation,
        "path": annotation,
    }.items():

        async def handler(value):
            return repr(value)

        handler.__annotations__["value"] = marked
        path = f"/{place}/{name}" + "/{value}" * (place == "path")
        app.add_route(path, handler, ["POST" if place == "form" and name != "small" else "GET"])


def declare_model(name, annotation):
    async def echo(value):
        return value

    async def among_others(value, other: Annotated[int, Body()]):
        return value

    for handler, path in ((echo, "alone"), (among_others, "keyed")):
        handler.__annotations__ |= {"value": annotation, "return": annotation}
        app.add_route(f"/{path}/{name}", handler, ["POST"])


def declare_answer(name, annotation, value):
    async def handler():
        return value

    handler.__annotations__["return"] = annotation
    app.add_route(f"/answer/{name}", handler)


for _name, _annotation in SCALARS.items():
    declare_scalar(_name, _annotation)
for _name, _annotation in MODELS.items():
    declare_model(_name, _annotation)
for _name, (_annotation, _value) in ANSWERS.items():
    declare_answer(_name, _annotation, _value)


@app.get("/ids")
async def ids(id: Annotated[Ids, Query()]) -> list[int]:
    return id


@app.get("/low")
async def low(value: Low[int]) -> int:
    return value


@app.get("/request")
async def by_alias(told: Req) -> str:
    return told.method


@app.get("/response")
async def response() -> Answer:
    return JSONResponse({"a": 1}, 202)


@app.get("/stream")
async def stream() -> Chunks:
    async def chunks() -> Chunks:
        yield b"a"
        yield b"b"

    return chunks()


async def first[T](items: Annotated[list[int], Query(alias="n")]) -> int:
    return items[0]


@app.get("/generic-function")
async def generic[T](value: Annotated[int, Depends(first)]) -> int:
    return value


def local() -> VelociPy:
    app = VelociPy()
    type Local = int

    @dataclass
    class Box[T]:
        value: T

    @app.post("/local")
    async def handler(box: Box[Local], n: Local = 5) -> Box[Local]:
        return Box(box.value + n)

    return app


def current_user(authorization: Annotated[str, Header()] = "nobody") -> str:
    return authorization


type User = Annotated[str, Depends(current_user)]
type Token = Annotated[str, Header()]
type Theme = Annotated[str, Cookie(alias="t")]
type Page_ = Annotated[int, Query(5, alias="page")]


def with_markers() -> VelociPy:
    app = VelociPy()

    @app.get("/user")
    async def user(value: User) -> str:
        return value

    @app.get("/token")
    async def token(value: Token) -> str:
        return value

    @app.get("/theme")
    async def theme(value: Theme) -> str:
        return value

    @app.get("/page")
    async def page(value: Page_) -> str:
        return str(value)

    return app


type Tree[T] = dict[str, list[T | Tree[T]]]
type Json = dict[str, Json] | list[Json] | str | int | float | bool | None


def with_recursion() -> VelociPy:
    app = VelociPy()

    @app.post("/json")
    async def json(value: Annotated[Json, Body()]) -> Json:
        return value

    @app.post("/tree")
    async def tree(value: Annotated[Tree[Public], Body()]) -> Tree[Public]:
        return value

    @app.get("/tree")
    async def secret() -> Tree[Public]:
        return {"a": [Private("a"), {"b": [Private("b")]}]}

    return app


@dataclass
class Leaf(Sized[Public]):
    pass


@dataclass
class Choice[T: (int, str)]:
    value: T


def with_depth() -> VelociPy:
    app = VelociPy()

    @app.post("/leaf")
    async def leaf(value: Leaf) -> Leaf:
        return value

    @app.get("/leaf")
    async def secret() -> Leaf:
        return Leaf([Private("a")])

    @app.post("/choice")
    async def choice(value: Choice) -> Any:
        return value

    return app
"""

AS_TEXT = """
from __future__ import annotations

from dataclasses import dataclass, field

from velocipy import VelociPy


@dataclass
class TextNode[T]:
    value: T
    children: list[TextNode[T]] = field(default_factory=list)


@dataclass
class TextLeaf[T](TextNode[list[T]]):
    single: T | None = None


def with_text() -> VelociPy:
    app = VelociPy()

    @app.post("/node")
    async def node(value: TextNode[int]) -> TextNode[int]:
        return value

    @app.post("/leaf")
    async def leaf(value: TextLeaf[int]) -> TextLeaf[int]:
        return value

    @app.post("/function")
    async def function[N: int](value: N, more: list[N]) -> list[N]:
        return [value, *more]

    return app
"""

exec(PROGRAM)
exec(AS_TEXT)

A, B = {"name": "a"}, {"name": "b"}
INT = "int_parsing"


@pytest.mark.parametrize(
    ("name", "text", "type"),
    [
        ("id", "x", INT),
        ("id", "1_0", INT),
        ("maybe", "", INT),
        ("maybe", "null", INT),
        ("small", "11", "less_than_equal"),
    ],
)
@pytest.mark.parametrize("place", ["query", "path", "header", "cookie", "form"])
def test_text_is_refused_as_for_the_type_itself(client: Any, place: str, name: str, text: str, type: str) -> None:
    if name == "small":  # which says itself that it is of the query
        place = "query"
    if place == "path" and not text:
        assert client.get(f"/path/{name}/").status_code == 404
        return
    if place == "form" and not text:  # browsers send what was left out so
        type = "missing"
    response = ask(client, place, name, text)
    assert response.status_code == 422
    assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [([place, "value"], type)]


def ask(client: Any, place: str, name: str, text: str) -> Any:
    if place == "path":
        return client.get(f"/path/{name}/{text}")
    if place == "form":
        return client.post(f"/form/{name}", data={"value": text})
    if place == "header":
        return client.get(f"/header/{name}", headers={"value": text})
    if place == "cookie":
        return client.get(f"/cookie/{name}", headers={"cookie": f"value={text}"})
    return client.get(f"/query/{name}", params={"value": text})


@pytest.mark.parametrize("name", ["id", "maybe"])
@pytest.mark.parametrize("place", ["query", "path", "header", "cookie", "form"])
def test_text_becomes_a_value_of_the_type_itself(client: Any, place: str, name: str) -> None:
    assert ask(client, place, name, "7").text == "7"


MODEL = "model_type"
REFUSED: list[tuple[str, Any, list[tuple[list[Any], str]]]] = [
    ("page", {"items": [A, 5], "next": []}, [(["items", 1], MODEL), (["next"], MODEL)]),
    ("page-alias", {"items": [{}]}, [(["items", 0, "name"], "missing")]),
    ("typed-page", {"items": [5], "next": None}, [(["items", 0], MODEL), (["next"], MODEL)]),
    ("tuple-page", [[5], 5], [([0, 0], MODEL), ([1], MODEL)]),
    ("subclass", {"items": [5], "total": "x"}, [(["items", 0], MODEL), (["total"], "int_type")]),
    ("generic-subclass", {"items": [5], "size": 5}, [(["items", 0], MODEL), (["size"], MODEL)]),
    ("bound", {"value": 5}, [(["value"], MODEL)]),
    ("unbound", {"value": 5}, [(["value"], MODEL)]),
    ("node", {"value": "x", "pair": [1]}, [(["value"], "int_type"), (["pair"], "too_short")]),
    ("list", [A, 5], [([1], MODEL)]),
    ("pair", [A], [([], "too_short")]),
    ("pairs", [[A, 5]], [([0, 1], MODEL)]),
    ("by-name", {"x": 5}, [(["x"], MODEL)]),
    ("maybe", 5, [([], MODEL)]),
    ("ids", [1, "2"], [([1], "int_type")]),
    ("nested", {"items": [None, 5]}, [(["items", 1], MODEL)]),
]


@pytest.mark.parametrize(("name", "data", "faults"), REFUSED)
def test_every_fault_has_its_place(client: Any, name: str, data: Any, faults: Any) -> None:
    for path, body, start in (("alone", data, ["body"]), ("keyed", {"value": data, "other": 1}, ["body", "value"])):
        response = client.post(f"/{path}/{name}", json=body)
        assert response.status_code == 422
        found = [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]
        assert found == [([*start, *loc], type) for loc, type in faults]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page", {"items": [A], "next": B}),
        ("page-alias", {"items": [], "next": None}),
        ("typed-page", {"items": [A]}),
        ("typed-page", {"items": [A], "next": B}),
        ("tuple-page", [[A], None]),
        ("subclass", {"items": [A], "next": None, "total": 5}),
        ("generic-subclass", {"items": [A], "next": None, "size": B}),
        ("bound", {"value": A}),
        ("unbound", {"value": A}),
        ("node", {"value": None, "pair": [1, 2]}),
        ("list", [A, B]),
        ("pair", [A, B]),
        ("pairs", [[A, B]]),
        ("by-name", {"x": A}),
        ("maybe", A),
        ("ids", [1, 2]),
        ("nested", {"items": [None, A], "next": None}),
    ],
)
def test_a_body_is_read_and_written(client: Any, name: str, data: Any) -> None:
    for path, body in (("alone", data), ("keyed", {"value": data, "other": 1})):
        response = client.post(f"/{path}/{name}", json=body)
        assert (response.status_code, response.json()) == (200, data)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("page", {"items": [A], "next": B}),
        ("page-alias", {"items": [A], "next": None}),
        ("typed-page", {"items": [A]}),
        ("tuple-page", [[A], None]),
        ("subclass", {"items": [A], "next": None, "total": 0}),
        ("generic-subclass", {"items": [A], "next": None, "size": B}),
        ("list", [A]),
        ("pair", [A, B]),
        ("by-name", {"x": A}),
        ("maybe", A),
        ("maybe-none", None),
        ("wide", {"id": 1, "maybe": A, "pair": [A, A], "named": {"x": A}, "either": A}),
        ("wide-dict", {"id": 1, "maybe": None, "pair": [A, A], "named": None, "either": 5}),
        ("answer", A),
    ],
)
def test_what_leaves_has_the_declared_fields_alone(client: Any, name: str, answer: Any) -> None:
    response = client.get(f"/answer/{name}")
    assert (response.status_code, response.json()) == (200, answer)


def test_an_alias_of_a_list_takes_every_value_of_a_name(client: Any) -> None:
    assert client.get("/ids?id=1&id=2").json() == [1, 2]
    assert client.get("/ids?id=1&id=x").json()["detail"][0]["loc"] == ["query", "id", 1]


def test_constraints_of_a_generic_alias_count(client: Any) -> None:
    assert client.get("/low?value=3").json() == 3
    assert client.get("/low?value=4").json()["detail"][0]["type"] == "less_than_equal"


def test_an_alias_of_the_request_a_response_or_a_stream_means_it(client: Any) -> None:
    assert client.get("/request").text == "GET"
    response = client.get("/response")
    assert (response.status_code, response.json()) == (202, {"a": 1})
    assert client.get("/stream").text == "ab"


def test_functions_may_have_type_parameters(client: Any) -> None:
    assert client.get("/generic-function?n=5&n=6").json() == 5


@pytest.mark.velocipy_app("local")
def test_what_is_local_may_have_type_parameters(client: Any) -> None:
    assert client.post("/local", json={"value": 1}).json() == {"value": 6}
    assert client.post("/local?n=x", json={"value": "x"}).status_code == 422


def test_a_marker_of_an_alias_says_the_place(client_factory: Any) -> None:
    client = client_factory("with_markers")
    headers = {"authorization": "ada", "value": "ada", "cookie": "t=ada"}
    for path in ("/user", "/token", "/theme"):
        assert client.get(f"{path}?value=evil", headers=headers).text == "ada"
    assert client.get("/page?value=evil").text == "5"


def test_an_alias_may_name_itself(client_factory: Any) -> None:
    client = client_factory("with_recursion")
    value = {"a": [1, None, {"b": True}], "c": 1.5}
    assert client.post("/json", json=value).json() == value
    assert client.get("/tree").json() == {"a": [A, {"b": [B]}]}
    assert client.post("/tree", json={"a": [A, {"b": [B]}]}).json() == {"a": [A, {"b": [B]}]}
    assert client.post("/tree", json={"a": [{"b": [5]}]}).status_code == 422


def test_type_parameters_count_through_every_base(client_factory: Any) -> None:
    client = client_factory("with_depth")
    assert client.get("/leaf").json() == {"items": [A], "next": None, "size": None}
    response = client.post("/leaf", json={"items": [5], "next": 5})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "items", 0], ["body", "next"]]


def test_a_type_parameter_with_constraints_is_one_of_them(client_factory: Any) -> None:
    client = client_factory("with_depth")
    assert client.post("/choice", json={"value": "a"}).json() == {"value": "a"}
    assert client.post("/choice", json={"value": [1]}).status_code == 422


def test_type_parameters_may_be_named_in_text(client_factory: Any) -> None:
    client = client_factory("with_text")
    value = {"value": 1, "children": [{"value": 2, "children": []}]}
    assert client.post("/node", json=value).json() == value
    response = client.post("/node", json={"value": "x", "children": [{"value": "y"}]})
    assert [fault["loc"] for fault in response.json()["detail"]] == [
        ["body", "value"],
        ["body", "children", 0, "value"],
    ]


def test_the_same_name_may_be_another_type_parameter_in_a_base(client_factory: Any) -> None:
    client = client_factory("with_text")
    value = {"value": [1], "children": [{"value": [2], "children": []}], "single": 3}
    assert client.post("/leaf", json=value).json() == value
    response = client.post("/leaf", json={"value": 1, "single": [3]})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "value"], ["body", "single"]]


def test_functions_may_name_their_type_parameters_in_text(client_factory: Any) -> None:
    client = client_factory("with_text")
    assert client.post("/function?value=1", json=[2]).json() == [1, 2]
    response = client.post("/function?value=x", json=["y"])
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "value"], ["body", 0]]
