"""The lifespan: what is started before the first request and ended after the last, by one task.

A context manager that is entered in one task and left in another breaks what it opened (task groups, cancel scopes).
ASGI servers keep one task for it by themselves. RSGI servers call two plain functions instead, while the loop stands
still; `LifespanTask` is the one task between them.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from inspect import signature
from typing import Any

from velocipy.errors import StartupError, StartupErrorGroup
from velocipy.types import Lifespan


@asynccontextmanager
async def open_lifespan(lifespan: Lifespan | None, app: Any) -> AsyncIterator[dict[str, Any]]:
    """Enter the lifespan of *app*, and yield the state that it yielded ({} for none).

    Raises:
        StartupError: If it is no async context manager, or yields something else than a mapping or None.
    """
    if lifespan is None:
        yield {}
        return
    try:
        signature(lifespan).bind(app)
    except TypeError as error:
        problem = f"the lifespan cannot be called with the application: {error}."
        raise StartupError(problem, "It takes one argument: lifespan(app).") from None
    manager = lifespan(app)
    if not isinstance(manager, AbstractAsyncContextManager):
        raise StartupError(
            f"the lifespan returned a {type(manager).__name__}, which is no async context manager.",
            "Decorate it with contextlib.asynccontextmanager.",
        )
    async with manager as state:
        if state is not None and not isinstance(state, Mapping):
            raise StartupError(
                f"the lifespan yielded a {type(state).__name__}.",
                "Yield nothing, or a mapping of names to what every request finds in request.state.",
            )
        yield dict(state or {})


class LifespanTask:
    """Runs a lifespan in a task of its own, driven from outside a loop that stands still."""

    def __init__(self, manager: AbstractAsyncContextManager[Any]) -> None:
        self._manager = manager
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Enter the lifespan; raise what it raises."""
        loop.run_until_complete(self._start())

    async def _start(self) -> None:
        started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(started), name="velocipy lifespan")
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            await self._task  # raises what went wrong

    async def _run(self, started: asyncio.Future[None]) -> None:
        async with self._manager:
            started.set_result(None)
            await self._stop.wait()

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Leave the lifespan; raise what it raises."""
        self._stop.set()
        if self._task is not None:
            loop.run_until_complete(self._task)


def explain(error: BaseException) -> str:
    """Return what a server should print when the lifespan fails.

    Mistakes in the program stand by themselves, for they say where they are; anything else comes with its traceback,
    as does what made a plugin fail.
    """
    if isinstance(error, StartupErrorGroup):
        return error.message
    if not isinstance(error, StartupError):
        return "".join(traceback.format_exception(error))
    cause = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""
    return f"{error}\n\n{cause}" if cause else str(error)
