"""Conditional requests: validators, and what a request demands of them (RFC 9110 sections 8.8 and 13)."""

from __future__ import annotations

import re
from typing import NamedTuple

from velocipy.http.connection import HTTPConnection
from velocipy.http.dates import parse_date

_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class Validators(NamedTuple):
    """What tells two versions of a representation apart.

    Attributes:
        etag: As the header has it: a strong tag, or a weak one with "W/" before it.
        modified: Seconds since 1970, None if that is not known.
    """

    etag: str
    modified: int | None

    def precondition(self, request: HTTPConnection) -> int:
        """Return the status that the conditions of a GET or HEAD come to: 200, 304 or 412 (section 13.2.2)."""
        wanted = field(request, "if-match")
        if wanted is not None:
            if not self._is_among(wanted, strong=True):
                return 412
        elif self._is_after(field(request, "if-unmodified-since")) is True:
            return 412
        known = field(request, "if-none-match")
        if known is not None:
            return 304 if self._is_among(known, strong=False) else 200
        return 304 if self._is_after(field(request, "if-modified-since")) is False else 200

    def allow_range(self, request: HTTPConnection) -> bool:
        """Tell whether the client may be sent a part: whether it has parts of no other version (section 13.1.5)."""
        value = field(request, "if-range")
        if value is None:
            return True
        if '"' in value:
            return value.strip(" \t") == self.etag and self.etag.startswith('"')
        return self.modified is not None and parse_date(value) == self.modified

    def _is_among(self, tags: str, *, strong: bool) -> bool:
        """Tell whether the tag is in a list; a strong comparison has weak tags equal to none (section 8.8.3.2)."""
        if tags.strip(" \t") == "*":
            return True
        if strong and not self.etag.startswith('"'):
            return False
        opaque = self.etag.removeprefix("W/")
        return any(match[2] == opaque and not (strong and match[1]) for match in _ENTITY_TAG.finditer(tags))

    def _is_after(self, date: str | None) -> bool | None:
        """Tell whether it was modified after *date*; None if one of the two is unknown or no date."""
        seconds = None if date is None else parse_date(date)
        return None if seconds is None or self.modified is None else self.modified > seconds


def field(request: HTTPConnection, name: str) -> str | None:
    """Return the whole value of a header: all its lines as one list (section 5.3)."""
    lines = request._header_list(name)
    return ", ".join(lines) if lines else None
