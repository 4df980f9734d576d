"""Which content coding a client prefers (RFC 9110 section 12.5.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.http.negotiation import preferred_codings

OFFERED = ["br", "zstd", "gzip"]


@pytest.mark.parametrize(
    ("value", "preferred"),
    [
        ("", []),
        ("gzip", ["gzip"]),
        ("gzip, deflate, br, zstd", ["br", "zstd", "gzip"]),
        ("GZIP", ["gzip"]),
        ("x-gzip", ["gzip"]),
        ("gzip;q=1.0, br;q=0.5", ["gzip", "br"]),
        ("gzip ; q=0.5 , br", ["br", "gzip"]),
        ("gzip;q=0", []),
        ("gzip;q=0.000, br", ["br"]),
        ("*", ["br", "zstd", "gzip"]),
        ("*;q=0", []),
        ("*, br;q=0", ["zstd", "gzip"]),
        ("identity", []),
        ("identity;q=0.5, gzip", ["gzip"]),
        ("identity, gzip;q=0.5", []),
        ("gzip;q=2", []),
        ("gzip;q=-1", []),
        ("gzip;level=9", []),
        ("gzipped, brotli", []),
        (",,gzip,,", ["gzip"]),
    ],
)
def test_what_the_client_takes_comes_in_its_order(value: str, preferred: list[str]) -> None:
    assert preferred_codings(value, OFFERED) == preferred


@given(st.text(alphabet='gzipbr*,;q=01. \t"', max_size=60))
def test_only_what_is_offered_is_preferred(value: str) -> None:
    assert set(preferred_codings(value, OFFERED)) <= set(OFFERED)


@pytest.mark.parametrize("text", [",", ";", "gzip,", "q=", " ", "gzip;q=0.", "0"])
def test_time_is_linear_in_the_length(text: str) -> None:
    """What takes quadratic time would end in the time limit of the test."""
    preferred_codings(text * (1_000_000 // len(text)), OFFERED)
    preferred_codings("gzip;q=" + text * (1_000_000 // len(text)), OFFERED)
