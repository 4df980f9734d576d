"""
A server's side of ASGI 3, as strict as the strictest server.

`ASGIHost` runs an application on exchanges and through its lifespan. Every message is checked for what some real server
refuses (Uvicorn with h11 and with httptools, Hypercorn on HTTP/2, Gunicorn), so that a test in process finds it; the
comment at a check names the server where it is not obvious. After the client has gone `send` does nothing, as on
Uvicorn: an application must watch `receive`, which answers `http.disconnect`.

Not here: how a request gets in and its response out (`exchange`, `transports`); WebSockets (`asgi_websocket`).
"""

import asyncio
import contextvars
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import unquote

from velocipy.testing.asgi_messages import Message, checked_body, checked_head, checked_type
from velocipy.testing.asgi_websocket import WebSocketCall
from velocipy.testing.errors import LifespanError
from velocipy.testing.exchange import Exchange
from velocipy.testing.running import LINGER, ClientGoneError, Running, logger, wait_for_background
from velocipy.testing.websocket_exchange import WebSocketExchange

ASGIApplication = Callable[[Any, Any, Any], Awaitable[None]]

DEFAULT_PORTS = {"http": 80, "https": 443}


class ASGIHost:
    """
    Runs an ASGI 3 application.

    Args:
        app: The application, called as `app(scope, receive, send)`.
        root_path: What the scope says about where the application is mounted. The path of a request stays as it was
            asked for, as on Hypercorn, Gunicorn and Granian.
        client: Address and port of the client in the scope; None as over a Unix socket.
        websockets_like: The server, "uvicorn" or "hypercorn", that WebSockets follow where servers differ; see
            `asgi_websocket`.

    Raises:
        TypeError: If *app* cannot be called.
        ValueError: For another *websockets_like*.
    """

    interface = "asgi"

    def __init__(
        self,
        app: Any,
        *,
        root_path: str = "",
        client: tuple[str, int] | None = ("127.0.0.1", 123),
        websockets_like: str = "uvicorn",
    ) -> None:
        if websockets_like not in ("uvicorn", "hypercorn"):
            raise ValueError(f"websockets_like={websockets_like!r} is no model; choose 'uvicorn' or 'hypercorn'")
        if not callable(app):
            raise TypeError(f"an ASGI application is called with scope, receive and send, and {app!r} cannot be called")
        self.app = cast(ASGIApplication, app)
        self.root_path = root_path
        self.client = client
        self._like_hypercorn = websockets_like == "hypercorn"
        self.lifespan = _Lifespan(self.app)

    async def __call__(self, exchange: Exchange) -> None:
        """Run the application on one exchange."""
        call = _Call(exchange)
        await self.app(self._scope(exchange), call.receive, call.send)
        await wait_for_background(self.app)
        call.returned()

    async def websocket(self, exchange: WebSocketExchange) -> None:
        """Run the application on one WebSocket."""
        call = WebSocketCall(exchange, like_hypercorn=self._like_hypercorn)
        await self.app(self._websocket_scope(exchange), call.receive, call.send)
        await wait_for_background(self.app)
        call.returned()

    def _scope(self, exchange: Exchange) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": exchange.request.method,
            "scheme": exchange.request.url.scheme,
            "extensions": {},
            **self._head(exchange),
        }

    def _websocket_scope(self, exchange: WebSocketExchange) -> dict[str, Any]:
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3" if self._like_hypercorn else "2.5"},
            "scheme": {"http": "ws", "https": "wss"}[exchange.request.url.scheme],
            "subprotocols": list(exchange.subprotocols),
            "extensions": {"websocket.http.response": {}},
            **self._head(exchange),
        }

    def _head(self, exchange: Running) -> dict[str, Any]:
        """What scopes of both types have."""
        request = exchange.request
        url = request.url
        raw_path = url.raw_path.partition(b"?")[0]
        return {
            "http_version": "1.1",
            "path": unquote(raw_path.decode("ascii")),
            "raw_path": raw_path,
            "query_string": url.query,
            "root_path": self.root_path,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self.client,
            "server": (url.host, url.port or DEFAULT_PORTS.get(url.scheme, 80)),
            "state": self.lifespan.state.copy(),
        }


