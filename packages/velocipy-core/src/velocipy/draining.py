"""Draining: the time between the wish that a process ends and the end of its connections.

A server that is told to stop lets running requests end. What runs without end (streams, loops, jobs) has to know by
itself, and load balancers have to be told; ASGI and RSGI say nothing before the last connection has closed. So the
signal is listened to here, besides the server.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)]


class Drain:
    """Whether an application is to end, and who waits for that.

    Attributes:
        has_begun: Whether it is.
        within: Those of the applications that are mounted in it, which end with it.
    """

    def __init__(self) -> None:
        self.has_begun = False
        self.within: Sequence[Drain] = ()
        self._waiting: set[asyncio.Future[None]] = set()
        self._lifespans = 0
        self._lock = threading.Lock()  # not for `begin`, which may interrupt its holder

    def begin(self) -> None:
        """Note that the application is to end, and wake who waits; from any thread, and from a signal handler."""
        self.has_begun = True
        for waiter in self._waiting.copy():
            with suppress(RuntimeError):  # its loop is closed
                waiter.get_loop().call_soon_threadsafe(_wake, waiter)
        for drain in self.within:
            if drain.is_in_lifespan:
                drain.begin()

    async def wait(self) -> None:
        """Wait until the application is to end."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            if not self.has_begun:  # looked at after the line above: `begin` does both in the other order
                await waiter
        finally:
            self._waiting.discard(waiter)

    @property
    def is_in_lifespan(self) -> bool:
        """Whether a lifespan is open that it listens in."""
        return self._lifespans > 0

    @contextmanager
    def lifespan(self) -> Iterator[Callable[[], None]]:
        """Listen to signals within a lifespan; gives what is to be called when that is about to end.

        The end of the last of the lifespans that an application has at a time is a drain as well: of a server that was
        stopped by other means than a signal.
        """
        with self._lock:
            self._lifespans += 1
        is_open = True

        def end() -> None:
            nonlocal is_open
            with self._lock:
                self._lifespans -= is_open
                is_open = False
                is_last = self._lifespans == 0
            if is_last:
                self.begin()

        try:
            with listening_to_signals(self.begin):
                yield end
        finally:
            end()
            if not self._lifespans:  # what is asked now is asked without a lifespan
                self.has_begun = False


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


@contextmanager
def listening_to_signals(function: Callable[[], None]) -> Iterator[None]:
    """Call *function* when the process is told to end, and then what the server has for that, as if we were not there.

    All servers install theirs before the lifespan, and all that counts is that it is called: those of asyncio and
    uvloop get the signal by another way besides. Without one, and outside the main thread, nothing is listened to.
    """
    before: dict[int, Callable[..., Any]] = {}

    def listen(number: int, frame: Any) -> None:
        function()
        before[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):  # no default, and not ignored
                before[number] = handler
                signal.signal(number, listen)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is listen:
                signal.signal(number, handler)
