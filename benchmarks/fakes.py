"""A server's side of one request without a server: fresh scope, headers and body for each request, answer recorded.

As thin as a Python object can be, and the same for every contender of a protocol. Real servers hand out their own
objects: Granian's are made in Rust, so what is measured here is the application and not the scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.scenarios import Request
from benchmarks.types import AsgiMessage, AsgiScope

HOST, PORT, CLIENT_PORT = "127.0.0.1", 8000, 50000


class Answer:
    """What a contender answered. Both fakes below fill one in."""

    __slots__ = ("body", "headers", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[Any, Any]] = []
        self.body = b""

    @property
    def content_type(self) -> str:
        """The value of the header content-type, or nothing."""
        for name, value in self.headers:
            text = name.decode() if isinstance(name, bytes) else name
            if text.lower() == "content-type":
                return value.decode() if isinstance(value, bytes) else str(value)
        return ""


class RsgiHeaders(dict[str, str]):
    """Lower-case names; lookup runs in C as it does in Granian."""

    def get_all(self, key: str) -> list[str]:
        return [self[key]] if key in self else []


class RsgiScope:
    """The attributes of Granian's scope (RSGI 1.6)."""

    __slots__ = ("headers", "method", "path", "query_string")

    proto = "http"
    http_version = "1.1"
    rsgi_version = "1.6"
    server = f"{HOST}:{PORT}"
    client = f"{HOST}:{CLIENT_PORT}"
    scheme = "http"
    authority = None

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.path = request.path
        self.query_string = request.query
        self.headers = RsgiHeaders(request.all_headers)


class RsgiStream:
    """The transport that `response_stream` returns."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def send_bytes(self, data: bytes) -> None:
        self.answer.body += data

    async def send_str(self, data: str) -> None:
        self.answer.body += data.encode()


class RsgiProtocol(Answer):
    """Granian's HTTP protocol object: the body to read, and the answer that was given."""

    __slots__ = ("request_body",)

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request_body = request.body

    async def __call__(self) -> bytes:
        return self.request_body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.request_body

    def client_disconnect(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.status = status
        self.headers = headers

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self.status = status
        self.headers = headers
        self.body = body.encode()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> RsgiStream:
        self.status = status
        self.headers = headers
        return RsgiStream(self)


class AsgiExchange(Answer):
    """The two callables of an ASGI request, and the answer that was given."""

    __slots__ = ("request_body",)

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request_body: bytes | None = request.body

    async def receive(self) -> AsgiMessage:
        body, self.request_body = self.request_body, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers", [])
        else:
            self.body += message.get("body", b"")


def asgi_scope(request: Request, state: dict[str, Any]) -> AsgiScope:
    """The scope as Uvicorn makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": (HOST, PORT),
        "client": (HOST, CLIENT_PORT),
        "scheme": "http",
        "method": request.method,
        "root_path": "",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in request.all_headers],
        "state": state.copy(),
    }
