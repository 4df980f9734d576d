"""Who is counted: what tells one client from another."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from logging import getLogger

from velocipy import HTTPConnection

_logger = getLogger("velocipy")


class Identifier:
    """Tells who is counted, by the head of a request or of a WebSocket's handshake; a dependency as well.

    Args:
        find: A plain function that does not block. None is for nobody in particular: all of these are counted together.
    """

    def __init__(self, find: Callable[[HTTPConnection], str | None]) -> None:
        self.find = find

    async def __call__(self, connection: HTTPConnection) -> str | None:
        return self.find(connection)


def client_address(*, ipv4_prefix: int = 32, ipv6_prefix: int = 64) -> Identifier:
    """Return what tells clients apart by their address: the default.

    Behind a proxy that is the proxy's, unless `ForwardedMiddleware` knows which proxies to believe; no header is looked
    at here. Who comes over a Unix socket, or has no address, is nobody in particular, which is logged once.

    Args:
        ipv4_prefix: How many bits of an IPv4 address count, 1 to 32.
        ipv6_prefix: How many of an IPv6 address, 1 to 128; providers give a whole /64 to each client.

    Raises:
        ValueError: If a prefix is no such number.
    """
    if not 1 <= ipv4_prefix <= 32 or not 1 <= ipv6_prefix <= 128:
        raise ValueError(f"ipv4_prefix={ipv4_prefix}, ipv6_prefix={ipv6_prefix}: give 1 to 32 and 1 to 128")
    is_told = False

    @lru_cache(4096)  # PERF: 5 us for an address of IPv6
    def network(host: str) -> str:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:  # a server may name hosts otherwise
            return f"host:{host}"
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        prefix = ipv6_prefix if isinstance(address, IPv6Address) else ipv4_prefix
        return f"ip:{ip_network((address, prefix), strict=False).network_address}"

    def find(connection: HTTPConnection) -> str | None:
        nonlocal is_told
        client = connection.client
        if client is not None:
            return network(client.host)
        if not is_told:
            is_told = True
            _logger.warning(
                "clients without an address are counted together by a rate limit; behind a proxy over a Unix socket, "
                'add ForwardedMiddleware with trusted=["unix"]'
            )
        return None

    return Identifier(find)


def header(name: str) -> Identifier:
    """Return what tells clients apart by the header *name*, such as "X-Tenant", which they choose themselves.

    Not for `Authorization`, which can be written in many ways; count by what was verified.
    """
    if not name:
        raise ValueError("the name of the header is empty")
    prefix = f"header:{name.lower()}:"

    def find(connection: HTTPConnection) -> str | None:
        value = connection.header(name)
        return None if value is None else prefix + value.strip(" \t")  # which is not the value's: RFC 9110 section 5.5

    return Identifier(find)


def api_key(name: str = "X-API-Key") -> Identifier:
    """Return what tells clients apart by the key in the header *name*.

    Keys that do not exist have a limit each; check the key by a dependency that comes before, or give that one.
    """
    return header(name)


def cookie(name: str) -> Identifier:
    """Return what tells clients apart by the cookie *name*."""
    if not name:
        raise ValueError("the name of the cookie is empty")
    prefix = f"cookie:{name}:"

    def find(connection: HTTPConnection) -> str | None:
        value = connection.cookies.get(name)
        return None if value is None else prefix + value

    return Identifier(find)


def path() -> Identifier:
    """Return what tells paths apart, and not clients: the method, of which HEAD is GET, and the path.

    More slashes make no other one, as they find no other route. Each value of a path's parameter does; of a route as a
    whole, the name of its rule tells.
    """

    def find(connection: HTTPConnection) -> str:
        method = "GET" if connection.method == "HEAD" else connection.method
        return f"path:{method} /{'/'.join(filter(None, connection.path.split('/')))}"

    return Identifier(find)


def user(name: str = "user") -> Identifier:
    """Return what tells users apart by `request.state`, where middleware has left *name*: text, or a number.

    Raises:
        TypeError: In a request, if it is neither.
    """

    def find(connection: HTTPConnection) -> str | None:
        value = connection.state.get(name)
        if value is not None and not isinstance(value, (str, int)):
            raise TypeError(f"state.{name} is a {type(value).__name__}; an identifier is text or a number")
        return None if value is None else f"user:{value}"

    return Identifier(find)


def combine(*identifiers: Identifier) -> Identifier:
    """Return what tells apart by all of *identifiers* together, as in ``combine(client_address(), path())``."""
    if not identifiers:
        raise ValueError("there is nothing to combine")

    def find(connection: HTTPConnection) -> str | None:
        parts = (identifier.find(connection) for identifier in identifiers)
        # The lengths keep apart what would read the same.
        return "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)

    return Identifier(find)
