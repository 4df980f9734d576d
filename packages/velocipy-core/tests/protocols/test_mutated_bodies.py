"""Bodies with bytes cut off, put in, doubled and replaced: every kind of model takes and refuses the same."""

import json
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, NotRequired, TypedDict

from httpx2 import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velocipy import VelociPy

app = VelociPy()


@dataclass
class Item:
    number: int
    ratio: float = 0.0
    text: str | None = None
    flags: list[bool] = field(default_factory=list)
    more: Any = None
    inner: "list[Item]" = field(default_factory=list)


class Row(NamedTuple):
    number: int
    ratio: float = 0.0
    text: str | None = None
    flags: list[bool] = []  # noqa: RUF012
    more: Any = None
    inner: "list[Row]" = []  # noqa: RUF012


class Entry(TypedDict):
    number: int
    ratio: NotRequired[float]
    text: NotRequired[str | None]
    flags: NotRequired[list[bool]]
    more: NotRequired[Any]
    inner: NotRequired["list[Entry]"]


KINDS: dict[str, Any] = {"dataclass": Item, "named-tuple": Row, "typed-dict": Entry}

if find_spec("attrs"):
    attrs = import_module("attrs")

    @attrs.define
    class Attrs:
        number: int
        ratio: float = 0.0
        text: str | None = None
        flags: list[bool] = []  # noqa: RUF012
        more: Any = None
        inner: "list[Attrs]" = []  # noqa: RUF012

    KINDS["attrs"] = Attrs

if find_spec("msgspec"):
    import msgspec

    class Struct(msgspec.Struct):
        number: int
        ratio: float = 0.0
        text: str | None = None
        flags: list[bool] = []
        more: Any = None
        inner: "list[Struct]" = []

    KINDS["struct"] = Struct

if find_spec("pydantic"):
    import pydantic

    class Model(pydantic.BaseModel, strict=True):
        number: int
        ratio: float = 0.0
        text: str | None = None
        flags: list[bool] = []
        more: Any = None
        inner: "list[Model]" = []

    KINDS["pydantic"] = Model


# msgspec skips what no field asks for without a look, and pydantic takes a number beyond every float for infinite.
LENIENT = ("typed-dict", "attrs", "struct", "pydantic")
NAMES = ("number", "ratio", "text", "flags", "more", "inner")


def shown(value: Any) -> dict[str, Any]:
    """Return the fields that are not what they are by default; -0.0 is 0.0 by default too."""
    known = value if isinstance(value, dict) else {name: getattr(value, name) for name in NAMES}
    found = {name: known[name] for name in NAMES if known.get(name) not in (None, []) and repr(known[name]) != "0.0"}
    if "inner" in found:
        found["inner"] = [shown(item) for item in found["inner"]]
    return found


def declare(name: str, annotation: Any) -> None:
    async def handler(body: Any) -> str:
        return json.dumps(shown(body))  # by one codec, whichever the application has

    handler.__annotations__["body"] = annotation
    app.add_route(f"/{name}", handler, ["POST"])


for _name, _annotation in KINDS.items():
    declare(_name, _annotation)


def is_json(data: bytes) -> bool:
    """Tell whether *data* are JSON (RFC 8259) of numbers that Python can hold and text that UTF-8 can carry."""

    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        value = json.loads(data.decode("utf-8"), parse_constant=refuse)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError:
        return False
    return True


junk = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    st.sampled_from([[], {}, [1], {"number": 1}, 2**64, 1e300]),
)


def nearly(fitting: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 14).flatmap(lambda number: fitting if number else junk)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"number": nearly(st.integers(-5, 5) | st.integers())},
        optional={
            "ratio": nearly(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5)),
            "text": nearly(st.text(max_size=3)),
            "flags": nearly(st.lists(st.booleans(), max_size=2)),
            "more": junk,
            "inner": inner,
            "unknown": junk,
        },
    )


# An array can be a NamedTuple, so that only objects stand in the place of a model.
bodies = st.recursive(objects(st.just([])), lambda inner: objects(st.lists(inner, max_size=2)), max_leaves=3)
fragments = st.sampled_from(
    [
        *(b"{", b"}", b"]", b",", b":", b'"', b"\\", b" ", b"\n", b"\x0b", b"\x00", b"\x7f", b"'", b"//"),
        *(b'"number":', b'"number":1,', b'"ratio":', b'"text":"a",', b'"more":', b'"unknown":', b"null", b"true"),
        *(
            b"1",
            b"0",
            b"-",
            b"+",
            b".",
            b"e",
            b"1e5",
            b"1e999",
            b"-0",
            b"-0.0",
            b"1.0",
            b"NaN",
            b"Infinity",
            b"9" * 4301,
        ),
        *(b"18446744073709551616", b"1.7976931348623159e308", b"0.30000000000000004441", b"1e-999"),
        *(b"\\u0000", b"\\ud834\\udd1e", b"\\ud800", b"\\u12", b"\\x41", b"\xc3\xa9", b"\xff", b"\xed\xa0\x80"),
        *(b"\xc0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc2\xa0"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    text = json.dumps(draw(bodies), ensure_ascii=draw(st.booleans()))
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        change = draw(st.sampled_from(["cut", "delete", "replace", "insert", "insert", "double"]))
        if change == "cut":
            del data[end:]
        elif change == "double":
            data[end:end] = data[start:end]
        else:
            data[start : start + (change != "insert")] = b"" if change == "delete" else draw(fragments)
    return bytes(data)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutated())
def test_every_kind_of_model_reads_the_same_bytes_alike(client: Client, data: bytes) -> None:
    found = {}
    for name in KINDS:
        response = client.post(f"/{name}", content=data, headers={"content-type": "application/json"})
        assert response.status_code in (200, 422)
        detail = response.json()["detail"] if response.status_code == 422 else []
        faults = sorted((json.dumps(fault["loc"]), fault["type"]) for fault in detail)
        found[name] = response.status_code, faults or json.loads(response.text)
    if not data:
        expected: tuple[int, Any] = 422, [('["body"]', "missing")]
    elif not is_json(data):
        expected = 422, [('["body"]', "json_invalid")]
        found = {name: outcome for name, outcome in found.items() if name not in LENIENT}
    else:
        expected = found["dataclass"]
    assert {name: outcome for name, outcome in found.items() if outcome != expected} == {}, expected
