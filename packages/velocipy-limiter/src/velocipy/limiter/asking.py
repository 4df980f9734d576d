"""The options that dependencies of a limiter have in common: a value, or what makes it of each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, isawaitable
from typing import Annotated, Any

from velocipy import Depends, HTTPConnection
from velocipy.limiter.backend import Identity
from velocipy.limiter.identifiers import Identifier

_DEPENDS = type(Depends())


def is_dependency(option: object) -> bool:
    """Tell whether *option* makes its value of each request: a `Depends`, or what can be called."""
    return not isinstance(option, Identifier) and (is_marker(option) or callable(option))


def is_marker(option: object) -> bool:
    """Tell whether *option* is a `Depends`."""
    return isinstance(option, _DEPENDS)


def check_identifier(identifier: object) -> None:
    """Refuse what tells nobody.

    Raises:
        TypeError: If it is neither text, nor an `Identifier`, nor a dependency.
    """
    if not (isinstance(identifier, (str, Identifier)) or is_dependency(identifier)):
        raise TypeError(
            f"identifier is {identifier!r}; give a function, Depends(function), or one of velocipy.limiter.identifiers "
            "such as header('X-Tenant')"
        )


def finder_of(identifier: Any) -> Callable[[HTTPConnection], Identity]:
    """Return what tells who is counted, where *identifier* is no dependency."""
    return identifier.find if isinstance(identifier, Identifier) else lambda connection: identifier


def take(function: Callable[..., Any], options: Mapping[str, Any], *given: Parameter) -> None:
    """Have the dependency *function* take the connection, what is *given*, and the values of *options*.

    All by keyword: as a decorator, which it is not, it would hand back something that never limits; so it raises.
    """
    parameters = [Parameter("connection", Parameter.KEYWORD_ONLY, annotation=HTTPConnection), *given]
    for name, option in options.items():
        marker = option if is_marker(option) else Depends(option)
        parameters.append(Parameter(name, Parameter.KEYWORD_ONLY, annotation=Annotated[Any, marker]))
    function.__signature__ = Signature(parameters)  # type: ignore[attr-defined]


async def value_of(option: Any, connection: HTTPConnection) -> Any:
    """Return the value of *option* for middleware, of which functions take the connection alone."""
    if isinstance(option, Identifier):
        return option.find(connection)
    if not callable(option):
        return option
    value = option(connection)
    return await value if isawaitable(value) else value
