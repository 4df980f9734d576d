"""A text means the same wherever it comes from: path, query, header, cookie, form, alone, in a list or in a model."""

import operator
import re
from collections.abc import Callable
from dataclasses import make_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from httpx2 import Client, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velocipy import Cookie, Depends, Form, Header, Path, Query, VelociPy

app = VelociPy()


class Color(Enum):
    RED = "red"
    ONE = 1
    HALF = 0.5


class Level(IntEnum):
    LOW = 1
    HIGH = 2


TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "decimal": Decimal,
    "uuid": UUID,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "enum": Color,
    "int-enum": Level,
    "literal": Literal["a", 1, True],
    "union": int | date | str,
    "float-or-bool": float | bool,
    "optional": int | None,
    "newtype": NewType("Number", int),
    "any": Any,
}
BOUNDS: dict[str, dict[str, int]] = {
    "none": {},
    "at-least": {"ge": 0},
    "above": {"gt": -3},
    "at-most": {"le": 5},
    "below": {"lt": 2**64},
    "between": {"ge": -3, "le": 5},
    "strictly-between": {"gt": 0, "lt": 5},
    "nothing": {"gt": 1, "lt": 2},
    "large": {"ge": 10**18, "le": 10**20},
    "multiple": {"multiple_of": 3, "ge": 0},
}
CONSTRAINED: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": (str, {"min_length": 1, "max_length": 3}),
    "pattern": (str, {"pattern": "^[a1]"}),
    "fraction": (float, {"ge": 0, "lt": 1}),
    "tenths": (Decimal, {"multiple_of": Decimal("0.1")}),
    "small": (int | None, {"lt": 5}),
    "half": (int, {"gt": 0.5}),
    **{f"int-{name}": (int, bounds) for name, bounds in BOUNDS.items()},
}
PLACES = {"path": Path, "query": Query, "header": Header, "cookie": Cookie, "form": Form}


WAYS: dict[str, list[tuple[str, str]]] = {}
"""The routes of each type: place, and how it stands there."""


def shown(value: Any) -> list[str]:
    return [type(value).__name__, repr(value)]


def declare(name: str, annotation: Any, constraints: dict[str, Any]) -> None:
    def add(place: str, shape: str, annotation: Any, handler: Callable[[Any], Any]) -> None:
        handler.__annotations__["value"] = annotation
        end = "/{value*}" if place == "path" else ""
        app.add_route(f"/{place}/{name}/{shape}{end}", handler, ["POST" if place == "form" else "GET"])
        WAYS.setdefault(name, []).append((place, shape))

    for place, marker in PLACES.items():
        marked = Annotated[annotation, marker(**constraints)]

        async def alone(value: Any) -> list[str]:
            return shown(value)

        async def needed(value: Any) -> list[Any]:
            return [value]

        async def first(value: Any) -> list[str]:
            return shown(value[0])

        async def first_of_list(value: Any) -> list[str]:
            return shown(value[0])

        async def of_model(value: Any) -> list[str]:
            return shown(value.value)

        add(place, "alone", marked, alone)
        needed.__annotations__["value"] = marked
        add(place, "needed", Annotated[Any, Depends(needed)], first)
        if place != "path":
            model = make_dataclass("Model", [("value", Annotated[annotation, Query(**constraints)])])
            add(place, "model", Annotated[model, marker()], of_model)
        if place not in ("path", "cookie") and not constraints:
            add(place, "list", Annotated[list[annotation], marker()], first_of_list)


for _name, _annotation in TYPES.items():
    declare(_name, _annotation, {})
for _name, (_annotation, _constraints) in CONSTRAINED.items():
    declare(_name, _annotation, _constraints)


def send(client: Client, place: str, path: str, text: str) -> Response:
    if place == "path":
        return client.get(f"{path}/{quote(text, safe='')}")
    if place == "query":
        return client.get(f"{path}?{urlencode({'value': text})}")
    if place == "form":
        return client.post(path, data={"value": text})
    return client.get(path, headers={"value": text} if place == "header" else {"cookie": f"value={text}"})


def can_carry(place: str, text: str) -> bool:
    """Whether *text* arrives as it is; a header has no controls and no white space around it, a cookie no marks."""
    if place == "path":
        return text not in (".", "..")  # which are no names of parts (RFC 3986 section 5.2.4)
    if place in ("query", "form"):
        return True
    return (
        text.strip() == text
        and text.isascii()
        and text.isprintable()
        and not set(text) & set(';"\\,' * (place == "cookie"))
    )


