"""
A server's side of a WebSocket in ASGI 3, as strict as the strictest server.

Where servers differ, this follows Uvicorn, or with `like_hypercorn` Hypercorn:

| | Uvicorn, Gunicorn, Granian | Hypercorn |
|---|---|---|
| a message of the client | one of the keys `text` and `bytes` | both, one is None |
| `send` after the client has gone | raises an `OSError` (ASGI 2.4) | does nothing |
| `websocket.disconnect` | has the code of the close, and a `reason` (Uvicorn) | has 1006, no `reason` |

An application that returns without closing ends the connection without a close frame, which clients call 1006, as on
Uvicorn (elsewhere it is 1011). Pings are the server's business, and none are sent here.
"""

from velocipy.testing.asgi_messages import Message, checked_body, checked_head, checked_headers, checked_type
from velocipy.testing.running import ClientGoneError
from velocipy.testing.websocket_exchange import ABNORMAL, MAX_REASON, NORMAL, Ending, WebSocketExchange, is_sendable

CONNECTING, DENYING, OPEN, CLOSED = "connecting", "denying", "open", "closed"
EXPECTED: dict[str, tuple[str, ...]] = {
    CONNECTING: ("websocket.accept", "websocket.close", "websocket.http.response.start"),
    DENYING: ("websocket.http.response.body",),
    OPEN: ("websocket.send", "websocket.close"),
}
SERVERS_OWN = (
    b"sec-websocket-protocol",
    b"sec-websocket-accept",
    b"connection",
    b"upgrade",
)  # wsproto refuses the first


class ClientDisconnected(ClientGoneError, OSError):
    """The client has gone; what `send` raises then."""


class WebSocketCall:
    """`receive` and `send` of one call."""

    def __init__(self, exchange: WebSocketExchange, *, like_hypercorn: bool) -> None:
        self._exchange = exchange
        self._like_hypercorn = like_hypercorn
        self._state = CONNECTING
        self._told = False  # about the connect
        self._head: tuple[int, list[tuple[bytes, bytes]]] = (0, [])
        self._body = b""

    async def receive(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        item = await self._exchange.pull()
        if isinstance(item, Ending):
            if self._like_hypercorn:
                return {"type": "websocket.disconnect", "code": NORMAL if self._state == CLOSED else ABNORMAL}
            return {"type": "websocket.disconnect", "code": item.code, "reason": item.reason}
        key, other = ("text", "bytes") if isinstance(item, str) else ("bytes", "text")
        message: Message = {"type": "websocket.receive", key: item}
        return {**message, other: None} if self._like_hypercorn else message

    async def send(self, message: Message) -> None:
        exchange = self._exchange
        kind = checked_type(exchange, message)
        if self._state == CLOSED:
            raise exchange.refuse(f"the application sent {kind!r} after it had closed the WebSocket; send nothing more")
        if kind not in EXPECTED[self._state]:
            expected = " or ".join(map(repr, EXPECTED[self._state]))
            raise exchange.refuse(f"the application sent {kind!r} where {expected} was expected")
        try:
            await self._send(kind, message)
        except ClientGoneError:
            if not self._like_hypercorn:
                raise ClientDisconnected("the client of the WebSocket has gone") from None

    def returned(self) -> None:
        exchange = self._exchange
        if exchange.disconnected.is_set() or self._state == CLOSED:
            return
        if self._state == CONNECTING:
            raise exchange.refuse("the application returned without an answer to the handshake; accept it, or close it")
        if self._state == DENYING:
            raise exchange.refuse(
                "the application returned before its denial was complete; "
                "the last 'websocket.http.response.body' has more_body=False"
            )
        exchange.end(ABNORMAL)

    async def _send(self, kind: str, message: Message) -> None:
        exchange = self._exchange
        if kind == "websocket.send":
            await exchange.push(self._data(message))
            return
        action = {
            "websocket.accept": self._accept,
            "websocket.close": self._close,
            "websocket.http.response.start": self._deny,
            "websocket.http.response.body": self._deny_with,
        }[kind]
        action(message)
        if exchange.disconnected.is_set():
            raise ClientGoneError

    def _accept(self, message: Message) -> None:
        exchange = self._exchange
        subprotocol = message.get("subprotocol")
        if subprotocol is not None and subprotocol not in exchange.subprotocols:
            raise exchange.refuse(
                f"the application chose the subprotocol {subprotocol!r}, and the client offers "
                f"{list(exchange.subprotocols)}; choose one of those, or None"
            )
        headers = checked_headers(exchange, message)
        for name, _ in headers:
            if name in SERVERS_OWN:
                raise exchange.refuse(
                    f"'websocket.accept' has a header {name.decode()!r}, which is the server's to send; "
                    "a subprotocol is chosen with 'subprotocol'"
                )
        self._state = OPEN
        if not exchange.disconnected.is_set():
            exchange.accept(subprotocol, headers)

    def _data(self, message: Message) -> str | bytes:
        exchange = self._exchange
        text, data = message.get("text"), message.get("bytes")
        if (text is None) == (data is None):
            raise exchange.refuse("'websocket.send' has both of 'text' and 'bytes', or neither; one is there, not None")
        if text is not None:
            if not isinstance(text, str):
                raise exchange.refuse(f"the text of 'websocket.send' is str, not {type(text).__name__}")
            text.encode()  # as the frame is; a lone surrogate fails
            return text
        # Gunicorn and websockets take bytearray and memoryview too, wsproto makes bytes of anything
        if not isinstance(data, bytes | bytearray | memoryview):
            raise exchange.refuse(f"the bytes of 'websocket.send' are bytes, not {type(data).__name__}")
        return bytes(data)

    def _close(self, message: Message) -> None:
        exchange = self._exchange
        if self._state == CONNECTING:
            # No server looks at code and reason, which go nowhere; FastAPI sends a list of faults
            self._state = CLOSED
            if not exchange.disconnected.is_set():
                exchange.deny(403, [(b"content-length", b"0")], b"")
            return
        code, reason = message.get("code", NORMAL), message.get("reason")
        if not is_sendable(code):
            raise exchange.refuse(
                f"'websocket.close' has the code {code!r}; RFC 6455 section 7.4 lets an endpoint send "
                "1000 to 1003, 1007 to 1014 and 3000 to 4999"
            )
        if not isinstance(reason, str | None):
            raise exchange.refuse(f"the reason of 'websocket.close' is str or None, not {type(reason).__name__}")
        if len((reason or "").encode()) > MAX_REASON:
            raise exchange.refuse(f"the reason of 'websocket.close' is longer than {MAX_REASON} bytes of UTF-8")
        self._state = CLOSED
        if not exchange.disconnected.is_set():
            exchange.end(code, reason or "")

    def _deny(self, message: Message) -> None:
        self._head = checked_head(self._exchange, message)
        self._state = DENYING

    def _deny_with(self, message: Message) -> None:
        exchange = self._exchange
        self._body += checked_body(exchange, message)
        if message.get("more_body", False):
            return
        status, headers = self._head
        for name, value in headers:
            if name == b"content-length" and value != b"%d" % len(self._body):
                raise exchange.refuse(
                    f"the denial's Content-Length is {value!r}, and its body has {len(self._body)} bytes; "
                    "leave the header out, or count the bytes"
                )
        self._state = CLOSED
        if not exchange.disconnected.is_set():
            exchange.deny(status, headers, self._body)
