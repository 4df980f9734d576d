"""Entity tags of any length; what they mean is compared with the RFC in protocols/test_files_conditional.py."""

from typing import Any

import pytest

from velocipy import Request
from velocipy.http.conditional import Validators


class Asked(Request):
    """A request with one header field."""

    def __init__(self, name: str, value: str) -> None:
        self._field = (name, value)

    def _header_list(self, name: str) -> list[str]:
        return [self._field[1]] if name == self._field[0] else []


@pytest.mark.parametrize("name", ["if-match", "if-none-match", "if-range", "if-modified-since", "if-unmodified-since"])
@pytest.mark.parametrize("text", ['"', '"a', "W/", '"a",', ",", " ", 'W/"', "9", "Sun", 'W/"a" '])
def test_time_is_linear_in_the_length(name: str, text: str) -> None:
    """What takes quadratic time would end in the time limit of the test."""
    request: Any = Asked(name, text * (1_000_000 // len(text)) + "x")
    validators = Validators('"b"', 0)
    assert validators.precondition(request) in (200, 412)
    assert validators.allow_range(request) is (name != "if-range")
