"""
One request and its response, between an application and a client, in one event loop.

The application side pulls the request body (`pull`) and pushes the response (`begin`, `write`, `finish`); the client
side takes the head, then chunk after chunk (`head`, `read`), and closes (`close`). Nothing is gathered: a chunk of the
request is taken from the client when the application asks for it, and `write` waits while the client has not read what
was written before.

What a protocol looks like is known to `asgi` and `rsgi`; how the client side is reached, to `transports` and `bridges`;
how the application's task starts and ends, to `running`.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence

import httpx2

from velocipy.testing.running import HIGH_WATER, ClientGoneError, Running

PIECE = 64 * 1024  # bytes; a server hands a large body over in pieces of about this size


class Exchange(Running):
    """
    A request on its way through an application.

    Args:
        request: What the client sends; its stream is not touched.
        body: The request's body; taken one chunk at a time, on demand.
        raise_late_errors: Whether an exception that escapes the application after it answered completely is raised (by
            the read that ends the body), or only logged.
    """

    def __init__(self, request: httpx2.Request, body: AsyncIterable[bytes], *, raise_late_errors: bool) -> None:
        super().__init__(request, raise_late_errors=raise_late_errors)
        self.status = 0
        self._headers: Sequence[tuple[bytes, bytes]] = ()
        self._disconnect_futures: list[asyncio.Future[None]] = []
        self._drained = asyncio.Event()
        self._drained.set()
        self._chunks: deque[bytes] = deque()
        self._unread = 0  # bytes in _chunks
        self._expected: int | None = None  # bytes of body still to be written, by the Content-Length header
        self._incoming = _Incoming(body, request.headers.get("content-length"), on_error=self._client_failed)

    # The application's side

    @property
    def started(self) -> bool:
        """Whether the application has sent its status and headers."""
        return self.status != 0

    @property
    def bodiless(self) -> bool:
        """Whether the client gets no body whatever the application sends: the answer to a HEAD request."""
        return self.request.method == "HEAD"

    async def pull(self) -> bytes | None:
        """
        Take the next piece of the request's body, 1 to `PIECE` bytes; None at its end.

        Raises:
            ClientGoneError: If the client closed, or its body failed, before the end.
        """
        return await self._incoming.take(self.disconnected)

    def disconnect_future(self) -> asyncio.Future[None]:
        """A future that is done once the client has closed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.disconnected.is_set():
            future.set_result(None)
        self._disconnect_futures.append(future)
        return future

    def begin(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Give the client *status* and *headers*; names are lower case."""
        lengths = {value for name, value in headers if name == b"content-length"}
        if len(lengths) > 1:
            raise self.refuse(f"the response has several Content-Length headers, {sorted(lengths)}; send one")
        for value in lengths:
            if not value.isdigit():
                raise self.refuse(f"the response's Content-Length is {value!r}; it is a count of bytes in digits")
            if not self.bodiless:
                self._expected = int(value)
        if status in (204, 304):
            self._expected = 0
        self.status = status
        self._headers = headers
        self._changed.set()

    async def write(self, data: bytes) -> None:
        """
        Give the client a chunk; wait while it has more than `HIGH_WATER` bytes to read.

        Raises:
            ClientGoneError: If the client closed.
            ProtocolError: If the chunk does not fit into the Content-Length, or the status allows no body.
        """
        self.feed(data)
        if self._unread > HIGH_WATER and not self.disconnected.is_set():
            self._drained.clear()
            await self._drained.wait()
        if self.disconnected.is_set():
            await asyncio.sleep(0)  # an application that writes for ever must not stop the loop
            raise ClientGoneError

    def feed(self, data: bytes) -> None:
        """Give the client a chunk without waiting."""
        if self._expected is not None:
            if len(data) > self._expected:
                raise self.refuse(self._overlong(len(data)))
            self._expected -= len(data)
        if data and not self.bodiless and not self.disconnected.is_set():
            self._chunks.append(data)
            self._unread += len(data)
            self._changed.set()

    def finish(self) -> None:
        """End the response's body."""
        if self._expected and not self.disconnected.is_set():
            raise self.refuse(
                f"the response's body ended {self._expected} bytes before its Content-Length; "
                "leave the header out, or count the bytes"
            )
        self.complete = True
        self._changed.set()

    def _overlong(self, size: int) -> str:
        if self.status in (204, 304):
            return f"a response with status {self.status} has no body, and the application sent {size} bytes; send none"
        return (
            f"the response's body is longer than its Content-Length: a chunk of {size} bytes where {self._expected} "
            "were left; leave the header out, or count the bytes"
        )

    # The client's side

    async def head(self) -> tuple[int, Sequence[tuple[bytes, bytes]]]:
        """Wait for status and headers; raises what escaped the application instead of them."""
        while not self.started:
            self._raise_failure()
            await self._wait_for_change("the head of the response")
        self._raise_failure()
        return self.status, self._headers

    async def read(self) -> bytes | None:
        """Wait for a chunk of the response's body; None at its end, when the application has returned as well."""
        while not self._chunks:
            self._raise_failure()
            if self.complete:
                await self._settle()
                return None
            await self._wait_for_change("the next chunk of the response")
        chunk = self._chunks.popleft()
        self._unread -= len(chunk)
        if self._unread <= HIGH_WATER:
            self._drained.set()
        return chunk

    def abandon(self) -> None:
        """Tell the application that its client is gone."""
        self.disconnected.set()
        for future in self._disconnect_futures:
            if not future.done():
                future.set_result(None)
        self._incoming.stop()
        self._drained.set()
        self._chunks.clear()
        self._unread = 0

    def _client_failed(self) -> None:
        self.abandon()
        self._changed.set()

    def _raise_failure(self) -> None:
        if self._incoming.error is not None:
            raise self._incoming.error
        super()._raise_failure()

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._incoming.stop()
        super()._returned(task)


class _Incoming:
    """A request's body, pulled from its source by one task, a chunk for each demand, and checked against its length."""

    def __init__(self, source: AsyncIterable[bytes], length: str | None, *, on_error: Callable[[], None]) -> None:
        self.error: Exception | None = None  # raised by the source, or by a source of the wrong length
        self._source = source
        self._length = int(length) if length and length.isdigit() else None
        self._on_error = on_error
        self._context = contextvars.copy_context()  # a generator given by the user runs in the user's context
        self._pieces: deque[bytes] = deque()
        self._ended = False
        self._wanted = asyncio.Event()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def take(self, disconnected: asyncio.Event) -> bytes | None:
        while not self._pieces:
            if self._ended:
                return None
            if disconnected.is_set():
                raise ClientGoneError
            if self._task is None:
                loop = asyncio.get_running_loop()
                self._task = loop.create_task(self._pump(), context=self._context)
            self._arrived.clear()
            self._wanted.set()
            await self._arrived.wait()
        return self._pieces.popleft()

    def stop(self) -> None:
        """Take nothing more from the source, and wake whoever waits for it."""
        if self._task is not None and self.error is None:
            self._task.cancel()
        self._arrived.set()

    async def _pump(self) -> None:
        chunks = aiter(self._source)
        received = 0
        try:
            async for chunk in chunks:
                if not isinstance(chunk, bytes):
                    raise TypeError(f"a chunk of a request's body is bytes, not {type(chunk).__name__}; encode it")
                received += len(chunk)
                if self._length is not None and received > self._length:
                    raise httpx2.LocalProtocolError("Too much data for declared Content-Length")
                self._pieces.extend(chunk[i : i + PIECE] for i in range(0, len(chunk), PIECE))
                if self._pieces:
                    self._wanted.clear()
                    self._arrived.set()
                    await self._wanted.wait()
            if self._length is not None and received < self._length:
                raise httpx2.LocalProtocolError("Too little data for declared Content-Length")
            self._ended = True
        except Exception as error:
            self.error = error
            self._on_error()
        finally:
            self._arrived.set()
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
