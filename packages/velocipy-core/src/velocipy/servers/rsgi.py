"""The RSGI adapter (RSGI 1.5 and later): scope and protocol in, one call of `response_*` out.

`serve` is the application's `__rsgi__`. Nothing else but this module knows what a scope or a protocol object is.
"""

from __future__ import annotations

from asyncio import Future, sleep, timeout
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from velocipy.errors import ClientDisconnect
from velocipy.http.address import Address
from velocipy.http.connection import HTTPConnection
from velocipy.http.request import Request
from velocipy.http.response import File, Response, Stream
from velocipy.plans.exits import close
from velocipy.servers.outgoing import DRAIN_SECONDS, close_unsent, declared_length, is_streamed, settle, settled
from velocipy.servers.paths import local_path

if TYPE_CHECKING:
    from velocipy.application import VelociPy
    from velocipy.plans.plan import Plan

Pairs = list[tuple[str, str]]


async def serve(app: VelociPy, scope: Any, proto: Any) -> None:
    """Answer one HTTP request. This is the application's `__rsgi__`."""
    if scope.proto != "http":
        from velocipy.servers.rsgi_websocket import serve_websocket  # many an application has none

        await serve_websocket(app, scope, proto)
        return
    path = scope.path
    if app._default_root_path:
        path = local_path(app, path, app._default_root_path)
    method = scope.method
    if app._asgi_middleware:
        plan, values = app._bridged()
    else:
        find = app._find  # PERF: here and below, CPython 3.11 calls a local faster than an attribute that is no method
        plan, values = find(method, path)
    # PERF: what needs only the values in its path does without a request, unless the answer is none of the usual.
    request = _request(app, scope, proto, method, path, plan, values) if plan.takes_request else None
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
        request = request or _request(app, scope, proto, method, path, plan, values)
        answer = await app._failures.answer(request, error)
    try:
        if request is not None and request._body is True and not is_streamed(answer):
            await _drain(request)
        if type(answer) is bytes and method != "HEAD":
            # PERF: the answer of a handler that returned data; no Response is made for it.
            proto.response_bytes(plan.status, [*plan.headers], answer)
        else:
            request = request or _request(app, scope, proto, method, path, plan, values)
            await _respond(app, request, answer, proto)
    finally:  # an answer that was made and does not arrive is no failure of what made it
        if request is not None and request._exits is not None:
            await close(request)


def _request(
    app: VelociPy, scope: Any, proto: Any, method: str, path: str, plan: Plan, values: Sequence[str]
) -> RSGIRequest:
    request = RSGIRequest()  # PERF: filled here, since an __init__ would cost as much again
    request.app = app
    request.method = method
    request.path = path
    request._plan = plan
    request._path_values = values
    request._scope = scope
    request._proto = proto
    request._raw_headers = request._headers = request._cookies = request._fields = None
    request._state = request._body = request._exits = request._replaced = None
    return request


async def _drain(request: RSGIRequest) -> None:
    """Take what is on its way of a body that was not read to its end, before the answer leaves.

    The server closes a connection on which bytes still arrive, and the client may lose the answer.
    """
    with suppress(Exception):  # TimeoutError, the end of the body, or the server's own class for a client that left
        async with timeout(DRAIN_SECONDS):
            while await anext(request._proto):
                pass


async def _respond(app: VelociPy, request: Request, answer: bytes | Response, proto: Any) -> None:
    """Send *answer*; what fails while it is made is raised where dependencies left something open."""
    # PERF: most are whole already, and what waits for nothing needs no coroutine.
    response, pairs, body = settled(request, answer) or await settle(request, answer)
    if type(body) is bytes:
        proto.response_bytes(response.status_code, pairs, body)
        return
    if body is None:
        await close_unsent(response)
    try:
        await WRITERS[type(body)](response.status_code, pairs, body, proto)
    except Exception as error:
        # Not raised: no server could tell the client, and a traceback that it keeps would keep the stream open.
        app._failures.interrupted(request, error)
        await close(request, error)


async def _write_empty(status: int, pairs: Pairs, body: None, proto: Any) -> None:
    proto.response_empty(status, pairs)


async def _write_bytes(status: int, pairs: Pairs, body: bytes, proto: Any) -> None:
    proto.response_bytes(status, pairs, body)


