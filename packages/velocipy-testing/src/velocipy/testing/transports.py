"""
httpx2 transports that bring a request to an application in this process, and stream both ways.

| transport | for | the application runs |
|---|---|---|
| `ASGITransport` | `httpx2.AsyncClient` | in the running loop, where a test may share tasks, locks and pools with it |
| `RSGITransport` | `httpx2.AsyncClient` | in a loop in a thread of its own, since `__rsgi_init__` needs one that does not run |
| `ThreadTransport` | `httpx2.Client` | in a loop in a thread of its own, so that it works inside a running loop too |

Entering a client enters its transport, and that runs the application's lifespan; without it requests work too, on an
application that was not started. Closing a transport tells the application that all its clients are gone, gives it
`exchange.LINGER` seconds to return, and then cancels what still runs.
"""

import asyncio
import contextlib
import queue
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from velocipy.testing.asgi import ASGIHost
from velocipy.testing.errors import LoopClosedError
from velocipy.testing.exchange import LINGER, Exchange
from velocipy.testing.loop_thread import LoopThread
from velocipy.testing.rsgi import RSGIHost

T = TypeVar("T")
Host = ASGIHost | RSGIHost
CLIENT = ("127.0.0.1", 123)


class _Exchanges:
    """The exchanges of one transport whose application has not returned; all in one loop."""

    def __init__(self, host: Host, *, raise_server_exceptions: bool) -> None:
        self._host = host
        self._raise = raise_server_exceptions
        self._open: dict[asyncio.Task[None], Exchange] = {}

    async def begin(
        self, request: httpx2.Request, body: AsyncIterator[bytes]
    ) -> tuple[Exchange, int, Sequence[tuple[bytes, bytes]]]:
        """Start an exchange, and wait for the head of its response."""
        exchange = Exchange(request, body, raise_late_errors=self._raise)
        task = exchange.start(self._host)
        self._open[task] = exchange
        task.add_done_callback(lambda task: self._open.pop(task, None))
        try:
            status, headers = await exchange.head()
        except BaseException:
            exchange.abandon()
            raise
        return exchange, status, headers

    async def close(self) -> None:
        for exchange in list(self._open.values()):
            exchange.abandon()
        if self._open:
            await asyncio.wait(list(self._open), timeout=LINGER)
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _response(status: int, headers: Sequence[tuple[bytes, bytes]], stream: Any) -> httpx2.Response:
    return httpx2.Response(status, headers=list(headers), stream=stream, extensions={"http_version": b"HTTP/1.1"})


# In the running loop


class ASGITransport(httpx2.AsyncBaseTransport):
    """
    Brings requests to an ASGI application in the running loop.

    Args:
        app: The application.
        root_path: `root_path` of the scope.
        client: Address and port of the client.
        raise_server_exceptions: Whether an exception that escapes the application after it answered completely is
            raised, or only logged.
    """

    def __init__(
        self,
        app: Any,
        *,
        root_path: str = "",
        client: tuple[str, int] | None = CLIENT,
        raise_server_exceptions: bool = False,
    ) -> None:
        self._host = ASGIHost(app, root_path=root_path, client=client)
        self._exchanges = _Exchanges(self._host, raise_server_exceptions=raise_server_exceptions)

    async def __aenter__(self) -> Self:
        await self._host.lifespan.startup()
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
        exchange, status, headers = await self._exchanges.begin(request, aiter(request.stream))
        return _response(status, headers, _LoopStream(exchange))

    async def aclose(self) -> None:
        await self._exchanges.close()
        await self._host.lifespan.shutdown()


class _LoopStream(httpx2.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._exchange.read()) is not None:
            yield chunk

    async def aclose(self) -> None:
        await self._exchange.close()


# In a thread


class _Resident:
    """An application in a loop thread: its exchanges and its lifespan, for the two transports below."""

    def __init__(self, host: Host, *, raise_server_exceptions: bool) -> None:
        self.thread = LoopThread()
        self.exchanges = _Exchanges(host, raise_server_exceptions=raise_server_exceptions)
        self._host = host
        self._running = False

    def startup(self) -> None:
        try:
            if isinstance(self._host, RSGIHost):
                self.thread.while_paused(self._host.init)
            else:
                self.thread.submit(self._host.lifespan.startup()).result()
        except BaseException:
            self.thread.close()
            raise
        self._running = True

    def shutdown(self) -> None:
        """End everything; again: nothing."""
        try:
            with contextlib.suppress(LoopClosedError):
                self.thread.submit(self.exchanges.close()).result()
            if self._running:
                self._running = False
                if isinstance(self._host, RSGIHost):
                    self.thread.while_paused(self._host.delete)
                else:
                    self.thread.submit(self._host.lifespan.shutdown()).result()
        finally:
            self.thread.close()


