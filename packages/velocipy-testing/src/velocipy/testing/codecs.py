"""The tests that a JSON codec must pass, for pytest; they need hypothesis.

    class TestMyCodec(JSONCodecConformance):
        def make_codec(self) -> JSONCodec:
            return MyCodec()

A program may swap one codec for another, and pieces of the core encode with one what they decode with another: so each
is held to the codec of the standard library.
"""

import json
import math
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

from velocipy.serialization import JSONCodec, StdlibCodec
from velocipy.testing.properties import given, pytest, st, tried

__all__ = ["JSONCodecConformance"]

THREADS = 4
DEEP = 100_000  # arrays in each other, more than any stack holds

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5), max_leaves=20
)


class _Color(Enum):
    RED = "red"


class _Level(IntEnum):
    LOW = 1


@dataclass
class _Point:
    x: int
    when: date


RICH: tuple[Any, ...] = (
    datetime(2024, 2, 29, 12, 30, 1, 5, UTC),
    datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001
    date(2024, 2, 29),
    time(1, 2, 3),
    timedelta(days=1, hours=2, seconds=3.5),
    Decimal("1.10"),
    UUID(int=1),
    _Color.RED,
    _Level.LOW,
    _Point(1, date(2024, 1, 1)),
    [_Point(1, date(2024, 1, 1))],
    {"point": _Point(1, date(2024, 1, 1))},
    b"\x00\xff",
    {1},
    frozenset(["a"]),
    (1, "a"),
    OrderedDict(b=1, a=2),
    (item for item in (1, 2)),
    math.nan,
    [math.inf, -math.inf],
)
NO_JSON: tuple[Any, ...] = (object(), [object()], {"a": object()}, len, int, Ellipsis, 1j)
BROKEN = (
    *(b"", b" ", b"nul", b"nulll", b"True", b"undefined", b"NaN", b"Infinity", b"-Infinity", b"[NaN]", b"1e999"),
    *(b"01", b"+1", b"-", b".5", b"1.", b"1e", b"0x1", b"1_0", b"'a'", b'"a', b'"\n"', b'"\t"', b'"\\x"', b'"\\u12"'),
    *(b"[1,]", b"[,1]", b"[1 2]", b"[", b"]", b"{", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b"{1:1}", b"{} {}"),
    *(b"1 // no", b"/* no */ 1", b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", b"\xff\xfe1\x00", b"\x0b1"),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b"1\0"),
)


class JSONCodecConformance:
    """What `velocipy.serialization.JSONCodec` promises, test by test.

    A subclass, whose name begins with "Test" so that pytest finds it, defines `make_codec`.

    Attributes:
        examples: How many values each of the property tests tries.
    """

    examples: int = 200

    def make_codec(self) -> JSONCodec:
        """Return a new codec."""
        raise NotImplementedError("define make_codec(self), which returns a codec")

    def test_what_it_encodes_it_decodes_to_the_same(self) -> None:
        codec = self.make_codec()

        @tried(self.examples)
        @given(_VALUES)
        def check(value: Any) -> None:
            data = codec.encode(value)
            assert type(data) is bytes, f"encode returned a {type(data).__name__}; bytes are due"
            assert _same(codec.decode(data), value), f"{value!r} was encoded as {data!r}, and came back as another"

        check()

    def test_the_standard_codec_and_it_read_each_other(self) -> None:
        codec, standard = self.make_codec(), StdlibCodec()

        @tried(self.examples)
        @given(_VALUES)
        def check(value: Any) -> None:
            data = codec.encode(value)
            assert _same(standard.decode(data), value), f"{value!r} was encoded as {data!r}, which is something else"
            data = standard.encode(value)
            assert _same(codec.decode(data), value), f"{data!r} is {value!r}, and was decoded to something else"

        check()

    def test_it_reads_every_way_to_write_a_value(self) -> None:
        codec = self.make_codec()

        @tried(self.examples)
        @given(_VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
        def check(value: Any, indent: int | str | None, ensure_ascii: bool) -> None:
            data = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii).encode()
            assert _same(codec.decode(b" \n\r\t" + data + b"\n "), value), f"{data!r} was decoded to something else"

        check()

    @pytest.mark.parametrize("data", BROKEN, ids=repr)
    def test_what_is_no_json_is_a_value_error(self, data: bytes) -> None:
        _refused(self.make_codec(), data)

    def test_of_broken_json_it_refuses_what_the_standard_codec_refuses(self) -> None:
        codec, standard = self.make_codec(), StdlibCodec()

        @tried(self.examples)
        @given(_VALUES, st.data())
        def check(value: Any, data: st.DataObject) -> None:
            whole = standard.encode(value)
            start = data.draw(st.integers(0, len(whole)))
            end = data.draw(st.integers(start, min(len(whole), start + 3)))
            broken = whole[:start] + data.draw(st.binary(max_size=2)) + whole[end:]
            try:
                expected = standard.decode(broken)
            except ValueError:
                _refused(codec, broken)
            else:
                assert _same(codec.decode(broken), expected), f"{broken!r} is {expected!r}; it was decoded to another"

        check()

    def test_json_that_is_nested_without_end_is_refused(self) -> None:
        """A RecursionError will do: the core takes it as a fault of the client."""
        for data in (b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP):
            with pytest.raises((ValueError, RecursionError)):
                self.make_codec().decode(data)

    def test_what_python_has_besides_is_the_same_json_as_of_the_standard_codec(self) -> None:
        codec, standard = self.make_codec(), StdlibCodec()
        for value in RICH:
            items = list(value) if hasattr(value, "__next__") else None  # may be read once
            one, other = ((item for item in items), (item for item in items)) if items is not None else (value, value)
            found, expected = standard.decode(codec.encode(one)), standard.decode(standard.encode(other))
            assert _same(found, expected), (
                f"{value!r} was encoded as {found!r}, {expected!r} is due: have velocipy.serialization.to_builtins "
                "make something plainer of what the library does not know"
            )

    @pytest.mark.parametrize("value", NO_JSON, ids=lambda value: type(value).__name__)
    def test_what_has_no_json_is_a_type_error(self, value: Any) -> None:
        try:
            data = self.make_codec().encode(value)
        except TypeError:
            return
        except Exception as error:
            raise AssertionError(f"{value!r} has no JSON: TypeError is due, not {type(error).__name__}") from error
        pytest.fail(f"{value!r} has no JSON, and was encoded as {data!r}: TypeError is due")

    def test_it_leaves_the_value_as_it_is(self) -> None:
        value: dict[str, Any] = {"a": [1, {"b": None}], "c": {}}
        self.make_codec().encode(value)
        assert value == {"a": [1, {"b": None}], "c": {}}

    def test_threads_may_share_it(self) -> None:
        codec = self.make_codec()

        def work(number: int) -> None:
            for turn in range(200):
                value = {"number": number, "turn": turn, "items": [number] * 50}
                assert codec.decode(codec.encode(value)) == value, "a thread got what another encoded"

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))


def _refused(codec: JSONCodec, data: bytes) -> None:
    try:
        value = codec.decode(data)
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(f"{data!r} is no JSON: ValueError is due, not {type(error).__name__}") from error
    pytest.fail(f"{data!r} is no JSON (RFC 8259), and was decoded to {value!r}: ValueError is due")


def _same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same, 1 and 1.0 and True told apart, 0.0 and -0.0 too."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
