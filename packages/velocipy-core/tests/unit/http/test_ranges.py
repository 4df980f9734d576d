"""Ranges without a file; what they mean is compared with the RFC in protocols/test_files_conditional.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.http.ranges import MAX_RANGES, content_range, multipart, parse_ranges

LONG = 1_000_000  # what takes quadratic time would end in the time limit of the test


@pytest.mark.parametrize("unit", ["bytes", "Bytes", "BYTES", " bytes "])
def test_the_unit_is_in_any_case(unit: str) -> None:
    assert parse_ranges(f"{unit}=0-1", 5) == [(0, 2)]


def test_what_overlaps_or_touches_is_one_range() -> None:
    assert parse_ranges("bytes=5-6,0-1,2-3,1-2,8-8", 10) == [(0, 4), (5, 7), (8, 9)]


@pytest.mark.parametrize("ranges", [MAX_RANGES, MAX_RANGES + 1])
def test_ranges_are_bounded_in_number(ranges: int) -> None:
    value = "bytes=" + ",".join(f"{2 * number}-{2 * number}" for number in range(ranges))
    parsed = parse_ranges(value, 10_000)
    assert parsed is None if ranges > MAX_RANGES else parsed is not None and len(parsed) == ranges


@pytest.mark.parametrize("text", [",", "0-,", "0-1", "-", " ", "\t", " ,", "9", "9-", "-9", "=", "bytes=0-1,"])
def test_cve_2025_62727_time_is_linear_in_the_length(text: str) -> None:
    parse_ranges("bytes=" + text * (LONG // len(text)) + "x", 5)
    parse_ranges(text * (LONG // len(text)), 5)


@given(st.text(alphabet="bytes=0123456789-, \t\u0661x", max_size=40), st.integers(0, 30))
def test_ranges_are_in_order_apart_and_inside(value: str, size: int) -> None:
    for text in (value, f"bytes={value}"):
        before = -1
        for start, end in parse_ranges(text, size) or []:
            assert before < start < end <= size
            before = end


def test_a_body_of_parts_is_framed_as_in_the_rfc() -> None:
    content = b"0123456789"
    kind, body = multipart([(0, 2), (5, 6)], 10, "text/plain", lambda start, count: content[start : start + count])
    boundary = kind.removeprefix("multipart/byteranges; boundary=")
    assert body.decode().split("\r\n") == [
        *(f"--{boundary}", "Content-Type: text/plain", "Content-Range: bytes 0-1/10", "", "01"),
        *(f"--{boundary}", "Content-Type: text/plain", "Content-Range: bytes 5-5/10", "", "5"),
        *(f"--{boundary}--", ""),
    ]
    assert content_range((5, 6), 10) == "bytes 5-5/10"
    other, _ = multipart([(0, 2)], 10, None, lambda start, count: b"01")
    assert other != kind
