"""`jsonable_encoder`: what the JSON of a value would be read as, with the same fields left out wherever they stand."""

import enum
import json
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

import pytest

from velocipy.encoders import jsonable_encoder
from velocipy.serialization import StdlibCodec

pydantic = pytest.importorskip("pydantic", reason="its models are encoded here")
msgspec = pytest.importorskip("msgspec", reason="its models are encoded here")
attrs = pytest.importorskip("attrs", reason="its models are encoded here")
from msgspec import Struct as MsgspecStruct  # noqa: E402
from pydantic import BaseModel, Field, RootModel, SecretStr  # noqa: E402

SECRET = "hunter2"


class Inner(BaseModel):
    a: int = 1
    b: str | None = None


class User(BaseModel):
    name: str
    password: str = SECRET
    home: Inner = Inner()
    user_id: int | None = Field(default=None, alias="userId")


class Colour(enum.Enum):
    RED = "red"
    DEEP = MappingProxyType({"a": Inner()})


@dataclass
class Box:
    user: User
    password: str = SECRET
    note: str | None = None
    inner: list[Inner] = field(default_factory=list)


class Struct(MsgspecStruct, rename="camel"):
    long_name: int
    user: User
    password: str = SECRET


Attrs = attrs.make_class("Attrs", {"user": attrs.field(), "password": attrs.field(default=SECRET)})


class Pair(NamedTuple):
    left: Any
    right: Any = None


class Typed(TypedDict):
    password: str


BLUE = User(name="Blue")
PUBLIC = {"name": "Blue", "home": {"a": 1, "b": None}, "userId": None}
FULL = {**PUBLIC, "password": SECRET}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        ("ü\0", "ü\0"),
        (float("nan"), None),
        ([float("inf")], [None]),
        ((1, (2, {3})), [1, [2, [3]]]),
        (deque([1]), [1]),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": Inner()}), {"a": {"a": 1, "b": None}}),
        ({1: 4, None: 3, UUID(int=0): 5}, {"1": 4, "null": 3, "00000000-0000-0000-0000-000000000000": 5}),
        ([Colour.RED, Colour.DEEP], ["red", {"a": {"a": 1, "b": None}}]),
        (Decimal("1.10"), "1.10"),
        (datetime(1993, 6, 11, tzinfo=UTC), "1993-06-11T00:00:00Z"),
        (timedelta(minutes=90), "PT5400S"),
        (b"ab", "YWI="),
        (Pair(Inner()), [{"a": 1, "b": None}, None]),
        (BLUE, FULL),
        ([BLUE], [FULL]),
        (RootModel[list[Inner]]([Inner()]), [{"a": 1, "b": None}]),
        (Box(BLUE), {"user": FULL, "password": SECRET, "note": None, "inner": []}),
        (Struct(1, BLUE), {"longName": 1, "user": FULL, "password": SECRET}),
        (Attrs(BLUE), {"user": FULL, "password": SECRET}),
        ((number for number in [1, 2]), [1, 2]),
        ({"a": SecretStr(SECRET)}, {"a": "**********"}),
    ],
)
def test_the_plain_values_of_everything(value: Any, plain: Any) -> None:
    encoded = jsonable_encoder(value)
    assert encoded == plain
    assert json.loads(json.dumps(encoded, allow_nan=False)) == plain


def test_it_is_what_the_json_would_be_read_as() -> None:
    codec = StdlibCodec()
    for value in (BLUE, Box(BLUE), Struct(1, BLUE), {1: [Colour.RED, 1.5]}):
        assert jsonable_encoder(value) == codec.decode(codec.encode(value))


@pytest.mark.parametrize(
    "value", [BLUE, [BLUE], (BLUE, BLUE), {"password": SECRET}, [{"password": SECRET}], Typed(password=SECRET)]
)
def test_an_excluded_field_of_the_outermost_objects_never_stays(value: Any) -> None:
    assert SECRET not in json.dumps(jsonable_encoder(value, exclude={"password"}))
    assert SECRET not in json.dumps(jsonable_encoder(value, include={"name"}))


