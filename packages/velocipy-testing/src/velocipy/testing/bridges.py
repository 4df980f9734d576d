"""
Bridges from any thread and any loop to a transport in a loop in a thread of its own.

`ThreadTransport` is crossed by a thread that waits, `AsyncThreadTransport` by a coroutine in another loop. Chunks of a
request's body are taken where they are made: in the thread of the caller while it waits for the response, or in the
caller's loop. Chunks of a response are fetched one by one, when the caller asks.

A bridge does not care what its inner transport leads to: an application in this process, or a real server.
"""

import asyncio
import contextlib
import queue
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from velocipy.testing.errors import LoopClosedError
from velocipy.testing.loop_thread import LoopThread
from velocipy.testing.transports import RSGITransport
from velocipy.testing.websocket_exchange import Ending
from velocipy.testing.websocket_sessions import WebSocketConnection, WebSocketTransport

T = TypeVar("T")


class _Residence:
    """A transport in a loop thread; starting and stopping it starts and stops its application."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.thread = LoopThread(inner)
        self.inner = inner
        self._entered = False

    def startup(self) -> None:
        if self._entered:
            return
        try:
            if isinstance(self.inner, RSGITransport):
                self.thread.while_paused(self.inner.init)
            else:
                self.thread.submit(self.inner.__aenter__()).result()
        except BaseException:
            self.thread.close()
            raise
        self._entered = True

    def shutdown(self) -> None:
        """End everything; a second time does nothing."""
        try:
            with contextlib.suppress(LoopClosedError):
                self.thread.submit(self.inner.aclose()).result()
            if self._entered and isinstance(self.inner, RSGITransport):
                self.thread.while_paused(self.inner.delete)
        finally:
            self._entered = False
            self.thread.close()

    async def send(self, request: httpx2.Request, body: AsyncIterator[bytes]) -> tuple[httpx2.Response, "_Chunks"]:
        """Send *request* with *body* in place of its stream, which belongs to the caller; in the thread's loop."""
        there = httpx2.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=_Stream(body),
            extensions=request.extensions,
        )
        response = await self.inner.handle_async_request(there)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return response, _Chunks(response.stream)

    async def open_websocket(self, request: httpx2.Request) -> WebSocketConnection:
        """Open a WebSocket; in the thread's loop."""
        assert isinstance(self.inner, WebSocketTransport)
        return await self.inner.open_websocket(request)


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks


class _Chunks:
    """The chunks of a response, to be fetched one by one; in the thread's loop."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream
        self._iterator = aiter(stream)

    async def following(self) -> bytes | None:
        return await anext(self._iterator, None)

    async def close(self) -> None:
        await self._stream.aclose()


def _crossed(response: httpx2.Response, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream) -> httpx2.Response:
    return httpx2.Response(
        response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
    )


# From a thread


class ThreadTransport(httpx2.BaseTransport):
    """
    Brings the requests of a `httpx2.Client` to *inner*, which lives in a loop in a daemon thread of its own.

    Entered, it starts the application behind *inner*; a transport that is collected leaves no thread behind.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._residence = _Residence(inner)
        weakref.finalize(self, self._residence.thread.close, wait=False)

    def __enter__(self) -> Self:
        self._residence.startup()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.SyncByteStream)
        conversation = _Conversation(self._residence.thread, iter(request.stream))
        response, chunks = conversation.wait(self._residence.send(request, conversation.body()))
        return _crossed(response, _ThreadStream(chunks, conversation))

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* in the loop of *inner*, until it is done."""
        return self._residence.thread.wait(coroutine)

    async def open_websocket(self, request: httpx2.Request) -> WebSocketConnection:
        """Open a WebSocket of *inner*; in its loop, where the connection belongs."""
        return await self._residence.open_websocket(request)

    def close(self) -> None:
        self._residence.shutdown()


class _ThreadStream(httpx2.SyncByteStream):
    def __init__(self, chunks: _Chunks, conversation: "_Conversation") -> None:
        self._chunks = chunks
        self._conversation = conversation

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self._conversation.wait(self._chunks.following())) is not None:
            yield chunk

    def close(self) -> None:
        with contextlib.suppress(LoopClosedError):
            self._conversation.wait(self._chunks.close(), giving=False)


class _Conversation:
    """
    What a waiting caller and the loop say to each other during one exchange.

    The caller waits on one queue: either what it waits for is done, or the loop wishes for a chunk of the request's
    body, which the caller takes from its iterator, and waits on.
    """

    def __init__(self, thread: LoopThread, chunks: Iterator[bytes]) -> None:
        self._thread = thread
        self._chunks = chunks
        self._inbox: queue.SimpleQueue[Future[Any] | _Wish] = queue.SimpleQueue()

    def wait(self, coroutine: Coroutine[Any, Any, T], *, giving: bool = True) -> T:
        """Run *coroutine* in the loop until it is done, *giving* chunks meanwhile."""
        done = self._thread.submit(coroutine)
        done.add_done_callback(self._inbox.put)
        try:
            while (item := self._inbox.get()) is not done:
                if giving and isinstance(item, _Wish):
                    item.grant(self._chunks)
        except BaseException:  # the iterator's own, or an interrupt
            done.cancel()
            raise
        return done.result()

    async def body(self) -> AsyncIterator[bytes]:
        """The chunks, for the loop."""
        while True:
            wish = _Wish()
            self._inbox.put(wish)
            chunk = await wish.granted
            if chunk is None:
                return
            yield chunk


class _Wish:
    """The loop's wish for the next chunk."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.granted: asyncio.Future[bytes | None] = self._loop.create_future()

    def grant(self, chunks: Iterator[bytes]) -> None:
        if not self.granted.done():
            self._loop.call_soon_threadsafe(self._set, next(chunks, None))

    def _set(self, chunk: bytes | None) -> None:
        if not self.granted.done():
            self.granted.set_result(chunk)


