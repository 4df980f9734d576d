"""Parts of a representation: the header `range`, and a body of several parts (RFC 9110 section 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

MAX_RANGES = 64
"""How many ranges a request may ask for; of more the header is ignored, and everything is sent."""

_SPEC = re.compile(r"(?:([0-9]*)-([0-9]*))?")  # an element of a list may be empty (section 5.6.1)
_DIGITS = 18  # a position with more is behind the end of anything

Range = tuple[int, int]
"""The first position, and the one after the last."""


def parse_ranges(value: str, size: int) -> list[Range] | None:
    """Return the ranges that *value* asks for of *size* bytes: in order, apart from each other, none of them empty.

    What overlaps or touches is one range. [] means that none of them is there to be sent (416). None means that the
    header is to be ignored: its unit is unknown, it is malformed, it has too many ranges, or there are no bytes at all.
    """
    unit, _, text = value.partition("=")
    specs = text.split(",", MAX_RANGES)
    if unit.strip(" \t").lower() != "bytes" or len(specs) > MAX_RANGES or not size:
        return None
    ranges = []
    any_given = False
    for spec in specs:
        match = _SPEC.fullmatch(spec.strip(" \t"))
        if match is None:
            return None
        first, last = match.groups()
        if first is None:
            continue
        any_given = True
        if not first:
            if not last:
                return None
            start, end = max(size - _position(last), 0), size
        else:
            start = _position(first)
            end = _position(last) + 1 if last else size
            if last and end <= start:
                return None
        if start < min(end, size):
            ranges.append((start, min(end, size)))
    return _join(sorted(ranges)) if any_given else None


def _position(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= _DIGITS else 10**_DIGITS


def _join(ranges: Sequence[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, end in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def content_range(part: Range, size: int) -> str:
    """Return the value of the header that tells which part is sent."""
    return f"bytes {part[0]}-{part[1] - 1}/{size}"


def multipart(
    parts: Sequence[Range], size: int, media_type: str | None, read: Callable[[int, int], bytes]
) -> tuple[str, bytes]:
    """Return the content type and the body of an answer with several parts (section 14.6).

    Args:
        parts: Which.
        size: Bytes of the whole.
        media_type: Of the whole, None if it is unknown.
        read: Takes a position and a number of bytes, and returns these bytes.
    """
    boundary = os.urandom(16).hex()
    typed = f"Content-Type: {media_type}\r\n" if media_type else ""
    pieces = []
    for start, end in parts:
        head = f"--{boundary}\r\n{typed}Content-Range: {content_range((start, end), size)}\r\n\r\n"
        pieces += [head.encode("ascii"), read(start, end - start), b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    return f"multipart/byteranges; boundary={boundary}", b"".join(pieces)
