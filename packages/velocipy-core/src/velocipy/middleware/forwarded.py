"""Behind proxies: who asked, how, and for what, as the proxy tells it in headers (RFC 7239, and what came before it).

Anybody can send these headers. So they are believed of listed proxies alone, and read from the right, where the nearest
proxy has written: each address of a trusted proxy leads one step further, the first other one is the client. What
stands left of it the client may have made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from velocipy.http.address import Address, is_host
from velocipy.http.connection import HTTPConnection
from velocipy.http.middleware import HTTPApp, WebSocketApp
from velocipy.http.request import Request
from velocipy.http.response import Response
from velocipy.http.websocket import WebSocket

_INSTEAD = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")  # of Forwarded
_KNOWN = (*_INSTEAD, "x-forwarded-port", "x-forwarded-prefix", "forwarded")
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PORTS = {"http": "80", "https": "443"}
_LONGEST = 100  # characters of an address, with brackets, a zone and a port

_PREFIX = re.compile(r"(?:/[0-9A-Za-z._~!$&'()*+;=:@%-]+)+").fullmatch
# A pair, or nothing, and what follows it (RFC 7239 section 4); a value without quotes may have colons and brackets, as
# many proxies write addresses. Possessive, so that no number of blanks takes long.
_PAIR = re.compile(
    r"""[ \t]*+(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]++)=(?:"((?:[^"\\]|\\.)*+)"|([^\s",;]++)))?[ \t]*+([,;]|$)"""
).match

Element = dict[str, str]


class ForwardedMiddleware:
    """Has requests tell what the proxy in front of the server knows of them.

    A request that comes from a trusted proxy gets its `client`, `scheme`, `host` and `root_path` from the headers that
    are listed; others stay as they are. A client that the proxy does not name as an address is None, and never the
    proxy. Put this around all middleware that asks for one of these, and have the server leave them alone
    (`uvicorn --no-proxy-headers`).

    Args:
        trusted: Addresses and networks of the proxies: "127.0.0.1", "10.0.0.0/8", "::1"; and "unix" for who comes over
            a Unix socket.
        headers: The headers to believe: those that the proxy sets or removes in *every* request, for any other is the
            client's. `X-Forwarded-For` and `X-Forwarded-Proto` by default; further `X-Forwarded-Host`,
            `X-Forwarded-Port` and `X-Forwarded-Prefix`; or, for the first three, `Forwarded`.

    Raises:
        TypeError: If a list is a str, or has what is none.
        ValueError: If *trusted* is empty or has what is no address, if a header is not known, or if Forwarded stands
            beside one that tells the same.
    """

    def __init__(
        self, trusted: Iterable[str], *, headers: Iterable[str] = ("X-Forwarded-For", "X-Forwarded-Proto")
    ) -> None:
        if isinstance(trusted, str) or isinstance(headers, str):
            raise TypeError("trusted and headers are lists of str")
        listed = list(trusted)
        if not listed:
            raise ValueError("trusted is empty; give the addresses of your proxies")
        names = [str(name).lower() for name in headers]
        for name in names:
            if name not in _KNOWN:
                raise ValueError(f"headers has {name!r}, which is not known; there are {', '.join(_KNOWN)}")
        if "forwarded" in names and not {*names}.isdisjoint(_INSTEAD):
            raise ValueError(
                "headers has Forwarded beside what tells the same; name the one that your proxy sets, since the other "
                "is the client's"
            )
        self._trusts_unix = "unix" in listed
        self._networks = [_network(item) for item in listed if item != "unix"]
        self._headers = frozenset(names)
        self._trusts = lru_cache(1024)(self._is_trusted)  # PERF: proxies are few, and an address takes 2 us to read

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Believe the headers if a trusted proxy sent them, and have the request answered."""
        self._look_at(request)
        return await call_next(request)

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Believe the headers if a trusted proxy sent them, and have the WebSocket served."""
        self._look_at(websocket)
        await call_next(websocket)

    def _look_at(self, connection: HTTPConnection) -> None:
        peer = connection.client
        if self._trusts_unix if peer is None else self._trusts(peer.host):
            self._believe(connection)

    def _believe(self, request: HTTPConnection) -> None:
        if "forwarded" in self._headers:
            elements = _read_forwarded(request._header_list("forwarded"))
            names = [element.get("for", "") for element in elements]
            step = self._find_client(request, names if any("for" in element for element in elements) else [])
            told = elements[-step] if elements else {}
            scheme, host = told.get("proto", ""), told.get("host", "")
        else:
            step = self._find_client(request, self._values(request, "x-forwarded-for"))
            scheme = _at(step, self._values(request, "x-forwarded-proto"))
            host = _at(step, self._values(request, "x-forwarded-host"))
        scheme = _SCHEMES.get(scheme.lower(), "")
        if scheme:
            request.scheme = scheme
        if is_host(host):
            request.host = host
        _set_port(request, _at(step, self._values(request, "x-forwarded-port")))
        prefix = _at(step, self._values(request, "x-forwarded-prefix")).rstrip("/")
        if _PREFIX(prefix) and "/../" not in f"{prefix}/" and "/./" not in f"{prefix}/":
            request.root_path = prefix

    def _values(self, request: HTTPConnection, name: str) -> list[str]:
        """Return the members of the list that the header *name* is, if it is believed."""
        if name not in self._headers:
            return []
        members = [member.strip() for line in request._header_list(name) for member in line.split(",")]
        return [member for member in members if member]

    def _find_client(self, request: HTTPConnection, names: Sequence[str]) -> int:
        """Set the client to the first of *names*, from the right, that is no trusted proxy; return how far it stands.

        If all are trusted, it is the leftmost.
        """
        for step, name in enumerate(reversed(names), 1):
            request.client = client = _address(name)
            if client is None or not self._trusts(client.host):
                return step
        return max(len(names), 1)

    def _is_trusted(self, host: str) -> bool:
        ip = _ip(host)
        return ip is not None and any(ip in network for network in self._networks)


def _network(text: str) -> IPv4Network | IPv6Network:
    if not isinstance(text, str):  # an int would be an address
        raise TypeError(f"trusted has {text!r}, which is no str")
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"trusted has {text!r}, which is no address or network ({error}); "
            "give those of your proxies, such as '127.0.0.1' or '10.0.0.0/8', or 'unix'"
        ) from None


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address; that of IPv4 which is mapped into IPv6, as a server that listens on both has them."""
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def _address(text: str) -> Address | None:
    """Return the address that a proxy names; None for "unknown", for hidden names, and for what is none."""
    address = Address.parse(text) if len(text) <= _LONGEST else None  # what is parsed is kept for a while
    ip = None if address is None else _ip(address.host)
    return None if address is None or ip is None else Address(str(ip), address.port)