# From another loop


class AsyncThreadTransport(httpx2.AsyncBaseTransport):
    """
    Brings the requests of a `httpx2.AsyncClient` to *inner*, which lives in a loop in a daemon thread of its own.

    It belongs to no loop of the caller's: it can be started and stopped outside any, and used in several. Entered, it
    starts the application behind *inner*; a transport that is collected leaves no thread behind.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._residence = _Residence(inner)
        weakref.finalize(self, self._residence.thread.close, wait=False)

    def startup(self) -> None:
        """Start the application, outside any loop."""
        self._residence.startup()

    def shutdown(self) -> None:
        """Stop the application and end its thread, outside any loop."""
        self._residence.shutdown()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._residence.startup)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        thread = self._residence.thread
        body = _from_loop(aiter(request.stream), asyncio.get_running_loop())
        response, chunks = await asyncio.wrap_future(thread.submit(self._residence.send(request, body)))
        return _crossed(response, _DistantStream(chunks, thread))

    async def open_websocket(self, request: httpx2.Request) -> WebSocketConnection:
        """Open a WebSocket of *inner*."""
        thread = self._residence.thread
        opened = await asyncio.wrap_future(thread.submit(self._residence.open_websocket(request)))
        return _DistantWebSocket(opened, thread)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._residence.shutdown)


async def _from_loop(chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> AsyncIterator[bytes]:
    """The chunks of an iterator that belongs to another loop."""

    async def following() -> bytes | None:
        return await anext(chunks, None)

    while (chunk := await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(following(), loop))) is not None:
        yield chunk


class _DistantStream(httpx2.AsyncByteStream):
    def __init__(self, chunks: _Chunks, thread: LoopThread) -> None:
        self._chunks = chunks
        self._thread = thread

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await asyncio.wrap_future(self._thread.submit(self._chunks.following()))) is not None:
            yield chunk

    async def aclose(self) -> None:
        with contextlib.suppress(LoopClosedError):
            await asyncio.wrap_future(self._thread.submit(self._chunks.close()))


class _DistantWebSocket:
    def __init__(self, inner: WebSocketConnection, thread: LoopThread) -> None:
        self._inner = inner
        self._thread = thread

    @property
    def response(self) -> httpx2.Response | None:
        return self._inner.response

    async def send(self, data: str | bytes) -> None:
        await asyncio.wrap_future(self._thread.submit(self._inner.send(data)))

    async def receive(self) -> str | bytes:
        return await asyncio.wrap_future(self._thread.submit(self._inner.receive()))

    async def close(self, code: int, reason: str) -> Ending:
        return await asyncio.wrap_future(self._thread.submit(self._inner.close(code, reason)))