@pytest.mark.parametrize("make", [Box, Attrs, lambda user: Struct(1, user)])
def test_that_of_an_inner_object_stays(make: Callable[[User], Any]) -> None:
    encoded = jsonable_encoder(make(BLUE), exclude=["password"])
    assert "password" not in encoded
    assert encoded["user"] == FULL


def test_include_and_exclude_together() -> None:
    assert jsonable_encoder(BLUE, include={"name", "password"}, exclude={"password"}) == {"name": "Blue"}
    assert jsonable_encoder({"a": 1, "b": 2}, include=("a", "b", "c"), exclude=("b",)) == {"a": 1}
    assert jsonable_encoder([BLUE], include=set()) == [{}]


@pytest.mark.parametrize("value", [BLUE, {"user": BLUE}, [BLUE], Box(BLUE), Struct(1, BLUE)])
@pytest.mark.parametrize("option", ["include", "exclude"])
@pytest.mark.parametrize("names", ["password", {"password": {"a"}}, {"password": True}])
def test_what_is_no_collection_of_names_is_refused(value: Any, option: str, names: Any) -> None:
    with pytest.raises(TypeError, match=f"{option} takes several names"):
        jsonable_encoder(value, **{option: names})


@pytest.mark.parametrize(
    "wrap",
    [
        lambda user: user,
        lambda user: [user],
        lambda user: {"a": {"b": user}},
        lambda user: Box(user),
        lambda user: Struct(1, user),
        lambda user: Attrs(user),
        lambda user: Pair(user),
    ],
)
def test_what_is_said_of_models_holds_wherever_they_stand(wrap: Callable[[User], Any]) -> None:
    def user_of(value: Any) -> Any:
        while "name" not in value:
            value = next(iter(value.values())) if isinstance(value, dict) else value[0]
            value = value if isinstance(value, (dict, list)) else {"name": "not found"}
        return value

    def first(**options: Any) -> Any:
        encoded = jsonable_encoder(wrap(User(name="Blue", home=Inner(b="x"))), **options)
        return user_of(encoded["user"] if isinstance(encoded, dict) and "user" in encoded else encoded)

    assert first(exclude_unset=True) == {"name": "Blue", "home": {"b": "x"}}
    assert first(exclude_defaults=True) == {"name": "Blue", "home": {"b": "x"}}
    assert "user_id" in first(by_alias=False)
    assert first(exclude_none=True) == {"name": "Blue", "password": SECRET, "home": {"a": 1, "b": "x"}}


def test_none_is_left_out_of_dicts_and_fields_not_of_lists() -> None:
    value = {"a": None, "b": {"c": None, "d": [None, {"e": None}]}, "f": Box(BLUE)}
    assert jsonable_encoder(value, exclude_none=True) == {
        "b": {"d": [None, {}]},
        "f": {"user": {"name": "Blue", "password": SECRET, "home": {"a": 1}}, "password": SECRET, "inner": []},
    }


class Id:
    def __init__(self, number: int) -> None:
        self.number = number


class Special(Id):
    pass


def test_an_encoder_of_ones_own_is_for_the_class_and_its_subclasses() -> None:
    encoders = {Id: lambda value: f"#{value.number}", datetime: lambda value: value.year}
    value = {"a": Id(1), "b": [Special(2)], "c": datetime(1993, 6, 11, tzinfo=UTC), "d": {3}}
    assert jsonable_encoder(value, custom_encoder=encoders) == {"a": "#1", "b": ["#2"], "c": 1993, "d": [3]}


@pytest.mark.parametrize("value", [object(), [object()], {"a": object()}, BaseModel, User, int, len, {object(): 1}])
def test_what_has_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="no JSON"):
        jsonable_encoder(value)


def test_an_error_of_pydantic_is_no_value() -> None:
    """It would tell what the client sent."""
    with pytest.raises(pydantic.ValidationError) as raised:
        User.model_validate({"name": {"password": SECRET}})
    with pytest.raises(TypeError, match="a ValidationError has no JSON"):
        jsonable_encoder({"error": raised.value})


def test_the_value_itself_stays_as_it_is() -> None:
    value: dict[str, Any] = {"a": [None], "b": None, "c": {"d": None}}
    jsonable_encoder(value, exclude={"a"}, exclude_none=True)
    assert value == {"a": [None], "b": None, "c": {"d": None}}
