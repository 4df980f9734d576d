"""The WebSocket (RFC 6455): its handshake is a request's head, then messages go both ways until one side closes.

The adapters in `servers/` say how it is accepted, refused, read, written and shut (the methods with one underscore that
raise NotImplementedError here).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple, TypeVar, overload

from velocipy.errors import (
    ValidationError,
    WebSocketDisconnect,
    WebSocketException,
    check_close,
    invalid_json,
)
from velocipy.http.connection import HTTPConnection
from velocipy.http.headers import HeadersInput, MutableHeaders
from velocipy.http.reading_ahead import ReadingAhead
from velocipy.http.response import Response

__all__ = ["MessageKind", "WebSocket", "WebSocketMessage"]

Typed = TypeVar("Typed")
_LOC = ("message",)
_SECURE = {"http": "ws", "https": "wss"}


class MessageKind(IntEnum):
    """What a message is; the numbers are RSGI's."""

    CLOSE = 0
    BYTES = 1
    TEXT = 2


class WebSocketMessage(NamedTuple):
    """A message as it came; `data` is None for the end."""

    kind: MessageKind
    data: str | bytes | None


class WebSocket(HTTPConnection):
    """One WebSocket. Handlers take it by the annotation `WebSocket` or the name `websocket`.

    `HTTPConnection` tells of its head. The handler calls `accept()` first, or refuses with an exception or `deny()`.
    When it returns, the WebSocket is closed. One task at a time may receive; others may send meanwhile.

    Attributes:
        subprotocol: What `accept` chose; None before, and for none.
        close_code: What it was closed with, by whichever side; None while it is open.
        close_reason: Likewise.
    """

    __slots__ = (
        "_ahead",
        "_answering",
        "_gone",
        "_is_accepted",
        "_is_closed",
        "_is_interrupted",
        "_receiver",
        "_sent",
        "close_code",
        "close_reason",
        "subprotocol",
    )

    subprotocol: str | None
    close_code: int | None
    close_reason: str
    _is_accepted: bool
    _is_closed: bool
    _is_interrupted: bool
    _answering: tuple[Callable[[MutableHeaders], Awaitable[object]], ...]  # hooks that are to be called yet
    _gone: asyncio.Future[None] | None  # done when it was closed and nobody received, who would meet that
    _receiver: asyncio.Task[Any] | None  # the task that receives
    _sent: int  # messages since somebody has received
    _ahead: ReadingAhead | None

    def _begin(self) -> None:
        self.subprotocol = self.close_code = self._ahead = self._gone = self._receiver = None
        self.close_reason = ""
        self._answering = ()
        self._is_accepted = self._is_closed = self._is_interrupted = False
        self._sent = 0

    # -- the handshake -----------------------------------------------------------------------------------------------

    @property
    def scheme(self) -> str:
        """ "ws" or "wss"."""
        scheme = super().scheme
        return _SECURE.get(scheme, scheme)

    @scheme.setter
    def scheme(self, scheme: str) -> None:
        self._replace("scheme", scheme)

    @property
    def subprotocols(self) -> list[str]:
        """What the client offers, the most wanted first."""
        offered = ",".join(self._header_list("sec-websocket-protocol"))
        return [name for part in offered.split(",") if (name := part.strip())]

    @property
    def accepted(self) -> bool:
        """Whether `accept` was called; it may be closed by now."""
        return self._is_accepted

    @property
    def closed(self) -> bool:
        """Whether it was closed, by whichever side, or refused."""
        return self._is_closed

    def on_handshake(self, hook: Callable[[MutableHeaders], Awaitable[object]]) -> None:
        """Have *hook* called once, before the handshake is answered, with the headers of the answer, to change them.

        That is the acceptance or a refusal. It is for middleware, which would not know when the handler accepts. On
        RSGI the headers of a refusal do not arrive, and those of an acceptance are refused: see `accept`. What the hook
        raises is raised by `accept` or `deny`, and answers the handshake if nobody catches it.

        Raises:
            RuntimeError: If the handshake was answered before.
        """
        if self._is_accepted or self._is_closed:
            raise RuntimeError("the handshake was answered before; call on_handshake() ahead of the handler")
        self._answering += (hook,)

    async def accept(self, subprotocol: str | None = None, headers: HeadersInput | None = None) -> None:
        """Accept the WebSocket.

        Args:
            subprotocol: One of `subprotocols`.
            headers: Of the answer to the handshake, such as a cookie.

        Raises:
            RuntimeError: If it was accepted or refused before.
            ValueError: If the client has not offered the subprotocol, or a header cannot be sent.
            UnsupportedByServer: On RSGI, which carries neither subprotocol nor headers.
            WebSocketDisconnect: If the client has left.
        """
        if self._is_closed:
            raise self._disconnect()
        if self._is_accepted:
            raise RuntimeError("the WebSocket was accepted before; call accept() once")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"the client has not offered the subprotocol {subprotocol!r}, but {self.subprotocols}")
        fields = MutableHeaders(headers)
        await self._complete(fields)
        pairs = fields.items()
        for name, _ in pairs:
            if name.startswith("sec-websocket-") or name in ("connection", "upgrade"):
                raise ValueError(f"the header {name} of a handshake is the server's; choose with subprotocol=")
        await self._accept(subprotocol, pairs)
        self._is_accepted = True
        self.subprotocol = subprotocol
        if self._gone is not None:
            self._read_ahead()
        if self.app.is_draining:
            await self._dismiss()

    async def deny(self, response: Response) -> None:
        """Refuse the handshake with *response*; an exception such as `HTTPException(401)` does the same.

        Of it the status alone arrives on RSGI, and nothing on Gunicorn's own worker, which answers 403.

        Raises:
            RuntimeError: If it was accepted before.
        """
        if self._is_accepted:
            raise RuntimeError("the WebSocket was accepted; close() it")
        if not self._is_closed:
            if self._answering:
                response = response.copy()  # it may be that of others too
                await self._complete(response.headers)
            self._is_closed = True
            await self._refuse(response)

    # -- messages ----------------------------------------------------------------------------------------------------

    async def receive(self) -> WebSocketMessage:
        """Wait for a message, the end included.

        Raises:
            RuntimeError: If it was not accepted, or another task receives.
            WebSocketException: 1009, if the message is longer than `max_content_length` of the route.
            WebSocketDisconnect: If the end has been received before.
        """
        was_closed = self._is_closed
        try:
            data = await self._receive()
        except WebSocketDisconnect:
            if was_closed:
                raise
            return WebSocketMessage(MessageKind.CLOSE, None)
        return WebSocketMessage(MessageKind.TEXT if isinstance(data, str) else MessageKind.BYTES, data)

    async def receive_text(self) -> str:
        """Wait for a text message.

        Raises:
            WebSocketDisconnect: If the WebSocket is closed.
            WebSocketException: 1002, if the message is a binary one; further as `receive` does.
        """
        data = await self._receive()
        if not isinstance(data, str):
            raise WebSocketException(1002, "a text message was expected")
        return data

    async def receive_bytes(self) -> bytes:
        """Wait for a binary message; raises as `receive_text` does."""
        data = await self._receive()
        if isinstance(data, str):
            raise WebSocketException(1002, "a binary message was expected")
        return data

    @overload
    async def receive_json(self) -> Any: ...

    @overload
    async def receive_json(self, annotation: type[Typed]) -> Typed: ...

    @overload
    async def receive_json(self, annotation: Any) -> Any: ...

    async def receive_json(self, annotation: Any = Any) -> Any:
        """Wait for a message, text or binary, and read it as JSON.

        Args:
            annotation: What it has to be, as the body of a request: a model, `list[int]`, a union.

        Raises:
            ValidationError: If it is no JSON, or not what *annotation* says; if nobody catches it, the WebSocket is
                closed with 1007.
            WebSocketDisconnect: If the WebSocket is closed.
        """
        data = await self._receive()
        body = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        if annotation is not Any:
            assert self._plan.models is not None  # of a plan that has a handler
            return self._plan.models.decode(annotation, body, _LOC)
        try:
            return self._plan.decode(body)
        except (ValueError, RecursionError) as error:
            raise ValidationError([invalid_json(error, _LOC)]) from None

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        return _until_the_end(self._receive)

    def iter_text(self) -> AsyncIterator[str]:
        """Yield text messages until the end; raises as `receive_text` does, but for the end."""
        return _until_the_end(self.receive_text)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Yield binary messages until the end; raises as `receive_bytes` does, but for the end."""
        return _until_the_end(self.receive_bytes)

    @overload
    def iter_json(self) -> AsyncIterator[Any]: ...

    @overload
    def iter_json(self, annotation: type[Typed]) -> AsyncIterator[Typed]: ...

    @overload
    def iter_json(self, annotation: Any) -> AsyncIterator[Any]: ...

    def iter_json(self, annotation: Any = Any) -> AsyncIterator[Any]:
        """Yield messages read as JSON until the end; raises as `receive_json` does, but for the end."""
        return _until_the_end(partial(self.receive_json, annotation))

    async def send_text(self, data: str) -> None:
        """Send a text message.

        Raises:
            RuntimeError: If the WebSocket was not accepted.
            WebSocketDisconnect: If it is closed.
        """
        if not isinstance(data, str):
            raise TypeError(f"a text message is str, not {type(data).__name__}; use send_bytes or send_json")
        await self._send(data)

    async def send_bytes(self, data: bytes | bytearray | memoryview) -> None:
        """Send a binary message; raises as `send_text` does."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"a binary message is bytes, not {type(data).__name__}; use send_text or send_json")
        await self._send(bytes(data))

    async def send_json(self, value: Any) -> None:
        """Send *value* as JSON in a text message; raises as `send_text` does."""
        encode = self._plan.results.encode
        await self._send(encode(value).decode())

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the WebSocket; one that is not accepted yet is refused with the status 403. Once is enough.

        Args:
            code: See `WebSocketException`.
            reason: Likewise.

        Raises:
            ValueError: If no endpoint may send them.
            UnsupportedByServer: On RSGI, for another code than 1000 and for a reason, which it does not carry; the
                WebSocket is closed all the same.
        """
        check_close(code, reason or "")
        if not self._is_accepted:
            await self.deny(Response(None, 403))
        elif not self._is_closed:
            self._leave(code, reason or "")
            await self._shut(code, reason or "")
            self._check_close(code, reason or "")

    # -- for the framework -------------------------------------------------------------------------------------------

    async def _complete(self, headers: MutableHeaders) -> None:
        hooks, self._answering = self._answering, ()  # one that fails is not called again by the refusal which follows
        for hook in hooks:
            await hook(headers)

    async def _receive(self) -> str | bytes:
        self._require_open()
        if self._receiver is not None:
            raise RuntimeError("another task receives from this WebSocket; have one task receive, and pass it on")
        self._receiver = receiver = asyncio.current_task()
        self._sent = 0
        try:
            data = await (self._read() if self._ahead is None else self._ahead.next())
        except WebSocketDisconnect as end:
            self._leave(end.code, end.reason)
            raise
        except asyncio.CancelledError:
            if self._is_interrupted and receiver is not None:
                receiver.uncancel()
                raise self._disconnect() from None
            self._receiver = None
            if self._is_closed:  # just now, and this task is not told
                self._tell_gone()
            raise
        finally:
            self._receiver = None
        limit = self._plan.max_content_length
        if limit is not None and len(data) * 4 > limit and _length(data) > limit:
            raise WebSocketException(1009, f"a message has at most {limit} bytes")
        return data

    async def _send(self, data: str | bytes) -> None:
        self._require_open()
        self._sent += 1
        if self._sent > 1 and self._ahead is None and self._receiver is None:
            self._read_ahead()  # it seems to be a handler that only sends
        try:
            await self._write(data)
        except WebSocketDisconnect as end:
            self._leave(end.code, end.reason)
            raise

    def _watch(self) -> asyncio.Future[None]:
        """Return what is done when the client leaves, or the WebSocket is dismissed, while nobody receives."""
        self._gone = asyncio.get_running_loop().create_future()
        if self._is_accepted:
            self._read_ahead()
        return self._gone

    def _read_ahead(self) -> None:
        if self._ahead is None:
            self._ahead = ReadingAhead(self._read, self._note_end)

    def _note_end(self, end: WebSocketDisconnect) -> None:
        if not self._is_closed:
            self._leave(end.code, end.reason)
            self._tell_gone()

    def _tell_gone(self) -> None:
        if self._receiver is None and self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def _require_open(self) -> None:
        if self._is_closed:
            raise self._disconnect()
        if not self._is_accepted:
            raise RuntimeError("the WebSocket is not accepted yet; await accept() first")

    def _disconnect(self) -> WebSocketDisconnect:
        return WebSocketDisconnect(1006 if self.close_code is None else self.close_code, self.close_reason)

    def _leave(self, code: int, reason: str) -> None:
        if not self._is_closed:
            self._is_closed = True
            self.close_code, self.close_reason = code, reason

    async def _end(self, code: int = 1000, reason: str = "") -> None:
        """Close it as far as the server can, whatever state it is in."""
        if self._is_accepted and not self._is_closed:
            self._leave(code, reason)
            await self._shut(code, reason)

    async def _dismiss(self) -> None:
        """Close it since the application is to end, and have who receives meet that now: no server is sure to tell."""
        await self._end(1001)
        self._tell_gone()
        if self._receiver is not None:
            self._is_interrupted = True
            self._receiver.cancel()

    def _forget(self) -> None:
        """End what reads ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()

    # -- what each adapter completes ----------------------------------------------------------------------------------

    async def _accept(self, subprotocol: str | None, pairs: list[tuple[str, str]]) -> None:
        raise NotImplementedError

    async def _refuse(self, response: Response) -> None:
        raise NotImplementedError

    async def _read(self) -> str | bytes:
        """Wait for a message; raise WebSocketDisconnect at the end."""
        raise NotImplementedError

    async def _write(self, data: str | bytes) -> None:
        """Send a message; raise WebSocketDisconnect if the client is known to have left."""
        raise NotImplementedError

    async def _shut(self, code: int, reason: str) -> None:
        """Send a close frame; not fail if the client has left."""
        raise NotImplementedError

    def _check_close(self, code: int, reason: str) -> None:
        """Raise UnsupportedByServer if the client does not learn the code or the reason."""


async def _until_the_end(receive: Callable[[], Awaitable[Typed]]) -> AsyncIterator[Typed]:
    try:
        while True:
            yield await receive()
    except WebSocketDisconnect:
        return


def _length(data: str | bytes) -> int:
    return len(data.encode("utf-8", "surrogatepass")) if isinstance(data, str) else len(data)
