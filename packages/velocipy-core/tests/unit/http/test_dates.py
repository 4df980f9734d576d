"""Dates in headers (RFC 9110 section 5.6.7)."""

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.http.dates import format_date, parse_date

LAST = 253_402_300_799  # the end of the year 9999


@given(st.integers(-62_135_596_800, LAST))
def test_a_date_is_written_as_the_standard_library_does_and_read_back(seconds: int) -> None:
    text = format_date(seconds)
    assert text == formatdate(seconds, usegmt=True)
    assert parse_date(text) == seconds


@given(st.integers(0, LAST))
def test_the_form_of_asctime_is_read(seconds: int) -> None:
    assert parse_date(time.asctime(time.gmtime(seconds))) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("  Sun, 06 Nov 1994 08:49:37 GMT\t", 784111777),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800),
    ],
)
def test_the_three_forms_of_the_rfc(text: str, seconds: int) -> None:
    assert parse_date(text) == seconds


@pytest.mark.parametrize("ahead", [0, 1, 49, 50, 51, 99])
def test_two_digits_are_a_year_at_most_fifty_ahead(ahead: int) -> None:
    year = time.gmtime().tm_year + ahead
    parsed = parse_date(f"Monday, 02-Jan-{year % 100:02} 00:00:00 GMT")
    assert parsed is not None
    assert time.gmtime(parsed).tm_year == (year if ahead <= 50 else year - 100)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "0",
        "784111777",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov \u0661994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert parse_date(text) is None or isinstance(parse_date(text), int)


@pytest.mark.parametrize("seconds", [LAST + 1, -62_135_596_801, 10**18, -(10**18), 10**30])
def test_a_time_that_no_header_can_have_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        format_date(seconds)
