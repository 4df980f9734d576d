"""The ASGI adapter (ASGI 3.0, HTTP 2.3 and later): scope and messages in, messages out.

`serve` is the application's `__call__`. Nothing else but this module knows what a scope or a message is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from velocipy.errors import ClientDisconnect, StartupError, StartupErrorGroup
from velocipy.http.address import Address
from velocipy.http.connection import HTTPConnection
from velocipy.http.request import Request
from velocipy.http.response import File, Response, Stream
from velocipy.plans.exits import close
from velocipy.servers.outgoing import DRAIN_SECONDS, close_unsent, declared_length, is_streamed, settle, settled
from velocipy.servers.paths import EXACT_PATH, local_path
from velocipy.types import Receive, Scope, Send

if TYPE_CHECKING:
    from velocipy.application import VelociPy
    from velocipy.plans.plan import Plan


_WITHIN = "velocipy.within"  # the key of the application around which everything stands that there is
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


async def serve(app: VelociPy, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request, or run the lifespan. This is the application's `__call__`.

    What `add_asgi_middleware` added stands around it, unless the scope says that it has come through that.
    """
    if app._asgi_middleware and scope.get(_WITHIN) is not app:
        await _serve_around(app, scope, receive, send)
        return
    if scope["type"] != "http":
        await _OTHERS[scope["type"]](app, scope, receive, send)
        return
    path = scope["path"]
    root_path = app._root_path or scope.get("root_path") or app._default_root_path
    if root_path:
        path = local_path(app, path, root_path, exact=EXACT_PATH in scope)
    method = scope["method"]
    find = app._find  # PERF: here and below, CPython 3.11 calls a local faster than an attribute that is no method
    plan, values = find(method, path)
    # PERF: what needs only the values in its path does without a request, unless the answer is none of the usual.
    request = _request(app, scope, receive, path, plan, values) if plan.takes_request else None
    answer: bytes | Response
    run = plan.run
    try:
        result = await run(request, values)
        results = plan.results
        if type(result) in results.encodable:
            encode = results.encode
            answer = encode(result)
        else:
            answer = results.finish(result)
    except BaseException as error:
        request = request or _request(app, scope, receive, path, plan, values)
        answer = await app._failures.answer(request, error)
    try:
        if method not in _WITHOUT_BODY:
            request = request or _request(app, scope, receive, path, plan, values)
            if not isinstance(request._body, bytes) and not is_streamed(answer):
                await _drain(request)
        if type(answer) is bytes and method != "HEAD":
            # PERF: the answer of a handler that returned data; no Response is made for it.
            length = (b"content-length", b"%d" % len(answer))
            headers = [*plan.encoded_headers, length]
            await send({"type": "http.response.start", "status": plan.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer})
        else:
            request = request or _request(app, scope, receive, path, plan, values)
            await _respond(app, request, answer, send)
    finally:  # an answer that was made and does not arrive is no failure of what made it
        if request is not None and request._exits is not None:
            await close(request)


def _request(
    app: VelociPy, scope: Scope, receive: Receive, path: str, plan: Plan, values: Sequence[str]
) -> ASGIRequest:
    request = ASGIRequest()  # PERF: filled here, since an __init__ would cost as much again
    request.app = app
    request.method = scope["method"]
    request.path = path
    request._plan = plan
    request._path_values = values
    request._scope = scope
    request._receive = receive
    request._headers = request._cookies = request._fields = request._state = request._body = request._exits = None
    request._replaced = None
    return request


async def _drain(request: ASGIRequest) -> None:
    """Take what is on its way of a body that nobody reads, before the answer leaves.

    A server that closes a connection on which bytes still arrive resets it, and the client may lose the answer; over
    HTTP/2 Hypercorn 0.18 breaks the connection for good.
    """
    if request._body is None:
        # Who waits for "100 Continue" has sent nothing, and asking for it would make some servers send that. A body of
        # no bytes has an end over HTTP/2, which may be on its way.
        on_its_way = request._header("expect", b"expect") is None
    else:
        on_its_way = request._body is True
    if on_its_way:
        receive = request._receive
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                    pass


