"""One model, declared by every library, is filled alike: with and without msgspec, as the body and as a field of it."""

import asyncio
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle
from types import GenericAlias
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velocipy import Body, VelociPy
from velocipy.testing import AsyncTestClient

pytestmark = pytest.mark.timeout(300)  # a failure takes a while to be made small

# -- how models are declared ------------------------------------------------------------------------------------------

DEFAULT = "what the class says"


class Field(NamedTuple):
    name: str
    annotation: Any
    optional: bool


def make_dataclass(fields: list[Field]) -> Any:
    made = [
        (name, kind, dataclasses.field(default=DEFAULT)) if optional else (name, kind)
        for name, kind, optional in fields
    ]
    return dataclasses.make_dataclass("Record", made)


def make_typed_dict(fields: list[Field]) -> Any:
    make: Any = TypedDict
    return make("Record", {name: NotRequired[kind] if optional else kind for name, kind, optional in fields})


def make_named_tuple(fields: list[Field]) -> Any:
    make: Any = NamedTuple
    made = make("Record", [(name, kind) for name, kind, _ in fields])
    made._field_defaults = {name: DEFAULT for name, _, optional in fields if optional}
    made.__new__.__defaults__ = tuple(made._field_defaults.values())
    return made


def make_attrs(fields: list[Field]) -> Any:
    attrs = import_module("attrs")
    default = {True: {"default": DEFAULT}, False: {}}
    return attrs.make_class(
        "Record", {name: attrs.field(type=kind, **default[optional]) for name, kind, optional in fields}
    )


def make_struct(fields: list[Field]) -> Any:
    made = [(name, kind, DEFAULT) if optional else (name, kind) for name, kind, optional in fields]
    return import_module("msgspec").defstruct("Record", made)


def make_pydantic(fields: list[Field], **config: Any) -> Any:
    made: dict[str, Any] = {name: (kind, DEFAULT if optional else ...) for name, kind, optional in fields}
    return import_module("pydantic").create_model("Record", __config__=config, **made)


def by_marker(annotation: Any, **constraints: Any) -> Any:
    return Annotated[annotation, Body(**constraints)]


def by_meta(annotation: Any, **constraints: Any) -> Any:
    return Annotated[annotation, import_module("msgspec").Meta(**constraints)]


def by_field(annotation: Any, **constraints: Any) -> Any:
    return Annotated[annotation, import_module("pydantic").Field(**constraints)]


def by_annotated_types(annotation: Any, **constraints: Any) -> Any:
    names = {"gt": "Gt", "ge": "Ge", "lt": "Lt", "le": "Le", "multiple_of": "MultipleOf"}
    names |= {"min_length": "MinLen", "max_length": "MaxLen"}
    if constraints.keys() - names.keys():
        return by_marker(annotation, **constraints)
    module = import_module("annotated_types")
    for name, value in constraints.items():
        annotation = Annotated[annotation, getattr(module, names[name])(value)]
    return annotation


class Kind(NamedTuple):
    """A way to declare a model, and to say within which bounds its fields are."""

    name: str
    make: Callable[[list[Field]], Any]
    constrain: Callable[..., Any]
    needs: tuple[str, ...] = ()


KINDS = [
    Kind("dataclass", make_dataclass, by_marker),
    Kind("dataclass-annotated", make_dataclass, by_annotated_types, ("annotated_types",)),
    Kind("typed-dict", make_typed_dict, by_marker),
    Kind("typed-dict-meta", make_typed_dict, by_meta, ("msgspec",)),
    Kind("named-tuple", make_named_tuple, by_marker),
    Kind("attrs", make_attrs, by_marker, ("attrs",)),
    Kind("attrs-meta", make_attrs, by_meta, ("attrs", "msgspec")),
    Kind("struct", make_struct, by_meta, ("msgspec",)),
    Kind("struct-annotated", make_struct, by_annotated_types, ("msgspec", "annotated_types")),
]
KINDS = [kind for kind in KINDS if all(map(find_spec, kind.needs))]
STRICT = Kind("strict", partial(make_pydantic, strict=True, val_json_bytes="base64"), by_field)
LAX = Kind("lax", partial(make_pydantic, val_json_bytes="base64"), by_field)


# -- types, each with JSON data that mostly fit -----------------------------------------------------------------------


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


mild_junk = st.one_of(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**30]),
    st.sampled_from([1.0, 1.5, -0.0, 1e300, "", "a", "true", "red", "2024-02-30", "24:00"]),
    st.sampled_from([[], {}, [1], {"a": 1}, [[]], [{}], {"": None}]),
)
junk = mild_junk | st.sampled_from([10**400, "1", "1_0", " 1", "nan"])


class Flags(IntFlag):
    A = 1
    B = 2


