"""Writing cookies that browsers obey (RFC 6265bis).

Name, value and every attribute are checked, so that none can add another. Imported at first use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

SameSite = Literal["lax", "strict", "none"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_OCTETS = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*").fullmatch
_ATTRIBUTE = re.compile(r"[\x20-\x3a\x3c-\x7e]*").fullmatch


def _quote(text: str) -> str:
    if _OCTETS(text):
        return text
    octets = text.encode("utf-8")
    return '"' + "".join(chr(o) if _OCTETS(chr(o)) or o == 0x20 else f"\\{o:03o}" for o in octets) + '"'


def format_cookie(
    name: str,
    value: str = "",
    *,
    max_age: int | None = None,
    expires: datetime | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> str:
    """Return the value of a `set-cookie` header.

    Args:
        name: A token (RFC 9110 section 5.6.2). `__Host-` and `__Secure-` oblige to what browsers demand of them.
        value: Any text; what a cookie cannot carry is quoted, and unquoted again when it comes back.
        max_age: Seconds to live; 0 or less deletes the cookie, None keeps it until the browser closes.
        expires: The same as a time, which must know its time zone.
        path: Where it is sent; None for the folder of the request.
        domain: Also sent to the hosts below this one; None for this host alone.
        secure: Sent over https only.
        httponly: Hidden from scripts.
        samesite: "lax", "strict" or "none", in any case; None leaves the choice to the browser.
        partitioned: Kept apart for each top-level site (CHIPS).

    Raises:
        ValueError: If an attribute has a character that would end it, or contradicts another.
    """
    if not _TOKEN(name):
        raise ValueError(f"cookie name {name!r} is not a token; use letters, digits and !#$%&'*+-.^_`|~")
    same_site = samesite.lower() if samesite is not None else None
    if same_site not in (None, "lax", "strict", "none"):
        raise ValueError(f"cookie {name!r}: samesite is 'lax', 'strict' or 'none', not {samesite!r}")
    prefix = name.lower()  # browsers know it in any case
    if not secure and (same_site == "none" or partitioned or prefix.startswith(("__secure-", "__host-"))):
        raise ValueError(
            f"cookie {name!r}: browsers refuse samesite='none', partitioned and the __Secure- and __Host- prefixes "
            "without secure=True"
        )
    if prefix.startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f"cookie {name!r}: the __Host- prefix demands path='/' and no domain")
    for attribute, text in (("path", path), ("domain", domain)):
        if text is not None and not _ATTRIBUTE(text):
            raise ValueError(f"cookie {name!r}: {attribute} {text!r} has a ';', a control or a character beyond ASCII")

    parts = [f"{name}={_quote(value)}"]
    if max_age is not None:
        if not isinstance(max_age, int):
            raise ValueError(f"cookie {name!r}: max_age is a whole number of seconds, not {max_age!r}")
        parts.append(f"Max-Age={int(max_age)}")
    if expires is not None:
        from velocipy.http.dates import format_date  # seldom needed

        if expires.tzinfo is None:
            raise ValueError(f"cookie {name!r}: expires must know its time zone, such as datetime.now(timezone.utc)")
        parts.append(f"Expires={format_date(expires.timestamp())}")
    if domain is not None:
        parts.append(f"Domain={domain}")
    if path is not None:
        parts.append(f"Path={path}")
    if secure:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if same_site is not None:
        parts.append(f"SameSite={same_site.capitalize()}")
    if partitioned:
        parts.append("Partitioned")
    cookie = "; ".join(parts)
    if len(cookie) > 4096:
        raise ValueError(f"cookie {name!r} takes {len(cookie)} bytes; browsers drop those over 4096 (RFC 6265bis)")
    return cookie
