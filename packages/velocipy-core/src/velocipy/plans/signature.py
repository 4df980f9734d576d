"""Reads a callable once: its parameters with their annotations resolved, how it must be called, where it stands."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Awaitable, Callable, Sequence
from types import CodeType, SimpleNamespace
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from velocipy.conversion.table import union_members, unwrap
from velocipy.errors import ParameterError
from velocipy.places import shown_file, shown_place

Kind = Literal["async", "plain", "made", "items", "async generator", "generator", "async context", "context"]
"""How a callable must be called; "made" is a class that does nothing at that."""

MISSING = inspect.Parameter.empty


class UnreadableSignature(TypeError):
    """A callable does not tell its parameters."""


class Parameter(NamedTuple):
    """A parameter as it was written, its annotation resolved; `MISSING` for what it has not."""

    name: str
    annotation: Any
    default: Any
    positional: bool


class Place(NamedTuple):
    """Where a callable stands: for messages."""

    place: str
    handler: str


def find_place(call: Callable[..., Any]) -> Place:
    """Return "file:line" and the name of a callable, whatever it is wrapped in."""
    function = function_of(call)
    name = getattr(function, "__qualname__", None) or type(call).__qualname__
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        module = sys.modules.get(getattr(function, "__module__", ""))
        file = getattr(module, "__file__", None)
        return Place(shown_file(file) if file else "", name)
    return Place(shown_place(code.co_filename, code.co_firstlineno), name.rpartition("<locals>.")[2])


def function_of(call: Any) -> Any:
    """Return the function whose code runs in the end: below partial, wraps, methods, `__call__` and `__init__`."""
    while True:
        if isinstance(call, functools.partial):
            call = call.func
        elif inspect.ismethod(call):
            call = call.__func__
        elif hasattr(call, "__wrapped__"):
            call = call.__wrapped__
        elif isinstance(call, type):
            initializer: Any = vars(call).get("__init__", call)
            return initializer if hasattr(initializer, "__code__") else call
        elif inspect.isfunction(call) or not hasattr(vars(type(call)).get("__call__"), "__code__"):
            return call
        else:
            call = type(call).__call__


def call_kind(call: Any) -> Kind:
    """Return how *call* must be called."""
    while isinstance(call, functools.partial):
        call = call.func
    if not isinstance(call, type) and not inspect.isroutine(call):
        call = type(call).__call__
    if inspect.iscoroutinefunction(call):
        return "async"
    if inspect.isasyncgenfunction(call):
        return "async generator"
    if inspect.isgeneratorfunction(call):
        return "generator"
    wrapped = inspect.unwrap(call) if hasattr(call, "__wrapped__") else call
    if wrapped is not call:  # @asynccontextmanager and @contextmanager
        if inspect.isasyncgenfunction(wrapped):
            return "async context"
        if inspect.isgeneratorfunction(wrapped):
            return "context"
    return "plain"


def path_check(names: Sequence[str]) -> Callable[..., Any]:
    """Return a dependency that takes these values of the path, so that they are checked."""

    async def check_path_values(**values: Any) -> None: ...

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    check_path_values.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return check_path_values


def read_parameters(
    call: Callable[..., Any], namespace: dict[str, Any] | None, faults: list[Any], names: set[str]
) -> list[Parameter]:
    """Return the parameters of *call*; add a `ParameterError` for each that cannot be read.

    Args:
        call: A handler or dependency.
        namespace: Local names that its annotations may mean, besides those of its module.
        faults: Where the mistakes go.
        names: Where the names of all parameters go, also of those that cannot be read.

    Returns:
        The parameters which could be read.

    Raises:
        UnreadableSignature: If *call* has no signature, as most builtins.
    """
    try:
        signature = _signature(call)
    except (ValueError, TypeError) as error:
        raise UnreadableSignature(str(error)) from None
    function = function_of(call)
    known = _globals(function)
    local = _local(function, namespace)
    bound = call.keywords if isinstance(call, functools.partial) else {}
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.name in bound:
            continue
        names.add(parameter.name)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            faults.append(
                ParameterError(
                    "the parameter could be anything.",
                    "Name each parameter; if a decorator put it there, use functools.wraps in it.",
                    parameter=str(parameter).partition(":")[0],
                    **find_place(call)._asdict(),
                )
            )
            continue
        try:
            annotation = _resolve(parameter.annotation, known, local)
        except Exception as error:
            faults.append(
                ParameterError(
                    f"the annotation {_written(parameter.annotation)} cannot be resolved: {error}.",
                    "Import the name where the program runs (not under TYPE_CHECKING alone), or correct it.",
                    parameter=parameter.name,
                    **find_place(call)._asdict(),
                )
            )
            continue
        positional = parameter.kind is not parameter.KEYWORD_ONLY
        parameters.append(Parameter(parameter.name, annotation, parameter.default, positional))
    return parameters


def read_return(call: Callable[..., Any], namespace: dict[str, Any] | None) -> Any:
    """Return the annotation of what *call* returns, or of what comes of that when awaited; MISSING if there is none.

    Raises:
        Exception: Of any kind, if it cannot be resolved; nobody knows then what may leave.
    """
    function = function_of(call)
    try:
        annotation = _signature(call).return_annotation
    except (ValueError, TypeError):  # of a builtin
        return MISSING
    local = _local(function, namespace)
    return _awaited(_resolve(annotation, _globals(function), local))


def _globals(function: Any) -> dict[str, Any]:
    """Return the names that the annotations of *function* may mean: those of the module where it is written."""
    callables: tuple[Any, ...] = (function, type(function).__call__)  # an instance may have inherited its call
    for written in callables:
        if hasattr(written, "__globals__"):
            found: dict[str, Any] = written.__globals__
            return found
    return vars(sys.modules.get(getattr(function, "__module__", ""), typing))  # of a builtin


def _awaited(annotation: Any) -> Any:
    plain, _ = unwrap(annotation)
    members = union_members(plain)
    if members:
        return Union[tuple(map(_awaited, members))]  # noqa: UP007
    origin = get_origin(plain)
    if isinstance(origin, type) and issubclass(origin, Awaitable):
        return _awaited(get_args(plain)[-1])  # the last one of a Coroutine
    return annotation


def _signature(call: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        return inspect.signature(call, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(call)


def _resolve(annotation: Any, known: dict[str, Any], local: dict[str, Any]) -> Any:
    if annotation is MISSING:
        return annotation
    holder = SimpleNamespace(__annotations__={"it": annotation})
    return typing.get_type_hints(holder, known, local, include_extras=True)["it"]


def _local(function: Any, namespace: dict[str, Any] | None) -> dict[str, Any]:
    parameters = {parameter.__name__: parameter for parameter in getattr(function, "__type_params__", ())}
    return {**_closure(function), **(namespace or {}), **parameters}


def _closure(function: Any) -> dict[str, Any]:
    if not inspect.isfunction(function):  # an object that has every attribute may stand in for one
        return {}
    names = function.__code__.co_freevars
    cells = function.__closure__ or ()
    found = {}
    for name, cell in zip(names, cells, strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not yet filled
            continue
    return found


def _written(annotation: Any) -> str:
    return repr(annotation) if isinstance(annotation, str) else str(annotation)