async def _respond(app: VelociPy, request: ASGIRequest, answer: bytes | Response, send: Send) -> None:
    """Send *answer*; what fails while it is made is raised where dependencies left something open."""
    # PERF: most are whole already, and what waits for nothing needs no coroutine.
    response, pairs, body = settled(request, answer) or await settle(request, answer)
    headers = [(name.encode(), value.encode()) for name, value in pairs]  # PERF: saying that it is ASCII costs a fifth
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    if type(body) is bytes:
        await send({"type": "http.response.body", "body": body})
        return
    if body is None:
        await close_unsent(response)
    try:
        await WRITERS[type(body)](request, send, body, declared_length(pairs))
    except Exception as error:
        app._failures.interrupted(request, error)
        await close(request, error)
        raise  # so that the server closes the connection, which tells the client


async def _write_empty(request: ASGIRequest, send: Send, body: None, length: int | None) -> None:
    await send({"type": "http.response.body", "body": b""})


async def _write_bytes(request: ASGIRequest, send: Send, body: bytes, length: int | None) -> None:
    await send({"type": "http.response.body", "body": body})


async def _write_stream(request: ASGIRequest, send: Send, body: Stream, length: int | None) -> None:
    from velocipy.servers.streams import send_stream

    async def send_chunk(chunk: bytes) -> None:
        try:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except OSError as error:  # as ASGI 2.4 tells that the client has left
            raise ClientDisconnect from error

    is_watched = hasattr(request, "_gone")
    gone = request._gone if is_watched else request._start_watching()  # the stream may be made of the body
    receiver: Any = request._receive
    try:
        if await send_stream(body, length, send_chunk, gone):
            if request.method not in _WITHOUT_BODY:
                with suppress(TimeoutError):
                    async with asyncio.timeout(DRAIN_SECONDS):
                        await receiver.drain()
            await send({"type": "http.response.body", "body": b""})
    finally:
        if not is_watched:
            gone.cancel()


async def _write_file(request: ASGIRequest, send: Send, body: File, length: int | None) -> None:
    from velocipy.servers.streams import stream_of

    try:
        path = None
        if body.is_whole and "http.response.pathsend" in (request._scope.get("extensions") or ()):
            from velocipy.servers.open_files import path_of

            path = path_of(body)
        if path is None:
            await _write_stream(request, send, stream_of(body), length)
        else:
            await send({"type": "http.response.pathsend", "path": path})
    finally:
        body.close()


WRITERS: dict[type, Callable[[Any, Send, Any, int | None], Awaitable[None]]] = {
    type(None): _write_empty,
    bytes: _write_bytes,
    Stream: _write_stream,
    File: _write_file,
}


class ASGIHead(HTTPConnection):
    """The head of what came as an ASGI scope."""

    __slots__ = ()

    _scope: Scope

    @property
    def query_string(self) -> str:
        return self._scope["query_string"].decode("latin-1")  # type: ignore[no-any-return]

    @property
    def http_version(self) -> str:
        return self._scope["http_version"]  # type: ignore[no-any-return]

    @property
    def server(self) -> Address | None:
        return _address(self._scope.get("server"))

    def _first_state(self) -> Mapping[str, Any]:
        return self._scope.get("state") or self.app._lifespan_state

    def _outer_session(self) -> Any:
        return self._scope.get("session")

    def _read_scheme(self) -> str:
        return self._scope.get("scheme") or "http"

    def _read_client(self) -> Address | None:
        return _address(self._scope.get("client"))

    def _read_root_path(self) -> str:
        app = self.app
        return (app._root_path or self._scope.get("root_path") or app._default_root_path).rstrip("/")

    def _read_raw_path(self) -> str | None:
        raw = self._scope.get("raw_path")
        return raw.partition(b"?")[0].decode("latin-1") if raw else None

    def _header(self, name: str, encoded: bytes) -> str | None:
        for key, value in self._scope["headers"]:
            if key == encoded:
                return value.decode("latin-1")  # type: ignore[no-any-return]
        return None

    def _header_list(self, name: str) -> list[str]:
        wanted = name.encode("latin-1")
        return [value.decode("latin-1") for key, value in self._scope["headers"] if key == wanted]

    def _header_pairs(self) -> list[tuple[str, str]]:
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._scope["headers"]]


