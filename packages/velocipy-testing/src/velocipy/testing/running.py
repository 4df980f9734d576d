"""
An application's task on one request or WebSocket: how it starts, what it may do wrong, how it ends.

`Running` is what an `Exchange` and a `WebSocketExchange` have in common.
"""

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any

import httpx2

from velocipy.testing.errors import ProtocolError

HIGH_WATER = 64 * 1024  # bytes written and not read, from which on the application waits; asyncio's own limit
LINGER = 1.0  # seconds a client waits for the application to return once the exchange is complete, or given up

logger = logging.getLogger("velocipy.testing")
_of_applications = logging.getLogger("velocipy")
_running: contextvars.ContextVar["Running | None"] = contextvars.ContextVar("running", default=None)


async def wait_for_background(app: Any) -> None:
    """Wait for what requests left to do, in an application that can tell (VelociPy's), so that tests find it done."""
    wait = getattr(app, "wait_for_background", None)
    if wait is not None:
        await wait()


class ClientGoneError(Exception):
    """The client closed the exchange; each protocol has its own way to tell the application."""


class Running:
    """
    An application's task for one request of a client.

    Args:
        request: What the client sends; its stream is not touched.
        raise_late_errors: Whether an exception that escapes the application after it answered completely is raised (by
            the call of the client that waits for the end), or only logged; and whether one is raised that VelociPy
            answers and logs.
    """

    def __init__(self, request: httpx2.Request, *, raise_late_errors: bool) -> None:
        self.request = request
        self.disconnected = asyncio.Event()
        self.violation: ProtocolError | None = None
        self.complete = False
        self._raise_late_errors = raise_late_errors
        self._failure: BaseException | None = None
        self._changed = asyncio.Event()  # for the client's side: something it may wait for is there
        self._task: asyncio.Task[None] | None = None
        self._listener: _Listener | None = None

    # The application's side

    def refuse(self, message: str) -> ProtocolError:
        """Note that the application broke its protocol, and give the exception to raise in it."""
        error = ProtocolError(message)
        if self.violation is None:
            self.violation = error
            self._changed.set()
        return error

    def fail(self, error: BaseException) -> None:
        """Note what went wrong in the application, which has answered it."""
        self._failure = self._failure or error
        self._changed.set()

    # The client's side

    def start(self, application: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """
        Run *application*, in a task of its own.

        The task starts from an empty context, as in a server, where nothing of the client's context is known.
        """
        loop = asyncio.get_running_loop()
        context = contextvars.Context()
        if self._raise_late_errors:
            context.run(_running.set, self)
            self._listener = _Listener(self)
            _of_applications.addHandler(self._listener)
        self._task = loop.create_task(application, context=context)
        self._task.add_done_callback(self._returned)
        return self._task

    async def give_up(self) -> None:
        """
        Leave: the application is told that its client is gone, and has `LINGER` seconds to return.

        Raises:
            Exception: What escaped the application other than the news that its client is gone.
        """
        self.abandon()
        await self._settle()

    def abandon(self) -> None:
        """Tell the application that its client is gone."""
        raise NotImplementedError

    async def _wait_for_change(self, what: str) -> None:
        self._changed.clear()
        timeouts = self.request.extensions.get("timeout") or {}
        seconds = timeouts.get("read")
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            message = f"the application did not send {what} within {seconds} seconds"
            raise httpx2.ReadTimeout(message, request=self.request) from None

    async def _settle(self) -> None:
        assert self._task is not None
        await asyncio.wait([self._task], timeout=LINGER)
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self.violation is not None:
            raise self.violation
        if self._failure is not None:
            raise self._failure

    def _returned(self, task: asyncio.Task[None]) -> None:
        """Note how the application ended; called once, when its task is done."""
        self._changed.set()
        if self._listener is not None:
            _of_applications.removeHandler(self._listener)
        if task.cancelled():
            if not self.complete and not self.disconnected.is_set():
                self._failure = RuntimeError("the application's task was cancelled before it answered")
            return
        error = task.exception()
        if error is None or isinstance(error, ClientGoneError):
            return
        if (self.complete or self.disconnected.is_set()) and not self._raise_late_errors:
            if self.violation is None:
                logger.error("the application raised after its response was complete", exc_info=error)
            return
        self._failure = self._failure or error


class _Listener(logging.Handler):
    """Hears of the exceptions that VelociPy logs, and does not raise, while it serves *running*."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self._running = running

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and _running.get() is self._running:
            self._running.fail(error)
