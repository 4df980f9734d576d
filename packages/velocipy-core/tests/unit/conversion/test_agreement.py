"""The table and msgspec agree on what a JSON value becomes, and on what is refused."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.conversion.faults import INVALID
from velocipy.conversion.table import Table
from velocipy.errors import Fault

msgspec = pytest.importorskip("msgspec", reason="the table is compared with it")


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1
    HIGH = 2


@dataclass
class Item:
    name: str
    price: float = 1.0
    tags: set[str] = field(default_factory=set)


@dataclass
class Tree:
    value: int
    children: list["Tree"] = field(default_factory=list)


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: int = 0


TYPES: list[Any] = [
    None,
    bool,
    int,
    float,
    str,
    bytes,
    Any,
    UUID,
    date,
    time,
    timedelta,
    Color,
    Level,
    Literal["a", 1] | None,
    int | None,
    str | int,
    int | str | None,
    list[int],
    list[Any],
    set[int],
    frozenset[str],
    tuple[int, str],
    tuple[int, ...],
    dict[str, int],
    dict[int, str],
    Item,
    Tree,
    Movie,
    list[Item],
    dict[str, Item | None],
    bool | list[bool],
]

leaves: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "b", "1", "red", "x", "1.5", "2024-01-02", "12:30:00", "P1DT1S", "YWI=", "true"])
    | st.sampled_from(["12345678-1234-5678-1234-567812345678", "2024-01-02T03:04:05Z", "-PT0.5S", "null", "1_0", " 1"])
)
keys = st.sampled_from(["name", "price", "tags", "value", "children", "title", "year", "x", "1", "a"])
data = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
table = Table(text=False)


def by_table(value: Any, annotation: Any) -> Any:
    faults: list[Fault] = []
    result = table.conversion(annotation)(value, ("body",), faults)
    assert (result is INVALID) == bool(faults)
    return result


def by_msgspec(value: Any, annotation: Any) -> Any:
    try:
        return msgspec.json.decode(msgspec.json.encode(value), type=annotation)
    except msgspec.ValidationError:
        return INVALID


@pytest.mark.parametrize("annotation", TYPES, ids=str)
@given(value=data)
def test_the_table_takes_what_msgspec_takes(annotation: Any, value: Any) -> None:
    try:
        taken = by_msgspec(value, annotation)
    except msgspec.DecodeError:
        return
    if taken is not INVALID:
        found = by_table(value, annotation)
        assert found == taken
        assert type(found) is type(taken)


STRICT = [item for item in TYPES if item not in (timedelta, time, Any, list[Any]) and "Item" not in str(item)]


@pytest.mark.parametrize("annotation", STRICT, ids=str)
@given(value=data)
def test_the_table_refuses_what_msgspec_refuses(annotation: Any, value: Any) -> None:
    try:
        taken = by_msgspec(value, annotation)
    except msgspec.DecodeError:
        return
    if taken is INVALID and not _is_int_beyond_msgspec(value):
        assert by_table(value, annotation) is INVALID


def _is_int_beyond_msgspec(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_is_int_beyond_msgspec, value))
    if isinstance(value, dict):
        return any(map(_is_int_beyond_msgspec, value.values()))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (datetime, st.datetimes()),
    (date, st.dates()),
    (time, st.times()),
    (timedelta, st.timedeltas()),
    (UUID, st.uuids()),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)),
    (bytes, st.binary()),
    (Color, st.sampled_from(Color)),
    (set[int], st.sets(st.integers(-9, 9))),
    (dict[int, date], st.dictionaries(st.integers(-9, 9), st.dates())),
    (Item, st.builds(Item, st.text(), st.floats(allow_nan=False, allow_infinity=False), st.sets(st.text()))),
    (Point, st.builds(Point, st.integers(-9, 9), st.integers(-9, 9))),
]


@pytest.mark.parametrize(("annotation", "values"), VALUES, ids=lambda item: getattr(item, "__name__", "values"))
@given(pick=st.data())
def test_what_was_sent_comes_back(annotation: Any, values: st.SearchStrategy[Any], pick: st.DataObject) -> None:
    value = pick.draw(values)
    sent = msgspec.to_builtins(value) if annotation is not bytes else msgspec.json.decode(msgspec.json.encode(value))
    assert by_table(msgspec.json.decode(msgspec.json.encode(sent)), annotation) == value
