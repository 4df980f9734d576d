"""Dependencies: values that a handler needs and does not make itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from velocipy.routing.options import strings

__all__ = ["Depends", "Security", "SecurityScopes"]

Lifetime = Literal["request", "handler"]


class Dependency:
    """What `Depends` and `Security` say: call this for the value of the parameter."""

    __slots__ = ("call", "scope", "scopes", "use_cache")

    def __init__(
        self, call: Callable[..., Any] | None, *, use_cache: bool, scope: Lifetime, scopes: tuple[str, ...] = ()
    ) -> None:
        if scope not in ("request", "handler"):
            raise ValueError(f"scope={scope!r} is neither 'request' nor 'handler'")
        self.call = call
        self.use_cache = use_cache
        self.scope: Lifetime = scope
        self.scopes = scopes

    def __repr__(self) -> str:
        name = getattr(self.call, "__name__", self.call)
        return f"Security({name}, scopes={[*self.scopes]})" if self.scopes else f"Depends({name})"


class SecurityScopes:
    """The scopes that were asked for on the way to a dependency, which has a parameter of this type.

    Attributes:
        scopes: What each `Security` on the way says, the outermost first, each once.
        scope_str: The same in one text, with spaces between (RFC 6749 section 3.3).
    """

    __slots__ = ("scope_str", "scopes")

    def __init__(self, scopes: tuple[str, ...] = ()) -> None:
        self.scopes = scopes
        self.scope_str = " ".join(scopes)


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
    return Dependency(dependency, use_cache=use_cache, scope=scope)


def Security(  # noqa: N802
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Iterable[str] = (),
    use_cache: bool = True,
    scope: Lifetime = "request",
) -> Any:
    """Do what `Depends` does, and ask for *scopes*: of *dependency* and of all that it depends on.

    These take them by a parameter of the type `SecurityScopes`, and are called once for each set of scopes.

    Args:
        dependency, use_cache, scope: As in `Depends`.
        scopes: Names such as "items:read" (RFC 6749 section 3.3).

    Raises:
        TypeError: If *scopes* is one text.
        ValueError: If *scope* is neither "request" nor "handler".
    """
    return Dependency(dependency, use_cache=use_cache, scope=scope, scopes=strings("scopes", scopes))
