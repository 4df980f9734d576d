"""
A server's side of RSGI 1.6, modelled on Granian 2.8.

`RSGIHost` runs an application on exchanges and through `__rsgi_init__` and `__rsgi_del__`. What the objects offer and
which Python types they take is as Granian's are. Where Granian loses something or dies without telling the application
(a header that is dropped, a wrong Content-Length, a second response, a status that panics the worker), the host raises
`ProtocolError` instead, so that a test shows it.

Two things are kinder than Granian: `send_bytes` waits for a client that does not read (Granian gathers without limit),
and a stream ends when the application returns (Granian's lives as long as the transport object).

Not here: how a request gets in and its response out (`exchange`, `transports`); WebSockets (`rsgi_websocket`).
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from velocipy.testing.errors import ProtocolError
from velocipy.testing.exchange import PIECE, Exchange
from velocipy.testing.rsgi_errors import RSGIProtocolClosed, granian_class, protocol_closed, protocol_error
from velocipy.testing.rsgi_websocket import WebsocketProtocol
from velocipy.testing.running import ClientGoneError, Running, wait_for_background
from velocipy.testing.websocket_exchange import WebSocketExchange

DEFAULT_PORTS = {"http": 80, "https": 443}
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")  # Granian drops what does not match
READABLE = re.compile(rb"[\t\x20-\x7e]*")  # Granian lists the names of other headers, without their values


class RSGIHost:
    """
    Runs an RSGI application.

    Args:
        app: An object with `__rsgi__(scope, protocol)`, or a callable of that shape; `__rsgi_init__(loop)` and
            `__rsgi_del__(loop)` are called if they are there.
        client: Address and port of the client in the scope; None as over a Unix socket, where it is "".

    Raises:
        TypeError: If *app* is neither.
    """

    interface = "rsgi"

    def __init__(self, app: Any, *, client: tuple[str, int] | None = ("127.0.0.1", 123)) -> None:
        self.app = app
        self.client = "" if client is None else _address(*client)
        self._callback: Callable[[Any, Any], Awaitable[Any]] = getattr(app, "__rsgi__", app)
        if not callable(self._callback):
            raise TypeError(f"an RSGI application has a method __rsgi__, or is called, and {app!r} has none")

    def init(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the application; *loop* is its loop, and does not run, as in Granian."""
        getattr(self.app, "__rsgi_init__", _nothing)(loop)

    def delete(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop the application; *loop* is its loop, and does not run any more."""
        getattr(self.app, "__rsgi_del__", _nothing)(loop)

    async def __call__(self, exchange: Exchange) -> None:
        """Run the application on one exchange."""
        protocol = HTTPProtocol(exchange)
        try:
            await self._callback(self._scope(exchange), protocol)
        except (RSGIProtocolClosed, granian_class("ProtocolClosed", RSGIProtocolClosed)):
            if not exchange.disconnected.is_set():
                raise
        else:
            await wait_for_background(self.app)
            await protocol.returned()
        finally:
            protocol.dispose()

    async def websocket(self, exchange: WebSocketExchange) -> None:
        """Run the application on one WebSocket."""
        protocol = WebsocketProtocol(exchange)
        try:
            await self._callback(self._scope(exchange, proto="ws"), protocol)
        except (RSGIProtocolClosed, granian_class("ProtocolClosed", RSGIProtocolClosed)):
            if not exchange.disconnected.is_set():
                raise
        else:
            await wait_for_background(self.app)
            protocol.returned()

    def _scope(self, exchange: Running, proto: str = "http") -> "Scope":
        request = exchange.request
        raw_path, _, query = request.url.raw_path.partition(b"?")
        port = request.url.port or DEFAULT_PORTS.get(request.url.scheme, 80)
        return Scope(
            proto=proto,
            server=_address(request.url.host, port),
            client=self.client,
            scheme=request.url.scheme,
            method=request.method,
            path=unquote(raw_path.decode("ascii")),
            query_string=query.decode("ascii"),
            headers=Headers(request.headers.raw),
        )


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _nothing(loop: asyncio.AbstractEventLoop) -> None:
    """What an application without `__rsgi_init__` or `__rsgi_del__` does."""


class Headers:
    """A request's headers as Granian gives them: names in lower case, asked for in any case, values `str`."""

    __slots__ = ("_items",)

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._items = [
            (name.decode("ascii").lower(), value.decode("ascii") if READABLE.fullmatch(value) else None)
            for name, value in raw
        ]

    def items(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._items if value is not None]

    def keys(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self._items))

    def values(self) -> list[str]:
        return [value for _, value in self.items()]

    def get(self, key: str, default: Any = None) -> Any:
        wanted = _name(key)
        first = next((value for name, value in self._items if name == wanted), None)
        return default if first is None else first

    def get_all(self, key: str) -> list[str]:
        wanted = _name(key)
        return [value for name, value in self.items() if name == wanted]

    def __getitem__(self, key: str) -> str:
        value: str | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: str) -> bool:
        wanted = _name(key)
        return any(name == wanted for name, _ in self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._items)


