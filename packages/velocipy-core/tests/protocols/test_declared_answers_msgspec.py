"""Declared answers of msgspec and attrs: renames, tags, arrays, UNSET; nothing else leaves."""

from typing import Annotated, Any, Generic, TypeVar

import pytest
from httpx2 import Client

from velocipy import VelociPy

msgspec = pytest.importorskip("msgspec", reason="its models are tested here")
pytest.importorskip("attrs", reason="its models are tested here")
import attrs  # noqa: E402
from msgspec import UNSET, Meta, Struct, UnsetType, field  # noqa: E402

app = VelociPy()

SECRET = "hunter2"

Element = TypeVar("Element")


class Public(Struct):
    name: Annotated[str, Meta(min_length=1)]
    age: int = 0


class Private(Public):
    password: str = SECRET


class Renamed(Struct, rename="camel"):
    user_name: str
    home_town: str = field(default="", name="town")


class PrivateRenamed(Renamed):
    pass_word: str = SECRET


class Cat(Struct, tag="cat"):
    name: str = ""
    mate: Public | None = None


class Dog(Struct, tag="dog"):
    name: str = ""
    good: bool = True


class PrivateDog(Dog, tag="private"):
    password: str = SECRET


class Position(Struct, array_like=True):
    x: int
    owner: Public | None = None


class PrivatePosition(Position, array_like=True):
    password: str = SECRET


class TaggedArray(Struct, array_like=True, tag=True):
    x: int


class PrivateTaggedArray(TaggedArray, array_like=True, tag=True):
    password: str = SECRET


class Patch(Struct):
    name: str | UnsetType = UNSET
    mate: Public | UnsetType = UNSET


class PrivatePatch(Patch):
    password: str = SECRET


class Page(Struct, Generic[Element]):
    items: list[Element]
    total: int = 0


class Node(Struct):
    name: str
    children: list["Node"] = []


class PrivateNode(Node):
    password: str = SECRET


@attrs.define
class Point:
    x: int
    _hidden: str = SECRET
    mate: Public | None = None
    renamed: int = attrs.field(default=1, alias="other")


@attrs.define
class PrivatePoint(Point):
    password: str = SECRET


@attrs.define(slots=False)
class Loose:
    x: int


def loose() -> Loose:
    made = Loose(1)
    made.password = SECRET  # type: ignore[attr-defined]
    return made


class Row:
    def __init__(self, **columns: Any) -> None:
        vars(self).update(password=SECRET, **columns)


BLUE = {"name": "Blue", "age": 4}
PRIVATE = Private("Blue", 4)

CASES: dict[str, tuple[Any, Any, Any]] = {
    "exact": (Public, Public("Blue", 4), BLUE),
    "subclass": (Public, PRIVATE, BLUE),
    "row": (Public, Row(**BLUE), BLUE),
    "dict": (Public, {**BLUE, "password": SECRET}, BLUE),
    "list": (list[Public], [PRIVATE, Public("Blue", 4)], [BLUE, BLUE]),
    "optional": (Public | None, None, None),
    "generic": (Page[Public], Page([PRIVATE]), {"items": [BLUE], "total": 0}),
    "recursive": (
        Node,
        Node("a", [PrivateNode("b")]),
        {"name": "a", "children": [{"name": "b", "children": []}]},
    ),
    "renamed": (Renamed, Renamed("Blue", "Isla"), {"userName": "Blue", "town": "Isla"}),
    "renamed-subclass": (Renamed, PrivateRenamed("Blue", "Isla"), {"userName": "Blue", "town": "Isla"}),
    "renamed-dict-by-name": (Renamed, {"user_name": "Blue", "pass_word": SECRET}, {"userName": "Blue"}),
    "renamed-dict-by-key": (Renamed, {"userName": "Blue", "password": SECRET}, {"userName": "Blue"}),
    "renamed-row": (Renamed, Row(user_name="Blue"), {"userName": "Blue"}),
    "tag": (Cat, Cat("Tom"), {"type": "cat", "name": "Tom", "mate": None}),
    "tag-of-what-was-declared": (Dog, PrivateDog("Rex"), {"type": "dog", "name": "Rex", "good": True}),
    "tag-of-a-row": (Dog, Row(name="Rex"), {"type": "dog", "name": "Rex"}),
    "tagged-union": (Cat | Dog, Dog("Rex"), {"type": "dog", "name": "Rex", "good": True}),
    "tagged-union-subclass": (Cat | Dog, PrivateDog("Rex"), {"type": "dog", "name": "Rex", "good": True}),
    "tagged-union-nested": (Cat | Dog, Cat("Tom", PRIVATE), {"type": "cat", "name": "Tom", "mate": BLUE}),
    "tagged-union-dict": (
        Cat | Dog,
        {"type": "dog", "name": "Rex", "password": SECRET},
        {"type": "dog", "name": "Rex"},
    ),
    "tagged-unions-in-a-list": (
        list[Cat | Dog],
        [Cat("Tom", PRIVATE), PrivateDog("Rex")],
        [{"type": "cat", "name": "Tom", "mate": BLUE}, {"type": "dog", "name": "Rex", "good": True}],
    ),
    "array": (Position, Position(1, Public("Blue", 4)), [1, BLUE]),
    "array-nested": (Position, Position(1, PRIVATE), [1, BLUE]),
    "array-subclass": (Position, PrivatePosition(1), [1, None]),
    "array-of-a-row": (Position, Row(x=1), [1, None]),
    "tagged-array": (TaggedArray, TaggedArray(1), ["TaggedArray", 1]),
    "tagged-array-subclass": (TaggedArray, PrivateTaggedArray(1), ["TaggedArray", 1]),
    "unset": (Patch, Patch(), {}),
    "unset-subclass": (Patch, PrivatePatch(), {}),
    "unset-nested": (Patch, Patch(mate=PRIVATE), {"mate": BLUE}),
    "attrs": (Point, Point(1), {"x": 1, "mate": None, "renamed": 1}),
    "attrs-subclass": (Point, PrivatePoint(1, "h", PRIVATE), {"x": 1, "mate": BLUE, "renamed": 1}),
    "attrs-nested": (Point, Point(1, "h", PRIVATE, 2), {"x": 1, "mate": BLUE, "renamed": 2}),
    "attrs-with-an-attribute-beside": (Loose, loose(), {"x": 1}),
}


def declare(name: str, declared: Any, value: Any) -> None:
    @app.get(f"/{name}", response_model=declared)
    async def handler() -> Any:
        return value


for _name, (_declared, _value, _) in CASES.items():
    declare(_name, _declared, _value)


@pytest.mark.parametrize("name", CASES)
def test_what_leaves_has_the_fields_of_the_declared_type(client: Client, name: str) -> None:
    answer = client.get(f"/{name}")
    assert (answer.status_code, answer.json()) == (200, CASES[name][2])


@app.get("/wrong-tag", response_model=Cat)
async def wrong_tag() -> Any:
    return {"type": "dog", "name": "Rex"}


@app.get("/absent", response_model=Public)
async def absent() -> Any:
    return Patch()


@pytest.mark.parametrize("path", ["/wrong-tag", "/absent"])
def test_what_is_not_of_the_type_is_a_500(client: Client, path: str) -> None:
    assert client.get(path).json() == {"detail": "Internal Server Error"}