class ASGIRequest(ASGIHead, Request):
    """A request that came as an ASGI scope."""

    __slots__ = ("_receive", "_scope")

    _receive: Receive

    async def body(self) -> bytes:
        if type(self._body) is bytes:
            self._check_limit(len(self._body))  # middleware may have read it, within a larger limit
            return self._body
        length = self._begin_body()
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect("the client left before its request was read")
        body: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        self._body = more  # which tells `_drain` whether there is anything left
        if more or len(body) != length:  # PERF: mostly it is there as it was declared, and so within its limit
            self._check_limit(len(body))
            if more:
                body = b"".join([body, *[chunk async for chunk in self._counted_chunks(len(body))]])
            if length is not None and len(body) < length:
                raise ClientDisconnect(f"the body ended after {len(body)} of {length} bytes")
        self._body = body
        return body

    def _start_watching(self) -> asyncio.Future[Any]:
        from velocipy.servers.receiver import Receiver

        was_read = self._body is not None and self._body is not True
        receiver = self._receive = Receiver(self._receive, ended=was_read)
        return asyncio.ensure_future(receiver.watch())

    async def _stop_watching(self) -> None:
        await super()._stop_watching()
        self._receive.release()  # type: ignore[attr-defined]

    async def _read_chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect("the client left before its request was read")
            self._body = more = message.get("more_body", False)  # which tells `_drain` whether there is anything left
            yield message.get("body", b"")


def _address(pair: Any) -> Address | None:
    """Return the address that a server gives as host and port; for a Unix socket they give anything else."""
    return _named_address(pair[0], pair[1]) if pair else None


@lru_cache(1024)  # PERF: 0.3 us, for each request of a connection
def _named_address(host: Any, port: Any) -> Address | None:
    return None if not host or port is None or str(host).startswith("/") else Address(host, int(port))


async def serve_within(app: VelociPy, scope: Scope, receive: Receive, send: Send) -> None:
    """Do as `serve`, for what stands around the application."""
    await serve(app, {**scope, _WITHIN: app}, receive, send)


async def _serve_around(app: VelociPy, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        around = (app._frozen or app._freeze()).asgi
    except (StartupError, StartupErrorGroup):
        if scope["type"] != "lifespan":
            raise
        await _serve_lifespan(app, scope, receive, send)  # which tells the server
    else:
        await around(scope, receive, send)


async def _serve_lifespan(app: VelociPy, scope: Scope, receive: Receive, send: Send) -> None:
    """Enter and leave the lifespan in this one task; failures are told as the protocol wants, not raised.

    A server that is not told takes the lifespan for unsupported, and serves without it: so an exit is told as well.
    """
    from velocipy.lifespan import explain

    phase = "startup"
    try:
        await receive()
        async with app._open_lifespan() as state:
            if "state" in scope:
                scope["state"].update(state)
            phase = "shutdown"
            await send({"type": "lifespan.startup.complete"})
            await receive()
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        # Told while it is handled: a test client can then raise the error itself.
        await send({"type": f"lifespan.{phase}.failed", "message": explain(error)})
    else:
        await send({"type": "lifespan.shutdown.complete"})


async def _serve_websocket(app: VelociPy, scope: Scope, receive: Receive, send: Send) -> None:
    from velocipy.servers.asgi_websocket import serve_websocket  # many an application has none

    await serve_websocket(app, scope, receive, send)


_OTHERS: dict[str, Callable[[VelociPy, Scope, Receive, Send], Awaitable[None]]] = {
    "lifespan": _serve_lifespan,
    "websocket": _serve_websocket,
}
