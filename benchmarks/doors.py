"""The two ways into an application without a server: open it as a server does, send it requests, time a batch.

A batch is prepared before the clock starts. What is timed is one loop in one task on a running event loop that awaits
the application once a request; nothing else runs. The same loop drives every contender of a protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any, Protocol

from benchmarks.fakes import Answer, AsgiExchange, RsgiProtocol, RsgiScope, asgi_scope
from benchmarks.scenarios import Request
from benchmarks.types import AsgiApp, AsgiMessage, AsgiScope, ProtocolName, Receive, RsgiApp, Send


class Door(Protocol):
    """An application behind one protocol."""

    def open(self) -> None:
        """Start the application, as a server does before the first request."""

    def close(self) -> None:
        """Stop the application."""

    def send(self, request: Request, count: int) -> tuple[int, Sequence[Answer]]:
        """Send the request `count` times; return the nanoseconds that took in all, and the answers."""
        ...


class RsgiDoor:
    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.app = app
        self.call: RsgiApp = getattr(app, "__rsgi__", app)
        self.loop = loop

    def open(self) -> None:
        if hasattr(self.app, "__rsgi_init__"):
            self.app.__rsgi_init__(self.loop)

    def close(self) -> None:
        if hasattr(self.app, "__rsgi_del__"):
            self.app.__rsgi_del__(self.loop)

    def send(self, request: Request, count: int) -> tuple[int, Sequence[Answer]]:
        batch = [(RsgiScope(request), RsgiProtocol(request)) for _ in range(count)]
        spent = self.loop.run_until_complete(_time_rsgi(self.call, batch))
        return spent, [protocol for _, protocol in batch]


async def _time_rsgi(app: RsgiApp, batch: Sequence[tuple[RsgiScope, RsgiProtocol]]) -> int:
    start = perf_counter_ns()
    for scope, protocol in batch:
        await app(scope, protocol)
    return perf_counter_ns() - start


class AsgiDoor:
    def __init__(self, app: AsgiApp, loop: asyncio.AbstractEventLoop) -> None:
        self.app = app
        self.loop = loop
        self.lifespan = Lifespan(app)

    def open(self) -> None:
        self.loop.run_until_complete(self.lifespan.startup())

    def close(self) -> None:
        self.loop.run_until_complete(self.lifespan.shutdown())

    def send(self, request: Request, count: int) -> tuple[int, Sequence[Answer]]:
        exchanges = [AsgiExchange(request) for _ in range(count)]
        state = self.lifespan.state
        batch = [(asgi_scope(request, state), exchange.receive, exchange.send) for exchange in exchanges]
        spent = self.loop.run_until_complete(_time_asgi(self.app, batch))
        return spent, exchanges


async def _time_asgi(app: AsgiApp, batch: Sequence[tuple[AsgiScope, Receive, Send]]) -> int:
    start = perf_counter_ns()
    for scope, receive, send in batch:
        await app(scope, receive, send)
    return perf_counter_ns() - start


class Lifespan:
    """The server's side of ASGI's lifespan. An application that fails on it is served without, as servers do."""

    def __init__(self, app: AsgiApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self.to_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self.from_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()

    async def startup(self) -> None:
        self.task = asyncio.create_task(self._live())
        await self._tell("lifespan.startup")

    async def shutdown(self) -> None:
        await self._tell("lifespan.shutdown")
        await asyncio.wait([self.task])

    async def _live(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        await self.app(scope, self.to_app.get, self.from_app.put)

    async def _tell(self, event: str) -> None:
        if self.task.done():
            return
        await self.to_app.put({"type": event})
        answer = asyncio.ensure_future(self.from_app.get())
        await asyncio.wait([answer, self.task], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            self.task.exception()  # seen, and no reason not to serve
        elif answer.result()["type"] != f"{event}.complete":
            raise RuntimeError(f"{event} failed: {answer.result().get('message', 'no reason given')}")


def open_door(protocol: ProtocolName, app: Any, loop: asyncio.AbstractEventLoop) -> Door:
    door: Door = RsgiDoor(app, loop) if protocol == "rsgi" else AsgiDoor(app, loop)
    door.open()
    return door
