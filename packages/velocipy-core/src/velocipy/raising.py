"""What a handler or dependency declares to raise. It is for documents alone: no request is answered otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import isroutine
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from velocipy.errors import HTTPException
from velocipy.status import STATUS_PHRASES
from velocipy.types import UNSET

Declared = TypeVar("Declared", bound=Callable[..., Any])


class Raised(NamedTuple):
    """An error that a callable declares to raise, in its attribute `raises`, a tuple of these.

    Attributes:
        status_code: Of the answer.
        description: When that is, in a sentence.
        headers: What the header fields of the answer tell, by their names.
        model: The type of its body; `UNSET` for the one that errors have.
        exception: The class that is raised, if it was told.
        only_with_scopes: Whether it happens only where `Security(..., scopes=[...])` asks for some.
    """

    status_code: int
    description: str = ""
    headers: Mapping[str, str] = MappingProxyType({})
    model: Any = UNSET
    exception: type[Exception] | None = None
    only_with_scopes: bool = False


def raises(
    error: int | type[HTTPException],
    description: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    model: Any = UNSET,
) -> Callable[[Declared], Declared]:
    """Return a decorator that declares what a handler or dependency raises; several may stand above each other.

    An object that can be called may have the attribute `raises` instead, a tuple of `Raised`.

    Args:
        error: A status, or a class of `HTTPException`, of which one can be made without arguments.
        description: When it is raised; what the exception says, or the phrase of the status, by default.
        headers: What the header fields of the answer tell, by their names.
        model: The type of the body, where it is another than that of errors, or `detail` is no text.

    Raises:
        TypeError: If *error* is neither, or does not tell its status.
        ValueError: If the status is none of a response.
    """
    exception = None
    if isinstance(error, type) and issubclass(error, HTTPException):
        exception = error
        try:
            raised: Any = error()  # type: ignore[call-arg]
        except TypeError:
            raise TypeError(f"{error.__name__} does not tell its status without arguments; say raises(404)") from None
    elif isinstance(error, int):
        raised = HTTPException(error)
    else:
        raise TypeError(f"raises takes a status or a class of HTTPException, not {error!r}")
    status = raised.status_code
    if not description:
        description = raised.detail if isinstance(raised.detail, str) else STATUS_PHRASES.get(status, "")
    declared = Raised(status, description, MappingProxyType(dict(headers or {})), model, exception)

    def decorate(function: Declared) -> Declared:
        function.raises = (declared, *raised_by(function))  # type: ignore[attr-defined]
        return function

    return decorate


def raised_by(call: Callable[..., Any]) -> tuple[Raised, ...]:
    """Return what *call* declares to raise, itself or by the method that is run."""
    while isinstance(call, partial):
        call = call.func
    found = [call]
    if isinstance(call, type):
        found.append(vars(call).get("__init__", call))
    elif not isroutine(call):
        found.append(type(call).__call__)
    declared = (getattr(item, "raises", ()) for item in found)
    every = [item for items in declared if isinstance(items, tuple) for item in items if isinstance(item, Raised)]
    return tuple(item for number, item in enumerate(every) if item not in every[:number])
