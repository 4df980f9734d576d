"""The parser of query strings and forms, compared with urllib where the two mean to agree."""

from urllib.parse import parse_qs, quote_plus, unquote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.http import query
from velocipy.http.query import parse_pairs, unquote

texts = st.text(st.characters(exclude_categories=["Cs"]))
written = st.text(alphabet="ab=&;+%41cC3éA \x00?#/")


@given(st.lists(st.tuples(texts, texts)))
def test_what_urllib_writes_is_read_back(pairs: list[tuple[str, str]]) -> None:
    expected: dict[str, list[str]] = {}
    for name, value in pairs:
        expected.setdefault(name, []).append(value)
    assert parse_pairs(urlencode(pairs)) == expected


@given(written)
def test_it_agrees_with_urllib_on_whatever_is_utf8(text: str) -> None:
    try:
        found = parse_pairs(text)
    except ValueError:
        return
    assert found == parse_qs(text, keep_blank_values=True, errors="strict")


@given(written)
def test_it_refuses_only_escapes_that_are_no_utf8(text: str) -> None:
    try:
        parse_pairs(text)
    except ValueError:
        with pytest.raises(UnicodeDecodeError):
            parse_qs(text, keep_blank_values=True, errors="strict")


@given(texts)
def test_unquoting_undoes_quoting(text: str) -> None:
    assert unquote(quote_plus(text)) == text


@pytest.mark.parametrize("text", ["%", "%z", "%4", "a%", "%%", "%4g", "100%25%"])
def test_a_percent_that_starts_no_escape_stands_for_itself(text: str) -> None:
    assert unquote(text) == unquote_plus(text)


@pytest.mark.parametrize("text", ["%ff", "a=%C3", "%c3(", "x=%ed%a0%80", "%F8%80%80%80%80", "%c0%af"])
def test_escapes_that_are_no_utf8_are_refused(text: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        parse_pairs(text)


def test_only_the_ampersand_separates_fields() -> None:
    """CVE-2021-23336 and CVE-2026-53538."""
    assert parse_pairs("a=1;b=2&c=3") == {"a": ["1;b=2"], "c": ["3"]}


def test_blank_values_and_names_are_kept_and_empty_fields_are_not() -> None:
    assert parse_pairs("a=&b&&=c&=") == {"a": [""], "b": [""], "": ["c", ""]}


def test_escapes_are_decoded_once() -> None:
    assert parse_pairs("a=%2525&%2526=x") == {"a": ["%25"], "%26": ["x"]}


@pytest.mark.parametrize(("count", "refused"), [(3, False), (4, True), (100_000, True)])
def test_more_fields_than_allowed_are_refused_before_any_is_read(
    count: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []

    def unquote(text: str) -> str:
        decoded.append(text)
        return text

    monkeypatch.setattr(query, "unquote", unquote)
    text = "&".join(["a=%41"] * count)
    if refused:
        with pytest.raises(ValueError, match="3 fields"):
            parse_pairs(text, 3)
        assert decoded == []
    else:
        assert len(parse_pairs(text, 3)["a"]) == 3


def test_every_name_and_value_is_decoded_once_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2026-53539: quadratic parsing of query strings."""
    lengths: list[int] = []

    def unquote(text: str) -> str:
        lengths.append(len(text))
        return text

    monkeypatch.setattr(query, "unquote", unquote)
    text = "&".join(f"k{number}=%41" for number in range(10_000))
    parse_pairs(text)
    assert sum(lengths) <= len(text)
