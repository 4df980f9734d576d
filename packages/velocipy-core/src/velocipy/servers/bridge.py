"""From our requests and WebSockets to an ASGI application, whichever protocol the server speaks.

An application of ASGI that is mounted, or what stands around ours under RSGI, is given messages made of a `Request` or
a `WebSocket`, and what it sends becomes a `Response`. So everything that holds for our own answers (what servers may be
sent, when the client leaves, what middleware sees) holds for these. Imported at first use.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from urllib.parse import quote

from velocipy.concurrency import run_in_thread
from velocipy.errors import ClientDisconnect, HTTPException, WebSocketDisconnect
from velocipy.http.connection import PATH_CHARACTERS, HTTPConnection
from velocipy.http.exits import open_exits
from velocipy.http.files import open_file
from velocipy.http.request import Request
from velocipy.http.response import File, Response, Stream
from velocipy.http.websocket import WebSocket
from velocipy.plans.plan import Plan
from velocipy.plans.results import WITHOUT_BODY, Answers
from velocipy.routing.mounts import Mount
from velocipy.routing.options import Limits
from velocipy.servers.paths import EXACT_PATH
from velocipy.types import ASGIApp, Receive, Scope, Send

_logger = logging.getLogger("velocipy")
_PATHSEND = "http.response.pathsend"


def scope_of(connection: HTTPConnection, prefix: str = "") -> dict[str, Any]:
    """Return the ASGI scope of *connection*, for an application at *prefix* of its path.

    It tells what `connection` does, which middleware may know better than the server. What else the server says, if it
    speaks ASGI, is there as well.
    """
    native: Any = getattr(connection, "_scope", None)
    if not isinstance(native, dict):
        native = None
    extensions = dict((native or {}).get("extensions") or {})
    root_path = connection.root_path
    headers = [(b"host", host.encode("latin-1")) for host in dict.fromkeys(connection._hosts())]
    headers += [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in connection._header_pairs()
        if name != "host"
    ]
    scope = {
        **(native or {}),
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": connection.http_version,
        "scheme": connection.scheme,
        "path": root_path + connection.path,
        "raw_path": (quote(root_path, safe=PATH_CHARACTERS) + connection.raw_path).encode("latin-1"),
        "query_string": connection.query_string.encode("latin-1"),
        "root_path": root_path + prefix,
        "headers": headers,
        "client": connection.client and tuple(connection.client),
        "server": connection.server and tuple(connection.server),
        "state": dict(connection.state),
        "extensions": extensions,
        EXACT_PATH: True,
    }
    if connection.has_session:
        scope["session"] = connection.session  # where Starlette's applications look for it as well
    if isinstance(connection, WebSocket):
        scope |= {"type": "websocket", "subprotocols": connection.subprotocols}
        extensions["websocket.http.response"] = {}
    else:
        scope["method"] = connection.method
        if native is None:
            extensions[_PATHSEND] = {}  # RSGI servers send files by themselves
    return scope


def bridged(app: ASGIApp, miss: Plan) -> Plan:
    """Return the plan that has *app* answer everything, requests and WebSockets; what it is made of *miss* has."""

    async def run(connection: Any, values: Sequence[str]) -> Response | None:
        scope = scope_of(connection)
        if isinstance(connection, WebSocket):
            await serve_websocket(app, connection, scope)
            return None
        return await answer(app, connection, scope)

    limits = Limits(None, miss.limits.form_limits, None, None)  # the application has its own
    return Plan(run, Answers(miss.results), limits=limits, decode=miss.decode)


async def pass_on(mount: Mount, connection: Any, path: str) -> Response | None:
    """Have what is mounted answer a request, or serve a WebSocket; *path* follows the mount in its path."""
    prefix = connection.path.removesuffix(path).removesuffix("/")
    scope = scope_of(connection, prefix)
    scope["state"].update(connection.app._mounted_states.get(id(mount.target), ()))
    if isinstance(connection, WebSocket):
        await serve_websocket(mount.app, connection, scope)
        return None
    return await answer(mount.app, connection, scope)


# -- requests ---------------------------------------------------------------------------------------------------------


async def answer(app: ASGIApp, request: Request, scope: Scope) -> Response:
    """Return what *app* answers to *request*; what it sends of the body later is a stream.

    The application runs in a task of its own, which has ended when the request has.

    Raises:
        RuntimeError: If it ends without an answer; further what it raises before it answers.
    """
    exchange = _Exchange(request)
    exchange.task = asyncio.create_task(_called(app, scope, exchange.receive, exchange.send))
    exchange.task.add_done_callback(exchange.note)
    open_exits(request).push_async_exit(exchange.end)
    return await exchange.response()


async def _called(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


class _Exchange:
    """One call of an application: what it receives, and what it sends, one chunk at a time.

    As a body it makes its chunks; who stops asking for them leaves the application with an OSError at its next send, as
    ASGI 2.4 tells that a client has left.
    """

    task: asyncio.Task[None]

    def __init__(self, request: Request) -> None:
        self._request = request
        self._gone = request._watch()
        self._gone.add_done_callback(self.note)
        self._body = request.stream()
        self._reading: asyncio.Future[bytes] | None = None  # goes on if who receives is cancelled
        self._is_read = False
        self._start: Any = None
        self._response: Response | None = None
        self._failure: BaseException | None = None  # told to whoever asks for the answer, and to nobody else
        self._chunk: bytes | None = None
        self._is_empty = False  # the answer has no body, whatever is sent
        self._has_ended = self._has_left = False
        self._changed = asyncio.Event()

    # -- for the application ------------------------------------------------------------------------------------------

    async def receive(self) -> Any:
        if not self._is_read:
            try:
                self._reading = self._reading or asyncio.ensure_future(anext(self._body))
                await asyncio.wait({self._reading})
                reading, self._reading = self._reading, None
                return {"type": "http.request", "body": reading.result(), "more_body": True}
            except StopAsyncIteration:
                self._is_read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            except ClientDisconnect:
                self._is_read = True
                return {"type": "http.disconnect"}
            except HTTPException as error:  # the body is too long, which is to be said by us
                self._failure = error
                self.note()
                raise
        while not (self._gone.done() or self._has_ended or self._has_left):
            await self._wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self._has_left:
            raise OSError("the client has left")
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            self._start = message
        elif kind == "http.response.body" and self._start is not None and not self._has_ended:
            await self._send_body(message.get("body", b""), has_more=message.get("more_body", False))
        elif kind == _PATHSEND and self._start is not None and self._response is None:
            self._has_ended = True
            self._respond(await run_in_thread(open_file, message["path"]))
        else:
            raise RuntimeError(f"the ASGI message {kind!r} cannot be sent now")

    async def _send_body(self, body: bytes, *, has_more: bool) -> None:
        if self._response is None:
            self._is_empty = self._request.method == "HEAD" or self._start["status"] in WITHOUT_BODY
            self._has_ended = not has_more
            if has_more and not self._is_empty:
                self._chunk = body
                self._respond(Stream(self))
            elif self._is_empty and not self._is_length_open():
                self._respond(None)
            elif self._is_empty and (has_more or not body):  # a stream, for all that is known
                self._respond(Stream(()))
            else:
                self._respond(bytes(body) or None)
        elif not self._is_empty:
            while self._chunk is not None and not self._has_left:
                await self._wait()
            if self._has_left:
                raise OSError("the client has left")
            self._chunk = body
        self._has_ended = not has_more
        self.note()

    def _is_length_open(self) -> bool:
        """Tell whether this answers HEAD, and does not say how long the body would be."""
        names = [name.lower() for name, _ in self._start.get("headers", ())]
        return self._request.method == "HEAD" and b"content-length" not in names

    def _respond(self, body: bytes | Stream | File | None) -> None:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._start.get("headers", ())]
        self._response = Response(body, self._start["status"], pairs)
        self.note()

    # -- for who answers ----------------------------------------------------------------------------------------------

    async def response(self) -> Response:
        while self._response is None:
            if self._failure is not None:
                raise self._failure
            if self.task.done():
                self._raise()
            await self._wait()
        return self._response

    def __aiter__(self) -> _Exchange:
        return self

    async def __anext__(self) -> bytes:
        while self._chunk is None:
            if self._has_ended:
                raise StopAsyncIteration
            if self.task.done():
                self._raise()
            await self._wait()
        chunk, self._chunk = self._chunk, None
        self.note()
        return chunk

    async def aclose(self) -> None:
        """Take no chunk any more."""
        self._has_left = not self._has_ended or self._chunk is not None
        self.note()

    def _raise(self) -> None:
        """Raise what the application did instead of ending its answer."""
        self._failure = None if self.task.cancelled() else self.task.exception()
        self._failure = self._failure or RuntimeError("the ASGI application has ended before its answer was complete")
        raise self._failure

    async def end(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for the application, which may have more to do; if the request failed there is nothing to wait for."""
        await self.aclose()
        if error is not None:
            self.task.cancel()
        try:
            await asyncio.wait({self.task})
        except asyncio.CancelledError:
            self.task.cancel()
            await asyncio.wait({self.task})
            raise
        finally:
            if self._reading is not None:
                self._reading.cancel()
            self._gone.remove_done_callback(self.note)
        failure = None if self.task.cancelled() else self.task.exception()
        if failure is not None and failure is not self._failure and not (self._has_left or self._gone.done()):
            request = self._request
            _logger.error("after its answer to %s %r failed", request.method, request.path, exc_info=failure)

    def note(self, _: object = None) -> None:
        """Have those who wait look again."""
        self._changed.set()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()


