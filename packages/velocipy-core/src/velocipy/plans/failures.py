"""From an exception to an answer: by status, then by class, then the default."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from velocipy.concurrency import WorkerPool, call_plain
from velocipy.errors import ClientDisconnect, HTTPException, ValidationError
from velocipy.http.connection import HTTPConnection
from velocipy.http.response import JSONResponse, Response
from velocipy.plans.debug_page import debug_response
from velocipy.plans.exits import unwind
from velocipy.plans.results import Results, meet
from velocipy.plans.signature import call_kind
from velocipy.status import STATUS_PHRASES
from velocipy.types import ExceptionHandler, ExceptionKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from velocipy.plugin import OnException
    from velocipy.routing.plugged import Owner

_logger = logging.getLogger("velocipy")


class Failures:
    """Answers the failures of one application.

    Args:
        handlers: What answers, by exception class or status code.
        results: Turns what a handler returns into a response.
        debug: Whether an answer to an unhandled exception tells its traceback.
        problem_details: Whether errors are told as application/problem+json (RFC 9457).
        pool: Where plain handlers run.
        on_exception: What plugins of the whole application want to be told of.
    """

    def __init__(
        self,
        handlers: Mapping[int | type[Exception], ExceptionHandler],
        results: Results,
        *,
        debug: bool,
        problem_details: bool,
        pool: WorkerPool,
        on_exception: Sequence[tuple[Owner, OnException]] = (),
    ) -> None:
        self._handlers = dict(handlers)
        self._results = results
        self._debug = debug
        self._problem_details = problem_details
        self._pool = pool
        self._on_exception = on_exception

    def answers_plainly(self, error: Exception) -> bool:
        """Tell whether *error* is answered with `{"detail": ...}`."""
        return not self._problem_details and self._find(error) is None

    def handles(self, connection: HTTPConnection, error: Exception) -> bool:
        """Tell whether the application has a handler of its own for *error* there."""
        return self._find(error, connection) is not None

    async def answer(self, request: HTTPConnection, error: BaseException) -> Response:
        """Return the answer to *error*, which is raised first where dependencies left something open.

        Raises:
            BaseException: *error* itself, if it is no `Exception` (a cancelled task has no answer).
        """
        if request._exits is not None:
            error = await unwind(request, error) or error
        if not isinstance(error, Exception):
            raise error
        handler = self._find(error, request)
        expected = handler is not None or isinstance(error, (HTTPException, ClientDisconnect))
        if not expected:
            handler = next((handlers[500] for handlers in self._chain(request) if 500 in handlers), None)
        if handler is not None:
            try:
                if call_kind(handler) == "async":
                    result = await handler(request, error)
                else:
                    result = await call_plain(self._pool, handler, request, error)
                answer = await meet(request, self._results.own_response(result))
                if not expected:  # the handler makes the page; that something went wrong is told as ever
                    self._log(request, error)
                return answer
            except Exception as failure:  # the handler chose another answer, or failed itself
                if failure is not error and failure.__context__ is None:
                    failure.__context__ = error  # or what it was called for would be lost
                error = failure
        if isinstance(error, ClientDisconnect):  # who has left sees nothing; who only stopped sending does
            error = HTTPException(400, "The request ended before its body was whole")
        if isinstance(error, HTTPException):
            try:
                return self.default(error)
            except (TypeError, ValueError) as failure:  # its detail has no JSON, or a header cannot be sent
                error = failure
        return self.unhandled(request, error)

    def default(self, error: HTTPException) -> Response:
        """Return the answer that an `HTTPException` describes."""
        if self._problem_details:
            content = _problem(error)
            response = JSONResponse(content, error.status_code, error.headers, "application/problem+json")
        else:
            response = JSONResponse({"detail": error.detail}, error.status_code, error.headers)
        response.bind(self._results.encode)
        return response

    def unhandled(self, request: HTTPConnection, error: BaseException) -> Response:
        """Log *error* and return a 500 that tells nothing of it, unless in debug."""
        self._log(request, error)
        if self._debug:
            return debug_response(request, error)
        return self.default(HTTPException(500))

    def _log(self, request: HTTPConnection, error: BaseException) -> None:
        route = request._plan.route
        told = {
            "method": request.method,
            "path": request.path,
            "route": route.path if route else None,
            "request_id": request.id,
        }
        message = "unhandled error in %(method)s %(path)r, route %(route)r, request %(request_id)s"
        _logger.error(message, told, exc_info=error, extra={"request": told})
        self._tell(request, error)

    def _tell(self, request: HTTPConnection, error: BaseException) -> None:
        """Call the hooks of plugins, those of the innermost router first."""
        route = request._plan.route
        hooks = self._on_exception if route is None else [hook for item in route.plugged for hook in item.on_exception]
        for owner, hook in hooks:
            try:
                hook(request, error)
            except Exception:
                _logger.exception("on_exception of the plugin %r failed, which was told of %r", owner.name, error)

    def interrupted(self, request: HTTPConnection, error: Exception) -> None:
        """Log that a stream failed when its head had been sent."""
        _logger.error("the answer to %s %r broke off", request.method, request.path, exc_info=error)
        self._tell(request, error)

    def _find(self, error: Exception, request: HTTPConnection | None = None) -> ExceptionHandler | None:
        for handlers in self._chain(request):
            if isinstance(error, HTTPException) and error.status_code in handlers:
                return handlers[error.status_code]
            for cls in type(error).__mro__:
                if cls in handlers:
                    return handlers[cls]
        return None

    def _chain(self, request: HTTPConnection | None) -> Sequence[Mapping[ExceptionKey, ExceptionHandler]]:
        """Return the handlers of the routers around the route of *request*, the innermost first."""
        route = request._plan.route if request is not None else None
        return (self._handlers,) if route is None else route.exception_handlers


def _problem(error: HTTPException) -> dict[str, Any]:
    """Return what RFC 9457 section 3.1 wants to be told of *error*."""
    told = {"type": "about:blank", "title": STATUS_PHRASES.get(error.status_code, ""), "status": error.status_code}
    if isinstance(error, ValidationError):
        return {**told, "errors": error.errors}
    return told if error.detail == told["title"] else {**told, "detail": error.detail}
