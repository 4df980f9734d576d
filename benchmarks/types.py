"""The two server protocols as far as the benchmark speaks them, for annotations only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Literal, Protocol, TypeAlias

ProtocolName: TypeAlias = Literal["rsgi", "asgi"]

# ASGI

AsgiScope: TypeAlias = MutableMapping[str, Any]
AsgiMessage: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[AsgiMessage]]
Send: TypeAlias = Callable[[AsgiMessage], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[AsgiScope, Receive, Send], Awaitable[None]]


# RSGI


class RsgiHeaders(Protocol):
    def get(self, key: str, default: Any = None, /) -> Any: ...


class RsgiScope(Protocol):
    @property
    def proto(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query_string(self) -> str: ...
    @property
    def headers(self) -> RsgiHeaders: ...


class RsgiHttp(Protocol):
    async def __call__(self) -> bytes: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None: ...


RsgiApp: TypeAlias = Callable[[Any, Any], Awaitable[None]]
