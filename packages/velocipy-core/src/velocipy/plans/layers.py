"""Middleware around plans and around the whole application.

What a middleware awaits is the coroutine of the next one, and in the end that of the plan; each turns errors into
responses itself. A middleware of a user costs two frames on the way to the handler, its own and the one that does so,
the outermost one alone; those of `velocipy.middleware` that need nobody to look after them cost one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from velocipy.errors import StartupError
from velocipy.http.connection import HTTPConnection
from velocipy.http.middleware import (
    BaseMiddleware,
    HTTPApp,
    Middleware,
    MiddlewareFunc,
    WebSocketApp,
    leaves_own_responses,
)
from velocipy.http.request import Request
from velocipy.http.response import Response, json_response
from velocipy.http.websocket import WebSocket
from velocipy.places import shown_place
from velocipy.plans.plan import Plan
from velocipy.plans.results import Answers, meet, not_a_response
from velocipy.plans.signature import call_kind, find_place
from velocipy.types import ASGIApp, Receive, Scope, Send


class _Inner:
    """What a middleware stands around; it stays the same when the application freezes again."""

    def __init__(self) -> None:
        self.app: HTTPApp | None = None

    def __call__(self, request: Request) -> Awaitable[Response]:
        assert self.app is not None
        return self.app(request)


class _InnerASGI:
    """Does as `_Inner` for middleware of ASGI."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Layers:
    """Makes the middleware of one application, each once."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[Any, Any]] = {}  # each with what it stands around

    def around(
        self, app: HTTPApp, middleware: Sequence[Middleware], faults: list[StartupError], place: Hashable = None
    ) -> HTTPApp:
        """Return *app* with *middleware* around it, the first outermost; add a fault for each that cannot be made.

        Args:
            app: What answers within.
            middleware: As it was declared.
            faults: Where mistakes go.
            place: What tells this chain from others of the application.
        """
        layers = [
            (dispatch, inner)
            for made, inner in self._all(middleware, faults, place)
            if (dispatch := made if _is_function(made) else _overridden(made, "dispatch")) is not None
        ]
        for left, (dispatch, inner) in enumerate(layers, 1 - len(layers)):
            inner.app = app
            is_watched = left < 0 and not leaves_own_responses(dispatch)
            app = _watched(dispatch, app) if is_watched else _link(dispatch, app)
        return app

    def around_websocket(
        self,
        app: WebSocketApp,
        middleware: Sequence[Middleware],
        faults: list[StartupError],
        place: Hashable = None,
    ) -> WebSocketApp:
        """Do as `around` for WebSockets, with those that have something to do there."""
        for made, _ in self._all(middleware, faults, place):
            dispatch = _overridden(made, "dispatch_websocket")
            if dispatch is not None:
                app = _link(dispatch, app)
        return app

    def around_asgi(self, app: ASGIApp, middleware: Sequence[Middleware], faults: list[StartupError]) -> ASGIApp:
        """Do as `around` for middleware of ASGI."""
        for item in reversed(middleware):
            key = (item, "asgi")
            try:
                if key not in self._made:
                    inner = _InnerASGI()
                    self._made[key] = _make_asgi(item, inner), inner
            except Exception as error:  # whatever it says of its options
                problem = f"the ASGI middleware {item!r} cannot be made: {error}."
                faults.append(StartupError(problem, "Correct it, or its options.", place=shown_place(*item.written)))
                continue
            made, inner = self._made[key]
            inner.app = app
            app = made
        return app

    def _all(
        self, middleware: Sequence[Middleware], faults: list[StartupError], place: Hashable
    ) -> Iterator[tuple[Any, _Inner]]:
        """Yield each middleware as it was made, the innermost first."""
        for item in reversed(middleware):
            try:
                made = self._make(item, place)
            except Exception as error:  # whatever the class says of its options
                problem = f"the middleware {item!r} cannot be made: {error}."
                faults.append(StartupError(problem, "Correct it, or its options.", place=shown_place(*item.written)))
            else:
                yield made

    def _make(self, item: Middleware, place: Hashable) -> tuple[Any, _Inner]:
        takes_app = inspect.isclass(item.factory) and "app" in inspect.signature(item.factory).parameters
        key = (item, place if takes_app else None)
        if key not in self._made:
            inner = _Inner()
            made: Any = item.factory
            if inspect.isclass(made):
                made = made(**({"app": inner} if takes_app else {}), **item.options)
            elif item.options:
                raise TypeError("it takes no options, for it is no class")
            _check(made)
            self._made[key] = made, inner
        return self._made[key]


def read_sources(middleware: Sequence[Middleware], faults: list[StartupError]) -> dict[Any, Callable[..., Any]]:
    """Return what makes the values of parameters within *middleware*, by their types; the innermost counts most."""
    found: dict[Any, Callable[..., Any]] = {}
    for item in middleware:
        sources = getattr(item.factory, "parameter_sources", None)
        if sources is None:
            continue
        if isinstance(sources, Mapping) and all(isinstance(cls, type) and callable(sources[cls]) for cls in sources):
            found.update(sources)
            continue
        problem = f"the middleware {item!r} has the parameter_sources {sources!r}, which are no functions by types."
        remedy = "Its authors may write parameter_sources = {Type: function}."
        faults.append(StartupError(problem, remedy, **find_place(item.factory)._asdict()))
    return found


def _is_function(made: Any) -> bool:
    return not hasattr(made, "dispatch") and not hasattr(made, "dispatch_websocket")


def _overridden(made: Any, name: str) -> Any:
    """Return the method *name* of a middleware; None if it has none, or that of `BaseMiddleware`."""
    method = getattr(made, name, None)
    return None if getattr(method, "__func__", method) is getattr(BaseMiddleware, name) else method


def _check(made: Any) -> None:
    """Refuse what is no middleware.

    Raises:
        TypeError: Which tells why.
    """
    for name, first in (("dispatch", "request"), ("dispatch_websocket", "websocket")):
        dispatch = getattr(made, name, None)
        if name == "dispatch" and _is_function(made):
            dispatch = made
        if dispatch is None:
            continue
        if not callable(dispatch):
            raise TypeError(f"it has no {name}({first}, call_next)")
        try:
            inspect.signature(dispatch).bind(None, None)
        except TypeError:
            if "receive" in inspect.signature(dispatch).parameters:
                raise TypeError("it is middleware of ASGI; add it with add_asgi_middleware()") from None
            raise TypeError(f"it does not take the two arguments ({first}, call_next)") from None
        if call_kind(dispatch) != "async":
            raise TypeError("it is not declared async")


def _make_asgi(item: Middleware, inner: _InnerASGI) -> ASGIApp:
    """Make what stands around *inner*.

    Raises:
        TypeError: If it is no middleware of ASGI; or what it raises itself.
    """
    ours = TypeError("it is middleware of VelociPy; add it with add_middleware()")
    if not inspect.isclass(item.factory) and "call_next" in inspect.signature(item.factory).parameters:
        raise ours
    made: Any = item.factory
    made = made(inner, **item.options)
    if not callable(made):
        raise ours if hasattr(made, "dispatch") or hasattr(made, "dispatch_websocket") else _no_asgi(made)
    try:
        inspect.signature(made).bind(None, None, None)
    except TypeError:
        raise _no_asgi(made) from None
    return made  # type: ignore[no-any-return]


def _no_asgi(made: Any) -> TypeError:
    if inspect.iscoroutine(made):
        made.close()
    return TypeError(f"called with an application, it returns a {type(made).__name__}, which is no ASGI application")


def _link(dispatch: Callable[[Any, Any], Any], call_next: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what has *dispatch* answer a request or serve a WebSocket, around *call_next*."""

    def call(connection: HTTPConnection) -> Any:
        return dispatch(connection, call_next)

    return call


