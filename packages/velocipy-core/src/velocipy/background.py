"""Work after the response: what handlers leave to do, owned by the application.

The request has ended by then: its client may have left, and its dependencies are closed. What is left to do runs with a
copy of the request's context, a bounded number at a time, and is waited for when the application stops.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any
from weakref import WeakKeyDictionary

from velocipy.concurrency import call_plain

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
        if not callable(function):
            raise TypeError(f"add_task takes a function and its arguments, not {function!r}; do not call it yourself")
        self.tasks.append((function, args, kwargs))

    async def run(self, name: str) -> None:
        """Do it all; *name* tells in the log for what."""
        while self.tasks:  # a task may add another
            function, args, kwargs = self.tasks.pop(0)
            try:
                if iscoroutinefunction(function):
                    await function(*args, **kwargs)
                else:
                    await call_plain(function, *args, **kwargs)
            except Exception:
                shown = getattr(function, "__qualname__", function)
                _logger.exception("the background task %s of %s failed", shown, name)


class Background:
    """What an application has running for requests that are over.

    Args:
        limit: How many lists of tasks run at once. A request whose list finds no place waits with its connection, so
            that clients cannot pile up work without end.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
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

    async def wait(self) -> None:
        """Wait until nothing is left to do."""
        tasks = self._running().tasks
        while tasks:
            await asyncio.wait(set(tasks))

    async def drain(self, seconds: float) -> None:
        """Wait *seconds* for what is left to do; what has not ended then is cancelled and logged."""
        tasks = self._running().tasks
        try:
            async with asyncio.timeout(seconds):
                await self.wait()
        except TimeoutError:
            for task in list(tasks):
                _logger.error("the background tasks of %s did not end within %g s", task.get_name(), seconds)
                task.cancel()
            await asyncio.wait(set(tasks))

    def _running(self) -> _Running:
        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            self._of_loops[loop] = _Running(self._limit)
        return self._of_loops[loop]


class _Running:
    """What runs in one loop, and how many more may."""

    def __init__(self, limit: int) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self.places = asyncio.Semaphore(limit)

    def begin(self, tasks: BackgroundTasks, name: str, *, has_place: bool) -> None:
        task = asyncio.get_running_loop().create_task(tasks.run(name), name=name)  # in a copy of this context
        if has_place:
            task.add_done_callback(lambda _: self.places.release())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
