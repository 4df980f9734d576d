"""
httpx2 transports that bring a request to an application in the running loop, and stream both ways.

Entering a client enters its transport, and that runs the application's lifespan; without it requests work too, on an
application that was not started. Closing a transport tells the application that all its clients are gone, gives it
`running.LINGER` seconds to return, and then cancels what still runs.

Neighbours: `bridges` brings requests from other threads and loops to these transports.
"""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import httpx2

from velocipy.testing.asgi import ASGIHost
from velocipy.testing.exchange import Exchange
from velocipy.testing.rsgi import RSGIHost
from velocipy.testing.running import LINGER, Running
from velocipy.testing.websocket_exchange import WebSocketExchange

CLIENT = ("127.0.0.1", 123)


class ExchangeTransport(httpx2.AsyncBaseTransport):
    """
    Runs each request as an exchange with an application.

    Args:
        host: The application, in its host.
        raise_server_exceptions: Whether an exception is raised that escapes the application after it answered
            completely, or that VelociPy answers and logs; else both are only logged.
    """

    def __init__(self, host: ASGIHost | RSGIHost, *, raise_server_exceptions: bool = False) -> None:
        self._host = host
        self._raise_late_errors = raise_server_exceptions
        self._running: dict[asyncio.Task[None], Running] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        exchange = Exchange(request, request.stream, raise_late_errors=self._raise_late_errors)
        self._keep(exchange, exchange.start(self._host(exchange)))
        try:
            status, headers = await exchange.head()
        except BaseException:
            exchange.abandon()
            raise
        return httpx2.Response(
            status,
            headers=list(headers),
            stream=_ResponseStream(exchange),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def open_websocket(self, request: httpx2.Request) -> WebSocketExchange:
        """
        Open a WebSocket by the handshake *request*.

        Raises:
            WebSocketDenied: If the application denies it.
        """
        exchange = WebSocketExchange(request, raise_late_errors=self._raise_late_errors)
        self._keep(exchange, exchange.start(self._host.websocket(exchange)))
        try:
            await exchange.open()
        except BaseException:
            exchange.abandon()
            raise
        return exchange

    async def aclose(self) -> None:
        running = list(self._running)
        for exchange in list(self._running.values()):
            exchange.abandon()
        if running:
            await asyncio.wait(running, timeout=LINGER)
        left = [task for task in running if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def _keep(self, exchange: Running, task: asyncio.Task[None]) -> None:
        self._running[task] = exchange
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)


class _ResponseStream(httpx2.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._exchange.read()) is not None:
            yield chunk

    async def aclose(self) -> None:
        await self._exchange.give_up()


class ASGITransport(ExchangeTransport):
    """
    Brings requests to an ASGI application in the running loop.

    Entered, it runs the application's lifespan.

    Args:
        app: The application.
        root_path: `root_path` of the scope.
        client: Address and port of the client.
        raise_server_exceptions: Whether an exception is raised that escapes the application after it answered
            completely, or that VelociPy answers and logs; else both are only logged.
        websockets_like: The server that WebSockets follow where servers differ, "uvicorn" or "hypercorn".
    """

    def __init__(
        self,
        app: Any,
        *,
        root_path: str = "",
        client: tuple[str, int] | None = CLIENT,
        raise_server_exceptions: bool = False,
        websockets_like: str = "uvicorn",
    ) -> None:
        host = ASGIHost(app, root_path=root_path, client=client, websockets_like=websockets_like)
        super().__init__(host, raise_server_exceptions=raise_server_exceptions)
        self._lifespan = host.lifespan

    async def __aenter__(self) -> Self:
        await self._lifespan.startup()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await super().aclose()
        await self._lifespan.shutdown()


class RSGITransport(ExchangeTransport):
    """
    Brings requests to an RSGI application in the running loop.

    It runs no `__rsgi_init__`, which wants a loop that does not run: `AsyncTestClient` does, in a loop of its own.

    Args:
        app: The application.
        client: Address and port of the client.
        raise_server_exceptions: As in `ASGITransport`.
    """

    def __init__(
        self, app: Any, *, client: tuple[str, int] | None = CLIENT, raise_server_exceptions: bool = False
    ) -> None:
        host = RSGIHost(app, client=client)
        super().__init__(host, raise_server_exceptions=raise_server_exceptions)
        self.init = host.init
        self.delete = host.delete
