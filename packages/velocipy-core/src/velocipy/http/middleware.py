"""Middleware: what stands around handlers, on the way in and on the way out.

A middleware is a function `async (request, call_next) -> Response`, or a class with such a method, `dispatch`. It runs
in the task of the request: context variables travel both ways, and the body of a response is a stream if the handler
made one. What it finds as a response may be an error that was turned into one already.

Around WebSockets stands the method `dispatch_websocket(websocket, call_next)` of a class, if it has one. It refuses by
an exception or `websocket.deny(...)`, and sees what the handler raises.

A class may have an attribute `parameter_sources`, a mapping of types to functions: parameters of those types are made
by them, as by `Depends`, in everything that it stands around.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from velocipy.http.request import Request
from velocipy.http.response import Response

if TYPE_CHECKING:
    from velocipy.http.websocket import WebSocket

HTTPApp = Callable[[Request], Awaitable[Response]]
"""What answers a request: the next middleware, or the route."""

MiddlewareFunc = Callable[[Request, HTTPApp], Awaitable[Response]]
"""A middleware as a function."""

WebSocketApp = Callable[["WebSocket"], Awaitable[None]]
"""What serves a WebSocket: the next middleware, or the route."""


class BaseMiddleware:
    """A middleware as a class that is told what it stands around; override `dispatch`, `dispatch_websocket` or both.

    It is made once for the application, or, on a router or a route, once for each route.

    Args:
        app: What answers within.
    """

    def __init__(self, app: HTTPApp) -> None:
        self.app = app

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Answer *request*, or have *call_next* do it and change what comes back."""
        return await call_next(request)

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Serve *websocket*, refuse it, or have *call_next* serve it."""
        await call_next(websocket)


class OnWebSockets:
    """A function that stands around WebSockets alone."""

    def __init__(self, function: Callable[[WebSocket, WebSocketApp], Awaitable[None]]) -> None:
        self.dispatch_websocket = function


class Middleware:
    """A middleware as it is declared: the function or class, and the options with which the class is called.

    Attributes:
        written: The file and line where it is declared.
    """

    __slots__ = ("factory", "options", "written")

    def __init__(self, factory: Callable[..., Any], /, **options: Any) -> None:
        self.factory = factory
        self.options = options
        from velocipy.places import caller  # which programs without middleware do not need

        self.written = caller()

    def __repr__(self) -> str:
        options = "".join(f", {name}=..." for name in self.options)  # a value may be a secret, and this is logged
        return f"Middleware({getattr(self.factory, '__qualname__', self.factory)}{options})"


Dispatch = TypeVar("Dispatch", bound=Callable[..., Any])


def own_responses(dispatch: Dispatch) -> Dispatch:
    """Mark the `dispatch` of a built-in middleware: it raises nothing, and never returns a response that others have.

    What stands outside may change what it returns, so that nobody has to copy it in between.
    """
    dispatch.own_responses = True  # type: ignore[attr-defined]
    return dispatch


def leaves_own_responses(dispatch: Any) -> bool:
    """Tell whether *dispatch* was marked by `own_responses`; that of a subclass has its own mark or none."""
    return getattr(dispatch, "own_responses", False)


def as_middleware(item: Any, options: dict[str, Any]) -> Middleware:
    """Return *item* with *options* as a `Middleware`, which it may be already.

    Raises:
        TypeError: If it cannot be called, or is a `Middleware` and there are options besides.
    """
    if isinstance(item, Middleware):
        if options:
            raise TypeError(f"{item!r} has its options; say {', '.join(options)} there")
        return item
    if not any((callable(item), hasattr(item, "dispatch"), hasattr(item, "dispatch_websocket"))):
        problem = f"{item!r} is no middleware: give a function (request, call_next), or a class with dispatch()"
        if type(item).__name__ == Middleware.__name__:  # left over from another framework
            problem += f"; it is the Middleware of {type(item).__module__}, take velocipy.Middleware"
        raise TypeError(problem)
    return Middleware(item, **options)
