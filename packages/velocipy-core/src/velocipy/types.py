"""Aliases and small classes for annotations.

PERF: without annotations as text, which are dear to import in a NamedTuple or TypedDict.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = [
    "UNSET",
    "ASGIApp",
    "ExceptionHandler",
    "ExceptionKey",
    "Handler",
    "Lifespan",
    "Receive",
    "Scope",
    "Secret",
    "Selection",
    "Send",
    "State",
]

Handler = Callable[..., Any]
"""What answers a route: async or plain, a function or anything that can be called."""

Lifespan = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""Takes the application, starts what it needs, yields nothing or the lifespan state, and ends it again."""

ExceptionHandler = Callable[[Any, Any], Any | Awaitable[Any]]
"""Takes the request and the exception, and returns what a route may return."""

ExceptionKey = int | type[Exception]
"""A status code or a class of exceptions."""

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An application of ASGI 3."""


class State(dict[str, Any]):
    """A dict whose items are attributes as well: `state.pool` is `state["pool"]`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"the state has no {name!r}; it has {sorted(self) or 'nothing yet'}. "
                "Set it in the lifespan, or run the application with one"
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None


Hidden_co = TypeVar("Hidden_co", covariant=True)


class Secret(Generic[Hidden_co]):
    """A value that is not seen by accident: only `get_secret_value()` gives it.

    Its text, its repr and its JSON are stars, in logs and tracebacks as in answers. It cannot be changed. Pickled, it
    is as readable as any value.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Hidden_co) -> None:
        object.__setattr__(self, "_value", value)

    def get_secret_value(self) -> Hidden_co:
        """Return the value itself."""
        value: Hidden_co = self._value  # type: ignore[attr-defined]
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Secret cannot be changed: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Secret cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self.get_secret_value() == other.get_secret_value())

    def __hash__(self) -> int:
        return hash((Secret, self.get_secret_value()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, (self.get_secret_value(),)

    def __str__(self) -> str:
        return STARS

    def __repr__(self) -> str:
        return f"Secret({STARS!r})"


STARS = "**********"
"""What is seen of a secret, however long it is."""


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()
"""Stands for what was not given, where None and ... mean something."""


class Selection(NamedTuple):
    """Which fields of a declared type leave: of the outermost objects, by name.

    `by_alias`, `exclude_unset` and `exclude_defaults` are for models that know them: pydantic's.
    """

    include: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()
    exclude_none: bool = False
    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
