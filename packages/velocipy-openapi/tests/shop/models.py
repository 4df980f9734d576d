"""The models of the shop, of every kind that there is, some of one name."""

import enum
from dataclasses import dataclass, field, make_dataclass
from typing import Annotated, Generic, Literal, NamedTuple, NotRequired, Optional, TypedDict, TypeVar

import attrs
import msgspec
import pydantic

from velocipy import Body

Item = TypeVar("Item")


class Color(enum.Enum):
    """What is seen."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


STRICT = pydantic.ConfigDict(strict=True)
"""For else pydantic takes more than its schemas tell: false for a number."""


@dataclass
class Page(Generic[Item]):
    """Some of many."""

    __pydantic_config__ = STRICT

    items: list[Item]
    total: int


class Row(pydantic.BaseModel, Generic[Item]):
    model_config = STRICT

    value: Item
    number: int = pydantic.Field(1, ge=1)


@dataclass
class Node:
    """A node of a tree."""

    name: str
    children: "list[Node]" = field(default_factory=list)
    parent: Optional["Node"] = None


class Comment(pydantic.BaseModel):
    """A comment and the answers to it."""

    text: str = pydantic.Field(min_length=1, max_length=20, examples=["Fine"])
    answers: "list[Comment]" = []


class Cat(msgspec.Struct, tag="cat"):
    lives: Annotated[int, msgspec.Meta(ge=0, le=9)] = 9


class Dog(msgspec.Struct, tag="dog"):
    name: str


class Circle(pydantic.BaseModel):
    model_config = STRICT

    kind: Literal["circle"]
    radius: float = pydantic.Field(gt=0, le=1000)


class Square(pydantic.BaseModel):
    model_config = STRICT

    kind: Literal["square"]
    side: float


Shape = Annotated[Circle | Square, pydantic.Field(discriminator="kind")]


class Point(NamedTuple):
    x: int
    y: int = 0


class Options(TypedDict, total=False):
    color: Color
    level: Level


class Person(TypedDict):
    name: str
    nickname: NotRequired[str | None]


@attrs.define
class Crate:
    weight: int
    labels: list[str] = attrs.field(factory=list)


@dataclass
class Product:
    """What is sold."""

    name: Annotated[str, Body(min_length=1, max_length=30, title="What it is called")]
    price: Annotated[float, Body(ge=0, le=1e6)] = 1.5
    tags: Annotated[list[str], Body(max_length=3)] = field(default_factory=list)
    color: Color | None = None


class Struct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    in_stock: Annotated[int, msgspec.Meta(ge=0, le=1000, description="How many there are")]
    last_order: str | None = None


class Account(pydantic.BaseModel):
    """Has a password, which only requests bring, and a greeting, which only answers have."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    user_name: str = pydantic.Field(alias="userName", pattern="^[a-z]{1,8}$")
    password: str = pydantic.Field("", exclude=True)
    age: int | None = pydantic.Field(None, ge=0, le=150, description="In years")

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def greeting(self) -> str:
        return f"Hello {self.user_name}"


@dataclass
class Secretive:
    name: str = "n"
    key: str = "k"
    note: str | None = None


def same_name() -> tuple[type, type, type]:
    """Return three classes of one name: of pydantic, of msgspec, and a dataclass."""

    class Same(pydantic.BaseModel):
        model_config = STRICT

        a: int

    struct = msgspec.defstruct("Same", [("b", int)], module=__name__)
    data = make_dataclass("Same", [("c", int)])
    data.__module__ = __name__
    return Same, struct, data
