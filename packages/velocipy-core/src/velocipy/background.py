"""Work beside and after requests, owned by the application.

`BackgroundTasks` is what handlers leave to do: the request has ended by then, its client may have left, and its
dependencies are closed. Detached tasks (`VelociPy.add_task`) begin at once. All runs with a copy of the context of who
asked for it, a bounded number at a time, and is waited for when the application stops.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any
from weakref import WeakKeyDictionary

from velocipy.concurrency import WorkerPool, call_plain, shown
from velocipy.errors import HTTPException

__all__ = ["BackgroundTasks"]

_logger = logging.getLogger("velocipy")


class BackgroundTasks:
    """What is to be done, in order, when the answer has been sent; handed to handlers and dependencies.

    All that a request asks for is one list. Plain functions run in a worker thread. What fails is logged, and the rest
    is done all the same.
    """

    def __init__(self) -> None:
        self.tasks: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add_task(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Have *function* called with the arguments.

        Raises:
            TypeError: If it cannot be called, as the result of a call cannot.
        """
        _check(function)
        self.tasks.append((function, args, kwargs))

    async def run(self, name: str, pool: WorkerPool) -> None:
        """Do it all, plain functions in *pool*; *name* tells in the log for what."""
        while self.tasks:  # a task may add another
            function, args, kwargs = self.tasks.pop(0)
            try:
                await _call(pool, function, *args, **kwargs)
            except Exception:
                _logger.exception("the background task %s of %s failed", shown(function), name)


def _check(function: Any) -> None:
    if not callable(function):
        raise TypeError(f"add_task takes a function and its arguments, not {function!r}; do not call it yourself")


async def _call(pool: WorkerPool, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    if iscoroutinefunction(function):
        return await function(*args, **kwargs)
    return await call_plain(pool, function, *args, **kwargs)


class Background:
    """What an application has running besides requests.

    Args:
        limit: How many lists of tasks run at once, and how many detached tasks. A request whose list finds no place
            waits with its connection, so that clients cannot pile up work without end; a detached task is refused.
        pool: Where plain functions run.
    """

    def __init__(self, limit: int, pool: WorkerPool) -> None:
        self._limit = limit
        self._pool = pool
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Running] = WeakKeyDictionary()

    async def start(self, tasks: BackgroundTasks, name: str) -> None:
        """Have *tasks* run, and return when they have begun; they are not lost if the caller is cancelled meanwhile."""
        running = self._running()
        try:
            await running.places.acquire()
        except asyncio.CancelledError:
            running.begin(tasks, name, has_place=False)
            raise
        running.begin(tasks, name, has_place=True)

    def detach(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        """Call *function* in a task of its own, and return that.

        Raises:
            HTTPException: 503, if as many as allowed run already.
            TypeError: If it cannot be called.
            RuntimeError: Outside the event loop.
        """
        from velocipy.context import request_id

        _check(function)
        detached = self._running().detached
        if len(detached) >= self._limit:
            raise HTTPException(503, "Too many tasks are running")
        asker = f" of request {request_id.get()}" if request_id.get() else ""
        task = asyncio.create_task(_call(self._pool, function, *args, **kwargs), name=f"{shown(function)}{asker}")
        detached.add(task)
        task.add_done_callback(detached.discard)
        task.add_done_callback(_log_failure)
        return task

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Count *task*, which finishes a request, among what is left to do."""
        self._running().keep(task)

    async def wait(self) -> None:
        """Wait until nothing is left to do for requests that are over."""
        tasks = self._running().tasks
        while tasks:
            await asyncio.wait(set(tasks))

    async def drain(self, seconds: float) -> None:
        """Wait *seconds* for all that runs; what has not ended then is cancelled and logged."""
        running = self._running()
        try:
            async with asyncio.timeout(seconds):
                while left := running.tasks | running.detached:
                    await asyncio.wait(left)
        except TimeoutError:
            for task in running.tasks:
                _logger.error("the background tasks of %s did not end in time", task.get_name())
            for task in running.detached:
                _logger.error("the task %s did not end in time", task.get_name())
            left = running.tasks | running.detached
            for task in left:
                task.cancel()
            await asyncio.wait(left)

    def _running(self) -> _Running:
        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            self._of_loops[loop] = _Running(self._limit, self._pool)
        return self._of_loops[loop]


class _Running:
    """What runs in one loop, and how many more may."""

    def __init__(self, limit: int, pool: WorkerPool) -> None:
        self.pool = pool
        self.tasks: set[asyncio.Task[Any]] = set()
        self.detached: set[asyncio.Task[Any]] = set()
        self.places = asyncio.Semaphore(limit)

    def begin(self, tasks: BackgroundTasks, name: str, *, has_place: bool) -> None:
        task = asyncio.create_task(tasks.run(name, self.pool), name=name)  # in a copy of this context
        if has_place:
            task.add_done_callback(lambda _: self.places.release())
        self.keep(task)

    def keep(self, task: asyncio.Task[Any]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()  # looked at, so that asyncio does not complain as well
    if error is not None:
        _logger.error("the task %s failed", task.get_name(), exc_info=error)
