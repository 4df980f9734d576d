"""Where one may be sent."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.security import is_safe_url

HOSTS = ["example.com", "localhost:8000", "[::1]:8000"]


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/account",
        "/account?next=//evil.com#top",
        "/a//b",
        "/caf%C3%A9?a=%0a",
        "/@evil.com",
        "/:80",
        "https://example.com",
        "https://EXAMPLE.com/a?b",
        "https://example.com:443/",
        "http://example.com:80/",
        "http://localhost:8000/a",
        "http://[::1]:8000/",
    ],
)
def test_what_stays_here_is_safe(url: str) -> None:
    assert is_safe_url(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", " ", "\t/", " /a", "/a b", "/a\n", "/\x00", "/\x85", "/\u2028", "/a\u00a0b"),
        *("//evil.com", "///evil.com", "////evil.com", "/\\evil.com", "\\\\evil.com", "\\/evil.com", "/a\\b"),
        *("/\t/evil.com", "/\n/evil.com", "/\r/evil.com", "\x01//evil.com", "\u0085//evil.com", "\u3000//evil.com"),
        *("https:evil.com", "https:/evil.com", "https:///evil.com", "https:example.com", "https:///example.com"),
        *("http:///evil.com", "http:\\\\evil.com", "https://evil.com\\.example.com", "https://example.com\\@evil.com"),
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"),
        *("ftp://example.com/", "//example.com", "ws://example.com/", "view-source:https://example.com"),
        *("https://evil.com", "https://evil.com/example.com", "https://evil.com?example.com", "https://evil.com#@"),
        *(
            "https://example.com@evil.com",
            "https://user@example.com",
            "https://a:b@example.com",
            "https://@example.com",
        ),
        *("https://example.com:8443", "https://example.com:", "https://example.com:80", "http://example.com:443"),
        *(
            "https://example.com:99999",
            "https://example.com:0x50",
            "https://example.com.",
            "https://example.com.evil.com",
        ),
        *("https://localhost", "http://localhost:8001", "http://[::1]/", "http://[::2]:8000/", "http://[::1"),
        *("https://ex\u0430mple.com", "https://example\u3002com", "https://exam%70le.com", "https://", "http://?"),
        *("account", "?next=1", "#top", "./a", "../a", "a:b", "@evil.com", "evil.com", "/" + "a" * 3000),
    ],
)
def test_cve_2020_28724_cve_2018_14574_cve_2021_21330_what_leads_elsewhere_is_not(url: str | None) -> None:
    assert not is_safe_url(url, HOSTS)


def test_without_hosts_only_paths_are_safe() -> None:
    assert is_safe_url("/a")
    assert not is_safe_url("https://example.com")


def test_https_may_be_required() -> None:
    assert not is_safe_url("http://example.com", HOSTS, require_https=True)
    assert is_safe_url("https://example.com", HOSTS, require_https=True)
    assert is_safe_url("/a", HOSTS, require_https=True)


def test_one_text_is_no_list() -> None:
    with pytest.raises(TypeError, match=r"\['example.com'\]"):
        is_safe_url("/", "example.com")


def as_a_browser(url: str) -> str:
    """Where a browser would go: controls left out, backslashes turned (WHATWG URL)."""
    text = url.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None}).replace("\\", "/")
    return urljoin("https://here.example/page", text)


@given(st.text("/\\:@?#.&% \t\n\x00httpsevil.example.com[]1", max_size=30))
def test_what_is_safe_is_safe_for_a_browser(url: str) -> None:
    if is_safe_url(url, ["example.com"]):
        parts = urlsplit(as_a_browser(url))
        assert parts.scheme in ("http", "https")
        assert parts.hostname in ("here.example", "example.com")
