"""Header containers: case, order, repetition; and what is refused on the way out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.http.headers import Headers, MutableHeaders, check_header

PAIRS = [("Accept", "a"), ("x-b", "1"), ("ACCEPT", "b"), ("X-B", "2")]


def test_names_are_found_in_any_case_and_the_first_value_counts() -> None:
    headers = Headers(PAIRS)
    assert headers["ACCEPT"] == headers["accept"] == "a"
    assert headers.getlist("Accept") == ["a", "b"]
    assert headers.get("nothing") is None
    assert "aCCept" in headers
    no_name: Any = 5
    assert no_name not in headers


def test_order_and_repetition_are_kept() -> None:
    headers = Headers(PAIRS)
    assert headers.items() == [("accept", "a"), ("x-b", "1"), ("accept", "b"), ("x-b", "2")]
    assert list(headers) == ["accept", "x-b"]
    assert len(headers) == 2


def test_a_missing_name_is_a_key_error_with_the_name_as_it_was_asked() -> None:
    with pytest.raises(KeyError, match="X-None"):
        Headers()["X-None"]


def test_headers_of_a_request_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Headers(PAIRS)["accept"] = "b"  # type: ignore[index]


def test_setting_replaces_all_values_in_the_place_of_the_first() -> None:
    headers = MutableHeaders(PAIRS)
    headers["Accept"] = "c"
    assert headers.items() == [("accept", "c"), ("x-b", "1"), ("x-b", "2")]


def test_appending_keeps_what_is_there() -> None:
    headers = MutableHeaders({"set-cookie": "a=1"})
    headers.append("Set-Cookie", "b=2")
    assert headers.getlist("set-cookie") == ["a=1", "b=2"]


def test_deleting_removes_all_values() -> None:
    headers = MutableHeaders(PAIRS)
    del headers["X-B"]
    assert "x-b" not in headers
    with pytest.raises(KeyError):
        del headers["x-b"]


def test_vary_grows_by_one_name_once() -> None:
    headers = MutableHeaders({"vary": "Accept"})
    headers.add_vary("Cookie")
    headers.add_vary("cookie")
    headers.add_vary("ACCEPT")
    assert headers["vary"] == "Accept, Cookie"
    star = MutableHeaders({"vary": "*"})
    star.add_vary("Cookie")
    assert star["vary"] == "*"


BAD_VALUES = ["a\r\nb", "a\n", "\x00", "a\x1b[0m", "\x7f", "é", "€", "\ud800", "a\x0bb", "\x85", "\u2028"]
BAD_NAMES = ["", "a b", "a:", "a\n", "é", "a\0", "a/b", "(a)"]


@pytest.mark.parametrize("value", BAD_VALUES)
def test_a_value_that_cannot_be_sent_is_refused_by_every_way(value: str) -> None:
    headers = MutableHeaders()
    for change in (
        lambda: MutableHeaders({"a": value}),
        lambda: headers.__setitem__("a", value),
        lambda: headers.append("a", value),
        lambda: headers.setdefault("a", value),
        lambda: headers.update({"a": value}),
        lambda: headers.add_vary(value),
    ):
        with pytest.raises(ValueError, match="header|surrogates"):
            change()
    assert headers.items() == []


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_token_is_refused_by_every_way(name: str) -> None:
    headers = MutableHeaders()
    for change in (
        lambda: MutableHeaders([(name, "a")]),
        lambda: headers.__setitem__(name, "a"),
        lambda: headers.append(name, "a"),
        lambda: headers.update([(name, "a")]),
    ):
        with pytest.raises(ValueError, match="token"):
            change()


@pytest.mark.parametrize("pair", [("a", 1), ("a", b"b"), ("a", None), (b"a", "b"), (1, "b")])
def test_what_is_no_text_is_refused(pair: Any) -> None:
    with pytest.raises(ValueError, match="header"):
        check_header(*pair)


@given(st.text(), st.text())
def test_what_is_accepted_is_fit_for_every_server(name: str, value: str) -> None:
    try:
        name, value = check_header(name, value)
    except ValueError:
        return
    assert name
    assert name == name.lower()
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set(' \t"(),/:;<=>?@[\\]{}')
    assert value.isascii()
    assert value.replace("\t", "").isprintable()
    assert value == value.strip()
