"""Streams of items: JSON lines, and server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from velocipy.concurrency import iterate_in_thread
from velocipy.http.headers import HeadersInput, MutableHeaders
from velocipy.http.response import Stream, StreamingResponse

if TYPE_CHECKING:
    from velocipy.http.connection import HTTPConnection

HEARTBEAT = 15.0  # seconds; proxies close what is silent for 30 or 60

_LINE_ENDS = re.compile(rb"\r\n|\r|\n")  # and no others: str.splitlines knows more than the standard
_DRAINING: Any = object()


class _ItemResponse(StreamingResponse):
    """Streams what *content* makes, each item encoded as the application, or the type that is declared, has it."""

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
    ) -> None:
        if isinstance(content, (str, bytes, bytearray, Mapping)) or not isinstance(content, (AsyncIterable, Iterable)):
            raise TypeError(f"a {type(content).__name__} is no stream; give a generator, or another iterable of items")
        self._items = content
        self._sending = _Sending()
        super().__init__((), status_code, headers, media_type)
        self.body = Stream(self._chunks(), self._sending.begin)

    def bind(self, encode: Callable[[Any], bytes]) -> None:
        self._sending.encode = encode

    def _chunks(self) -> AsyncGenerator[bytes]:
        raise NotImplementedError


class _Sending:
    """What is known when the answer is sent; copies of a response have it in common."""

    encode: Callable[[Any], bytes] | None = None
    request: HTTPConnection | None = None

    def begin(self, request: HTTPConnection) -> None:
        self.request = request
        self.encode = self.encode or request.app._codec.encode


class JSONLinesResponse(_ItemResponse):
    """Sends each item as a line of JSON, when it is made; see https://jsonlines.org.

    A route has it for what a handler yields, where its return annotation says of what types the items are.

    Args:
        content: An iterable or async iterable of items, such as a generator.
        status_code: 200 to 599.
        headers: Further headers.
        media_type: The content type; "application/x-ndjson" is another that is in use.

    Raises:
        TypeError: If *content* is no iterable of items.
        ValueError: If a header cannot be sent.
    """

    media_type = "application/jsonl"

    async def _chunks(self) -> AsyncGenerator[bytes]:
        items = _as_async(self._items)
        try:
            async for item in items:
                assert self._sending.encode is not None
                yield self._sending.encode(item).replace(b"\n", b" ") + b"\n"  # of a codec that indents
        finally:
            await _close(items)


class ServerSentEvent:
    """One event of an `EventSourceResponse`.

    Args:
        data: Text as it is (str, or bytes of UTF-8), of any number of lines; anything else as JSON. Without data
            the browser tells nobody of the event, but keeps `id` and `retry`.
        event: Its type; browsers take an event without one for a "message".
        id: What the browser sends as `Last-Event-ID` when it connects again.
        retry: Milliseconds after which it connects again.
        comment: Text that the browser ignores, of any number of lines.

    Raises:
        ValueError: If *event* or *id* has a line break, *id* a NUL, or *retry* is no number from 0.
    """

    __slots__ = ("comment", "data", "event", "id", "retry")

    def __init__(
        self,
        data: Any = None,
        *,
        event: str | None = None,
        id: str | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        for name, value, refused in (("event", event, "\r\n"), ("id", id, "\r\n\0")):
            if value is not None and any(character in value for character in refused):
                raise ValueError(f"the {name} {value!r} has a line break or a NUL, which would begin another field")
        _check_retry(retry)
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment

    def encode(self, encode: Callable[[Any], bytes]) -> bytes:
        """Return the event as it is sent; *encode* makes JSON of data that is no text."""
        fields: list[tuple[bytes, str | bytes]] = []
        if self.comment is not None:
            fields.append((b"", self.comment))
        if self.event is not None:
            fields.append((b"event", self.event))
        if self.id is not None:
            fields.append((b"id", self.id))
        if self.retry is not None:
            fields.append((b"retry", str(self.retry)))
        if self.data is not None:
            is_text = isinstance(self.data, (str, bytes, bytearray))
            fields.append((b"data", self.data if is_text else encode(self.data)))
        lines = []
        for name, value in fields:
            text = value.encode("utf-8") if isinstance(value, str) else value
            lines += [b"%b: %b\n" % (name, line) for line in _LINE_ENDS.split(text)]
        return b"".join([*lines, b"\n"])


class EventSourceResponse(_ItemResponse):
    """Sends each item as a server-sent event, when it is made.

    The stream ends when its items do, when the client leaves, or when the server stops: then what makes the items is
    closed where it waits, and the answer ends whole, so that browsers connect again, elsewhere.

    Args:
        content: An iterable or async iterable, such as a generator, of `ServerSentEvent`, or of what is the data of
            an event without more: str or bytes as they are, anything else as JSON.
        status_code: 200 to 599.
        headers: Further headers.
        heartbeat: Seconds of silence after which a comment is sent, which keeps proxies from closing the connection;
            None for never.
        retry: Milliseconds after which browsers connect again, told at the start.
        shutdown_event: Sent last, when the server stops.

    Raises:
        TypeError: If *content* is no iterable of items.
        ValueError: If *heartbeat* is not over 0, *retry* is no number from 0, or a header cannot be sent.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeadersInput | None = None,
        *,
        heartbeat: float | None = HEARTBEAT,
        retry: int | None = None,
        shutdown_event: ServerSentEvent | None = None,
    ) -> None:
        if heartbeat is not None and not heartbeat > 0:
            raise ValueError(f"heartbeat is {heartbeat}; give seconds over 0, or None for no heartbeat")
        _check_retry(retry)
        fields = MutableHeaders(headers)
        fields.setdefault("content-type", "text/event-stream")  # which is UTF-8 always
        fields.setdefault("cache-control", "no-store")
        fields.setdefault("x-accel-buffering", "no")  # nginx would hold events back
        self._heartbeat = heartbeat
        self._retry = retry
        self._shutdown_event = shutdown_event
        super().__init__(content, status_code, fields)

    async def _chunks(self) -> AsyncGenerator[bytes]:
        encode, request = self._sending.encode, self._sending.request
        assert encode is not None
        assert request is not None
        queue: asyncio.Queue[Any] = asyncio.Queue()
        tasks = [
            asyncio.create_task(self._make_items(queue)),
            asyncio.create_task(_tell_of_drain(request.app.wait_for_drain, queue)),
        ]
        try:
            if self._retry is not None:
                yield ServerSentEvent(retry=self._retry).encode(encode)
            while True:
                try:
                    async with asyncio.timeout(self._heartbeat):
                        item = await queue.get()
                except TimeoutError:
                    yield b":\n\n"
                    continue
                if item is None or item is _DRAINING:
                    break
                yield item.encode(encode)
                queue.task_done()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if not tasks[0].cancelled():
                tasks[0].result()  # which raises what the generator did
        if item is _DRAINING and self._shutdown_event is not None:
            yield self._shutdown_event.encode(encode)

    async def _make_items(self, queue: asyncio.Queue[Any]) -> None:
        """Put one event at a time; in one task, since a generator may hold what belongs to the task that entered it."""
        items = _as_async(self._items)
        try:
            async for item in items:
                queue.put_nowait(item if isinstance(item, ServerSentEvent) else ServerSentEvent(item))
                await queue.join()
        finally:
            try:
                await _close(items)
            finally:
                queue.put_nowait(None)


async def _tell_of_drain(wait_for_drain: Callable[[], Any], queue: asyncio.Queue[Any]) -> None:
    await wait_for_drain()
    queue.put_nowait(_DRAINING)


def _check_retry(retry: int | None) -> None:
    if retry is not None and (not isinstance(retry, int) or retry < 0):
        raise ValueError(f"retry is {retry!r}; give milliseconds from 0")


def _as_async(items: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterable[Any]:
    return items if isinstance(items, AsyncIterable) else iterate_in_thread(items)


async def _close(items: AsyncIterable[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
