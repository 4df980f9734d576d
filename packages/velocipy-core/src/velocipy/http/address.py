"""Network addresses, as servers name them.

PERF: without annotations as text, which are dear to import in a NamedTuple or TypedDict.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_HOST = r"(?:[0-9A-Za-z._~!$&'()*+,;=%-]+|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?"  # RFC 9112 section 3.2


def is_host(text: str) -> bool:
    """Tell whether *text* is a name or an address, with or without a port, as the header `host` has them."""
    match = re.fullmatch(_HOST, text)
    if match is None:
        return False
    address, port = match.groups()
    if address is not None:
        from ipaddress import IPv6Address  # dear to import, and seldom needed

        try:
            IPv6Address(address)
        except ValueError:
            return False
    return port is None or int(port) <= 65535


class Address(NamedTuple):
    """A host and its port; a host that is reached by a Unix socket has no `Address`."""

    host: str
    port: int

    @classmethod
    @lru_cache(1024)  # PERF: 1 us, for each request of a connection
    def parse(cls, text: str) -> "Address | None":
        """Read "127.0.0.1:80", "[::1]:80", "::1" or "example.com"; None for "" or a path, as a Unix socket has them."""
        if not text or text.startswith("/"):
            return None
        host, colon, port = text.rpartition(":")
        if not colon or (port and not (port.isdecimal() and len(port) < 6)) or (":" in host and not host.endswith("]")):
            host, port = text, "0"
        host = host.removeprefix("[").removesuffix("]")
        return cls(host, int(port or 0)) if host else None
