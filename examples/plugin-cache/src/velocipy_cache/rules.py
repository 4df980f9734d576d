"""What a cache may do with a request and its answer: RFC 9111, as a cache that all users share."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from velocipy import Request, Response

STATUSES = frozenset({200, 203, 204, 300, 301, 308, 410})
"""Answers that may be kept without saying so (RFC 9110 section 15.1); no 404: what it misses may be made any time."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})

_NOT_FOR_A_CACHE = ("authorization", "range", "if-range", "if-match", "if-unmodified-since")
_NOT_TO_BE_KEPT = {"no-store", "no-cache", "private"}
_NOT_STALE = {"must-revalidate", "proxy-revalidate", "s-maxage"}  # RFC 9111 section 5.2.2.10 for the last
_SECONDS = re.compile("[0-9]{1,10}")
_ENTITY_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How answers are kept.

    Attributes:
        ttl: Seconds for which an answer is fresh that does not say it itself (`s-maxage`, `max-age`, `Expires`); None
            for: it is not kept.
        stale: Seconds after that in which it is still given, while one request computes the next, or fails to.
        vary: Request headers on which answers depend besides those that they name in `Vary`.
        cookies: Whether requests with cookies take part; only for answers that do not depend on them.
        max_size: Bytes of the largest body that is kept.
        wait: Seconds that requests wait for one that computes what they ask for.

    Raises:
        ValueError: If a number is out of its range.
    """

    ttl: float | None = None
    stale: float = 0.0
    vary: tuple[str, ...] = ()
    cookies: bool = False
    max_size: int = 1024 * 1024
    wait: float = 5.0

    def __post_init__(self) -> None:
        if self.ttl is not None and not 0 < self.ttl <= 365 * 86400:
            raise ValueError(f"ttl={self.ttl} is none; give seconds, more than 0 and at most a year")
        if not 0 <= self.stale <= 365 * 86400:
            raise ValueError(f"stale={self.stale} is none; give seconds, 0 to a year")
        if self.max_size < 0:
            raise ValueError(f"max_size={self.max_size} is negative; give bytes")
        if not 0 < self.wait <= 300:
            raise ValueError(f"wait={self.wait} is none; give seconds, more than 0 and at most 300")
        if isinstance(self.vary, str):
            raise ValueError(f"vary={self.vary!r} is a text; write ({self.vary!r},)")


def is_for_the_cache(request: Request, policy: Policy) -> bool:
    """Tell whether *request* may be answered from the cache, and its answer kept."""
    headers = request.headers
    if request.method not in ("GET", "HEAD") or any(name in headers for name in _NOT_FOR_A_CACHE):
        return False
    if "cookie" in headers and not policy.cookies:
        return False
    return "no-store" not in _directives(headers.getlist("cache-control"))


def oldest_age(request: Request) -> float:
    """Return how many seconds old an answer may be for who asks (RFC 9111 sections 5.2.1.1, 5.2.1.4 and 5.4)."""
    directives = _directives(request.headers.getlist("cache-control"))
    if "no-cache" in directives or (not directives and request.headers.get("pragma", "").lower() == "no-cache"):
        return -1.0
    return _seconds(directives["max-age"]) if "max-age" in directives else float("inf")


def lifetime(response: Response, policy: Policy) -> float:
    """Return for how many seconds *response* is fresh; 0 if it must not be kept (RFC 9111 sections 3 and 4.2.1)."""
    headers = response.headers
    body = response.body
    directives = _directives(headers.getlist("cache-control"))
    if response.status_code not in STATUSES or "set-cookie" in headers or _NOT_TO_BE_KEPT & directives.keys():
        return 0.0
    if not (body is None or (isinstance(body, bytes) and len(body) <= policy.max_size)) or "*" in varies_by(response):
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _seconds(directives[name])
    if "expires" in headers:
        return _until(headers["expires"])
    return policy.ttl or 0.0


def staleness(response: Response, policy: Policy) -> float:
    """Return for how many seconds after its lifetime *response* may be given (RFC 9111 section 4.2.4)."""
    return 0.0 if _NOT_STALE & _directives(response.headers.getlist("cache-control")).keys() else policy.stale


def varies_by(response: Response) -> set[str]:
    """Return the names of `Vary`, in lower case."""
    names = ",".join(response.headers.getlist("vary")).split(",")
    return {name.strip(" \t").lower() for name in names} - {""}


def knows(request: Request, etag: str | None) -> bool:
    """Tell whether the client has the version *etag* already (RFC 9110 section 13.1.2)."""
    tags = ", ".join(request.headers.getlist("if-none-match"))
    if etag is None or not tags:
        return False
    opaque = etag.removeprefix("W/")
    return tags.strip(" \t") == "*" or any(match[1] == opaque for match in _ENTITY_TAG.finditer(tags))


def _directives(values: Iterable[str]) -> dict[str, str]:
    """Return the directives of `Cache-Control`, the first of each name. A quoted list of fields is read as none, which
    forbids more than it does."""
    found: dict[str, str] = {}
    for directive in ",".join(values).split(","):
        name, _, value = directive.strip(" \t").partition("=")
        if name:
            found.setdefault(name.lower(), value.strip('"'))
    return found


def _seconds(text: str) -> float:
    """Return the seconds of a directive; what cannot be read is stale (RFC 9111 section 4.2.1)."""
    return float(text) if _SECONDS.fullmatch(text) else 0.0


def _until(date: str) -> float:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except ValueError:
        return 0.0  # as "0" is, which says that it has expired (RFC 9111 section 5.3)
