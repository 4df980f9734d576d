"""Middleware around plans and around the whole application.

What a middleware awaits is the coroutine of the next one, and in the end that of the plan; each turns errors into
responses itself. A middleware of a user costs two frames on the way to the handler, its own and the one that does so,
the outermost one alone; those of `velocipy.middleware` that need nobody to look after them cost one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

from velocipy.errors import StartupError
from velocipy.http.middleware import HTTPApp, Middleware, MiddlewareFunc, leaves_own_responses
from velocipy.http.request import Request
from velocipy.http.response import Response, json_response
from velocipy.plans.plan import Plan
from velocipy.plans.results import Answers, meet, not_a_response
from velocipy.plans.signature import call_kind, find_place


class _Inner:
    """What a middleware stands around; it stays the same when the application freezes again."""

    def __init__(self) -> None:
        self.app: HTTPApp | None = None

    def __call__(self, request: Request) -> Awaitable[Response]:
        assert self.app is not None
        return self.app(request)


class Layers:
    """Makes the middleware of one application, each once."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[MiddlewareFunc, _Inner]] = {}

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
        for index, item in reversed([*enumerate(middleware)]):
            try:
                dispatch, inner = self._make(item, place)
            except Exception as error:  # whatever the class says of its options
                problem = f"the middleware {item!r} cannot be made: {error}."
                where = find_place(item.factory)._asdict()
                faults.append(StartupError(problem, "Correct it, or its options.", **where))
                continue
            inner.app = app
            watched = index > 0 and not leaves_own_responses(dispatch)
            app = _watched(dispatch, app) if watched else _link(dispatch, app)
        return app

    def _make(self, item: Middleware, place: Hashable) -> tuple[MiddlewareFunc, _Inner]:
        takes_app = inspect.isclass(item.factory) and "app" in inspect.signature(item.factory).parameters
        key = (item, place if takes_app else None)
        if key not in self._made:
            inner = _Inner()
            self._made[key] = _dispatch(item, {"app": inner} if takes_app else {}), inner
        return self._made[key]


def _dispatch(item: Middleware, app: dict[str, Any]) -> MiddlewareFunc:
    made: Any = item.factory
    if inspect.isclass(made):
        made = made(**app, **item.options)
    elif item.options:
        raise TypeError("it takes no options, for it is no class")
    dispatch = getattr(made, "dispatch", made)
    if not callable(dispatch):
        raise TypeError("it has no dispatch(request, call_next)")
    try:
        inspect.signature(dispatch).bind(None, None)
    except TypeError:
        if "receive" in inspect.signature(dispatch).parameters:
            raise TypeError("it is middleware of ASGI; add it with add_asgi_middleware()") from None
        raise TypeError("it does not take the two arguments (request, call_next)") from None
    if call_kind(dispatch) != "async":
        raise TypeError("it is not declared async")
    return dispatch  # type: ignore[no-any-return]


def _link(dispatch: MiddlewareFunc, call_next: HTTPApp) -> HTTPApp:
    def call(request: Request) -> Awaitable[Response]:
        return dispatch(request, call_next)

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
