"""Requests for other hosts are refused: who sends a forged `Host` would have it in every URL that is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from velocipy.http.middleware import HTTPApp, WebSocketApp, own_responses
from velocipy.http.request import Request
from velocipy.http.response import PlainTextResponse, Response
from velocipy.http.websocket import WebSocket

_NAME = r"[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*"
_ADDRESS = r"\[[0-9A-Fa-f:.]+\]"  # IPv6
_HOST = re.compile(rf"({_NAME}|{_ADDRESS})(?:(?<!\])\.)?(?::([0-9]{{1,5}}))?").fullmatch
_PATTERN = re.compile(rf"(?:\*\.)?{_NAME}|{_ADDRESS}").fullmatch


class TrustedHostMiddleware:
    """Answers 400 to requests for a host that is not allowed, that name none, or that name two.

    Case, port and a dot at the end do not count. Over HTTP/2 the host is `:authority`. Where `ForwardedMiddleware`
    stands around this, the host is the one that the proxy told.

    Args:
        allowed_hosts: Names, IPv4 addresses, IPv6 addresses in brackets; "*.example.com" is every name that ends so,
            of any depth, without example.com itself; "*" is everything.

    Raises:
        TypeError: If it is no collection of str.
        ValueError: If it is empty, or one of them could never be a host.
    """

    def __init__(self, allowed_hosts: Iterable[str] = ("*",)) -> None:
        if isinstance(allowed_hosts, str):
            raise TypeError(f"allowed_hosts is a list of hosts: [{allowed_hosts!r}]")
        patterns = [_check_pattern(pattern) for pattern in allowed_hosts]
        if not patterns:
            raise ValueError("allowed_hosts is empty, so that every request would be refused; name your hosts")
        self._allows_all = "*" in patterns
        self._names = frozenset(patterns)
        self._endings = tuple(pattern[1:] for pattern in patterns if pattern.startswith("*."))

    @own_responses
    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Answer 400, or have the request answered."""
        if self._allows_all or self._is_allowed(request._hosts()):
            return await call_next(request)
        return PlainTextResponse("Invalid host header", 400)

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Refuse with 400, or have the WebSocket served."""
        if self._allows_all or self._is_allowed(websocket._hosts()):
            await call_next(websocket)
        else:
            await websocket.deny(PlainTextResponse("Invalid host header", 400))

    def _is_allowed(self, hosts: list[str]) -> bool:
        if len(hosts) != 1 and (not hosts or hosts.count(hosts[0]) != len(hosts)):
            return False
        if hosts[0] in self._names:
            return True
        name, _, port = hosts[0].rpartition(":")  # PERF: what is usual beside that, without a regular expression
        if name in self._names and len(port) < 5 and port.isascii() and port.isdigit():
            return True
        host = _HOST(hosts[0])
        if host is None or (host[2] and int(host[2]) > 65535):
            return False
        name = host[1].lower()  # after the match: the lower case of some characters beyond ASCII lies within
        return name in self._names or name.endswith(self._endings)


def _check_pattern(pattern: str) -> str:
    """Return the pattern in lower case."""
    if not isinstance(pattern, str):
        raise TypeError(f"allowed_hosts has {pattern!r}, which is no str")
    if pattern == "*":
        return pattern
    name = pattern.removesuffix(".")
    if _PATTERN(name) is None:
        raise ValueError(f"allowed_hosts has {pattern!r}, which {_why(pattern)}")
    return name.lower()


def _why(pattern: str) -> str:
    if "/" in pattern:
        return "is no host alone; leave out the scheme and the path"
    if re.fullmatch(r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", pattern):
        return f"is an IPv6 address; write it in brackets: '[{pattern}]'"
    if ":" in pattern:
        return "has a port, which is not looked at; leave it out"
    if pattern.startswith("."):
        return f"starts with a dot; for what ends so, write '*{pattern}'"
    if "*" in pattern:
        return "has a * in another place than '*.' at its start"
    if not pattern.isascii():
        return "is not ASCII; clients send such names encoded, as xn--..."
    return "could never be a host; write a name such as 'example.com'"