def outcome(response: Response) -> tuple[int, Any]:
    """The value as text, or the types and sentences of the faults."""
    if response.status_code != 422:
        return response.status_code, response.json()
    return 422, [(fault["type"], fault["msg"]) for fault in response.json()["detail"]]


digits = st.text("0123456789", min_size=1, max_size=10)
numbers = st.one_of(
    st.integers(-7, 7).map(str),
    st.integers().map(str),
    st.text("0123456789", min_size=17, max_size=21),
    st.floats().map(str),
    st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,9})?([eE][+-]?[0-9]{1,4})?", fullmatch=True),
    st.text("0123456789+-._eE ", max_size=6),
    st.text("01²\u0665\uff15+ ", max_size=3),  # what str.isdigit() or int() calls digits
    st.sampled_from([5, -3, 10**18, 10**20, 2**64]).flatmap(lambda n: st.integers(n - 1, n + 1)).map(str),
)
days = st.one_of(
    st.dates().map(date.isoformat),
    st.tuples(digits, st.sampled_from(["01", "02", "13"]), st.sampled_from(["00", "01", "29", "31"])).map("-".join),
)
times = st.tuples(
    st.sampled_from(["00:00", "23:59", "24:00", "12", "1:00"]),
    st.sampled_from(["", ":00", ":59", ":60", ":00.5", ":00.123456", ":00.", ":00,5"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-05:30", "+0530", "+24:00", "+05:60", " Z"]),
).map("".join)
durations = st.from_regex(
    r"[+-]?[Pp]([0-9]{1,10}W)?([0-9]{1,10}D)?([tT]([0-9]H)?([0-9]M)?([0-9]{1,3}(\.[0-9]{1,9})?S)?)?"
)
datetimes = st.tuples(days, st.sampled_from(["T", "t", " ", ""]), times).map("".join)
uuids = st.uuids().flatmap(lambda value: st.sampled_from([str(value), value.hex, f"{{{value}}}", str(value)[:-1]]))
words = [
    "red",
    "RED",
    "1",
    "0.5",
    "a",
    "true",
    "True",
    "YES",
    "off",
    "null",
    "None",
    "nan",
    "-inf",
    "",
    " 1",
    "/",
    "a/b",
]
texts = st.one_of(numbers, days, times, datetimes, durations, uuids, st.sampled_from(words), st.text(max_size=5))
NEAR: dict[Any, st.SearchStrategy[str]] = {
    int: numbers,
    int | None: numbers,
    float: numbers,
    Decimal: numbers,
    date: days,
    time: times,
    datetime: datetimes,
    timedelta: durations,
    UUID: uuids,
}
annotations = TYPES | {name: annotation for name, (annotation, _) in CONSTRAINED.items()}


GROUPS = {
    "numbers": ["int", "float", "decimal", "bool", "newtype", "optional", "float-or-bool"],
    "times": ["date", "datetime", "time", "timedelta"],
    "bounds": sorted(CONSTRAINED),
}
GROUPS["others"] = sorted(TYPES.keys() - {name for group in GROUPS.values() for name in group})


# In groups, since Hypercorn closes a connection of HTTP/2 after a thousand requests.
@pytest.mark.parametrize("group", GROUPS)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_place_reads_a_text_alike(client: Client, group: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(GROUPS[group]))
    text = data.draw(NEAR.get(annotations[name], texts) | texts)
    found = {
        (place, shape): outcome(send(client, place, f"/{place}/{name}/{shape}", text))
        for place, shape in WAYS[name]
        if can_carry(place, text) and (text or place != "form")  # an empty field of a form may be one left out
    }
    assert found["query", "alone"][0] in (200, 422)
    assert [way for way, answer in found.items() if answer != found["query", "alone"]] == []


WORDS = {"ge": "greater_than_equal", "gt": "greater_than", "le": "less_than_equal", "lt": "less_than"}
HOLDS: dict[str, Callable[[int, int], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(BOUNDS)), text=numbers)
def test_an_int_within_its_bounds_is_taken_and_no_other(client: Client, name: str, text: str) -> None:
    """Plans have a short way for most numbers and a long one for the rest; here is a third."""
    status, found = outcome(send(client, "query", f"/query/int-{name}/alone", text))
    if not re.fullmatch("[+-]?[0-9]+", text):
        assert (status, [word for word, _ in found]) == (422, ["int_parsing"])
        return
    failed = [
        WORDS.get(bound, bound)
        for bound, limit in BOUNDS[name].items()
        if (int(text) % limit if bound == "multiple_of" else not HOLDS[bound](int(text), limit))
    ]
    if failed:
        assert status == 422
        assert {word for word, _ in found} <= set(failed)
    else:
        assert (status, found) == (200, ["int", str(int(text))])