class ThreadTransport(httpx2.BaseTransport):
    """
    Brings requests to an application in a loop in a daemon thread of its own.

    The chunks of a request's body are taken from its generator in the thread of the caller, while the caller waits for
    the response.

    Args:
        host: The application, in its host.
        raise_server_exceptions: As in `ASGITransport`.
    """

    def __init__(self, host: Host, *, raise_server_exceptions: bool = False) -> None:
        self._resident = _Resident(host, raise_server_exceptions=raise_server_exceptions)
        weakref.finalize(self, self._resident.thread.close, wait=False)

    def __enter__(self) -> Self:
        self._resident.startup()
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
        conversation = _Conversation(self._resident.thread, iter(request.stream))
        exchange, status, headers = conversation.wait(self._resident.exchanges.begin(request, conversation.body()))
        return _response(status, headers, _ThreadStream(exchange, conversation))

    def close(self) -> None:
        self._resident.shutdown()


class _Conversation:
    """
    What a waiting caller and the loop say to each other during one exchange.

    The caller waits on one queue: either what it waits for is done, or the application wants a chunk of the request's body,
    which the caller takes from its iterator, and waits on.
    """

    def __init__(self, thread: LoopThread, chunks: Iterator[bytes]) -> None:
        self._thread = thread
        self._chunks = chunks
        self._inbox: queue.SimpleQueue[Future[Any] | _Wish] = queue.SimpleQueue()

    def wait(self, coroutine: Coroutine[Any, Any, T], *, giving: bool = True) -> T:
        """Run *coroutine* in the loop until it is done; *giving* chunks meanwhile."""
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
            wish = _Wish(asyncio.get_running_loop())
            self._inbox.put(wish)
            chunk = await wish.granted
            if chunk is None:
                return
            yield chunk


class _Wish:
    """The loop's wish for the next chunk."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.granted: asyncio.Future[bytes | None] = loop.create_future()

    def grant(self, chunks: Iterator[bytes]) -> None:
        if not self.granted.done():
            chunk = next(chunks, None)
            self._loop.call_soon_threadsafe(self._set, chunk)

    def _set(self, chunk: bytes | None) -> None:
        if not self.granted.done():
            self.granted.set_result(chunk)


class _ThreadStream(httpx2.SyncByteStream):
    def __init__(self, exchange: Exchange, conversation: _Conversation) -> None:
        self._exchange = exchange
        self._conversation = conversation

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self._conversation.wait(self._exchange.read())) is not None:
            yield chunk

    def close(self) -> None:
        with contextlib.suppress(LoopClosedError):
            self._conversation.wait(self._exchange.close(), giving=False)


class RSGITransport(httpx2.AsyncBaseTransport):
    """
    Brings requests to an RSGI application, which runs in a loop in a daemon thread of its own.

    The chunks of a request's body are taken from its generator in the caller's loop.

    Args:
        app: The application.
        client: Address and port of the client.
        raise_server_exceptions: As in `ASGITransport`.
    """

    def __init__(
        self, app: Any, *, client: tuple[str, int] | None = CLIENT, raise_server_exceptions: bool = False
    ) -> None:
        self._resident = _Resident(RSGIHost(app, client=client), raise_server_exceptions=raise_server_exceptions)
        weakref.finalize(self, self._resident.thread.close, wait=False)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._resident.startup)
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
        body = _from_loop(aiter(request.stream), asyncio.get_running_loop())
        exchange, status, headers = await self._await(self._resident.exchanges.begin(request, body))
        return _response(status, headers, _DistantStream(exchange, self._resident.thread))

    async def aclose(self) -> None:
        await asyncio.to_thread(self._resident.shutdown)

    async def _await(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._resident.thread.submit(coroutine))


async def _from_loop(chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> AsyncIterator[bytes]:
    """The chunks of an iterator that belongs to another loop."""

    async def following() -> bytes | None:
        return await anext(chunks, None)

    while (chunk := await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(following(), loop))) is not None:
        yield chunk


class _DistantStream(httpx2.AsyncByteStream):
    def __init__(self, exchange: Exchange, thread: LoopThread) -> None:
        self._exchange = exchange
        self._thread = thread

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await asyncio.wrap_future(self._thread.submit(self._exchange.read()))) is not None:
            yield chunk

    async def aclose(self) -> None:
        with contextlib.suppress(LoopClosedError):
            await asyncio.wrap_future(self._thread.submit(self._exchange.close()))
