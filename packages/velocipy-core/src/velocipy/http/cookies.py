"""Reading the cookies that clients send (RFC 6265bis); `set_cookie` writes them.

Reading is lenient and linear: a pair that makes no sense is skipped, since any page of a sibling domain can plant one.
"""

from __future__ import annotations

import re

_ESCAPE = r"\\(?:([0-3][0-7][0-7])|(.))"


def parse_cookies(header: str) -> dict[str, str]:
    """Return the cookies of a `cookie` header.

    Of a name that comes twice the first counts, as browsers put the most specific path first. Pairs without a name are
    skipped, since `=__Host-a=1` would otherwise pass for another cookie (CVE-2023-23934).
    """
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip(" \t")  # and nothing else, or "\xa0a" would pass for "a"
        if equals and name and name not in cookies:
            cookies[name] = _value(value)
    return cookies


def find_cookie(header: str, name: str, start: str) -> str | None:
    """Return what `parse_cookies` finds for *name*; *start* is "; name=", which plans have ready."""
    before, found, rest = f"; {header}".partition(start)
    if found and name not in before:
        # PERF: as browsers write it, and the first of its name, so that the other cookies need not be read.
        return _value(rest.partition(";")[0])
    return parse_cookies(header).get(name) if name in header else None


def _value(text: str) -> str:
    if text.isalnum():
        return text  # PERF: as most are; nothing to strip or to unquote
    text = text.strip(" \t")
    return _unquote(text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text


def _unquote(text: str) -> str:
    """Undo the quoting of `set_cookie`, which is that of Python's http.cookies."""
    if "\\" not in text:
        return text
    raw = re.sub(_ESCAPE, lambda match: chr(int(match[1], 8)) if match[1] else match[2], text, flags=re.DOTALL)
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return raw
