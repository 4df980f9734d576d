"""Codecs: the same JSON for the same value, whichever is used, and the same values for the same JSON."""

import json
from collections import Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from pathlib import PurePosixPath
from typing import Any, ClassVar, NamedTuple, TypedDict
from uuid import UUID

import pytest

from velocipy import JSONResponse
from velocipy.serialization import JSONCodec, MsgspecCodec, OrjsonCodec, StdlibCodec, default_codec


def available() -> list[JSONCodec]:
    codecs: list[JSONCodec] = [StdlibCodec()]
    for make in (MsgspecCodec, OrjsonCodec):
        try:
            codecs.append(make())
        except ImportError:
            continue
    return codecs


CODECS = available()
each_codec = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)


class Color(Enum):
    RED = "red"
    PAIR = (1, 2)


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    A = "a"


class Flags(IntFlag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Movie(TypedDict):
    title: str


@dataclass
class Item:
    kind: ClassVar[str] = "item"
    name: str
    seed: InitVar[int] = 0
    tags: list[str] = field(default_factory=list)
    _hidden: int = 1
    camelCase: int = 2  # noqa: N815


@dataclass(slots=True, frozen=True)
class Slotted:
    at: datetime
    inner: Item


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Sequence(list[int]):
    pass


KNOWN: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (0, 0),
    (-(2**63), -(2**63)),
    (2**64, 2**64),
    (10**400, 10**400),
    (1.5, 1.5),
    (1e16, 1e16),
    (5e-324, 5e-324),
    (-0.0, -0.0),
    (float("nan"), None),
    ([float("inf"), {"a": float("-inf")}], [None, {"a": None}]),
    ("", ""),
    ('grüße 💚 \u2028\x00\x7f"\\/', 'grüße 💚 \u2028\x00\x7f"\\/'),
    (Text("a"), "a"),
    (UserString("a"), "a"),
    (Number(3), 3),
    (b"\x00\xff", "AP8="),
    (bytearray(b"a"), "YQ=="),
    (memoryview(b"a"), "YQ=="),
    ((1, (2,)), [1, [2]]),
    (Sequence([1]), [1]),
    ({1}, [1]),
    (frozenset({"a"}), ["a"]),
    (deque([1, 2]), [1, 2]),
    (range(3), [0, 1, 2]),
    ({"a": 1}.keys(), ["a"]),
    (UserList([1]), [1]),
    (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (defaultdict(int, a=1), {"a": 1}),
    (Counter("aab"), {"a": 2, "b": 1}),
    (UserDict({"a": 1}), {"a": 1}),
    (Movie(title="Up"), {"title": "Up"}),
    (Point(1), [1, 0]),
    (Color.RED, "red"),
    (Color.PAIR, [1, 2]),
    (Level.LOW, 1),
    (Word.A, "a"),
    (Flags.A | Flags.B, 3),
    (Item("a"), {"name": "a", "tags": [], "_hidden": 1, "camelCase": 2}),
    (
        Slotted(datetime(2024, 1, 2, tzinfo=UTC), Item("a")),
        {"at": "2024-01-02T00:00:00Z", "inner": {"name": "a", "tags": [], "_hidden": 1, "camelCase": 2}},
    ),
    (date(1, 2, 3), "0001-02-03"),
    (datetime(2024, 1, 2, 3, 4, 5, 6), "2024-01-02T03:04:05.000006"),  # noqa: DTZ001
    (datetime(2024, 1, 2, 3, 4, 5, 600000, UTC), "2024-01-02T03:04:05.600000Z"),
    (datetime(1, 1, 1), "0001-01-01T00:00:00"),  # noqa: DTZ001
    (datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2024-01-02T00:00:00+05:30"),
    (datetime(2024, 1, 2, tzinfo=timezone(-timedelta(hours=3))), "2024-01-02T00:00:00-03:00"),
    (time(1, 2), "01:02:00"),
    (time(1, 2, 3, 4, UTC), "01:02:03.000004Z"),
    (timedelta(days=1, seconds=3600), "P1DT3600S"),
    (timedelta(seconds=-0.5), "-PT0.5S"),
    (Decimal("1.10"), "1.10"),
    (Decimal("1E+10"), "1E+10"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (PurePosixPath("/a/b"), "/a/b"),
    ({1: "a", -2: "b"}, {"1": "a", "-2": "b"}),
    ({1.5: "a"}, {"1.5": "a"}),
    ({Color.RED: 1, Level.LOW: 2}, {"red": 1, "1": 2}),
    ({UUID(int=1): 1}, {"00000000-0000-0000-0000-000000000001": 1}),
    ({date(2024, 1, 2): 1}, {"2024-01-02": 1}),
    ({datetime(2024, 1, 2, tzinfo=UTC): 1}, {"2024-01-02T00:00:00Z": 1}),
    ({Decimal("1.0"): 1}, {"1.0": 1}),
    ({timedelta(days=1): 1}, {"P1D": 1}),
    ({Text("a"): 1}, {"a": 1}),
]

WITHOUT_JSON: list[Any] = [
    object(),
    complex(1),
    ValueError("x"),
    int,
    Item,
    ...,
    lambda: 1,
    {"a": object()},
    [object()],
    {object(): 1},
    "\ud800",
    {"a": "\ud800"},
    {"\ud800": 1},
]

JSON_TEXTS = [
    b"{}",
    b" [1, 2 ]\n",
    b"null",
    b'"a"',
    b"-0",
    b"-0.0",
    b"1e2",
    b"1E+2",
    b"0.1",
    b"123456789012345678",
    b"9007199254740993",
    b'"\\ud834\\udd1e"',
    b'"\\u0000\\b\\f\\n\\r\\t\\/\\\\"',
    b'{"a":1,"a":2}',
    b'"\xf0\x9f\x92\x9a"',
    b'"\x7f"',
    b"1e-999",
]

NO_JSON = [
    b"",
    b" ",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"nan",
    b"1e999",
    b"-1e999",
    b"01",
    b"1.",
    b".5",
    b"+1",
    b"0x1",
    b"[1,]",
    b'{"a":1,}',
    b"{a:1}",
    b"'a'",
    b'"\n"',
    b'"\x00"',
    b'"\t"',
    b'"\\x41"',
    b'"\\u12"',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"\xff\xfe1\x00",
    b"1 2",
    b"[1]]",
    b"/**/1",
    b"tru",
    b"\xc0\x80",
    b'{"\\ud800":1}',
    b"-",
    b"--1",
    b"1e",
    b"\x0b1",
    b"\xa01",
]


def equal(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same, 1 and 1.0 and True told apart, -0.0 and 0.0 too."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def label(value: object) -> str:
    """Return the name of a case, which is the same in every process."""
    return repr(value).partition(" at 0x")[0]


@each_codec
@pytest.mark.parametrize(("value", "expected"), KNOWN, ids=label)
def test_a_value_has_one_json(codec: JSONCodec, value: Any, expected: Any) -> None:
    assert equal(json.loads(codec.encode(value)), expected)
    assert equal(json.loads(codec.encode([{"a": value}])), [{"a": expected}])


@each_codec
@pytest.mark.parametrize("value", WITHOUT_JSON, ids=label)
def test_what_has_no_json_is_an_error(codec: JSONCodec, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        codec.encode(value)


@each_codec
def test_an_iterator_is_sent_as_an_array(codec: JSONCodec) -> None:
    assert json.loads(codec.encode({"a": (n for n in (1, 2))})) == {"a": [1, 2]}


@each_codec
def test_json_is_compact_utf_8(codec: JSONCodec) -> None:
    assert codec.encode({"ü": [1, 2]}) == '{"ü":[1,2]}'.encode()


@each_codec
@pytest.mark.parametrize("text", JSON_TEXTS)
def test_json_has_one_value(codec: JSONCodec, text: bytes) -> None:
    assert equal(codec.decode(text), json.loads(text))


@each_codec
@pytest.mark.parametrize("text", NO_JSON)
def test_what_is_no_json_is_a_value_error(codec: JSONCodec, text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        codec.decode(text)


@each_codec
@pytest.mark.parametrize("digits", [19, 20, 30, 400])
def test_a_big_int_is_exact_or_refused(codec: JSONCodec, digits: int) -> None:
    text = b"9" * digits
    try:
        value = codec.decode(text)
    except ValueError:
        return
    assert type(value) is int
    assert str(value).encode() == text


@each_codec
@pytest.mark.parametrize("text", [b"[" * 200_000, b"[" * 200_000 + b"]" * 200_000, b'{"a":' * 200_000])
def test_depth_is_an_error_that_callers_know(codec: JSONCodec, text: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        codec.decode(text)


def test_the_default_needs_nothing_installed() -> None:
    assert json.loads(default_codec().encode({"a": 1})) == {"a": 1}


@each_codec
def test_an_answer_within_a_value_is_no_json(codec: JSONCodec) -> None:
    with pytest.raises(TypeError, match=r"a JSONResponse has no JSON; return it alone, not within a tuple"):
        codec.encode((JSONResponse({}), 404))


@each_codec
def test_an_answer_of_another_framework_is_told_from_ours(codec: JSONCodec) -> None:
    theirs = type("JSONResponse", (), {"__module__": "starlette.responses"})

    with pytest.raises(TypeError, match=r"it is of starlette\.responses; return a Response of velocipy"):
        codec.encode(theirs())