async def _write_stream(status: int, pairs: Pairs, body: Stream, proto: Any) -> None:
    from velocipy.servers.streams import send_stream

    transport: Any = proto.response_stream(status, pairs)

    async def send_chunk(chunk: bytes) -> None:
        try:
            await transport.send_bytes(chunk)
        except RuntimeError as error:  # the server's own class, which RSGI does not name
            raise ClientDisconnect from error
        await sleep(0)  # Granian takes chunks without end and never makes the sender wait

    gone = proto.client_disconnect()
    try:
        await send_stream(body, declared_length(pairs), send_chunk, gone)
    finally:
        gone.cancel()
        transport = None  # Granian ends the answer when nothing holds it, not even a traceback


async def _write_file(status: int, pairs: Pairs, body: File, proto: Any) -> None:
    from velocipy.servers.open_files import path_of
    from velocipy.servers.streams import stream_of

    try:
        path = path_of(body)
        if path is None:
            await _write_stream(status, pairs, stream_of(body), proto)
        else:
            proto.response_file_range(status, pairs, path, body.offset, body.offset + body.count)
    finally:
        body.close()


WRITERS: dict[type, Callable[[int, Pairs, Any, Any], Awaitable[None]]] = {
    type(None): _write_empty,
    bytes: _write_bytes,
    Stream: _write_stream,
    File: _write_file,
}


class RSGIHead(HTTPConnection):
    """The head of what came as an RSGI scope."""

    __slots__ = ()

    _raw_headers: Any
    _scope: Any

    @property
    def query_string(self) -> str:
        return self._scope.query_string  # type: ignore[no-any-return]

    @property
    def http_version(self) -> str:
        return self._scope.http_version  # type: ignore[no-any-return]

    @property
    def server(self) -> Address | None:
        return Address.parse(self._scope.server)

    def _read_scheme(self) -> str:
        return self._scope.scheme  # type: ignore[no-any-return]

    def _read_client(self) -> Address | None:
        return Address.parse(self._scope.client)

    def _read_hosts(self) -> list[str]:
        authority: str | None = getattr(self._scope, "authority", None)  # of HTTP/2; HTTP/1 has the header
        hosts = self._header_list("host")
        return [authority, *hosts] if authority else hosts

    def _read_root_path(self) -> str:
        return self.app._default_root_path

    def _read_raw_path(self) -> str | None:
        return None  # RSGI has the decoded path alone

    def _header(self, name: str, encoded: bytes) -> str | None:
        headers = self._raw_headers
        if headers is None:
            headers = self._raw_headers = self._scope.headers  # PERF: Granian makes another at each asking
        return headers.get(name)  # type: ignore[no-any-return]

    def _header_list(self, name: str) -> list[str]:
        headers = self._raw_headers
        if headers is None:
            headers = self._raw_headers = self._scope.headers
        return headers.get_all(name)  # type: ignore[no-any-return]

    def _header_pairs(self) -> Pairs:
        return list(self._scope.headers.items())


class RSGIRequest(RSGIHead, Request):
    """A request that came as an RSGI scope."""

    __slots__ = ("_proto", "_raw_headers", "_scope")

    _proto: Any

    async def body(self) -> bytes:
        if type(self._body) is bytes:
            self._check_limit(len(self._body))  # middleware may have read it, within a larger limit
            return self._body
        length = self._begin_body()
        if length is not None or self._plan.max_content_length is None:
            # PERF: the server hands over a body of known length in one call, and no more than that length.
            try:
                body: bytes = await self._proto()
            except Exception as error:  # the server's own class, which RSGI does not name
                raise ClientDisconnect("the client left before its request was read") from error
        else:
            body = b"".join([chunk async for chunk in self._counted_chunks()])
        if length is not None and len(body) < length:
            raise ClientDisconnect(f"the body ended after {len(body)} of {length} bytes")
        self._body = body
        return body

    def _start_watching(self) -> Future[Any]:
        return self._proto.client_disconnect()  # type: ignore[no-any-return]

    async def _read_chunks(self) -> AsyncIterator[bytes]:
        # Granian 2.8 ends a body that broke off as it ends a whole one, but for the number of empty chunks: a whole one
        # has at most one over HTTP/1 and two over HTTP/2. Over HTTP/2 a broken one would even go on for ever.
        allowed = 1 if self.http_version[0] == "1" else 2
        empty = 0
        async for chunk in self._proto:
            empty = 0 if chunk else empty + 1
            if empty > allowed:
                raise ClientDisconnect("the client left before its request was read")
            yield bytes(chunk)
