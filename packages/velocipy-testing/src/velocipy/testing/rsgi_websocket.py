"""
A server's side of a WebSocket in RSGI 1.6, modelled on Granian 2.8.

RSGI has no subprotocol, no headers and no body of an answer to a handshake, and no close code: `close` before `accept`
is an HTTP status, and after it the client is told 1005, which means that the close frame has no code. It is told when
the transport object is freed, or at last when the application returns (Granian waits for the former, for ever).

Where Granian's worker dies, or leaves the client waiting (a second `accept`, a status that is none, a message after
`close`), `ProtocolError` is raised instead.
"""

import asyncio
import contextlib
import weakref
from operator import index

from velocipy.testing.rsgi_errors import protocol_closed, protocol_error
from velocipy.testing.running import ClientGoneError
from velocipy.testing.websocket_exchange import ABNORMAL, NO_CODE, Ending, WebSocketExchange


class WebsocketInboundCloseMessage:
    """The client closed; it is told once, and has no data."""

    kind = 0


class WebsocketInboundBytesMessage:
    """Bytes of the client."""

    kind = 1

    def __init__(self, data: bytes) -> None:
        self.data = data


class WebsocketInboundTextMessage:
    """Text of the client."""

    kind = 2

    def __init__(self, data: str) -> None:
        self.data = data


Inbound = WebsocketInboundCloseMessage | WebsocketInboundBytesMessage | WebsocketInboundTextMessage


class WebsocketProtocol:
    """The protocol object of one WebSocket."""

    def __init__(self, exchange: WebSocketExchange) -> None:
        self._exchange = exchange
        self._closed = False

    async def accept(self) -> "WebsocketTransport":
        """Accept the handshake; once."""
        exchange = self._exchange
        if exchange.accepted:
            raise exchange.refuse("the application accepted the WebSocket twice; Granian's worker dies of it")
        if self._closed:
            raise exchange.refuse("the application accepted the WebSocket after it had closed it")
        if exchange.disconnected.is_set():
            raise protocol_closed()
        exchange.accept(None, [])
        transport = WebsocketTransport(exchange, self)
        loop = asyncio.get_running_loop()
        weakref.finalize(transport, _freed, loop, exchange)
        return transport

    def close(self, status: int | None = None) -> None:
        """Before `accept` deny the handshake with an HTTP status, by default 403; after it close, whatever *status*."""
        exchange = self._exchange
        if status is not None:
            status = index(status)
        if exchange.accepted:
            self._closed = True
            return
        if status is not None and not 200 <= status <= 999:
            raise exchange.refuse(
                f"the application closed the WebSocket with {status} before it accepted: that is an HTTP status, from "
                "200 to 999; Granian sends no answer that ends below 200, and its worker dies outside 100 to 999"
            )
        if not self._closed:
            self._closed = True
            self._deny(403 if status is None else status)

    @property
    def closed(self) -> bool:
        """Whether the application has closed."""
        return self._closed

    def returned(self) -> None:
        exchange = self._exchange
        if exchange.accepted:
            exchange.end(NO_CODE)
        elif not self._closed:
            self._deny(403)

    def _deny(self, status: int) -> None:
        if not self._exchange.disconnected.is_set():
            self._exchange.deny(status, [] if status == 204 else [(b"content-length", b"0")], b"")


class WebsocketTransport:
    """What `accept` gives: the way to receive and to send; when it is freed, the WebSocket ends."""

    def __init__(self, exchange: WebSocketExchange, protocol: WebsocketProtocol) -> None:
        self._exchange = exchange
        self._protocol = protocol
        self._receiving = False
        self._told = False  # that the client has closed

    async def receive(self) -> Inbound:
        """Wait for a message of the client."""
        if self._receiving:
            raise protocol_error("RSGI protocol error: another receive is waiting")
        if self._protocol.closed:
            return WebsocketInboundCloseMessage()
        self._receiving = True
        try:
            item = await self._exchange.pull()
        finally:
            self._receiving = False
        if isinstance(item, Ending):
            if self._told or item.code == ABNORMAL:
                raise protocol_closed()
            self._told = True
            return WebsocketInboundCloseMessage()
        return WebsocketInboundTextMessage(item) if isinstance(item, str) else WebsocketInboundBytesMessage(item)

    async def send_bytes(self, data: bytes) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise self._exchange.refuse(f"send_bytes takes bytes, not {type(data).__name__}; use send_str for str")
        await self._send(bytes(data))

    async def send_str(self, data: str) -> None:
        if not isinstance(data, str):
            raise self._exchange.refuse(f"send_str takes str, not {type(data).__name__}; use send_bytes for bytes")
        data.encode()  # as Granian does; a lone surrogate fails
        await self._send(data)

    async def _send(self, data: str | bytes) -> None:
        if self._protocol.closed:
            raise self._exchange.refuse(
                "the application sent a message after it had closed the WebSocket; Granian then never tells the client"
            )
        try:
            await self._exchange.push(data)
        except ClientGoneError:
            raise protocol_closed() from None


def _freed(loop: asyncio.AbstractEventLoop, exchange: WebSocketExchange) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(exchange.end, NO_CODE)