class Type(NamedTuple):
    text: str
    declare: Callable[[Kind], Any]
    data: st.SearchStrategy[Any]
    otherwise: st.SearchStrategy[Any] = junk

    def __repr__(self) -> str:
        return self.text


def plain(annotation: Any, data: st.SearchStrategy[Any]) -> Type:
    return Type(str(annotation), lambda kind: annotation, data)


def constrained(annotation: Any, data: st.SearchStrategy[Any], **constraints: Any) -> Type:
    return Type(f"{annotation} {constraints}", lambda kind: kind.constrain(annotation, **constraints), data)


def iso(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return values.map(lambda value: str(value.isoformat()))


finite = st.floats(allow_nan=False, allow_infinity=False)
few = st.integers(-1, 6)
zones = st.sampled_from([None, UTC, timezone(timedelta(minutes=-90))])

COMMON = [
    plain(int, st.integers()),
    plain(float, finite | st.integers(-(2**53), 2**53)),
    plain(str, st.text(max_size=4)),
    plain(bool, st.booleans()),
    plain(UUID, st.uuids().map(str)),
    plain(date, iso(st.dates())),
    plain(datetime, iso(st.datetimes(timezones=zones))),
    plain(time, iso(st.times())),
    plain(Color, st.sampled_from(["red", "blue"])),
    plain(Literal["a", "b"], st.sampled_from(["a", "b"])),
    constrained(int, few, gt=0, le=4),
    constrained(int, few, ge=1, lt=5),
    constrained(int, few, multiple_of=3),
    constrained(float, few | finite, gt=0, le=2.5),
    constrained(str, st.text("aé💚", max_size=5), min_length=2, max_length=3),
    constrained(str, st.text("ab", max_size=3), pattern="^a"),
    constrained(list[int], st.lists(few, max_size=4), min_length=1, max_length=2),
    constrained(set[int], st.lists(few, max_size=4), min_length=2),
]
# pydantic reads these by rules of its own, as documented: 1 for True, the best of a union, "1_0" for a Decimal. And it
# takes a number as text for a time, and one beyond every float for infinite.
OTHERS = [
    plain(Decimal, st.sampled_from(["1.10", "1", "-0", "1E5", 1, 1.5, 0.1])),
    plain(Any, st.booleans() | st.integers() | finite | st.text(max_size=4)),
    plain(type(None), st.none()),
    plain(timedelta, st.sampled_from(["P1D", "PT1H", "-PT5S", "+pt0.5s", "P1DT2H3M4S", "P", "P1Y", "1:00", "P0.5D"])),
    plain(bytes, st.sampled_from(["", "YQ==", "/+8=", "YWI=", "YQ", "_-8=", "YQ==\n"])),
    plain(Level, st.sampled_from([1, 2])),
    plain(Literal["a", 1, True] | None, st.sampled_from(["a", 1, True, None])),
    plain(int | str, st.integers() | st.text(max_size=3)),
    plain(date | str, iso(st.dates()) | st.text(max_size=3)),
    plain(bool | list[bool], st.booleans() | st.lists(st.booleans(), max_size=2)),
    plain(int | list[int] | dict[str, int], few | st.lists(few, max_size=2) | st.dictionaries(st.just("a"), few)),
    plain(Color | int, st.sampled_from(["red", 1])),
    plain(dict[date, int], st.dictionaries(st.sampled_from(["2024-02-29", "2023-02-29", ""]), few)),
    plain(tuple[int, str], st.tuples(few, st.text(max_size=2)).map(list)),
    plain(frozenset[str], st.lists(st.text(max_size=2), max_size=3)),
    plain(set[Any], st.lists(few | st.lists(few, max_size=1), max_size=2)),
    plain(Iterable[int], st.lists(few, max_size=3)),
    plain(dict[float, int], st.dictionaries(st.sampled_from(["1.5", "1e3", "nan", "inf", "1e400"]), few)),
    plain(Flags, st.integers(0, 4)),
]


def nearly(item: Type) -> st.SearchStrategy[Any]:
    """Data that fit, and something else now and then."""
    return st.integers(0, 9).flatmap(lambda number: item.data if number else item.otherwise)


SHAPES: dict[str, tuple[Callable[[Any], Any], Callable[[st.SearchStrategy[Any]], st.SearchStrategy[Any]]]] = {
    "list": (lambda kind: GenericAlias(list, kind), lambda data: st.lists(data, max_size=3)),
    "tuple": (lambda kind: GenericAlias(tuple, (kind, ...)), lambda data: st.lists(data, max_size=3)),
    "dict": (
        lambda kind: GenericAlias(dict, (str, kind)),
        lambda data: st.dictionaries(st.text(max_size=2), data, max_size=3),
    ),
    "optional": (lambda kind: kind | None, lambda data: st.none() | data),
}


def shape(name: str, item: Type) -> Type:
    wrap, around = SHAPES[name]
    return Type(f"{name}[{item}]", lambda kind: wrap(item.declare(kind)), around(nearly(item)), item.otherwise)


FOR_PYDANTIC = [item._replace(otherwise=mild_junk) for item in COMMON]


class Member(NamedTuple):
    name: str
    type: Type
    optional: bool


def record(members: list[Member], at_once: int | None = None) -> Type:
    """A model of *members*, with objects that mostly have them, or with no more than some *at_once*."""

    def declare(kind: Kind) -> Any:
        return kind.make([Field(name, item.declare(kind), optional) for name, item, optional in members])

    needed = {name: nearly(item) for name, item, optional in members if not optional}
    allowed = {name: nearly(item) for name, item, optional in members if optional}
    data = st.fixed_dictionaries(needed, optional={**allowed, "unknown": junk})
    if at_once is not None:
        names = st.lists(st.sampled_from([*allowed, "unknown"]), max_size=at_once, unique=True)
        data = names.flatmap(lambda names: st.fixed_dictionaries({name: allowed.get(name, junk) for name in names}))
    name_and_data = st.tuples(st.sampled_from([member.name for member in members]), data)
    lacking = name_and_data.map(lambda pair: {name: value for name, value in pair[1].items() if name != pair[0]})
    # An array can be a NamedTuple, so there is none in the place of a model, nor around it.
    otherwise = lacking | junk.filter(lambda value: not isinstance(value, list))
    text = ", ".join(f"{name}: {item}{' = ...' * optional}" for name, item, optional in members)
    return Type(f"Record({text})", declare, data, otherwise)


@st.composite
def records(draw: st.DrawFn, types: st.SearchStrategy[Type], *, optional: bool) -> Type:
    names = draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True))
    has_default = sorted(draw(st.booleans()) and optional for _ in names)  # those without first
    return record([Member(name, draw(types), default) for name, default in zip(names, has_default, strict=True)])


