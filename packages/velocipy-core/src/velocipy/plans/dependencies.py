"""Dependencies: values that a handler needs and does not make itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

__all__ = ["Depends"]

Lifetime = Literal["request", "handler"]


class Dependency:
    """What `Depends` says: call this for the value of the parameter."""

    __slots__ = ("call", "scope", "use_cache")

    def __init__(self, call: Callable[..., Any] | None, *, use_cache: bool, scope: Lifetime) -> None:
        self.call = call
        self.use_cache = use_cache
        self.scope: Lifetime = scope

    def __repr__(self) -> str:
        return f"Depends({getattr(self.call, '__name__', self.call)})"


def Depends(  # noqa: N802
    dependency: Callable[..., Any] | None = None, *, use_cache: bool = True, scope: Lifetime = "request"
) -> Any:
    """Have the value of a parameter made by *dependency*, before the handler runs.

    It takes the same parameters as a handler. A function, a class, or anything that can be called; async or plain
    (then it runs in a worker thread). A generator goes on after the answer was sent, and has an error of the handler
    raised at its `yield`. A context manager that it returns is entered, and left in the same way.

    Args:
        dependency: What to call; None stands for the class in the annotation.
        use_cache: Whether the value is made once for a request, however many ask for it.
        scope: How long what it opens stays open: "request" until the answer was sent, "handler" until the answer was
            made.

    Raises:
        ValueError: If *scope* is neither.
    """
    if scope not in ("request", "handler"):
        raise ValueError(f"scope={scope!r} is neither 'request' nor 'handler'")
    return Dependency(dependency, use_cache=use_cache, scope=scope)
