"""What is kept, as bytes: a line of JSON, then the body."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer that is kept.

    Attributes:
        status, headers, body: Of the answer; the status is 0 for one that must not be kept, which is worth knowing too.
        values: What the request had in the headers by which answers differ.
        stored, fresh_until, stale_until: Seconds since 1970, since several processes read it.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes | None
    values: list[str]
    stored: float
    fresh_until: float
    stale_until: float

    def encode(self) -> bytes:
        """Return it as bytes."""
        times = [self.stored, self.fresh_until, self.stale_until]
        head = [self.status, self.headers, self.values, times, self.body is None]
        return json.dumps(head).encode() + b"\n" + (self.body or b"")

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """Return what *data* is; None if it was written by somebody else."""
        head, _, body = data.partition(b"\n")
        try:
            status, headers, values, times, is_empty = json.loads(head)
            pairs = [(str(name), str(value)) for name, value in headers]
            return cls(int(status), pairs, None if is_empty else body, values, *map(float, times))
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class PathRecord:
    """What is kept for a path, under which all of its answers are found.

    Attributes:
        stamp: A part of the keys of its answers: with another stamp, none of them is found any more.
        vary: The request headers by which its answers differ, sorted.
    """

    stamp: str
    vary: tuple[str, ...]

    def encode(self) -> bytes:
        """Return it as bytes."""
        return json.dumps([self.stamp, self.vary]).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """Return what *data* is; None if it was written by somebody else."""
        try:
            stamp, vary = json.loads(data)
            return cls(str(stamp), tuple(map(str, vary)))
        except (ValueError, TypeError):
            return None