class _Call:
    """`receive` and `send` of one call."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._body_ended = False

    async def receive(self) -> Message:
        exchange = self._exchange
        if exchange.complete:
            return {"type": "http.disconnect"}
        if self._body_ended:
            await exchange.disconnected.wait()
            return {"type": "http.disconnect"}
        try:
            piece = await exchange.pull()
        except ClientGoneError:
            return {"type": "http.disconnect"}
        self._body_ended = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(self, message: Message) -> None:
        exchange = self._exchange
        kind = checked_type(exchange, message)
        expected = "http.response.body" if exchange.started else "http.response.start"
        if exchange.complete:
            raise exchange.refuse(f"the application sent {kind!r} after its response was complete; send nothing more")
        if kind != expected:
            raise exchange.refuse(f"the application sent {kind!r} where {expected!r} was expected")
        if kind == "http.response.start":
            self._begin(message)
        else:
            await self._write(message)

    def returned(self) -> None:
        exchange = self._exchange
        if exchange.complete or exchange.disconnected.is_set():
            return
        if not exchange.started:
            raise exchange.refuse("the application returned without sending a response")
        raise exchange.refuse(
            "the application returned before its response was complete; "
            "the last 'http.response.body' has more_body=False"
        )

    def _begin(self, message: Message) -> None:
        exchange = self._exchange
        if message.get("trailers"):
            raise exchange.refuse("the response announces trailers, and the scope's extensions do not offer them")
        exchange.begin(*checked_head(exchange, message))

    async def _write(self, message: Message) -> None:
        exchange = self._exchange
        body = checked_body(exchange, message)
        try:
            if message.get("more_body", False):
                await exchange.write(body)
            else:
                exchange.feed(body)
                exchange.finish()
        except ClientGoneError:
            pass


class _Lifespan:
    """
    An application's lifespan, in one task that is entered at start-up and left at shutdown.

    An application that raises or returns before it has asked for a message does not know lifespans; servers serve it
    all the same, and so do we.
    """

    def __init__(self, app: ASGIApplication) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._handled: BaseException | None = None

    async def startup(self) -> None:
        """
        Start the application.

        Raises:
            Exception: The application's own, if it lets it out, or handles it while it sends its failure.
            LifespanError: If there is only a message.
        """
        self.state = {}
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._messages.put_nowait({"type": "lifespan.startup"})
        self._asked = False
        self._handled = None
        self._phase = "startup"
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[str | None] = loop.create_future()
        self._task = loop.create_task(self._run(), context=contextvars.Context())
        await self._answered()

    async def shutdown(self) -> None:
        """Stop the application; raises as `startup` does. Nothing happens if it was not started."""
        if self._task is None:
            return
        if self._task.done():
            await self._end()
            return
        self._phase = "shutdown"
        self._answer = asyncio.get_running_loop().create_future()
        self._messages.put_nowait({"type": "lifespan.shutdown"})
        await self._answered()
        await self._end()

    async def _answered(self) -> None:
        """Wait until the application has answered, or ended."""
        assert self._task is not None
        awaited: list[asyncio.Future[Any]] = [self._answer, self._task]
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if self._answer.done() and self._answer.result() is None:
            return
        if not self._answer.done() and not self._asked:
            logger.info("the application does not know lifespans", exc_info=self._task.exception())
            return
        phase = self._phase
        await self._end()
        if self._handled is not None:
            raise self._handled
        if self._answer.done():
            raise LifespanError(phase, self._answer.result() or "")
        raise LifespanError(phase, f"it returned before it sent 'lifespan.{phase}.complete'")

    async def _end(self) -> None:
        """Wait for the application to return, `LINGER` seconds at most, and raise what it raised."""
        task, self._task = self._task, None
        assert task is not None
        if not self._asked:
            return
        await asyncio.wait([task], timeout=LINGER)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        self._asked = True
        return await self._messages.get()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._answer.done() or kind not in (f"lifespan.{self._phase}.complete", f"lifespan.{self._phase}.failed"):
            raise LifespanError(self._phase, f"it sent {kind!r} where the end of {self._phase} was expected")
        self._handled = sys.exception()  # an application sends its failure where it handles it
        self._answer.set_result(None if kind.endswith("complete") else str(message.get("message", "")))
