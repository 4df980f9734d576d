"""
WebSockets of a real server, over HTTP/1.1, by the library websockets.

A test holds the same `WebSocketSession` as in process; this module has the other `WebSocketConnection`. There is no
compression and no ping of the client's, and it takes messages of any size.
"""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2

from velocipy.testing.errors import WebSocketClosed, WebSocketDenied
from velocipy.testing.loop_thread import LoopThread
from velocipy.testing.running import LINGER
from velocipy.testing.websocket_clients import WebSocketClient
from velocipy.testing.websocket_exchange import ABNORMAL, Ending

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

T = TypeVar("T")

OWN = {"host", "connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"}


class ServerClient(WebSocketClient):
    """A client of a server; its WebSockets have a loop in a thread, which starts with the first of them."""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        self._own = _ThreadedWebSockets(host, port)
        super().__init__(websockets=self._own, **options)
        weakref.finalize(self, self._own.thread.close, wait=False)

    def close(self) -> None:
        super().close()
        self._own.thread.close()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, traceback)
        self._own.thread.close()


class ServerTransport(httpx2.AsyncHTTPTransport):
    """A transport of httpx2 to a server, which opens WebSockets too."""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        self._address = (host, port)
        super().__init__(**options)

    async def open_websocket(self, request: httpx2.Request) -> "ServerWebSocket":
        """Open a WebSocket; errors as in `open_websocket`."""
        return await open_websocket(*self._address, request)


class _ThreadedWebSockets:
    def __init__(self, host: str, port: int) -> None:
        self.thread = LoopThread(self)
        self._address = (host, port)

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.thread.wait(coroutine)

    async def open_websocket(self, request: httpx2.Request) -> "ServerWebSocket":
        return await open_websocket(*self._address, request)


async def open_websocket(host: str, port: int, request: httpx2.Request) -> "ServerWebSocket":
    """
    Open a WebSocket by the handshake *request*, of the server at *host* and *port*.

    Raises:
        WebSocketDenied: If the answer is no 101.
        httpx2.ReadTimeout: If there is no answer in time.
        httpx2.RemoteProtocolError: If the answer is none.
        httpx2.ConnectError: If nobody listens.
        ImportError: If websockets is not installed.
    """
    try:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake, InvalidStatus
    except ImportError as error:
        raise ImportError(
            'the WebSockets of a server need websockets; pip install "velocipy-testing[servers]"'
        ) from error

    offered: list[Any] = [name.strip() for name in request.headers.get("sec-websocket-protocol", "").split(",")]
    opening: Any = connect(
        f"ws://{request.headers['host']}{request.url.raw_path.decode('ascii')}",
        host=host,
        port=port,
        subprotocols=offered if any(offered) else None,
        additional_headers=[pair for pair in request.headers.multi_items() if pair[0].lower() not in OWN],
        user_agent_header=None,
        compression=None,
        max_size=None,
        ping_interval=None,
        open_timeout=None,
        close_timeout=LINGER,
        proxy=None,
    )
    opening.process_redirect = lambda error: error  # a redirect is a denial
    try:
        async with _in_time(request, "an answer to the WebSocket's handshake"):
            return ServerWebSocket(request, await opening)
    except InvalidStatus as denied:
        answer = denied.response
        headers = list(answer.headers.raw_items())
        response = httpx2.Response(answer.status_code, headers=headers, content=bytes(answer.body), request=request)
        raise WebSocketDenied(response) from None
    except (InvalidHandshake, EOFError) as error:
        raise httpx2.RemoteProtocolError(str(error), request=request) from error
    except OSError as error:
        raise httpx2.ConnectError(str(error), request=request) from error


class ServerWebSocket:
    """An open WebSocket of a server; its methods are those of `WebSocketConnection`."""

    def __init__(self, request: httpx2.Request, connection: "ClientConnection") -> None:
        assert connection.response is not None
        headers = list(connection.response.headers.raw_items())
        self.response = httpx2.Response(101, headers=headers, request=request)
        self._request = request
        self._connection = connection

    async def send(self, data: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(data)
        except ConnectionClosed as closed:
            raise WebSocketClosed(*_ending(closed)) from None

    async def receive(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            async with _in_time(self._request, "the next message of the WebSocket"):
                return await self._connection.recv()
        except ConnectionClosed as closed:
            raise WebSocketClosed(*_ending(closed)) from None

    async def close(self, code: int, reason: str) -> Ending:
        await self._connection.close(code, reason)
        return _ending(self._connection.protocol.close_exc)


@contextlib.asynccontextmanager
async def _in_time(request: httpx2.Request, what: str) -> AsyncIterator[None]:
    seconds = (request.extensions.get("timeout") or {}).get("read")
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise httpx2.ReadTimeout(f"the server did not send {what} within {seconds} seconds", request=request) from None


def _ending(closed: "ConnectionClosed") -> Ending:
    """How it ended: by the close frame that was first."""
    frame = closed.rcvd if closed.sent is None or closed.rcvd_then_sent else closed.sent
    return Ending(ABNORMAL, "") if frame is None else Ending(int(frame.code), frame.reason)
