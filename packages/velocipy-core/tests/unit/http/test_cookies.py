"""Reading and writing cookies: hostile headers, and agreement with the standard library on honest ones."""

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.http import cookies
from velocipy.http.cookies import find_cookie, parse_cookies
from velocipy.http.set_cookie import format_cookie

names = st.text(alphabet="abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=20)
plain_values = st.text(alphabet="abcXYZ019!#$%&'()*+-./:<=>?@[]^_`{|}~")
any_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(st.dictionaries(names, plain_values, max_size=6))
def test_honest_cookies_are_read_as_the_standard_library_reads_them(honest: dict[str, str]) -> None:
    header = "; ".join(f"{name}={value}" for name, value in honest.items())
    assert parse_cookies(header) == honest
    jar = SimpleCookie()
    jar.load("; ".join(f"{name}={value}" for name, value in honest.items() if name[0] != "$"))
    for name, morsel in jar.items():
        assert honest[name] == morsel.value


@given(names, any_values)
def test_any_text_survives_the_way_to_the_browser_and_back(name: str, value: str) -> None:
    written = format_cookie(name, value, path=None, samesite=None, secure=True)  # 60 characters fit
    pair = written.split("; Secure")[0]
    assert pair.isascii()
    assert pair.isprintable()
    assert parse_cookies(f"first=1; {pair}; last=2") == {"first": "1", name: value, "last": "2"} | (
        {"first": "1"} if name == "first" else {}
    )


@given(st.text())
def test_no_header_is_an_error(header: str) -> None:
    for name, value in parse_cookies(header).items():
        assert name == name.strip(" \t")
        assert isinstance(value, str)
        assert name
        assert ";" not in name


@given(st.text(alphabet='ab=; \t"\\x\xa0', max_size=20), st.sampled_from(["a", "b", "ab"]))
def test_one_cookie_is_found_as_all_are_read(header: str, name: str) -> None:
    assert find_cookie(header, name, f"; {name}=") == parse_cookies(header).get(name)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        (";", {}),
        ("; ; ;", {}),
        ("a", {}),
        ("=x", {}),
        ("=", {}),
        ("=__Host-a=1", {}),  # CVE-2023-23934
        ("==__Host-a=1", {}),
        ("a=1; =a=2; a", {"a": "1"}),
        ("a=1; a=2", {"a": "1"}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a =1 ;\tb\t=\t2", {"a": "1", "b": "2"}),
        ("\xa0a=1", {"\xa0a": "1"}),
        ("a\xa0=1", {"a\xa0": "1"}),
        ("\x0ba=1; \x0ca=2", {"\x0ba": "1", "\x0ca": "2"}),
        ('a="1"', {"a": "1"}),
        ('a="', {"a": '"'}),
        ('a=""', {"a": ""}),
        ('a="1', {"a": '"1'}),
        ('a="1;b=2"', {"a": '"1', "b": '2"'}),
        ("a=1,b=2", {"a": "1,b=2"}),
        ('a="\\101\\""', {"a": 'A"'}),
        ('a="\\400\\9"', {"a": "4009"}),
        ("A=1; a=2", {"A": "1", "a": "2"}),
        ("a=\x00\x1b", {"a": "\x00\x1b"}),
        ("$Version=1; a=1", {"$Version": "1", "a": "1"}),
    ],
)
def test_an_odd_header_is_read_like_this(header: str, expected: dict[str, str]) -> None:
    assert parse_cookies(header) == expected


def test_one_odd_cookie_does_not_hide_the_others() -> None:
    """SimpleCookie stops at what it does not understand, and any sibling domain can set that."""
    assert parse_cookies("[odd]=1; (=2; session=s")["session"] == "s"


def test_each_value_is_unquoted_once_and_only_if_it_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2024-52804, CVE-2024-7592: the work grows with the length of the header, not with its square."""
    lengths: list[int] = []
    unquote = cookies._unquote

    def counted(text: str) -> str:
        lengths.append(len(text))
        return unquote(text)

    monkeypatch.setattr(cookies, "_unquote", counted)
    header = "; ".join(f'k{number}="{chr(92) * 20}"' for number in range(5000)) + '; last="' + "\\" * 100_000 + '"'
    assert len(parse_cookies(header)) == 5001
    assert sum(lengths) <= len(header)


def test_escapes_are_found_in_one_pass() -> None:
    """An escape takes at least one character with it, so that the pattern never goes back."""
    found = re.findall(cookies._ESCAPE, "\\" * 100_001)
    assert len(found) == 50_000


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a;b", "a\r\nb", "é", "a,b", '"a"', "a\0"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="token"):
        format_cookie(name, "x")


@pytest.mark.parametrize("attribute", ["path", "domain"])
@pytest.mark.parametrize("text", ["/; HttpOnly", "a\r\nset-cookie: x=y", "a\0", "é", "a\x7f"])
def test_an_attribute_cannot_add_another(attribute: str, text: str) -> None:
    """CVE-2026-35536, CVE-2026-0672."""
    options: dict[str, Any] = {attribute: text}
    with pytest.raises(ValueError, match=attribute):
        format_cookie("a", "b", **options)


@pytest.mark.parametrize("samesite", ["none; secure", "", "Lax ", "other"])
def test_a_samesite_that_is_none_of_the_three_is_refused(samesite: Any) -> None:
    with pytest.raises(ValueError, match="samesite"):
        format_cookie("a", "b", samesite=samesite)


@pytest.mark.parametrize("max_age", ["1; domain=evil", float("inf"), float("nan"), "x"])
def test_a_max_age_that_is_no_number_is_refused_with_a_word_about_it(max_age: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="max_age"):
        format_cookie("a", "b", max_age=max_age)


@pytest.mark.parametrize(
    "options",
    [
        {"samesite": "none"},
        {"samesite": "NONE"},
        {"partitioned": True},
    ],
)
def test_what_browsers_accept_only_over_https_demands_secure(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="secure"):
        format_cookie("a", "b", **options)
    assert "; Secure" in format_cookie("a", "b", secure=True, **options)


@pytest.mark.parametrize("prefix", ["__Host-", "__Secure-", "__host-", "__SECURE-"])
def test_prefixes_demand_secure_in_any_case(prefix: str) -> None:
    """Browsers compare the prefixes without regard to case (RFC 6265bis section 4.1.3)."""
    with pytest.raises(ValueError, match="secure"):
        format_cookie(f"{prefix}a", "b")


@pytest.mark.parametrize("options", [{"path": "/a"}, {"path": None}, {"domain": "example.com"}])
def test_a_host_cookie_is_for_the_whole_host_alone(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="__Host-"):
        format_cookie("__Host-a", "b", secure=True, **options)
