"""Declared answers: what leaves has the fields of the declared type alone, whatever the handler knows."""

import collections
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, NamedTuple, NewType, NotRequired, Optional, TypedDict, TypeVar, Union

import pytest
from httpx2 import Client

from velocipy import JSONResponse, Response, VelociPy

app = VelociPy()

SECRET = "hunter2"

Element = TypeVar("Element")


@dataclass
class Public:
    name: str
    age: int = 0


Bound = TypeVar("Bound", bound=Public)


@dataclass
class Private(Public):
    password: str = SECRET


@dataclass
class Pack:
    lead: Public
    others: list[Public] = field(default_factory=list)
    by_name: dict[str, Public] = field(default_factory=dict)


@dataclass
class PrivatePack(Pack):
    token: str = SECRET


@dataclass
class Node:
    name: str
    children: list["Node"] = field(default_factory=list)


@dataclass
class PrivateNode(Node):
    password: str = SECRET


@dataclass
class Page(Generic[Element]):
    items: list[Element]


@dataclass
class Counted(Public):
    def __post_init__(self) -> None:
        self.password = SECRET

    @cached_property
    def token(self) -> str:
        return SECRET


@dataclass
class Computed:
    name: str
    length: int = field(init=False)

    def __post_init__(self) -> None:
        self.length = len(self.name)


@dataclass
class PrivateComputed(Computed):
    password: str = SECRET


@dataclass
class Slotted:
    __slots__ = ("name",)
    name: str


class Typed(TypedDict):
    name: str
    friend: NotRequired["Typed"]


class Point(NamedTuple):
    x: int
    owner: Public


class PrivatePoint(Point):
    __slots__ = ()
    password = SECRET


class Row:
    """What an object-relational mapper returns: attributes, more of them than may leave."""

    def __init__(self, **columns: Any) -> None:
        vars(self).update(password=SECRET, _state=object(), **columns)


