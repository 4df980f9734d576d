"""Where a document sends those who try it: the origins that a page must be allowed to ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import urlsplit

_ASKED = {"tokenUrl", "refreshUrl", "openIdConnectUrl", "deviceAuthorizationUrl"}  # which scripts ask; no window opens
URLS = _ASKED | {"authorizationUrl"}
"""What a security scheme has of URLs."""

_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::[0-9]+)?|https?://\[[0-9a-f:.]+\](?::[0-9]+)?")
_VARIABLE = re.compile(r"\{([^{}]+)\}")


def origins_of(document: Mapping[str, Any]) -> list[str]:
    """Return the origins, other than its own, of the servers and token endpoints that *document* names, sorted.

    A variable of a server stands for each value of its enum, or for its default. What is no origin of http is left
    out: it cannot be asked, and must not end in a header.
    """
    return sorted({origin for url in _urls_of(document) if (origin := origin_of(url))})


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of *url*; None if it is relative, or of another scheme."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return origin if _ORIGIN.fullmatch(origin) else None


def _urls_of(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _server_urls(document.get("servers", ()))
    for item in document.get("paths", {}).values():
        yield from _server_urls(item.get("servers", ()))
        for operation in item.values():
            if isinstance(operation, Mapping):
                yield from _server_urls(operation.get("servers", ()))
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for owner in (scheme, *scheme.get("flows", {}).values()):
            if isinstance(owner, Mapping):
                yield from (owner[name] for name in _ASKED & owner.keys())


def _server_urls(servers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for server in servers:
        url, variables = server["url"], server.get("variables", {})
        names = [name for name in _VARIABLE.findall(url) if name in variables]
        for values in product(*(variables[name].get("enum") or [variables[name]["default"]] for name in names)):
            chosen = url
            for name, value in zip(names, values, strict=True):
                chosen = chosen.replace(f"{{{name}}}", str(value))
            yield chosen
