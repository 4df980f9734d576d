"""
What a test holds of a WebSocket: `WebSocketSession`, and `AsyncWebSocketSession` for `await`.

    with client.websocket_connect("/chat", subprotocols=["v1"]) as ws:
        ws.send_text("hello")
        assert ws.receive_json() == {"said": "hello"}

Both stand on a `WebSocketConnection`, which is in this process or goes to a server. They open it when they are entered,
and close it when they are left; a block that an exception leaves keeps that exception, whatever the closing meets.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar, runtime_checkable

import httpx2

from velocipy.testing.errors import WebSocketClosed, WebSocketDenied
from velocipy.testing.websocket_exchange import MAX_REASON, NORMAL, Ending, is_sendable

T = TypeVar("T")


class WebSocketConnection(Protocol):
    """
    An open WebSocket.

    Attributes:
        response: The answer to the handshake, with status 101.
    """

    @property
    def response(self) -> httpx2.Response | None: ...

    async def send(self, data: str | bytes) -> None:
        """Send a message; raises `WebSocketClosed` if it has ended."""
        ...

    async def receive(self) -> str | bytes:
        """Wait for a message; raises `WebSocketClosed` if there is none any more, and `httpx2.ReadTimeout`."""
        ...

    async def close(self, code: int, reason: str) -> Ending:
        """Close it, and tell how it ended: as the other side wanted, if that was first."""
        ...


@runtime_checkable
class WebSocketTransport(Protocol):
    """What opens WebSockets."""

    async def open_websocket(self, request: httpx2.Request) -> WebSocketConnection:
        """Open one by the handshake *request*; raises `WebSocketDenied`."""
        ...


class _Session:
    """
    What both sessions know.

    Attributes:
        response: The answer to the handshake; its headers are the application's and the server's.
        close_code: The code of the close frame that ended the WebSocket, 1005 if it had none, 1006 if there was no
            close frame; None while it is open.
        close_reason: The reason that came with it; "" if none came, None while it is open.
    """

    def __init__(
        self,
        transport: WebSocketTransport,
        request: httpx2.Request,
        on_response: Callable[[httpx2.Response], None],
    ) -> None:
        self.response = httpx2.Response(101, request=request)
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self._transport = transport
        self._request = request
        self._on_response = on_response
        self._opened: WebSocketConnection | None = None

    @property
    def accepted_subprotocol(self) -> str | None:
        """The subprotocol that the application chose; None if it chose none."""
        return self.response.headers.get("sec-websocket-protocol")

    @property
    def _connection(self) -> WebSocketConnection:
        if self._opened is None:
            raise RuntimeError("the WebSocket is not open; enter it: with client.websocket_connect(...) as ws")
        return self._opened

    async def _open(self) -> None:
        try:
            self._opened = await self._transport.open_websocket(self._request)
        except WebSocketDenied as denied:
            self._on_response(denied.response)
            raise
        assert self._opened.response is not None
        self.response = self._opened.response
        self._on_response(self.response)

    async def _send(self, data: str | bytes) -> None:
        with self._noting_the_end():
            await self._connection.send(data)

    async def _receive(self) -> str | bytes:
        with self._noting_the_end():
            return await self._connection.receive()

    async def _close(self, code: int, reason: str | None) -> None:
        if not is_sendable(code):
            raise ValueError(f"code={code!r} cannot be sent: RFC 6455 allows 1000 to 1003, 1007 to 1014, 3000 to 4999")
        if len((reason or "").encode()) > MAX_REASON:
            raise ValueError(f"reason={reason!r} is longer than {MAX_REASON} bytes of UTF-8")
        ending = await self._connection.close(code, reason or "")
        if self.close_code is None:
            self.close_code, self.close_reason = ending

    @contextlib.contextmanager
    def _noting_the_end(self) -> Iterator[None]:
        try:
            yield
        except WebSocketClosed as closed:
            self.close_code, self.close_reason = closed.code, closed.reason
            raise


class WebSocketSession(_Session):
    """
    A WebSocket of a client, to be entered with `with`.

    Entering raises `WebSocketDenied` if the handshake is not accepted. Messages are received in their order; every
    `receive` waits as long as the client's timeout says, and raises `httpx2.ReadTimeout` then, `WebSocketClosed` once
    there are no more, and what escaped the application. Iterating gives messages until the close.
    """

    def __init__(
        self,
        wait: Callable[[Coroutine[Any, Any, Any]], Any],
        transport: WebSocketTransport,
        request: httpx2.Request,
        on_response: Callable[[httpx2.Response], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(transport, request, on_response)
        self._wait = wait
        self._on_end = on_end

    def __enter__(self) -> Self:
        try:
            self._wait(self._open())
        except BaseException:
            self._on_end()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            with contextlib.suppress(*([Exception] if exc_type else [])):
                self.close()
        finally:
            self._on_end()

    def send_text(self, data: str) -> None:
        """Send *data* as a text message."""
        self._wait(self._send(checked_text(data)))

    def send_bytes(self, data: bytes) -> None:
        """Send *data* as a binary message."""
        self._wait(self._send(checked_bytes(data)))

    def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send *data* as JSON, in a text message or a binary one."""
        self._wait(self._send(encoded(data, mode)))

    def receive(self) -> str | bytes:
        """Wait for a message: `str` if it is text, else `bytes`."""
        received: str | bytes = self._wait(self._receive())
        return received

    def receive_text(self) -> str:
        """Wait for a message; raises `TypeError` if it is not text."""
        return text_of(self.receive())

    def receive_bytes(self) -> bytes:
        """Wait for a message; raises `TypeError` if it is not binary."""
        return bytes_of(self.receive())

    def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for JSON in a message of the kind *mode*; raises `TypeError` if it is of the other."""
        return json.loads(text_of(self.receive()) if mode == "text" else bytes_of(self.receive()))

    def close(self, code: int = NORMAL, reason: str | None = None) -> None:
        """
        Close the WebSocket, and wait for the application to return; a second time does nothing.

        Raises:
            ValueError: If RFC 6455 does not allow to send that code, or a reason that long.
            Exception: What escaped the application, if nothing has raised it yet.
        """
        self._wait(self._close(code, reason))

    def __iter__(self) -> Iterator[str | bytes]:
        while True:
            try:
                message = self.receive()
            except WebSocketClosed:
                return
            yield message


class AsyncWebSocketSession(_Session):
    """
    A WebSocket of an asynchronous client, to be entered with `async with`.

    All is as in `WebSocketSession`, but awaited.
    """

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(*([Exception] if exc_type else [])):
            await self.close()

    async def send_text(self, data: str) -> None:
        """Send *data* as a text message."""
        await self._send(checked_text(data))

    async def send_bytes(self, data: bytes) -> None:
        """Send *data* as a binary message."""
        await self._send(checked_bytes(data))

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send *data* as JSON, in a text message or a binary one."""
        await self._send(encoded(data, mode))

    async def receive(self) -> str | bytes:
        """Wait for a message: `str` if it is text, else `bytes`."""
        return await self._receive()

    async def receive_text(self) -> str:
        """Wait for a message; raises `TypeError` if it is not text."""
        return text_of(await self._receive())

    async def receive_bytes(self) -> bytes:
        """Wait for a message; raises `TypeError` if it is not binary."""
        return bytes_of(await self._receive())

    async def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for JSON in a message of the kind *mode*; raises `TypeError` if it is of the other."""
        return json.loads(text_of(await self._receive()) if mode == "text" else bytes_of(await self._receive()))

    async def close(self, code: int = NORMAL, reason: str | None = None) -> None:
        """Close the WebSocket, and wait for the application to return; errors as in `WebSocketSession`."""
        await self._close(code, reason)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                message = await self._receive()
            except WebSocketClosed:
                return
            yield message


def checked_text(data: object) -> str:
    """The text to send; raises `TypeError` for what is none."""
    if not isinstance(data, str):
        raise TypeError(f"send_text takes str, not {type(data).__name__}")
    return data


def checked_bytes(data: object) -> bytes:
    """The bytes to send; raises `TypeError` for what is none."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"send_bytes takes bytes, not {type(data).__name__}")
    return bytes(data)


def encoded(data: Any, mode: str) -> str | bytes:
    """JSON in the message's kind, as compact as httpx2 sends it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text if mode == "text" else text.encode()


def text_of(message: str | bytes) -> str:
    """The text of a message; raises `TypeError` for a binary one."""
    if not isinstance(message, str):
        raise TypeError(f"a text message was expected, and a binary one came: {message!r}")
    return message


def bytes_of(message: str | bytes) -> bytes:
    """The bytes of a message; raises `TypeError` for a text one."""
    if not isinstance(message, bytes):
        raise TypeError(f"a binary message was expected, and a text one came: {message!r}")
    return message
