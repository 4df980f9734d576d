"""Generic models, whoever owns them: each type variable means what it was given, as body and as answer."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from importlib.util import find_spec
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar

import pytest
from httpx2 import Client

from velocipy import Body, Query, VelociPy

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K")
V = TypeVar("V")


@dataclass
class Public:
    name: str


@dataclass
class Private(Public):
    password: str = "hunter2"


B = TypeVar("B", bound=Public)


class Family(NamedTuple):
    """One library's classes of the same shapes."""

    one: Any  # [T]: value
    pair: Any  # [K, V]: key, value
    swapped: Any  # [K, V], of pair[V, K]
    listed: Any  # [U], of one[list[U]]
    bound: Any  # [B]: value
    closed: Any  # of one[Public]
    make: Callable[..., Any]


def of_dataclasses() -> Family:
    @dataclass
    class One(Generic[T]):
        value: T
        more: list[T] | None = None

    @dataclass
    class Pair(Generic[K, V]):
        key: K
        value: V

    @dataclass
    class Swapped(Pair[V, K], Generic[K, V]):
        pass

    @dataclass
    class Listed(One[list[U]], Generic[U]):
        pass

    @dataclass
    class Bound(Generic[B]):
        value: B

    @dataclass
    class Closed(One[Public]):
        total: int = 0

    return Family(One, Pair, Swapped, Listed, Bound, Closed, lambda cls, **fields: cls(**fields))


def of_typed_dicts() -> Family:
    class One(TypedDict, Generic[T]):
        value: T
        more: NotRequired[list[T] | None]

    class Pair(TypedDict, Generic[K, V]):
        key: K
        value: V

    class Swapped(Pair[V, K], Generic[K, V]):
        pass

    class Listed(One[list[U]], Generic[U]):
        pass

    class Bound(TypedDict, Generic[B]):
        value: B

    class Closed(One[Public]):
        total: NotRequired[int]

    return Family(One, Pair, Swapped, Listed, Bound, Closed, lambda cls, **fields: fields)


def of_structs() -> Family:
    import msgspec

    class One(msgspec.Struct, Generic[T]):
        value: T
        more: list[T] | None = None

    class Pair(msgspec.Struct, Generic[K, V]):
        key: K
        value: V

    class Swapped(Pair[V, K], Generic[K, V]):
        pass

    class Listed(One[list[U]], Generic[U]):
        pass

    class Bound(msgspec.Struct, Generic[B]):
        value: B

    class Closed(One[Public]):
        total: int = 0

    return Family(One, Pair, Swapped, Listed, Bound, Closed, lambda cls, **fields: cls(**fields))


def of_attrs() -> Family:
    import attrs

    @attrs.define
    class One(Generic[T]):
        value: T
        more: list[T] | None = None

    @attrs.define
    class Pair(Generic[K, V]):
        key: K
        value: V

    @attrs.define
    class Swapped(Pair[V, K], Generic[K, V]):
        pass

    @attrs.define
    class Listed(One[list[U]], Generic[U]):
        pass

    @attrs.define
    class Bound(Generic[B]):
        value: B

    @attrs.define
    class Closed(One[Public]):
        total: int = 0

    return Family(One, Pair, Swapped, Listed, Bound, Closed, lambda cls, **fields: cls(**fields))


def of_pydantic() -> Family:
    import pydantic

    class One(pydantic.BaseModel, Generic[T]):
        value: T
        more: list[T] | None = None

    class Pair(pydantic.BaseModel, Generic[K, V]):
        key: K
        value: V

    class Swapped(Pair[V, K], Generic[K, V]):
        pass

    class Listed(One[list[U]], Generic[U]):
        pass

    class Bound(pydantic.BaseModel, Generic[B]):
        value: B

    class Closed(One[Public]):
        total: int = 0

    return Family(One, Pair, Swapped, Listed, Bound, Closed, lambda cls, **fields: cls(**fields))


MAKERS: dict[str, tuple[str, Callable[[], Family]]] = {
    "dataclass": ("dataclasses", of_dataclasses),
    "typed-dict": ("typing", of_typed_dicts),
    "struct": ("msgspec", of_structs),
    "attrs": ("attrs", of_attrs),
    "pydantic": ("pydantic", of_pydantic),
}
FAMILIES = {name: make() for name, (library, make) in MAKERS.items() if find_spec(library) is not None}

app = VelociPy()


