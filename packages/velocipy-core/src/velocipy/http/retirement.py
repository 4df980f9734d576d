"""The headers that tell clients that something will not be there for ever: `Deprecation` and `Sunset`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import formatdate


def retirement_headers(deprecated: bool | date, sunset: date | None) -> list[tuple[str, str]]:
    """Return the headers that tell when a route was or will be deprecated, and when it will be gone.

    `Deprecation` (RFC 9745) is a time and nothing else, so True is told as the beginning of time. `Sunset` is an HTTP
    date (RFC 8594). A date without a time is its first moment in UTC.

    Raises:
        ValueError: If a time does not know its zone.
    """
    headers = []
    if deprecated is not False:
        since = 0 if deprecated is True else int(_timestamp("deprecated", deprecated))
        headers.append(("deprecation", f"@{since}"))
    if sunset is not None:
        headers.append(("sunset", formatdate(_timestamp("sunset", sunset), usegmt=True)))
    return headers


def _timestamp(option: str, when: date) -> float:
    if not isinstance(when, date):
        raise ValueError(f"{option} is {when!r}, no date")
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day, tzinfo=UTC)
    if when.tzinfo is None:
        raise ValueError(f"{option} must know its time zone, such as datetime(2030, 1, 1, tzinfo=UTC)")
    return when.timestamp()