def _watched(dispatch: MiddlewareFunc, call_next: HTTPApp) -> HTTPApp:
    """Return what those outside see of a middleware: whatever it does, a response that they may change."""

    async def call(request: Request) -> Response:
        try:
            response = await dispatch(request, call_next)
            if not isinstance(response, Response):
                raise not_a_response(response)
            return (await meet(request, response)).copy()
        except BaseException as error:
            return await request.app._failures.answer(request, error)

    return call


def answered(plan: Plan, request: Request) -> Awaitable[Response]:
    """Have *plan* answer *request*, and turn its result or its error into a response."""
    if plan.answers_errors:
        return plan.run(request, request._path_values)
    return _answer(plan, request)


async def _answer(plan: Plan, request: Request) -> Response:
    try:
        answer = plan.results.finish(await plan.run(request, request._path_values))
        if isinstance(answer, bytes):
            return json_response(answer, plan.status)
        return (await meet(request, answer)).copy()
    except BaseException as error:
        return await request.app._failures.answer(request, error)


def lay_around(plan: Plan, app: HTTPApp) -> None:
    """Have *plan* answer by *app*, which stands around it."""

    def run(request: Request, values: Sequence[str]) -> Awaitable[Response]:
        return app(request)

    plan.run, plan.results, plan.takes_request, plan.answers_errors = run, Answers(plan.results), True, False


def routed(find: Callable[[str, str], tuple[Plan, Sequence[str]]]) -> HTTPApp:
    """Return what has the plan answer that *find* returns: what stands within the middleware of an application."""

    def route(request: Request) -> Awaitable[Response]:
        request._plan, request._path_values = find(request.method, request.path)
        return answered(request._plan, request)

    return route


def served(plan: Plan, websocket: WebSocket) -> Awaitable[None]:
    """Have *plan* serve *websocket*."""
    return plan.run(websocket, websocket._path_values)


def lay_around_websocket(plan: Plan, app: WebSocketApp) -> None:
    """Have *plan* serve by *app*, which stands around it."""

    def run(websocket: WebSocket, values: Sequence[str]) -> Awaitable[None]:
        return app(websocket)

    plan.run = run


def routed_websocket(find: Callable[[str], tuple[Plan, Sequence[str]]]) -> WebSocketApp:
    """Do as `routed` for WebSockets."""

    def route(websocket: WebSocket) -> Awaitable[None]:
        websocket._plan, websocket._path_values = find(websocket.path)
        return served(websocket._plan, websocket)

    return route