def declare(path: str, annotation: Any, value: Any = None) -> None:
    async def alone(value: Any) -> Any:
        return value

    async def keyed(value: Any, other: Annotated[int, Body()]) -> Any:
        return value

    async def answer() -> Any:
        return value

    for handler in (alone, keyed):
        handler.__annotations__ |= {"value": annotation, "return": annotation}
    app.add_route(f"/alone/{path}", alone, ["POST"])
    app.add_route(f"/keyed/{path}", keyed, ["POST"])
    if value is not None:
        answer.__annotations__["return"] = annotation
        app.add_route(f"/answer/{path}", answer)


for _name, _f in FAMILIES.items():
    _private = _f.make(_f.one, value=Private("a"), more=[Private("b")])
    _inner: Any = _f.one[dict[str, Public]]
    declare(f"{_name}/int", _f.one[int])
    declare(f"{_name}/model", _f.one[Public], _private)
    declare(f"{_name}/optional", _f.one[Public | None], _private)
    declare(f"{_name}/nested", _f.one[_f.one[int]])
    declare(f"{_name}/inner", list[_inner], [_f.make(_f.one, value={"x": Private("a")}, more=None)])
    declare(f"{_name}/pair", _f.pair[int, str])
    declare(f"{_name}/swapped", _f.swapped[int, str])
    declare(f"{_name}/listed", _f.listed[int])
    declare(f"{_name}/bound", _f.bound[Public])
    declare(f"{_name}/bare-bound", _f.bound)
    declare(f"{_name}/closed", _f.closed, _f.make(_f.closed, value=Private("a"), more=[Private("b")], total=1))
    declare(f"{_name}/bare", _f.one)


@dataclass
class Filter(Generic[T]):
    value: T
    more: list[T] | None = None


@app.get("/query")
async def query(filter: Annotated[Filter[int], Query()]) -> Filter[int]:
    return filter


A: dict[str, Any] = {"name": "a"}
REFUSED: list[tuple[str, Any, list[list[Any]]]] = [
    ("int", {"value": "x", "more": [1, "y"]}, [["value"], ["more", 1]]),
    ("model", {"value": 5, "more": [A, {}]}, [["value"], ["more", 1, "name"]]),
    ("optional", {"value": 5, "more": [None, 5]}, [["value"], ["more", 1]]),
    ("nested", {"value": {"value": "x"}}, [["value", "value"]]),
    ("inner", [{"value": {"x": 5}}], [[0, "value", "x"]]),
    ("pair", {"key": "a", "value": 1}, [["key"], ["value"]]),
    ("bound", {"value": 5}, [["value"]]),
    ("bare-bound", {"value": {}}, [["value", "name"]]),
    ("bare", {"more": []}, [["value"]]),
]
INHERITED: list[tuple[str, Any, list[list[Any]]]] = [
    ("swapped", {"key": 1, "value": "a"}, [["key"], ["value"]]),
    ("listed", {"value": ["x"], "more": [[1], 1]}, [["value", 0], ["more", 1]]),
    ("closed", {"value": 5, "more": [5], "total": "x"}, [["value"], ["more", 0], ["total"]]),
]


def assert_refused(client: Client, path: str, data: Any, locs: list[list[Any]]) -> None:
    for way, body, start in (("alone", data, ["body"]), ("keyed", {"value": data, "other": 1}, ["body", "value"])):
        response = client.post(f"/{way}/{path}", json=body)
        assert (path, response.status_code) == (path, 422)
        assert [fault["loc"] for fault in response.json()["detail"]] == [[*start, *loc] for loc in locs]


@pytest.mark.parametrize(("name", "data", "locs"), REFUSED)
def test_a_variable_stands_for_what_it_was_given(client: Client, name: str, data: Any, locs: Any) -> None:
    for family in FAMILIES:
        assert_refused(client, f"{family}/{name}", data, locs)


@pytest.mark.parametrize(("name", "data", "locs"), INHERITED)
def test_a_variable_of_a_base_stands_for_what_the_class_gave(client: Client, name: str, data: Any, locs: Any) -> None:
    for family in FAMILIES:
        assert_refused(client, f"{family}/{name}", data, locs)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("int", {"value": 1, "more": [2]}),
        ("model", {"value": A, "more": [A]}),
        ("optional", {"value": None, "more": [None, A]}),
        ("nested", {"value": {"value": 1, "more": None}, "more": None}),
        ("inner", [{"value": {"x": A}, "more": None}]),
        ("pair", {"key": 1, "value": "a"}),
        ("swapped", {"key": "a", "value": 1}),
        ("listed", {"value": [1], "more": [[2]]}),
        ("bound", {"value": A}),
        ("bare-bound", {"value": A}),
        ("closed", {"value": A, "more": [A], "total": 3}),
        ("bare", {"value": [1, "x", None], "more": None}),
    ],
)
def test_a_body_is_read_and_written(client: Client, name: str, data: Any) -> None:
    for family in FAMILIES:
        for path, body in (("alone", data), ("keyed", {"value": data, "other": 1})):
            response = client.post(f"/{path}/{family}/{name}", json=body)
            assert (family, response.status_code, response.json()) == (family, 200, data)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("model", {"value": A, "more": [{"name": "b"}]}),
        ("optional", {"value": A, "more": [{"name": "b"}]}),
        ("inner", [{"value": {"x": A}, "more": None}]),
        ("closed", {"value": A, "more": [{"name": "b"}], "total": 1}),
    ],
)
def test_what_leaves_has_the_fields_of_what_was_given(client: Client, name: str, answer: Any) -> None:
    for family in FAMILIES:
        response = client.get(f"/answer/{family}/{name}")
        assert (family, response.status_code, response.json()) == (family, 200, answer)


