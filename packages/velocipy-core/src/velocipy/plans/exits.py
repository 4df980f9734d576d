"""What dependencies leave open until the request has ended: generators and context managers.

They stand on one stack for each request, which is unwound after the answer was sent, in reverse order and in the same
task. A failure of the handler is raised at each `yield` on the way.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any

from velocipy.background import BackgroundTasks
from velocipy.concurrency import ThreadedContext, WorkerPool
from velocipy.http.connection import HTTPConnection
from velocipy.http.exits import Exits, open_exits

_logger = logging.getLogger("velocipy")


def open_early(request: HTTPConnection) -> AsyncExitStack:
    """Return the stack of what closes before the answer of *request* is sent."""
    early = open_exits(request).early = AsyncExitStack()
    return early


def open_background(request: HTTPConnection) -> BackgroundTasks:
    """Return what is to be done when the answer of *request* was sent."""
    background = open_exits(request).background = BackgroundTasks()
    return background


def context_factory(call: Callable[..., Any], pool: WorkerPool) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Return what makes an async context manager of a dependency that stays open: a generator or a context manager.

    A plain one is entered and left in threads of *pool*.
    """

    def make(*args: Any, **kwargs: Any) -> AbstractAsyncContextManager[Any]:
        made = call(*args, **kwargs)
        if isinstance(made, AsyncGenerator):
            return asynccontextmanager(lambda: made)()
        return _as_async(contextmanager(lambda: made)() if isinstance(made, Generator) else made, pool)

    return make


async def enter(pool: WorkerPool, stack: AsyncExitStack, value: Any) -> Any:
    """Enter the context manager that a dependency returned, and return what stands for it."""
    return await stack.enter_async_context(_as_async(value, pool))


def _as_async(manager: Any, pool: WorkerPool) -> AbstractAsyncContextManager[Any]:
    return manager if hasattr(manager, "__aenter__") else ThreadedContext(manager, pool)


PLAIN = frozenset({str, int, float, bool, bytes, dict, list, tuple, set, type(None)})
"""Types that are known to be no context managers."""


def is_context(value: Any) -> bool:
    """Tell whether *value* is a context manager, async or plain."""
    return _is_context_class(type(value))  # type: ignore[arg-type]  # a class is hashable


@lru_cache(1024)  # PERF: 0.2 us less than looking for what is not there
def _is_context_class(cls: type) -> bool:
    return hasattr(cls, "__aexit__") or hasattr(cls, "__exit__")


async def unwind(request: HTTPConnection, error: BaseException | None) -> BaseException | None:
    """Close what is open with *error* raised at each `yield`, and return the error there is then.

    What is left to do stays. A generator that swallows the error does not undo the failure: there is still no answer.
    """
    stack, request._exits = request._exits, None
    if stack is None:
        return error
    if stack.background is not None or stack.ends:
        left = open_exits(request)
        left.background, left.ends = stack.background, stack.ends
    try:
        await leave(stack, error)
    except Exception as failure:
        return failure
    return error


async def leave(stack: Exits, error: BaseException | None) -> bool | None:
    """Leave *stack* with *error* raised at each `yield`; return whether something swallowed it."""
    if stack.early is not None:
        stack.push_async_exit(stack.early)
    return await stack.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)


async def close(request: HTTPConnection, error: BaseException | None = None) -> None:
    """Close what is open when the answer has been sent; what fails then can only be logged.

    What is left to do begins also where the task is cancelled meanwhile.
    """
    try:
        failure = await unwind(request, error)
        if failure is not None and failure is not error:
            _logger.error("closing the dependencies of %s %r failed", request.method, request.path, exc_info=failure)
    finally:
        exits, request._exits = request._exits, None
        for end in exits.ends if exits is not None else ():
            end()
        if exits is not None and exits.background is not None and exits.background.tasks:
            name = f"{request.method} {request.path!r}, request {request.id}"
            await request.app._background.start(exits.background, name)
