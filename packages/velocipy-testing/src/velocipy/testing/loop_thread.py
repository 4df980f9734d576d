"""
An event loop in a daemon thread of its own, where an application runs as in a server's process.

The thread starts with the first use. The loop can be paused (`while_paused`): RSGI's `__rsgi_init__` and
`__rsgi_del__` are called in the loop's thread while the loop does not run.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from velocipy.testing.errors import LoopClosedError

T = TypeVar("T")


class LoopThread:
    """
    A loop and its thread.

    The thread keeps *resident* alive, whose tasks run in the loop, but not the client that made it, which can be
    collected while the thread runs; it calls `close` in the end, or leaves it to a finalizer.
    """

    def __init__(self, resident: object) -> None:
        self._resident = resident
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop; its thread is started if need be."""
        return self._started().loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run *coroutine* in the loop, from any thread."""
        try:
            loop = self.loop
        except LoopClosedError:
            coroutine.close()
            raise
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* in the loop until it is done, from any other thread."""
        done = self.submit(coroutine)
        try:
            return done.result()
        except BaseException:  # an interrupt; else it is done already
            done.cancel()
            raise

    def while_paused(self, function: Callable[[asyncio.AbstractEventLoop], None]) -> None:
        """Call *function* with the loop, in the loop's thread, while the loop does not run; raises what it raises."""
        done = self._started().pause_for(function)
        done.result()

    def close(self, *, wait: bool = True) -> None:
        """Cancel what runs in the loop, close it and end its thread; with *wait*, return when that is done."""
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.stop()
            if wait:
                worker.thread.join()

    def _started(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise LoopClosedError("this test client was closed, and its application's loop with it; make a new one")
            if self._worker is None:
                self._worker = _Worker(self._resident)
            return self._worker


class _Worker:
    def __init__(self, resident: object) -> None:
        self._resident = resident
        self.loop = asyncio.new_event_loop()
        self._paused_calls: list[tuple[Callable[[asyncio.AbstractEventLoop], None], Future[None]]] = []
        self._stopping = False
        self.thread = threading.Thread(target=self._run, name="velocipy-test-application", daemon=True)
        self.thread.start()

    def pause_for(self, function: Callable[[asyncio.AbstractEventLoop], None]) -> "Future[None]":
        done: Future[None] = Future()
        self._paused_calls.append((function, done))
        self.loop.call_soon_threadsafe(self.loop.stop)
        return done

    def stop(self) -> None:
        self._stopping = True
        with contextlib.suppress(RuntimeError):  # it is closed already
            self.loop.call_soon_threadsafe(self.loop.stop)

    def _run(self) -> None:
        loop = self.loop
        asyncio.set_event_loop(loop)
        try:
            while not self._stopping:
                try:
                    loop.run_forever()
                except (KeyboardInterrupt, SystemExit):
                    continue  # raised by the application; its task holds it, and the client raises it
                while self._paused_calls:
                    function, done = self._paused_calls.pop(0)
                    try:
                        function(loop)
                    except BaseException as error:
                        done.set_exception(error)
                    else:
                        done.set_result(None)
        finally:
            try:
                self._cancel_tasks()
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(loop.shutdown_default_executor())
            finally:
                asyncio.set_event_loop(None)
                loop.close()

    def _cancel_tasks(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks))
