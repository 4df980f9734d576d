"""The lifespan of an ASGI application that we run: one that is mounted, or what stands around ours under RSGI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from velocipy.errors import StartupError
from velocipy.routing.options import Route
from velocipy.types import ASGIApp

_logger = logging.getLogger("velocipy")


@asynccontextmanager
async def open_asgi_lifespan(app: ASGIApp, what: str, *, is_optional: bool = True) -> AsyncIterator[dict[str, Any]]:
    """Run the lifespan of *app* in a task of its own, and yield the state that it filled.

    An application that raises, or returns, before it says anything knows no lifespan, as ASGI has it, which may be
    allowed or not.

    Raises:
        StartupError: If the start has failed; it tells *what* the application is.
        RuntimeError: At the end, if its end has.
    """
    lifespan = _Lifespan(app, what)
    try:
        started = await lifespan.told("startup")
        if started is None and not is_optional:
            raise StartupError(f"{what} has not started:", f"{lifespan.error()!r}.") from lifespan.error()
        if started is None:
            _logger.info("%s knows no lifespan", what)
        elif started["type"] == "lifespan.startup.failed":
            raise StartupError(f"{what} has not started:", started.get("message") or "it does not say why.")
        try:
            yield lifespan.state
        finally:
            if started is not None:
                ended = await lifespan.told("shutdown")
                if ended is None or ended["type"] == "lifespan.shutdown.failed":
                    reason = (ended or {}).get("message") or "it does not say why"
                    raise RuntimeError(f"{what} has not ended well: {reason}") from lifespan.error()
    finally:
        await lifespan.stop()


@asynccontextmanager
async def open_mounted(routes: Sequence[Route]) -> AsyncIterator[dict[int, dict[str, Any]]]:
    """Run the lifespans of what *routes* mount, one after the other, that of each application once.

    Yields:
        The state of each, by the id of the application.

    Raises: as `open_asgi_lifespan` does.
    """
    states: dict[int, dict[str, Any]] = {}
    async with AsyncExitStack() as stack:
        for route in routes:
            mount: Any = route.handler
            if id(mount.target) not in states:
                path = route.path.removesuffix("{path*}")
                manager = open_asgi_lifespan(mount.app, f"the application mounted at {path}")
                states[id(mount.target)] = await stack.enter_async_context(manager)
        yield states


class _Lifespan:
    """A server's side of a lifespan."""

    def __init__(self, app: ASGIApp, what: str) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._received: asyncio.Queue[Any] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self._sent: dict[str, asyncio.Future[Any]] = {phase: loop.create_future() for phase in ("startup", "shutdown")}
        self._task = asyncio.create_task(self._run(), name=f"lifespan of {what}")

    async def told(self, phase: str) -> Any:
        """Begin *phase*, and return what the application says of it; None if it ends without a word."""
        await self._received.put({"type": f"lifespan.{phase}"})
        sent = self._sent[phase]
        await asyncio.wait({self._task, sent}, return_when=asyncio.FIRST_COMPLETED)
        return sent.result() if sent.done() else None

    def error(self) -> BaseException | None:
        """Return what the application has raised."""
        return None if not self._task.done() or self._task.cancelled() else self._task.exception()

    async def stop(self) -> None:
        """End the task, which has nothing more to do."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self.error()  # or asyncio would say that nobody has asked

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        await self._app(scope, self._received.get, self._send)

    async def _send(self, message: Any) -> None:
        sent = self._sent[message["type"].split(".")[1]]
        if not sent.done():
            sent.set_result(message)