def _name(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{type(key).__name__!r} object is not an instance of 'str'")
    return key.lower()


class Scope:
    """A request's head as Granian gives it; attributes cannot be changed or added."""

    __slots__ = (
        "authority",
        "client",
        "headers",
        "http_version",
        "method",
        "path",
        "proto",
        "query_string",
        "rsgi_version",
        "scheme",
        "server",
    )

    proto: str
    http_version: str
    rsgi_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Headers
    authority: str | None

    def __init__(self, **attributes: Any) -> None:
        constants = {"http_version": "1.1", "rsgi_version": "1.6", "authority": None}
        for name, value in (constants | attributes).items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"attribute {name!r} of an RSGI scope is not writable")


class HTTPProtocol:
    """The protocol object of one request."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._body_taken = False
        self._pieces: AsyncIterator[bytes] | None = None
        self._responded = ""  # the method that was called
        self._rest: _FilePart | None = None

    # The request

    def __call__(self) -> Awaitable[bytes]:
        """The whole body; once."""
        self._take_body()
        return self._read()

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in pieces, the last one empty; once. As on Granian, a client that goes away looks like the end."""
        self._take_body()
        self._pieces = self._iterate()
        return self

    async def __anext__(self) -> bytes:
        """The next piece, which may be asked for when an iteration was left: the object is its own iterator."""
        if self._pieces is None:
            raise StopAsyncIteration
        return await anext(self._pieces)

    def client_disconnect(self) -> asyncio.Future[None]:
        """A future that is done when the client has gone; cancel it after the response."""
        return self._exchange.disconnect_future()

    def _take_body(self) -> None:
        if self._body_taken:
            raise protocol_error("RSGI protocol error: the request's body can be read once")
        self._body_taken = True

    async def _read(self) -> bytes:
        pieces = []
        try:
            while (piece := await self._exchange.pull()) is not None:
                pieces.append(piece)
        except ClientGoneError:
            raise protocol_closed() from None
        return b"".join(pieces)

    async def _iterate(self) -> AsyncIterator[bytes]:
        try:
            while (piece := await self._exchange.pull()) is not None:
                yield piece
        except ClientGoneError:
            pass
        yield b""

    # The response

    def response_empty(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self._respond("response_empty", status, headers, b"")

    def response_str(self, status: int, headers: Sequence[tuple[str, str]], body: str) -> None:
        self._check_type("response_str", body, str)
        self._respond("response_str", status, headers, body.encode())

    def response_bytes(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self._check_type("response_bytes", body, bytes, bytearray, memoryview)
        self._respond("response_bytes", status, headers, bytes(body))

    def response_file(self, status: int, headers: Sequence[tuple[str, str]], file: str) -> None:
        self._respond_file("response_file", status, headers, file, 0, None)

    def response_file_range(
        self, status: int, headers: Sequence[tuple[str, str]], file: str, start: int, end: int
    ) -> None:
        if not 0 <= start < end:
            raise ValueError("Invalid range")
        self._respond_file("response_file_range", status, headers, file, start, end)

    def response_stream(self, status: int, headers: Sequence[tuple[str, str]]) -> "StreamTransport":
        self._begin("response_stream", status, self._encode(headers))
        return StreamTransport(self._exchange)

    def _respond(self, method: str, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        encoded = self._encode(headers)
        # As Granian (hyper): the length of a body it knows, but not that of a HEAD request's empty one
        absent = not any(name == b"content-length" for name, _ in encoded)
        if absent and status not in (204, 304) and (body or not self._exchange.bodiless):
            encoded.append((b"content-length", b"%d" % len(body)))
        self._begin(method, status, encoded)
        self._exchange.feed(body)
        self._exchange.finish()

    def _respond_file(
        self, method: str, status: int, headers: Sequence[tuple[str, str]], file: str, start: int, end: int | None
    ) -> None:
        self._check_type(method, file, str)
        encoded = self._encode(headers)
        path = Path(file)
        if path.is_dir():
            raise self._exchange.refuse(f"{method}: {file!r} is a directory; Granian answers with a broken body")
        try:
            opened = path.open("rb")
        except OSError:  # as Granian: the application's status and headers are lost
            plain = [(b"content-length", b"9")]
            self._begin(method, 404, plain)
            self._exchange.feed(b"Not found")
            self._exchange.finish()
            return
        self._rest = _FilePart(opened, start, end)
        try:
            self._begin(method, status, encoded)
        except ProtocolError:
            opened.close()
            raise

    def _begin(self, method: str, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        exchange = self._exchange
        if self._responded:
            raise exchange.refuse(
                f"the application called {method} after {self._responded}; Granian sends the first response only"
            )
        if not isinstance(status, int):
            raise exchange.refuse(f"{method}: the status is {status!r}, not an int")
        if not 200 <= status <= 999:
            raise exchange.refuse(
                f"{method}: the status is {status}, not an int from 200 to 599; "
                "Granian answers 500 below 200, and its worker dies outside 100 to 999"
            )
        self._responded = method
        exchange.begin(int(status), headers)

    def _encode(self, headers: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        if isinstance(headers, str | bytes) or not isinstance(headers, Sequence):
            raise self._exchange.refuse(
                f"the response's headers are a {type(headers).__name__}; they are a sequence of pairs of str"
            )
        return [self._header(header) for header in headers]

    def _header(self, header: tuple[str, str]) -> tuple[bytes, bytes]:
        if not isinstance(header, tuple) or len(header) != 2:
            raise self._exchange.refuse(f"the response header {header!r} is not a tuple of name and value")
        name, value = header
        if not isinstance(name, str) or not isinstance(value, str):
            raise self._exchange.refuse(f"name and value of the response header {header!r} are str; decode them")
        if not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
            raise self._exchange.refuse(
                f"the response header {header!r} is not valid, and Granian drops it without a word: "
                "its name is a token, its value has no control characters"
            )
        return name.lower().encode("ascii"), value.encode()

    def _check_type(self, method: str, value: object, *types: type) -> None:
        if not isinstance(value, types):
            wanted = " or ".join(each.__name__ for each in types)
            raise self._exchange.refuse(f"{method} takes {wanted}, not {type(value).__name__}")

    # The end

    async def returned(self) -> None:
        """End what the application has begun, once its callable has returned."""
        exchange = self._exchange
        if not self._responded:
            if not exchange.disconnected.is_set():
                exchange.begin(500, [] if exchange.bodiless else [(b"content-length", b"0")])
                exchange.finish()
        elif self._rest is not None:
            await self._rest.send(exchange)
        if not exchange.complete:
            exchange.finish()

    def dispose(self) -> None:
        """Close the file that was to be sent."""
        if self._rest is not None:
            self._rest.file.close()


class StreamTransport:
    """What `response_stream` gives: the way to send the body's chunks."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def send_bytes(self, data: bytes) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise self._exchange.refuse(f"send_bytes takes bytes, not {type(data).__name__}; use send_str for str")
        await self._send(bytes(data))

    async def send_str(self, data: str) -> None:
        if not isinstance(data, str):
            raise self._exchange.refuse(f"send_str takes str, not {type(data).__name__}; use send_bytes for bytes")
        await self._send(data.encode())

    async def _send(self, data: bytes) -> None:
        if self._exchange.complete:
            raise protocol_closed()
        try:
            await self._exchange.write(data)
        except ClientGoneError:
            raise protocol_closed() from None


class _FilePart:
    """Bytes *start* to *end* (exclusive) of an open file, sent once the application has returned."""

    def __init__(self, file: BinaryIO, start: int, end: int | None) -> None:
        self.file = file
        self._start = start
        self._left = sys.maxsize if end is None else end - start

    async def send(self, exchange: Exchange) -> None:
        await asyncio.to_thread(self.file.seek, self._start)
        while self._left and not exchange.bodiless:
            chunk = await asyncio.to_thread(self.file.read, min(PIECE, self._left))
            if not chunk:
                return
            self._left -= len(chunk)
            await exchange.write(chunk)
