"""Plain functions in worker threads, so that they never block the loop.

The pool is bounded and shared by the process. Each call runs in a copy of the caller's context.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MAX_THREADS = 40
"""How many plain functions run at once; more wait. The number is that of Starlette and anyio."""

_END: Any = object()
_pool: ThreadPoolExecutor | None = None


def _worker_pool() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor  # dear to import

        _pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="velocipy")
    return _pool


async def run_in_thread(
    function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Call *function* in a worker thread and return its result.

    A StopIteration, which no coroutine can raise, becomes a RuntimeError.
    """
    context = copy_context()

    def call() -> Result:
        try:
            return context.run(function, *args, **kwargs)
        except StopIteration as error:  # which no future can carry
            raise RuntimeError(f"{getattr(function, '__qualname__', function)} raised StopIteration") from error

    return await asyncio.get_running_loop().run_in_executor(_worker_pool(), call)


async def call_plain(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function that is not declared async in a worker thread, and await what it returns if that is awaitable."""
    result = await run_in_thread(function, *args, **kwargs)
    return await result if hasattr(result, "__await__") else result


async def finish_in_thread(
    function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Do as `run_in_thread`; cancelled, wait for the thread: nothing can stop it, and what it uses must outlive it."""
    step = asyncio.ensure_future(run_in_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(step)
    finally:
        if not step.done():
            await asyncio.wait({step})
            step.exception()  # nobody else is left to look at it


async def iterate_in_thread(iterable: Iterable[Result]) -> AsyncGenerator[Result]:
    """Yield the items of a plain iterable, each made in a worker thread; a generator is closed at the end.

    Cancelled while an item is made, it waits for the thread.
    """
    iterator = await run_in_thread(iter, iterable)
    try:
        while (item := await finish_in_thread(next, iterator, _END)) is not _END:
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            await run_in_thread(close)


class ThreadedContext(AbstractAsyncContextManager[Any]):
    """A plain context manager as an async one, entered and left in worker threads, and in one context."""

    def __init__(self, manager: AbstractContextManager[Any]) -> None:
        self._manager = manager
        self._context = copy_context()

    async def __aenter__(self) -> Any:
        return await run_in_thread(self._context.run, self._manager.__enter__)

    async def __aexit__(self, *error: object) -> bool | None:
        leave: Callable[..., bool | None] = self._manager.__exit__
        return await run_in_thread(self._context.run, leave, *error)