class Record(Mapping[str, Any]):
    def __init__(self, **columns: Any) -> None:
        self._columns = {**columns, "password": SECRET}

    def __getitem__(self, key: str) -> Any:
        return self._columns[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class Publics(list[Public]):
    pass


class ByName(dict[str, Public]):
    pass


class Privates(list[Private]):
    password = SECRET


def sqlite_row() -> sqlite3.Row:
    with sqlite3.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        row: sqlite3.Row = connection.execute("select 'Blue' as name, 4 as age, 'hunter2' as password").fetchone()
    connection.close()
    return row


def counted() -> Counted:
    made = Counted("Blue", 4)
    assert made.token == SECRET  # now it stands in the dict of the instance
    return made


UserId = NewType("UserId", Public)

BLUE = {"name": "Blue", "age": 4}
DICT = {**BLUE, "password": SECRET}
PRIVATE = Private("Blue", 4)

CASES: dict[str, tuple[Any, Any, Any]] = {
    "exact": (Public, Public("Blue", 4), BLUE),
    "subclass": (Public, PRIVATE, BLUE),
    "attribute-beside-the-fields": (Public, counted(), BLUE),
    "cached-property-of-the-declared-class": (Counted, counted(), BLUE),
    "dict": (Public, DICT, BLUE),
    "default-dict": (Public, collections.defaultdict(str, DICT), BLUE),
    "mapping": (Public, Record(**BLUE), BLUE),
    "row-with-attributes": (Public, Row(**BLUE), BLUE),
    "row-of-sqlite": (Public, sqlite_row(), BLUE),
    "absent-default": (Public, {"name": "Blue", "password": SECRET}, {"name": "Blue"}),
    "new-type": (UserId, PRIVATE, BLUE),
    "slots": (Slotted, Row(name="Blue"), {"name": "Blue"}),
    "optional": (Optional[Public], PRIVATE, BLUE),  # noqa: UP045
    "optional-none": (Public | None, None, None),
    "list": (list[Public], [PRIVATE, Public("Blue", 4), DICT, Row(**BLUE)], [BLUE] * 4),
    "empty-list": (list[Public], [], []),
    "tuple-for-a-list": (list[Public], (PRIVATE,), [BLUE]),
    "subclass-of-list": (list[Public], Privates([PRIVATE]), [BLUE]),
    "set-for-a-list": (list[Public], {"a": PRIVATE}.values(), [BLUE]),
    "sequence": (Sequence[Public], [PRIVATE], [BLUE]),
    "deque": (collections.deque[Public], collections.deque([PRIVATE]), [BLUE]),
    "tuple": (tuple[Public, ...], (PRIVATE, PRIVATE), [BLUE, BLUE]),
    "tuple-of-different": (tuple[int, Public], (1, PRIVATE), [1, BLUE]),
    "tuple-of-optional": (tuple[Public | None, Public], (None, PRIVATE), [None, BLUE]),
    "list-of-lists": (list[list[Public]], [[PRIVATE]], [[BLUE]]),
    "list-of-optional": (list[Public | None], [None, PRIVATE], [None, BLUE]),
    "dict-of-models": (dict[str, Public], {"a": PRIVATE}, {"a": BLUE}),
    "mapping-of-models": (Mapping[str, Public], collections.OrderedDict(a=PRIVATE), {"a": BLUE}),
    "list-in-dict": (dict[str, list[Public]], {"a": [DICT, PRIVATE]}, {"a": [BLUE, BLUE]}),
    "dict-in-list": (list[dict[str, Public]], [{"a": PRIVATE}], [{"a": BLUE}]),
    "nested-subclasses": (
        Pack,
        Pack(PRIVATE, [PRIVATE], {"a": PRIVATE}),
        {"lead": BLUE, "others": [BLUE], "by_name": {"a": BLUE}},
    ),
    "nested-dicts": (
        Pack,
        {"lead": DICT, "others": (DICT,), "by_name": {"a": Row(**BLUE)}, "token": SECRET},
        {"lead": BLUE, "others": [BLUE], "by_name": {"a": BLUE}},
    ),
    "nested-in-a-subclass": (Pack, PrivatePack(Public("Blue", 4)), {"lead": BLUE, "others": [], "by_name": {}}),
    "recursive": (
        Node,
        PrivateNode("a", [Node("b", [PrivateNode("c")])]),
        {"name": "a", "children": [{"name": "b", "children": [{"name": "c", "children": []}]}]},
    ),
    "generic": (Page[Public], Page([PRIVATE]), {"items": [BLUE]}),
    "generic-of-optional": (Page[Public | None], Page([None, PRIVATE]), {"items": [None, BLUE]}),
    "generic-of-a-bound": (Page[Bound], Page([PRIVATE]), {"items": [BLUE]}),  # type: ignore[valid-type]
    "list-of-ones-own": (Publics, Publics([PRIVATE]), [BLUE]),
    "dict-of-ones-own": (ByName, {"a": PRIVATE}, {"a": BLUE}),
    "set-in-post-init": (Computed, Computed("Blue"), {"name": "Blue", "length": 4}),
    "set-in-post-init-of-a-subclass": (Computed, PrivateComputed("Blue"), {"name": "Blue", "length": 4}),
    "typed-dict": (Typed, {"name": "Blue"}, {"name": "Blue"}),
    "typed-dict-with-more": (Typed, {"name": "Blue", "password": SECRET}, {"name": "Blue"}),
    "typed-dict-nested": (
        Typed,
        {"name": "a", "friend": {"name": "b", "password": SECRET}},
        {"name": "a", "friend": {"name": "b"}},
    ),
    "typed-dict-of-a-row": (Typed, Row(name="Blue"), {"name": "Blue"}),
    "named-tuple": (Point, Point(1, Public("Blue", 4)), [1, BLUE]),
    "named-tuple-nested": (Point, Point(1, PRIVATE), [1, BLUE]),
    "named-tuple-subclass": (Point, PrivatePoint(1, PRIVATE), [1, BLUE]),
    "named-tuple-of-a-dict": (Point, {"x": 1, "owner": DICT, "password": SECRET}, [1, BLUE]),
    "union-first": (Public | Pack, PRIVATE, BLUE),
    "union-second": (Public | Slotted, Slotted("Blue"), {"name": "Blue"}),
    "union-most-derived": (Public | Private, PRIVATE, {**BLUE, "password": SECRET}),
    "union-with-typed-dict": (Typed | Pack, {"name": "Blue", "password": SECRET}, {"name": "Blue"}),
    "union-of-typed-dict-and-model": (Typed | Public, PRIVATE, BLUE),
    "union-dict-of-the-second": (Pack | Public, DICT, BLUE),
    "union-with-str": (Union[Public, str], "Blue", "Blue"),  # noqa: UP007
    "union-with-int": (Public | int, 4, 4),
    "union-with-list": (Public | list[Public], [PRIVATE], [BLUE]),
    "union-with-response": (Public | JSONResponse, PRIVATE, BLUE),
    "alias-of-iterable": (Iterable[Public], [PRIVATE], [BLUE]),
}
CASES["union-of-a-subclass-nested"] = (
    Pack | PrivatePack,
    PrivatePack(PRIVATE),
    {"lead": BLUE, "others": [], "by_name": {}, "token": SECRET},
)


def declare(name: str, declared: Any, value: Any) -> None:
    @app.get(f"/model/{name}", response_model=declared)
    async def by_response_model() -> Any:
        return value

    @app.get(f"/class/{name}", response_model=declared, response_class=JSONResponse)
    async def by_response_class() -> Any:
        return value

    def by_annotation() -> Any:
        return value

    by_annotation.__annotations__["return"] = declared
    app.add_route(f"/annotation/{name}", by_annotation, status_code=201)


for _name, (_declared, _value, _) in CASES.items():
    declare(_name, _declared, _value)


@pytest.mark.parametrize("name", CASES)
def test_what_leaves_has_the_fields_of_the_response_model(client: Client, name: str) -> None:
    answer = client.get(f"/model/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == CASES[name][2]


@pytest.mark.parametrize("name", CASES)
def test_the_return_annotation_says_the_same_for_a_plain_handler(client: Client, name: str) -> None:
    answer = client.get(f"/annotation/{name}")
    assert (answer.status_code, answer.json()) == (201, CASES[name][2])


@pytest.mark.parametrize("name", CASES)
def test_a_response_class_gets_no_more_than_what_may_leave(client: Client, name: str) -> None:
    answer = client.get(f"/class/{name}")
    assert (answer.status_code, answer.json()) == (200, CASES[name][2])


@pytest.mark.parametrize("name", ["subclass", "list", "union-with-list"])
def test_head_tells_the_length_of_what_get_sends(client: Client, name: str) -> None:
    got, head = client.get(f"/model/{name}"), client.head(f"/model/{name}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


# -- sources that are read once ------------------------------------------------------------------------------------


@app.get("/once", response_model=list[Public])
async def once() -> Any:
    return (made for made in [PRIVATE, PRIVATE])


@app.get("/no-content", status_code=204)
async def no_content() -> Public:
    return PRIVATE


def test_a_generator_for_a_list_is_sent_whole(client: Client) -> None:
    assert client.get("/once").json() == [BLUE, BLUE]


def test_a_status_without_a_body_has_none_of_a_model_either(client: Client) -> None:
    answer = client.get("/no-content")
    assert (answer.status_code, answer.content) == (204, b"")


# -- responses go as they are ------------------------------------------------------------------------------------


@app.get("/response/data")
async def response_with_data() -> Public | JSONResponse:
    return JSONResponse({"error": "none there"}, 404)


@app.get("/response/model", response_model=Public)
async def response_with_a_model() -> Response:
    return JSONResponse({"other": 1}, 202)


@app.get("/response/only")
async def response_only() -> JSONResponse:
    return JSONResponse(PRIVATE)


@app.get("/undeclared", response_model=None)
async def undeclared() -> Public:
    return PRIVATE


def test_a_response_beside_a_declared_type_is_not_cut(client: Client) -> None:
    answer = client.get("/response/data")
    assert (answer.status_code, answer.json()) == (404, {"error": "none there"})


def test_a_response_in_the_place_of_a_response_model_is_not_cut(client: Client) -> None:
    answer = client.get("/response/model")
    assert (answer.status_code, answer.json()) == (202, {"other": 1})


def test_a_handler_of_responses_alone_declares_nothing(client: Client) -> None:
    assert client.get("/response/only").json() == {**BLUE, "password": SECRET}


def test_response_model_none_lets_everything_out(client: Client) -> None:
    assert client.get("/undeclared").json() == {**BLUE, "password": SECRET}
