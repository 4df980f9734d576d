"""Network addresses, as servers name them."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """A host and its port; a host that is reached by a Unix socket has no `Address`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """Read "127.0.0.1:80", "[::1]:80", "::1" or "example.com"; None for "" or a path, as a Unix socket has them."""
        if not text or text.startswith("/"):
            return None
        host, colon, port = text.rpartition(":")
        if not colon or (port and not (port.isdecimal() and len(port) < 6)) or (":" in host and not host.endswith("]")):
            host, port = text, "0"
        host = host.removeprefix("[").removesuffix("]")
        return cls(host, int(port or 0)) if host else None
