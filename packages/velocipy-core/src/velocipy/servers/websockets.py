"""A WebSocket from its handshake to its end, the same for both protocols."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from velocipy.errors import (
    HTTPException,
    ValidationError,
    WebSocketDisconnect,
    WebSocketException,
    check_close,
)
from velocipy.http.websocket import WebSocket
from velocipy.plans.exits import close, unwind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocipy.application import VelociPy
    from velocipy.plans.plan import Plan

_logger = logging.getLogger("velocipy")


class OpenWebSockets:
    """The WebSockets of one application, by their loops: closed with 1001 (going away) when it is to end."""

    def __init__(self, app: VelociPy) -> None:
        self._app = app
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = WeakKeyDictionary()

    def add(self, websocket: WebSocket) -> None:
        """Note one that this task serves; `discard` it at its end."""
        loop = asyncio.get_running_loop()
        here = self._of_loops.get(loop)
        if here is None or not here.tasks:
            here = self._of_loops[loop] = _OfLoop({}, loop.create_task(self._close_at_drain()))
        here.tasks[websocket] = asyncio.current_task()

    def discard(self, websocket: WebSocket) -> None:
        here = self._of_loops[asyncio.get_running_loop()]
        del here.tasks[websocket]
        if not here.tasks:
            here.closer.cancel()

    async def _close_at_drain(self) -> None:
        await self._app.wait_for_drain()
        for websocket in [*self._of_loops[asyncio.get_running_loop()].tasks]:
            await websocket._dismiss()

    async def drain(self, seconds: float) -> None:
        """Wait *seconds* for those who serve what is open; who has not ended then is cancelled and logged."""
        here = self._of_loops.get(asyncio.get_running_loop())
        tasks = {task for task in here.tasks.values() if task is not None} if here else None
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            _logger.error("a handler of a WebSocket did not end in time")
            task.cancel()


class _OfLoop(NamedTuple):
    tasks: dict[WebSocket, asyncio.Task[Any] | None]
    closer: asyncio.Task[None]


async def converse(app: VelociPy, websocket: WebSocket, match: tuple[Plan, Sequence[str]]) -> None:
    """Have *match*, the route, accept or refuse *websocket*, and close it when the handler has ended."""
    failure: BaseException | None = None
    plan, values = websocket._plan, websocket._path_values = match
    websockets = app._websockets = app._websockets or OpenWebSockets(app)
    websockets.add(websocket)
    try:
        if app.is_draining:
            raise HTTPException(503)
        await plan.run(websocket, values)
        await _finish(websocket)
    except BaseException as error:
        failure = error
        await _fail(app, websocket, error)
    finally:
        websockets.discard(websocket)
        websocket._forget()
        if websocket._exits is not None:
            await close(websocket, failure)
        del failure


async def _finish(websocket: WebSocket) -> None:
    if websocket.accepted:
        await websocket._end()
    else:
        await websocket.close()


async def _fail(app: VelociPy, websocket: WebSocket, error: BaseException) -> None:
    """Tell the client of *error*: by the answer to its handshake, or by a close code."""
    if websocket._exits is not None:
        error = await unwind(websocket, error) or error
    if not isinstance(error, Exception):
        await websocket._end(1012)
        raise error
    if websocket.closed and _is_disconnect(error):
        return
    if not websocket.accepted:
        if isinstance(error, WebSocketException) and not app._failures.handles(websocket, error):
            error = HTTPException(403, error.reason)
        await _deny(app, websocket, error)
        return
    code, reason = await _code_of(app, websocket, error)
    await websocket._end(code, reason)


async def _deny(app: VelociPy, websocket: WebSocket, error: Exception) -> None:
    """Refuse the handshake by *error*, or by that of a hook of the handshake, if it fails."""
    response = await app._failures.answer(websocket, error)
    try:
        await websocket.deny(response)
    except Exception as failure:
        if websocket.closed:  # it was being sent
            raise
        await websocket.deny(await app._failures.answer(websocket, failure))


def _is_disconnect(error: Exception) -> bool:
    """Tell whether *error* says no more than that the WebSocket was closed; a group does, if several tasks met that."""
    if isinstance(error, ExceptionGroup):
        return error.split(WebSocketDisconnect)[1] is None
    return isinstance(error, WebSocketDisconnect)


async def _code_of(app: VelociPy, websocket: WebSocket, error: Exception) -> tuple[int, str]:
    """Return the close code and the reason for *error*, which a handler of the application may look at first."""
    known = isinstance(error, (WebSocketException, HTTPException))
    if not known or app._failures.handles(websocket, error):
        await app._failures.answer(websocket, error)  # which logs what nobody expected
    if isinstance(error, WebSocketException):
        return error.code, error.reason
    if isinstance(error, ValidationError):
        return 1007, "the message is not what was expected"
    if isinstance(error, HTTPException) and error.status_code < 500:
        return 1008, _short(error.detail)
    return 1011, ""


def _short(detail: object) -> str:
    try:
        check_close(1008, str(detail))
    except ValueError:
        return ""
    return str(detail)