def test_a_generic_model_of_a_query(client: Client) -> None:
    assert client.get("/query?value=1&more=2&more=3").json() == {"value": 1, "more": [2, 3]}
    response = client.get("/query?value=x&more=2&more=y")
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "value"], ["query", "more", 1]]


@dataclass
class Middle(Filter[U], Generic[U]):
    pass


@dataclass
class Leaf(Middle[Public]):
    pass


def with_depth() -> VelociPy:
    app = VelociPy()

    @app.post("/leaf")
    async def leaf(value: Leaf) -> Leaf:
        return value

    @app.get("/leaf")
    async def secret() -> Leaf:
        return Leaf(Private("a"), [Private("b")])

    return app


def test_a_variable_counts_through_every_base(client_factory: Any) -> None:
    client = client_factory("with_depth")
    assert client.get("/leaf").json() == {"value": A, "more": [{"name": "b"}]}
    response = client.post("/leaf", json={"value": 5, "more": [5]})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "value"], ["body", "more", 0]]


@dataclass
class Wrapped(Filter[list[T]], Generic[T]):
    """Here the variable means another thing than in its base."""

    single: T | None = None


Choice = TypeVar("Choice", int, str)


class Chosen(TypedDict, Generic[Choice]):
    value: Choice


def with_variables() -> VelociPy:
    app = VelociPy()

    @app.post("/wrapped")
    async def wrapped(value: Wrapped[int]) -> Wrapped[int]:
        return value

    @app.post("/chosen")
    async def chosen(value: Chosen) -> Chosen:  # type: ignore[type-arg] # what is asked is what it means then
        return value

    return app


def test_one_variable_may_mean_something_else_in_each_class(client_factory: Any) -> None:
    client = client_factory("with_variables")
    value = {"value": [1], "more": [[2]], "single": 3}
    assert client.post("/wrapped", json=value).json() == value
    response = client.post("/wrapped", json={"value": 1, "more": [2], "single": [3]})
    found = [fault["loc"] for fault in response.json()["detail"]]
    assert found == [["body", "value"], ["body", "more", 0], ["body", "single"]]


def test_a_variable_with_constraints_is_one_of_them(client_factory: Any) -> None:
    client = client_factory("with_variables")
    assert client.post("/chosen", json={"value": "a"}).json() == {"value": "a"}
    assert client.post("/chosen", json={"value": [1]}).status_code == 422


@pytest.mark.skipif(find_spec("typing_extensions") is None, reason="it gives older Pythons variables with defaults")
def test_a_variable_without_an_argument_is_its_default(client_factory: Any) -> None:
    client = client_factory("with_default")
    assert client.post("/", json={"value": 1}).json() == {"value": 1}
    assert client.post("/", json={"value": "x"}).status_code == 422


def with_default() -> VelociPy:
    import typing_extensions

    app = VelociPy()
    variable = typing_extensions.TypeVar("variable", default=int)
    generic: Any = Generic
    value: Any = make_dataclass("Default", [("value", variable)], bases=(generic[variable],))

    @app.post("/")
    async def echo(value: Annotated[Any, Body()]) -> Any:
        return value

    echo.__annotations__ |= {"value": value, "return": value}
    return app


class Given(Chosen):  # type: ignore[type-arg]
    other: int


def with_lost_bases() -> VelociPy:
    app = VelociPy()

    @app.post("/")
    async def echo(value: Given) -> Any:
        return value

    return app


@pytest.mark.skipif(sys.version_info < (3, 12), reason="it forgets the bases of a TypedDict: a mistake at start")
def test_a_variable_of_a_base_without_arguments_is_not_forgotten(client_factory: Any) -> None:
    client = client_factory("with_lost_bases")
    assert client.post("/", json={"value": 1, "other": 2}).json() == {"value": 1, "other": 2}
    assert client.post("/", json={"value": [1], "other": 2}).status_code == 422
