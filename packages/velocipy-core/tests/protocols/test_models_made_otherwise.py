"""Models made otherwise than in the first example: by functions, frozen, by keywords alone, nested across libraries."""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar, dataclass, field, make_dataclass
from importlib.util import find_spec
from typing import Any, ClassVar, Final, Generic, TypeVar

import pytest
from httpx2 import Client

from velocipy import VelociPy

app = VelociPy()

T = TypeVar("T")

Made = make_dataclass("Made", [("a", int), ("b", str, field(default="x"))])
Tuple = namedtuple("Tuple", "a b", defaults=[2])  # noqa: PYI024


@dataclass
class KeywordOnly:
    a: int
    _: KW_ONLY
    b: int = 0
    kind: ClassVar[str] = "no field"


@dataclass(frozen=True, slots=True, order=True)
class Frozen:
    a: int
    b: tuple[int, ...] = ()


@dataclass
class WithInitVar:
    a: int
    scale: InitVar[int] = 2
    scaled: int = field(init=False, default=0)

    def __post_init__(self, scale: int) -> None:
        if scale < 0:
            raise ValueError("the scale is negative")
        self.scaled = self.a * scale


@dataclass
class Base:
    a: int


@dataclass
class Derived(Base):
    b: int = 1
    a: int = 7  # its base demands it


class Broken(Exception):
    """What a class of a user may raise besides a ValueError."""


@dataclass
class Raising:
    a: int

    def __post_init__(self) -> None:
        if self.a == 1:
            raise ValueError
        if self.a == 2:
            raise TypeError("a is two")
        if self.a == 3:
            raise Broken("hunter2")


MODELS: dict[str, Any] = {
    "made": Made,
    "tuple": Tuple,
    "keyword-only": KeywordOnly,
    "frozen": Frozen,
    "init-var": WithInitVar,
    "derived": Derived,
    "raising": Raising,
}


def of_msgspec() -> dict[str, Any]:
    import msgspec

    class Renamed(msgspec.Struct, rename=lambda name: name.upper(), frozen=True, kw_only=True, omit_defaults=True):
        a: int
        b: int = 0

    return {
        "struct-renamed": Renamed,
        "struct-made": msgspec.defstruct("Made", [("a", int), ("b", str, "x")]),
        "struct-of-others": msgspec.defstruct("Others", [("made", Made), ("frozen", Frozen), ("renamed", Renamed)]),
    }


def doubled(value: int) -> int:
    return value * 2


def of_attrs() -> dict[str, Any]:
    import attrs

    @attrs.frozen(kw_only=True)
    class Scaled:
        a: int = attrs.field(converter=doubled, validator=attrs.validators.gt(3))
        b: list[int] = attrs.field(factory=list)
        c: int = attrs.field(init=False, default=3)

    return {"attrs": Scaled}


def of_pydantic() -> dict[str, Any]:
    import pydantic

    class Root(pydantic.RootModel[dict[str, int]]):
        pass

    class Others(pydantic.BaseModel):
        made: Made  # type: ignore[valid-type]
        root: Root

    class Computed(pydantic.BaseModel):
        a: int
        kind: ClassVar[str] = "no field"

        @pydantic.computed_field  # type: ignore[prop-decorator]
        @property
        def twice(self) -> int:
            return self.a * 2

    return {
        "root": Root,
        "model-made": pydantic.create_model("Made", a=(int, ...), b=(str, "x")),
        "model-of-others": Others,
        "computed": Computed,
        "dataclass-of-models": make_dataclass("OfModels", [("root", Root), ("others", list[Others])]),
    }


LIBRARIES: dict[str, Callable[[], dict[str, Any]]] = {
    "msgspec": of_msgspec,
    "attrs": of_attrs,
    "pydantic": of_pydantic,
}
for _library, _make in LIBRARIES.items():
    if find_spec(_library) is not None:
        MODELS |= _make()


def declare(name: str, annotation: Any) -> None:
    async def echo(value: Any) -> Any:
        return value

    echo.__annotations__ |= {"value": annotation, "return": annotation}
    app.add_route(f"/{name}", echo, ["POST"])


for _name, _model in MODELS.items():
    declare(_name, _model)