def _at(step: int, values: Sequence[str]) -> str:
    """Return what the proxy told of the request that is *step* proxies away: some add to lists, some replace them."""
    return values[-min(step, len(values))] if values else ""


def _set_port(request: HTTPConnection, port: str) -> None:
    """Set the port of the host, and leave it out where it is that of the scheme."""
    host = request._named_host()
    if host is not None and port.isascii() and port.isdecimal() and len(port) < 6:
        name = re.sub(r":[0-9]+$", "", host)
        request.host = name if port == _PORTS.get(request.scheme) else f"{name}:{port}"


def _read_forwarded(lines: Iterable[str]) -> list[Element]:
    """Return the elements of the header `Forwarded` (RFC 7239 section 4), in order.

    Of a line that is none an element is left that names nobody: a client may open a quote that hides what one added.
    """
    return [element for line in lines for element in _read_line(line)]


def _read_line(line: str) -> list[Element]:
    elements: list[Element] = [{}]
    position = 0
    while True:
        match = _PAIR(line, position)
        if match is None:
            return [{"for": ""}]
        name, quoted, value, separator = match.groups()
        if name is not None:
            name = name.lower()
            if name in elements[-1]:
                return [{"for": ""}]
            elements[-1][name] = value or re.sub(r"\\(.)", r"\1", quoted)
        if not separator:
            return elements
        if separator == ",":
            elements.append({})
        position = match.end()
