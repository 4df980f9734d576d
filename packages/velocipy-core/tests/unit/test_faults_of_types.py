"""Annotations, markers and constraints that no request could ever satisfy are found at start, with their place."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Generic, Optional, TypedDict, TypeVar, Union
from unittest.mock import AsyncMock

import pytest

from velocipy import Body, Cookie, Depends, Form, Header, Path, Query, VelociPy
from velocipy.errors import DependencyError, ParameterError, StartupError, StartupErrorGroup


class Plain:
    """No request brings one."""


class Empty(Enum):
    """An enum without members."""


class Unhashable(Enum):
    A = [1]  # noqa: RUF012


@dataclass
class Unresolved:
    field: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Holder:
    plain: Plain


def fault_of(annotation: Any, path: str = "/", default: Any = ..., method: str = "POST") -> StartupError:
    """Return the one mistake of a handler whose parameter *value* has *annotation*."""
    app = VelociPy()

    async def handler(value: Any) -> None: ...

    if default is not ...:
        handler.__defaults__ = (default,)
    handler.__annotations__["value"] = annotation
    app.add_route(path, handler, [method])
    with pytest.raises(StartupError) as caught:
        app.freeze()
    assert caught.value.handler == "handler"
    assert re.fullmatch(r".*test_faults_of_types\.py:\d+", caught.value.place)
    return caught.value


@pytest.mark.parametrize(
    "annotation",
    [
        Plain,
        Plain | None,
        int | Plain,
        list[Plain],
        dict[str, Plain],
        dict[Plain, str],
        tuple[int, Plain],
        Holder,
        list[Holder],
        Unresolved,
        "Nowhere",
        "list[",
        "int +",
        complex,
        type,
        type[int],
        Exception,
        5,
        ...,
        [int],
        {},
        (int, str),
        Empty,
        Unhashable,
        Mapping[Plain, int],
        Annotated[Plain, Query()],
        Annotated[Plain, Body()],
        Annotated[Plain, Form()],
        Annotated[dict[str, int], Query()],
        Annotated[Holder, Header()],
        Annotated[list[int], Cookie()],
        Annotated[list[list[int]], Query()],
        Annotated[int | list[int], Query()],
        Annotated[str, Header()] | None,  # pyright: ignore[reportOperatorIssue]
        Optional[Annotated[str, Header()]],  # noqa: UP045
        Union[Annotated[str, Cookie()], int],  # noqa: UP007
        list[Annotated[int, Query()]],
        dict[str, Annotated[int, Body()]],
    ],
    ids=repr,
)
def test_what_no_request_can_bring(annotation: Any) -> None:
    error = fault_of(annotation)
    assert isinstance(error, ParameterError)
    assert error.parameter == "value"
    assert error.remedy


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, Query(min_length=3)],
        Annotated[float, Query(max_length=3)],
        Annotated[int, Query(pattern="a")],
        Annotated[list[str], Query(pattern="a")],
        Annotated[str, Query(ge=3)],
        Annotated[bytes, Query(lt=3)],
        Annotated[str, Query(multiple_of=3)],
        Annotated[int, Query(ge="a")],
        Annotated[int, Query(multiple_of=0)],
        Annotated[int | str, Query(ge=1)],
        Annotated[datetime, Query(ge=1)],
        Annotated[datetime, Query(multiple_of=1)],
        Annotated[list[int], Query(ge=1)],
        Annotated[dict[str, int], Body(ge=1)],
        Annotated[dict[str, int], Body(pattern="a")],
        Annotated[str, Query(pattern="(")],
        Annotated[str, Query(pattern="a{2,1}")],
        Annotated[str, Query(min_length="2")],  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_constraint_that_does_not_suit_its_type(annotation: Any) -> None:
    error = fault_of(annotation)
    assert isinstance(error, ParameterError)
    assert error.parameter == "value"


@pytest.mark.parametrize(
    ("path", "annotation"),
    [
        ("/", Annotated[int, Path()]),
        ("/{other}", Annotated[int, Path()]),
        ("/{value}", list[int]),
        ("/{value}", dict[str, int]),
        ("/{value}", Holder),
        ("/{value}", Annotated[int, Path(alias="other")]),
        ("/{value}", Plain),
    ],
    ids=repr,
)
def test_a_path_value_that_is_none(path: str, annotation: Any) -> None:
    app = VelociPy()

    async def handler(value: Any) -> None: ...

    handler.__annotations__["value"] = annotation
    app.add_route(path, handler)
    with pytest.raises((StartupError, StartupErrorGroup)) as caught:
        app.freeze()
    errors = getattr(caught.value, "exceptions", [caught.value])
    assert "value" in {error.parameter for error in errors}


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (Annotated[int, Query(), Header()], ...),
        (Annotated[int, Query()], Header()),
        (Annotated[int, Depends(int)], Query()),
        (Annotated[int, Depends(int), Depends(str)], ...),
    ],
    ids=repr,
)
def test_markers_that_contradict_each_other(annotation: Any, default: Any) -> None:
    error = fault_of(annotation, default=default)
    assert isinstance(error, ParameterError)
    assert "one place" in str(error)


@pytest.mark.parametrize("default", [None, 5])
def test_a_default_does_not_make_a_type_possible(default: Any) -> None:
    assert "Plain" in str(fault_of(Plain, default=default))


def label(value: object) -> str:
    """Return the name of a case, which is the same in every process."""
    return repr(value).partition(" at 0x")[0]


@pytest.mark.parametrize("dependency", ["text", 5, object(), [], dict, max], ids=label)
def test_what_cannot_be_a_dependency(dependency: Any) -> None:
    app = VelociPy()

    @app.get("/")
    async def handler(value: Annotated[Any, Depends(dependency)]) -> None: ...

    with pytest.raises((DependencyError, ParameterError)):
        app.freeze()


def test_depends_without_anything_to_call() -> None:
    app = VelociPy()

    @app.get("/")
    async def handler(value=Depends()) -> None: ...  # type: ignore[no-untyped-def]  # noqa: B008

    with pytest.raises(DependencyError, match="Depends\\(\\) says nothing"):
        app.freeze()


def test_dependencies_in_a_circle() -> None:
    def first(value: Any) -> None: ...
    def second(value: Annotated[None, Depends(first)]) -> None: ...

    first.__annotations__["value"] = Annotated[None, Depends(second)]
    app = VelociPy()

    @app.get("/")
    async def handler(value: Annotated[None, Depends(first)]) -> None: ...

    with pytest.raises(DependencyError, match="first -> second -> first"):
        app.freeze()


def test_a_dependency_that_needs_itself() -> None:
    def itself(value: Any) -> None: ...

    itself.__annotations__["value"] = Annotated[None, Depends(itself)]
    app = VelociPy()
    app.add_route("/", itself)
    with pytest.raises(DependencyError, match="itself -> itself"):
        app.freeze()


def test_parameters_that_could_be_anything() -> None:
    app = VelociPy()

    @app.get("/")
    async def handler(*args: int, **kwargs: int) -> None: ...

    with pytest.raises(StartupErrorGroup) as caught:
        app.freeze()
    assert [getattr(error, "parameter", "") for error in caught.value.exceptions] == ["*args", "**kwargs"]


def test_a_parameter_without_an_annotation() -> None:
    app = VelociPy()

    @app.get("/")
    async def handler(q) -> None: ...  # type: ignore[no-untyped-def]

    with pytest.raises(ParameterError, match=r"parameter 'q': it has no annotation.*that of the request is Request\."):
        app.freeze()


@pytest.mark.parametrize("name", ["Request", "Response", "WebSocket", "HTTPConnection", "BackgroundTasks"])
def test_a_class_of_another_framework_is_told_from_ours(name: str) -> None:
    """The import is left over where a program comes from there."""
    theirs = type(name, (), {"__module__": "starlette.elsewhere"})

    mistake = rf"no request can bring the {name} of starlette\.elsewhere\. Take velocipy\.{name}\."
    with pytest.raises(ParameterError, match=mistake):
        raise fault_of(theirs)


def their_marker(name: str, module: str) -> Any:
    return type(name, (), {"__module__": module})()


@pytest.mark.parametrize(
    "marker",
    [
        their_marker("Depends", "fastapi.params"),
        their_marker("Query", "fastapi.params"),
        their_marker("ParameterKwarg", "litestar.params"),
        their_marker("Depends", "elsewhere"),
    ],
)
def test_a_marker_of_another_framework_is_told_from_ours(marker: Any) -> None:
    """Unread, a dependency that was to refuse strangers would be a query that they fill in."""
    name = type(marker).__name__
    mistake = rf"'value': the marker {name} of {type(marker).__module__} means nothing here\. Import it from velocipy"
    for annotation, default in ((Annotated[str, marker], ...), (str, marker), (Annotated[str | None, marker], None)):
        with pytest.raises(ParameterError, match=mistake):
            raise fault_of(annotation, default=default)


def test_the_markers_of_fastapi_themselves() -> None:
    fastapi = pytest.importorskip("fastapi", reason="its markers are left over here")
    for marker in (fastapi.Depends(Plain), fastapi.Query(ge=1), fastapi.Header(), fastapi.Body(), fastapi.Depends):
        assert "means nothing here" in str(fault_of(Annotated[int, marker]))


def test_the_type_is_named() -> None:
    assert "Holder.plain" in str(fault_of(Holder))
    assert "Nowhere" in str(fault_of(Unresolved))
    assert "Nowhere" in str(fault_of("Nowhere"))


def test_pydantic_types_that_it_cannot_read_either() -> None:
    pydantic = pytest.importorskip("pydantic", reason="its types are tested here")

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        a: int

    class Unfinished(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        a: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    for annotation in (
        list[Model | Plain],
        Unfinished,
        list[Unfinished],
        Annotated[list[Model], Query()],
    ):
        assert fault_of(annotation).parameter == "value"
    assert fault_of(Model, path="/{value}").parameter == "value"


T = TypeVar("T")


class Above(TypedDict, Generic[T]):
    value: T


class Below(Above):  # type: ignore[type-arg]
    other: int


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="it remembers the bases of a TypedDict")
def test_no_variable_of_a_forgotten_base_is_taken_for_anything() -> None:
    assert "type variables in the bases of Below" in str(fault_of(Below))


@pytest.mark.parametrize("marker", [Header(alias="a b"), Header(alias="a:"), Cookie(alias="a;b"), Cookie(alias="a=b")])
def test_a_name_that_no_request_can_have(marker: Any) -> None:
    assert f"name {marker.alias!r}" in fault_of(Annotated[str, marker]).problem


@pytest.mark.parametrize("key", [tuple, list[int], tuple[int, int], Annotated[list[int] | int, "documented"]])
def test_keys_that_no_json_can_have(key: Any) -> None:
    assert "the keys of JSON are text" in str(fault_of(Annotated[dict[key, int], Body()]))


def test_a_mock_is_no_handler() -> None:
    app = VelociPy()
    app.add_route("/", AsyncMock())
    with pytest.raises(StartupErrorGroup, match=r"AsyncMock\(\), parameter '\*args'"):
        app.freeze()
