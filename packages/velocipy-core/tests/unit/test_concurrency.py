"""Plain functions in threads, and what a cancellation in the middle of them leaves."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from velocipy.concurrency import (
    MAX_THREADS,
    WorkerPool,
    call_plain,
    iterate_in_thread,
    run_in_thread,
    while_there,
)

setting: contextvars.ContextVar[str] = contextvars.ContextVar("setting", default="none")


def test_the_context_is_copied_into_the_thread() -> None:
    async def run() -> tuple[str, str]:
        setting.set("outside")

        def inside() -> str:
            found = setting.get()
            setting.set("inside")
            return found

        return await run_in_thread(inside), setting.get()

    assert asyncio.run(run()) == ("outside", "outside")


def test_the_loop_goes_on_while_a_function_blocks() -> None:
    async def run() -> bool:
        blocked = threading.Event()
        task = asyncio.create_task(run_in_thread(blocked.wait, 5))
        await asyncio.sleep(0)
        blocked.set()  # which never happened if the loop stood still
        return await task

    assert asyncio.run(run())


def test_threads_are_bounded() -> None:
    at_once = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.002)
        with lock:
            at_once -= 1

    async def run() -> None:
        await asyncio.gather(*(run_in_thread(work) for _ in range(MAX_THREADS * 4)))

    asyncio.run(run())
    assert 1 < most <= MAX_THREADS


def test_what_a_plain_function_returns_is_awaited_if_it_can_be() -> None:
    async def later() -> str:
        return "later"

    def plain() -> Any:
        return later()

    assert asyncio.run(call_plain(WorkerPool("mine"), plain)) == "later"


def test_errors_come_back_as_they_are_but_for_those_no_coroutine_can_raise() -> None:
    def fail(error: BaseException) -> None:
        raise error

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(run_in_thread(fail, KeyError("mine")))
    with pytest.raises(RuntimeError):
        asyncio.run(run_in_thread(fail, StopIteration("5")))


class Slow:
    """A generator whose next value takes until it is allowed."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.allowed = threading.Event()
        self.events: list[str] = []

    def __iter__(self) -> Iterator[int]:
        try:
            yield 1
            self.reached.set()
            self.allowed.wait(5)
            yield 2
        finally:
            self.events.append("closed")


def test_a_generator_is_closed_when_the_iteration_is_cancelled_in_the_middle_of_a_step() -> None:
    slow = Slow()
    errors: list[BaseException] = []

    async def consume() -> None:
        iterator = iterate_in_thread(slow)
        try:
            async for _ in iterator:
                pass
        finally:
            try:
                await iterator.aclose()
            except BaseException as error:
                errors.append(error)

    async def run() -> None:
        task = asyncio.create_task(consume())
        await asyncio.to_thread(slow.reached.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        slow.allowed.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert slow.events == ["closed"]  # before the cancellation goes on

    asyncio.run(run())
    assert errors == []


def test_an_iteration_that_is_left_early_closes_the_generator() -> None:
    slow = Slow()

    async def run() -> None:
        iterator = iterate_in_thread(slow)
        assert await anext(iterator) == 1
        await iterator.aclose()
        assert slow.events == ["closed"]

    asyncio.run(run())


def test_a_generator_that_cannot_be_started_raises_where_it_is_iterated() -> None:
    class Broken:
        def __iter__(self) -> Iterator[int]:
            raise LookupError("no start")

    async def run() -> None:
        async for _ in iterate_in_thread(Broken()):
            pass

    with pytest.raises(LookupError, match="no start"):
        asyncio.run(run())


def test_who_ends_just_when_the_client_leaves_has_ended() -> None:
    told: list[dict[str, Any]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context))
        gone: asyncio.Future[None] = loop.create_future()
        async with while_there(gone):
            gone.set_result(None)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert not told
