"""Plain functions in worker threads, so that they never block the loop.

An application has pools of threads for its own functions (`VelociPy.worker_pools`). What the framework itself does with
files and compression has one besides, so that it goes on where those are full. Each call runs in a copy of the caller's
context.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from velocipy.errors import ClientDisconnect

if TYPE_CHECKING:
    from queue import SimpleQueue

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MAX_THREADS = 40
"""How many plain functions run at once in a pool of which nothing else is said; the number of Starlette and anyio."""

_END: Any = object()
_logger = logging.getLogger("velocipy")


class WorkerPool:
    """Threads in which plain functions run, a bounded number at once; more wait.

    The threads are made when they are needed, and end with the pool. A process that ends does not wait for them.

    Attributes:
        name: What logs, and the names of the threads, call it.
        size: How many functions run at once.

    Raises:
        ValueError: If *size* is no number from 1.
    """

    def __init__(self, name: str, size: int = MAX_THREADS) -> None:
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"the worker pool {name!r} has the size {size!r}; give a number of threads from 1")
        self.name = name
        self.size = size
        self._lock = threading.Lock()
        self._unfinished: dict[Future[Any], Callable[..., Any]] = {}  # what runs or waits, and what it was asked for
        self._threads = 0
        self._calls: SimpleQueue[_Call | None] | None = None
        self._end_threads: Callable[[], object] | None = None

    def __repr__(self) -> str:
        return f"WorkerPool({self.name!r}, size={self.size}, busy={self.busy}, waiting={self.waiting})"

    @property
    def busy(self) -> int:
        """How many functions run now."""
        return sum(future.running() for future in self._unfinished.copy())

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return sum(not future.running() and not future.done() for future in self._unfinished.copy())

    async def run(
        self, function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Call *function* in a thread, in a copy of this context, and return its result.

        Cancelled while it waits, it is not called; nothing can stop it when it runs. A StopIteration, which no
        coroutine can raise, becomes a RuntimeError.
        """
        context = copy_context()

        def call() -> Result:
            try:
                return context.run(function, *args, **kwargs)
            except StopIteration as error:  # which no future can carry
                raise RuntimeError(f"{shown(function)} raised StopIteration") from error

        future: Future[Result] = Future()
        self._submit(future, call, function)
        return await asyncio.wrap_future(future)

    def _submit(self, future: Future[Any], call: Callable[[], Any], function: Callable[..., Any]) -> None:
        with self._lock:
            calls = self._calls or self._open()
            self._unfinished[future] = function
            future.add_done_callback(self._forget)
            calls.put((future, call))
            if self._threads < min(self.size, len(self._unfinished)):
                self._threads += 1
                name = f"velocipy {self.name} {self._threads}"
                threading.Thread(target=_work, args=(calls,), name=name, daemon=True).start()

    def _open(self) -> SimpleQueue[_Call | None]:
        from queue import SimpleQueue  # dear to import

        self._calls = SimpleQueue()
        self._threads = 0
        self._end_threads = end = weakref.finalize(self, self._calls.put, None)
        end.atexit = False
        return self._calls

    def _forget(self, future: Future[Any]) -> None:
        self._unfinished.pop(future, None)

    async def close(self, seconds: float) -> None:
        """End the threads when they have done what they were asked for; a pool that is used again makes others.

        What has not ended after *seconds* is logged; of that, what waits for a thread is not called any more.
        """
        with self._lock:
            unfinished = self._unfinished.copy()
            if self._end_threads is not None:
                self._end_threads()
            self._calls = self._end_threads = None
        if unfinished:
            ends = {asyncio.wrap_future(future): function for future, function in unfinished.items()}
            done, left = await asyncio.wait(ends, timeout=seconds)
            for end in done:
                if not end.cancelled():
                    end.exception()  # who asked has it, or has gone
            for end in left:
                end.cancel()
                _logger.error("%s did not end in time in the worker pool %s", shown(ends[end]), self.name)


_Call = tuple[Future[Any], Callable[[], Any]]


def _work(calls: SimpleQueue[_Call | None]) -> None:
    """Do what is asked for, in one thread; without the pool, which can so end while the thread waits."""
    while (item := calls.get()) is not None:
        future, call = item
        if future.set_running_or_notify_cancel():
            try:
                result = call()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
                del result
        del item, future, call  # or they would live until the next comes
    calls.put(None)  # for the next thread


def shown(function: Callable[..., Any]) -> str:
    """Return what logs call *function*."""
    return getattr(function, "__qualname__", None) or repr(function)


_FRAMEWORK = WorkerPool("framework")

run_in_thread = _FRAMEWORK.run
"""Does what `WorkerPool.run` does, in the pool of the framework itself."""


async def call_plain(pool: WorkerPool, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function that is not declared async in *pool*, and await what it returns if that is awaitable."""
    result = await pool.run(function, *args, **kwargs)
    return await result if hasattr(result, "__await__") else result


async def finish_in_thread(
    function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Do as `run_in_thread`; cancelled, wait for the thread: nothing can stop it, and what it uses must outlive it."""
    return await _finish(run_in_thread(function, *args, **kwargs))


async def _finish(call: Coroutine[Any, Any, Result]) -> Result:
    step = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(step)
    finally:
        if not step.done():
            await asyncio.wait({step})
            step.exception()  # nobody else is left to look at it


async def iterate_in_thread(iterable: Iterable[Result], pool: WorkerPool = _FRAMEWORK) -> AsyncGenerator[Result]:
    """Yield the items of a plain iterable, each made in a thread of *pool*; a generator is closed at the end.

    Cancelled while an item is made, it waits for the thread.
    """
    iterator = await pool.run(iter, iterable)
    try:
        while (item := await _finish(pool.run(next, iterator, _END))) is not _END:
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            await pool.run(close)


async def call_generator(
    pool: WorkerPool, function: Callable[..., Iterable[Result]], /, *args: Any, **kwargs: Any
) -> AsyncGenerator[Result]:
    """Call a plain generator function, and return what yields its items, each made in a thread of *pool*."""
    return iterate_in_thread(function(*args, **kwargs), pool)


@asynccontextmanager
async def while_there(gone: asyncio.Future[Any]) -> AsyncGenerator[None]:
    """Cancel what is done within, where it waits, when *gone* is done: the client has left.

    Raises:
        ClientDisconnect: In that case.
    """
    loop = asyncio.get_running_loop()
    scope = asyncio.timeout(None)  # never by time: what cancels it is the client
    is_within = True

    def leave(_: object) -> None:
        if is_within:  # it may be on its way when it is removed
            scope.reschedule(loop.time())

    try:
        async with scope:
            gone.add_done_callback(leave)
            try:
                yield
            finally:
                is_within = False
                gone.remove_done_callback(leave)
    except TimeoutError:
        if not scope.expired():
            raise
        raise ClientDisconnect("the client left before its request was answered") from None


class ThreadedContext(AbstractAsyncContextManager[Any]):
    """A plain context manager as an async one, entered and left in threads of *pool*, and in one context."""

    def __init__(self, manager: AbstractContextManager[Any], pool: WorkerPool) -> None:
        self._manager = manager
        self._pool = pool
        self._context = copy_context()

    async def __aenter__(self) -> Any:
        return await self._pool.run(self._context.run, self._manager.__enter__)

    async def __aexit__(self, *error: object) -> bool | None:
        leave: Callable[..., bool | None] = self._manager.__exit__
        return await self._pool.run(self._context.run, leave, *error)