M = {"a": 1, "b": "x"}
REFUSED: list[tuple[str, Any, list[list[Any]]]] = [
    ("made", {"a": "x", "b": 5}, [["a"], ["b"]]),
    ("tuple", [], [[0]]),
    ("tuple", [1, 2, 3], [[]]),
    ("keyword-only", {"b": "x"}, [["a"], ["b"]]),
    ("frozen", {"a": 1, "b": [1, None]}, [["b", 1]]),
    ("derived", {"a": "x", "b": "y"}, [["a"], ["b"]]),
    ("raising", {"a": 1}, [[]]),
    ("raising", {"a": 2}, [[]]),
    ("struct-renamed", {"a": 1, "b": 2}, [["A"]]),
    ("struct-made", {"a": True}, [["a"]]),
    (
        "struct-of-others",
        {"made": {}, "frozen": {"a": "x"}, "renamed": 5},
        [["made", "a"], ["frozen", "a"], ["renamed"]],
    ),
    ("attrs", {"a": 1}, [[]]),
    ("attrs", {"a": "5"}, [["a"]]),
    ("root", {"a": "x"}, [["a"]]),
    ("root", [], [[]]),
    ("model-made", {"b": 5}, [["a"], ["b"]]),
    ("model-of-others", {"made": {}, "root": {"a": "x"}}, [["made", "a"], ["root", "a"]]),
    ("dataclass-of-models", {"root": {"a": "x"}, "others": [{"root": {}}]}, [["root", "a"], ["others", 0, "made"]]),
]
TAKEN: list[tuple[str, Any, Any]] = [
    ("made", {"a": 1}, M),
    ("tuple", ["any", None], ["any", None]),
    ("tuple", [1], [1, 2]),
    ("keyword-only", {"a": 1, "b": 2, "kind": "evil"}, {"a": 1, "b": 2}),
    ("frozen", {"a": 1, "b": [2]}, {"a": 1, "b": [2]}),
    ("init-var", {"a": 3, "scaled": 9}, {"a": 3, "scaled": 6}),
    ("derived", {}, {"a": 7, "b": 1}),
    ("raising", {"a": 4}, {"a": 4}),
    ("struct-renamed", {"A": 1}, {"A": 1}),
    ("struct-made", {"a": 1}, M),
    (
        "struct-of-others",
        {"made": {"a": 1}, "frozen": {"a": 1}, "renamed": {"A": 1}},
        {"made": M, "frozen": {"a": 1, "b": []}, "renamed": {"A": 1}},
    ),
    ("attrs", {"a": 2, "c": 9}, {"a": 4, "b": [], "c": 3}),
    ("root", {"a": 1}, {"a": 1}),
    ("model-made", {"a": 1}, M),
    ("model-of-others", {"made": {"a": 1}, "root": {}}, {"made": M, "root": {}}),
    ("computed", {"a": 2, "twice": 9, "kind": "evil"}, {"a": 2, "twice": 4}),
    (
        "dataclass-of-models",
        {"root": {"a": 1}, "others": [{"made": {"a": 1}, "root": {}}]},
        {"root": {"a": 1}, "others": [{"made": M, "root": {}}]},
    ),
]


def known(cases: list[Any]) -> list[Any]:
    return [case for case in cases if case[0] in MODELS]


@pytest.mark.parametrize(("name", "data", "locs"), known(REFUSED))
def test_every_fault_has_its_place(client: Client, name: str, data: Any, locs: Any) -> None:
    response = client.post(f"/{name}", json=data)
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", *loc] for loc in locs]


def test_what_is_no_judgement_of_the_value_is_an_error_of_the_server(client: Client) -> None:
    response = client.post("/raising", json={"a": 3})
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


@pytest.mark.parametrize(("name", "data", "answer"), known(TAKEN))
def test_it_is_read_and_written(client: Client, name: str, data: Any, answer: Any) -> None:
    response = client.post(f"/{name}", json=data)
    assert (response.status_code, response.json()) == (200, answer)


def test_an_init_var_is_an_input(client: Client) -> None:
    assert client.post("/init-var", json={"a": 3, "scale": 9}).json() == {"a": 3, "scaled": 27}
    for scale in (-1, "x", None):
        assert client.post("/init-var", json={"a": 3, "scale": scale}).status_code == 422


@dataclass
class Start(Generic[T]):
    a: int = field(init=False)
    kind: ClassVar[list[int]] = []
    start: InitVar[T]

    def __post_init__(self, start: Any) -> None:
        self.a = start * 2


def with_demanded_init_var() -> VelociPy:
    app = VelociPy()

    @app.post("/")
    async def echo(value: Start[int]) -> Start[int]:
        return value

    return app


def test_an_init_var_may_be_demanded(client_factory: Any) -> None:
    client = client_factory("with_demanded_init_var")
    assert client.post("/", json={"start": 3}).json() == {"a": 6}
    assert client.post("/", json={"start": "x"}).json()["detail"][0]["loc"] == ["body", "start"]
    (fault,) = client.post("/", json={"a": 1}).json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body", "start"], "missing")


@dataclass
class WithFinal:
    a: Final[int] = 1
    b: Final = "x"


def with_final() -> VelociPy:
    app = VelociPy()

    @app.post("/")
    async def echo(value: WithFinal) -> WithFinal:
        return value

    return app


def test_a_field_may_be_final(client_factory: Any) -> None:
    """PEP 591."""
    client = client_factory("with_final")
    assert client.post("/", json={"a": 2}).json() == {"a": 2, "b": "x"}
    assert client.post("/", json={"a": "x"}).json()["detail"][0]["loc"] == ["body", "a"]


def with_attrs() -> VelociPy:
    import attrs

    app = VelociPy()

    @attrs.define
    class FromOthers:
        a: int
        b: list[int] = attrs.Factory(lambda self: [self.a], takes_self=True)

    Classic = attrs.make_class("Classic", {"a": attrs.field(type=int), "b": attrs.field(default=None)})  # noqa: N806

    def declare(path: str, annotation: Any) -> None:
        async def echo(value: Any) -> Any:
            return value

        echo.__annotations__ |= {"value": annotation, "return": annotation}
        app.add_route(path, echo, ["POST"])

    declare("/from-others", FromOthers)
    declare("/classic", Classic)
    return app


@pytest.mark.skipif(find_spec("attrs") is None, reason="its classes are tested here")
def test_classes_of_attrs_that_msgspec_does_not_know(client_factory: Any) -> None:
    client = client_factory("with_attrs")
    assert client.post("/from-others", json={"a": 1}).json() == {"a": 1, "b": [1]}
    assert client.post("/classic", json={"a": 1}).json() == {"a": 1, "b": None}
    assert client.post("/classic", json={"a": "x"}).json()["detail"][0]["loc"] == ["body", "a"]
