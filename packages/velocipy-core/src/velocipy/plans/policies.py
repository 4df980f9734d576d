"""What ends a handler before its end, or keeps it from that: time, and a client that leaves.

They stand directly around the plan of a route that asks for them, so that dependencies see the error at their `yield`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from velocipy.concurrency import while_there
from velocipy.errors import ClientDisconnect, HTTPException
from velocipy.http.exits import open_exits

if TYPE_CHECKING:
    from velocipy.http.request import Request
    from velocipy.http.websocket import WebSocket
    from velocipy.plans.plan import Plan, Run
    from velocipy.routing.options import Limits


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
        ended = asyncio.Event()
        open_exits(request).callback(ended.set)  # the first that is opened is the last that is closed
        task = asyncio.ensure_future(_awaited(run, request, values))
        request.app._background.hold(task, ended, f"{request.method} {request.path!r}")
        current = asyncio.current_task()
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                if current is not None:
                    current.uncancel()
        return task.result()

    return run_to_the_end


async def _awaited(run: Run, request: Request, values: Sequence[str]) -> Any:
    return await run(request, values)
