"""What ends a handler before its end, or keeps it from that: time, and a client that leaves.

They stand directly around the plan of a route that asks for them, so that dependencies see the error at their `yield`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

from velocipy.concurrency import while_there
from velocipy.errors import ClientDisconnect, HTTPException
from velocipy.http.exits import Exits, open_exits
from velocipy.plans.exits import leave

if TYPE_CHECKING:
    from velocipy.http.request import Request
    from velocipy.http.websocket import WebSocket
    from velocipy.plans.plan import Plan, Run
    from velocipy.routing.options import Limits

_UNSET: Any = object()


def has_policies(limits: Limits) -> bool:
    """Tell whether anything of *limits* has to stand around a plan."""
    return limits.timeout is not None or limits.on_disconnect is not None


def lay_policies(plan: Plan) -> None:
    """Put what the limits of *plan* ask for around it."""
    run = plan.run
    if plan.limits.timeout is not None:
        run = _within(run, plan.limits.timeout)
    cancelled = _cancelled_websocket if plan.route is not None and plan.route.is_websocket else _cancelled
    around = {None: lambda run: run, "cancel": cancelled, "finish": _finished, "notify": _notified}
    plan.run, plan.takes_request = around[plan.limits.on_disconnect](run), True


def _within(run: Run, seconds: float) -> Run:
    """Have what takes longer than *seconds* be a 504; sending the answer does not count."""

    async def run_within(request: Request, values: Sequence[str]) -> Any:
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                return await run(request, values)
        except TimeoutError:
            if not scope.expired():
                raise
            raise HTTPException(504) from None

    return run_within


def _notified(run: Run) -> Run:
    """Watch for the client from the start, so that it is known at once that it has left."""

    async def run_watched(request: Request | WebSocket, values: Sequence[str]) -> Any:
        request._watch()
        return await run(request, values)

    return run_watched


def _cancelled(run: Run) -> Run:
    """Cancel the handler where it waits when the client leaves."""

    async def run_while_wanted(request: Request, values: Sequence[str]) -> Any:
        async with while_there(request._watch()):
            return await run(request, values)

    return run_while_wanted


def _cancelled_websocket(run: Run) -> Run:
    """Do as `_cancelled`; who receives or sends meets the end as ever, and is not cancelled for it."""

    async def run_while_open(websocket: WebSocket, values: Sequence[str]) -> Any:
        try:
            async with while_there(websocket._watch()):
                return await run(websocket, values)
        except ClientDisconnect:
            raise websocket._disconnect() from None

    return run_while_open


def _finished(run: Run) -> Run:
    """Have the handler run to its end, and its dependencies close, also where the server cancels the request.

    Gunicorn's ASGI worker does so 3 s after the client left. The handler has a task of its own; that of the request
    waits for it, and goes on as if it had not been cancelled.
    """

    async def run_to_the_end(request: Request, values: Sequence[str]) -> Any:
        outer = open_exits(request)
        apart = _Apart(run, request, values)
        request.app._background.keep(apart.task)
        current = asyncio.current_task()
        while not apart.answered.done():
            try:
                await asyncio.wait({apart.answered})
            except asyncio.CancelledError:
                if current is not None:
                    current.uncancel()
        apart.hand_over(request, outer)
        return apart.answered.result()

    return run_to_the_end


class _Apart:
    """A handler in a task of its own, which closes there what the handler and its dependencies have opened.

    So what they open sees one task and one context from its beginning to its end, as everywhere else.

    Attributes:
        answered: What the handler returns or raises.
    """

    def __init__(self, run: Run, request: Request, values: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[Any] = loop.create_future()
        self._closing: asyncio.Future[BaseException | None] = loop.create_future()
        self._exits = request._exits = Exits()
        self._context = copy_context()
        name = f"{request.method} {request.path!r}"
        self.task = loop.create_task(self._serve(run, request, values), name=name, context=self._context)

    async def _serve(self, run: Run, request: Request, values: Sequence[str]) -> bool | None:
        error: BaseException | None = None
        try:
            self.answered.set_result(await run(request, values))
        except BaseException as failure:
            self.answered.set_exception(failure)
            error = failure
        if not isinstance(error, asyncio.CancelledError):
            try:
                error = await self._closing
            except asyncio.CancelledError as cancelled:  # at the end of the application
                error = cancelled
        return await leave(self._exits, error)

    def hand_over(self, request: Request, outer: Exits) -> None:
        """Have *outer* close what is open here, and what stands around see what was set in the context."""
        request._exits = outer
        outer.background = self._exits.background or outer.background
        outer.ends += self._exits.ends
        outer.push_async_exit(self._close)
        for variable, value in self._context.items():
            if variable.get(_UNSET) is not value:
                variable.set(value)

    async def _close(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if not self._closing.done():
            self._closing.set_result(error)
        await asyncio.wait({self.task})
        return self.task.result()
