"""Dates in header fields (RFC 9110 section 5.6.7), in whole seconds since 1970."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_DAY = f"(?:{'|'.join(_DAYS)})"
_LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMATS = (
    re.compile(rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),  # RFC 850
    re.compile(rf"{_DAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})"),  # asctime
)


def format_date(seconds: float) -> str:
    """Return a time as header fields have it, in GMT.

    Raises:
        ValueError: If it lies outside the years 1 to 9999.
    """
    try:
        when = time.gmtime(seconds)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds} is no time in the years 1 to 9999") from error
    year, month, day, hour, minute, second, weekday, *_ = when
    if not 1 <= year <= 9999:
        raise ValueError(f"{seconds} is no time in the years 1 to 9999")
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def parse_date(text: str) -> int | None:
    """Return the seconds of a date in one of the three formats, None if it is none."""
    for form in _FORMATS:
        match = form.fullmatch(text.strip(" \t"))
        if match is not None:
            break
    else:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:  # one over 50 years ahead is that of the last century
        this_year = time.gmtime().tm_year
        year += this_year - this_year % 100
        year -= 100 if year > this_year + 50 else 0
    try:
        when = datetime(
            year,
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    second = int(match["second"])  # 60 is a leap second
    return int((when + timedelta(seconds=second)).timestamp()) if second <= 60 else None