def models(leaves: list[Type], *, optional: bool = True) -> st.SearchStrategy[Type]:
    """Models of any shape."""

    def around(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
        return records(inner, optional=optional) | st.builds(shape, st.sampled_from(sorted(SHAPES)), inner)

    return records(st.recursive(st.sampled_from(leaves), around, max_leaves=4), optional=optional)


def broad(leaves: list[Type]) -> Type:
    """The model that has every type, alone and in some shape, of which a body has a few."""
    shaped = [shape(name, leaf) for name, leaf in zip(cycle(SHAPES), leaves, strict=False)]
    return record([Member(f"f{number}", item, True) for number, item in enumerate([*leaves, *shaped])], at_once=3)


# -- applications and their answers -----------------------------------------------------------------------------------


def shown(value: Any) -> Any:
    """Return *value* so that equal values of equal types look alike, whatever class holds them."""
    names = getattr(type(value), "__annotations__", {}) if type(value).__name__ == "Record" else {}
    if names:
        fields = {name: getattr(value, name) for name in sorted(names)}
        return {name: shown(field) for name, field in fields.items() if field is not DEFAULT}
    if isinstance(value, dict):
        return {str(key): shown(element) for key, element in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(shown, value)]
    if isinstance(value, (set, frozenset)):
        return [type(value).__name__, *sorted(map(repr, value))]
    return [type(value).__name__, value.isoformat() if isinstance(value, (datetime, time)) else repr(value)]


def application(model: Type, kinds: list[Kind]) -> VelociPy:
    app = VelociPy()
    for kind in kinds:
        annotation = model.declare(kind)

        async def alone(body: Any) -> Any:
            return shown(body)

        async def embedded(body: Any) -> Any:
            return shown(body)

        async def undeclared(body: Any) -> Any:
            return body

        async def declared(body: Any) -> Any:
            return body

        for handler in (alone, embedded, undeclared, declared):
            handler.__annotations__["body"] = Annotated[annotation, Body(embed=handler is embedded)]
            app.add_route(f"/{kind.name}/{handler.__name__}", handler, ["POST"])
        declared.__annotations__["return"] = annotation
    app.freeze()
    return app


@contextmanager
def without_msgspec() -> Iterator[None]:
    found = sys.modules.get("msgspec")
    sys.modules["msgspec"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        yield
    finally:
        del sys.modules["msgspec"]
        if found is not None:
            sys.modules["msgspec"] = found


class Asked(NamedTuple):
    """Clients, each with the kinds of models that its application has, and the loop in which they ask."""

    loop: asyncio.Runner
    clients: list[tuple[AsyncTestClient, list[Kind]]]


@contextmanager
def asked_about(model: Type, kinds: list[Kind]) -> Iterator[Asked]:
    """Make an application without msgspec, and one with it, if it is installed."""
    bare = [kind for kind in kinds if "msgspec" not in kind.needs]
    with without_msgspec():
        without = AsyncTestClient(application(model, bare))
    usual = AsyncTestClient(application(model, kinds), interface="rsgi")
    with asyncio.Runner() as loop:
        yield Asked(loop, [(without, bare), (usual, kinds)])
        loop.run(without.aclose())
        loop.run(usual.aclose())


Outcome = tuple[int, Any]


async def ask(client: AsyncTestClient, path: str, data: Any) -> Outcome:
    """Return the status and the answer, or the place, the type and the sentence of each fault."""
    embedded = path.endswith("/embedded")
    content = json.dumps({"body": data} if embedded else data)
    response = await client.post(path, content=content, headers={"content-type": "application/json"})
    if response.status_code != 422:
        return response.status_code, response.json()
    faults = [(fault["loc"], fault["type"], fault["msg"]) for fault in response.json()["detail"]]
    return 422, sorted((json.dumps([loc[0], *loc[1 + embedded :]]), word, text) for loc, word, text in faults)


def outcomes(asked: Asked, handlers: list[str], body: Any) -> list[tuple[str, Kind, Outcome]]:
    """Return what comes of *body* on each way; the first is a dataclass without msgspec."""

    async def ask_all() -> list[tuple[str, Kind, Outcome]]:
        return [
            (f"{kind.name}, {handler}, of {len(kinds)} kinds", kind, await ask(client, f"/{kind.name}/{handler}", body))
            for client, kinds in asked.clients
            for kind in kinds
            for handler in handlers
        ]

    found = asked.loop.run(ask_all())
    assert found[0][2][0] in (200, 422)
    return found


def check_alike(asked: Asked, handlers: list[str], body: Any) -> None:
    found = outcomes(asked, handlers, body)
    _, _, expected = found[0]
    assert {way: outcome for way, _, outcome in found if outcome != expected} == {}, expected


def check_pydantic(asked: Asked, body: Any) -> None:
    """Check that pydantic takes what others take, and, if it is strict, refuses what they refuse, for the same."""
    found = outcomes(asked, ["alone", "embedded"], body)
    _, _, expected = found[0]
    for way, kind, outcome in found:
        if expected[0] == 200:
            assert outcome == expected, way
        elif kind is not LAX:
            assert outcome[0] == 422, way
            assert [fault[:2] for fault in outcome[1]] == [fault[:2] for fault in expected[1]], way


WITH_PYDANTIC = [*KINDS[:1], STRICT, LAX]
SENT_AS_OBJECTS = [kind for kind in KINDS if kind.make is not make_named_tuple]
needs_pydantic = pytest.mark.skipif(not find_spec("pydantic"), reason="the others are compared with pydantic")


@pytest.fixture(scope="module")
def every_kind() -> Iterator[Asked]:
    with asked_about(broad(COMMON + OTHERS), KINDS) as asked:
        yield asked


@pytest.fixture(scope="module")
def pydantic_too() -> Iterator[Asked]:
    with asked_about(broad(FOR_PYDANTIC), WITH_PYDANTIC) as asked:
        yield asked


@settings(max_examples=300)
@given(body=nearly(broad(COMMON + OTHERS)))
def test_every_kind_of_model_reads_every_type_alike(every_kind: Asked, body: Any) -> None:
    check_alike(every_kind, ["alone"], body)


@settings(max_examples=12)
@given(models(COMMON + OTHERS), st.data())
def test_every_kind_of_model_reads_any_shape_alike(model: Type, data: st.DataObject) -> None:
    with asked_about(model, KINDS) as asked:
        for body in data.draw(st.lists(nearly(model), min_size=4, max_size=4)):
            check_alike(asked, ["alone", "embedded"], body)


@needs_pydantic
@settings(max_examples=300)
@given(body=nearly(broad(FOR_PYDANTIC)))
def test_pydantic_reads_every_type_alike(pydantic_too: Asked, body: Any) -> None:
    check_pydantic(pydantic_too, body)


@needs_pydantic
@settings(max_examples=12)
@given(models(FOR_PYDANTIC), st.data())
def test_pydantic_reads_any_shape_alike(model: Type, data: st.DataObject) -> None:
    with asked_about(model, WITH_PYDANTIC) as asked:
        for body in data.draw(st.lists(nearly(model), min_size=4, max_size=4)):
            check_pydantic(asked, body)


@settings(max_examples=12)
@given(models(COMMON + OTHERS, optional=False), st.data())
def test_every_kind_of_model_is_sent_alike(model: Type, data: st.DataObject) -> None:
    with asked_about(model, SENT_AS_OBJECTS) as asked:
        for body in data.draw(st.lists(model.data, min_size=4, max_size=4)):
            check_alike(asked, ["undeclared", "declared"], body)