# -- WebSockets -------------------------------------------------------------------------------------------------------


async def serve_websocket(app: ASGIApp, websocket: WebSocket, scope: Scope) -> None:
    """Have *app* serve *websocket*."""
    conversation = _Conversation(websocket)
    await app(scope, conversation.receive, conversation.send)


class _Conversation:
    """What an application receives of a WebSocket, and what it sends."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._has_begun = False
        self._start: Any = None  # of a response instead
        self._body = b""

    async def receive(self) -> Any:
        if not self._has_begun:
            self._has_begun = True
            return {"type": "websocket.connect"}
        try:
            data = await self._websocket._receive()
        except WebSocketDisconnect as end:
            return {"type": "websocket.disconnect", "code": end.code, "reason": end.reason}
        return {"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data}

    async def send(self, message: Any) -> None:
        try:
            await self._send(message)
        except WebSocketDisconnect as error:
            raise OSError("the client has left") from error  # as ASGI 2.4 has it

    async def _send(self, message: Any) -> None:
        websocket, kind = self._websocket, message["type"]
        if kind == "websocket.accept":
            pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers") or ()]
            await websocket.accept(message.get("subprotocol"), pairs)
        elif kind == "websocket.send":
            text = message.get("text")
            await websocket._send(bytes(message["bytes"]) if text is None else text)
        elif kind == "websocket.close":
            if websocket.accepted:
                await websocket._end(message.get("code") or 1000, message.get("reason") or "")
            else:
                await websocket.deny(Response(None, 403))
        elif kind == "websocket.http.response.start" and self._start is None:
            self._start = message
        elif kind == "websocket.http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._start["headers"]]
                await websocket.deny(Response(self._body or None, self._start["status"], pairs))
        else:
            raise RuntimeError(f"the ASGI message {kind!r} cannot be sent now")
