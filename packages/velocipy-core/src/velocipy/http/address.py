"""Network addresses, as servers name them."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """A host and its port; a host that is reached by a Unix socket has no `Address`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """Read "127.0.0.1:80", "[::1]:80" or "example.com"; None for "", which a Unix socket leaves."""
        host, colon, port = text.rpartition(":")
        if not colon or "]" in port:
            host, port = text, ""
        host = host.removeprefix("[").removesuffix("]")
        return cls(host, int(port) if port.isdecimal() else 0) if host else None
