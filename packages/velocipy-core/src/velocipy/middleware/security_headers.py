"""Headers that have browsers guard those who use an application."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import urandom
from typing import Any

from velocipy.http.headers import check_header
from velocipy.http.middleware import HTTPApp, own_responses
from velocipy.http.request import Request
from velocipy.http.response import Response

_DEFAULTS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
}
_HSTS = "strict-transport-security"
_YEAR = 31_536_000  # seconds

# https://www.w3.org/TR/CSP3/ and what other specifications add to it
_WITHOUT_VALUE = frozenset({"upgrade-insecure-requests", "block-all-mixed-content"})
_DIRECTIVES = _WITHOUT_VALUE | {
    *("default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem"),
    *("style-src-attr", "img-src", "font-src", "connect-src", "media-src", "object-src", "frame-src", "child-src"),
    *("worker-src", "manifest-src", "prefetch-src", "fenced-frame-src", "base-uri", "form-action", "frame-ancestors"),
    *("sandbox", "report-to", "report-uri", "webrtc", "require-trusted-types-for", "trusted-types"),
}
_WITHOUT_KEYWORDS = frozenset({"report-to", "report-uri", "sandbox", "trusted-types"})  # where "self" is a name
_KEYWORDS = frozenset(
    {
        *("'none'", "'self'", "'unsafe-inline'", "'unsafe-eval'", "'strict-dynamic'", "'unsafe-hashes'"),
        *("'report-sample'", "'wasm-unsafe-eval'", "'inline-speculation-rules'"),
        *("'trusted-types-eval'", "'report-sha256'", "'report-sha384'", "'report-sha512'"),
        *("'script'", "'allow-duplicates'", "'allow'", "'block'"),
    }
)
_NONCE_OR_HASH = re.compile(r"'(?:nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_-]+={0,2}'").fullmatch
_SOURCE = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e]+").fullmatch  # no space, comma, semicolon, or beyond ASCII

NONCE = "'nonce'"
"""Stands in a `ContentSecurityPolicy` for a nonce, another for each request: `request.state.csp_nonce`."""


class ContentSecurityPolicy:
    """A policy of what a page may load and do (https://www.w3.org/TR/CSP3/).

    Args:
        report_only: Whether browsers only report what they would have blocked.
        **directives: By name with "_" for "-": sources as one text or as a list, where `NONCE` may stand among them;
            True for a directive that takes none, such as `upgrade_insecure_requests`.

    Attributes:
        header_name: "content-security-policy", or that with "-report-only".

    Raises:
        ValueError: If a directive is unknown, a source cannot be one, a keyword has no quotes, or 'none' is not alone.
        TypeError: If what a directive has is neither text nor texts.
    """

    __slots__ = ("_parts", "header_name")

    def __init__(self, *, report_only: bool = False, **directives: str | Iterable[str] | bool) -> None:
        if not directives:
            raise ValueError("a policy has at least one directive, such as default_src=\"'self'\"")
        self.header_name = "content-security-policy" + ("-report-only" if report_only else "")
        text = "; ".join(_directive(name.replace("_", "-"), value) for name, value in directives.items())
        self._parts = tuple(text.split(NONCE))

    @property
    def has_nonce(self) -> bool:
        """Whether the policy is another for each request."""
        return len(self._parts) > 1

    def header_value(self, nonce: str = "") -> str:
        """Return the policy as the value of its header, with *nonce* where `NONCE` stands."""
        return f"'nonce-{nonce}'".join(self._parts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({NONCE.join(self._parts)!r})"


def _directive(name: str, value: str | Iterable[str] | bool) -> str:
    if name not in _DIRECTIVES:
        raise ValueError(f"content security policies have no directive {name!r}")
    if name in _WITHOUT_VALUE:
        if value is not True:
            raise ValueError(f"{name} takes no value; say {name.replace('-', '_')}=True, or leave it out")
        return name
    if not isinstance(value, (str, Iterable)):
        raise TypeError(f"{name} takes sources as a text or a list of texts, not {value!r}")
    sources = value.split() if isinstance(value, str) else [*value]
    if not sources and name != "sandbox":
        raise ValueError(f"{name} has no source; \"'none'\" is the one that allows nothing")
    for source in sources:
        _check_source(name, source)
    if "'none'" in sources and len(sources) > 1 and name != "trusted-types":
        raise ValueError(f"{name} has 'none' beside others, and browsers would not heed it")
    return " ".join([name, *sources])


def _check_source(name: str, source: Any) -> None:
    if not isinstance(source, str):
        raise TypeError(f"{name} takes texts, not {source!r}")
    if _SOURCE(source) is None:
        raise ValueError(f"{name} cannot have {source!r}: a source has no space, comma, semicolon or control in it")
    if f"'{source.lower()}'" in _KEYWORDS and name not in _WITHOUT_KEYWORDS:
        raise ValueError(f"{name} has {source}, which is a host; the keyword has quotes within: \"'{source}'\"")
    if "'" in source and source != NONCE and source.lower() not in _KEYWORDS and _NONCE_OR_HASH(source) is None:
        raise ValueError(f"{name} has {source}, which is no keyword, nonce or hash")


@dataclass(frozen=True)
class StrictTransportSecurity:
    """For how long browsers shall ask over https alone (RFC 6797).

    Args:
        max_age: Seconds; 0 has them forget it.
        include_subdomains: Whether it holds for every host below this one as well.
        preload: Whether browsers may be shipped with it (https://hstspreload.org), which is hard to undo.

    Raises:
        ValueError: If *max_age* is negative, or *preload* lacks the year and the subdomains that it needs.
        TypeError: If *max_age* is no int.
    """

    max_age: int = _YEAR
    include_subdomains: bool = True
    preload: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.max_age, int) or isinstance(self.max_age, bool):
            raise TypeError(f"max_age={self.max_age!r} is no int; give seconds")
        if self.max_age < 0:
            raise ValueError(f"max_age={self.max_age} is negative; 0 has browsers forget")
        if self.preload and not (self.include_subdomains and self.max_age >= _YEAR):
            raise ValueError(f"preload needs include_subdomains=True and max_age of at least {_YEAR}, a year")

    def header_value(self) -> str:
        """Return the value of the header."""
        subdomains = "; includeSubDomains" if self.include_subdomains else ""
        return f"max-age={self.max_age}{subdomains}{'; preload' if self.preload else ''}"


class SecurityHeadersMiddleware:
    """Sets headers that guard browsers, where the response does not have them already.

    By default: ``x-content-type-options: nosniff``, ``x-frame-options: DENY``, ``referrer-policy:
    strict-origin-when-cross-origin`` and ``content-security-policy: default-src 'self'``.

    Args:
        headers: Further headers, or other values for these; None leaves one out.
        hsts: Whether answers over https have `Strict-Transport-Security`, for a year and with subdomains; or its
            seconds, or a `StrictTransportSecurity`. It is never sent over http (RFC 6797 section 7.2).
        content_security_policy: As text, or as a `ContentSecurityPolicy`, which is checked; None for none.

    Raises:
        ValueError: If a header cannot be sent, or an option means nothing.
        TypeError: If an option is of another type.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str | None] | None = None,
        hsts: bool | int | StrictTransportSecurity = False,
        content_security_policy: str | ContentSecurityPolicy | None = "default-src 'self'",
    ) -> None:
        chosen: dict[str, str | None] = dict(_DEFAULTS)
        self._with_nonce: ContentSecurityPolicy | None = None
        policy = content_security_policy
        if isinstance(policy, str):
            if not policy.strip(" \t;"):
                raise ValueError("content_security_policy is empty; None leaves it out")
            chosen["content-security-policy"] = policy
        elif isinstance(policy, ContentSecurityPolicy):
            chosen[policy.header_name] = policy.header_value("")
            self._with_nonce = policy if policy.has_nonce else None
        elif policy is not None:
            raise TypeError(f"content_security_policy={policy!r} is no text and no ContentSecurityPolicy")
        chosen[_HSTS] = _hsts_value(hsts)
        if not isinstance(headers, Mapping | None):
            raise TypeError(f"headers={headers!r} is no mapping of names to values")
        for name, value in (headers or {}).items():
            name, _ = check_header(name, "")
            chosen[name] = value
            if self._with_nonce is not None and name == self._with_nonce.header_name:
                self._with_nonce = None
        pairs = [check_header(name, value) for name, value in chosen.items() if value is not None]
        self._names = frozenset(dict(pairs))
        self._over_https = pairs
        self._over_http = [pair for pair in pairs if pair[0] != _HSTS]
        self._has_hsts = self._over_http != self._over_https

    @own_responses
    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        pairs = self._over_https if self._has_hsts and request.scheme == "https" else self._over_http
        policy = self._with_nonce
        if policy is not None:
            nonce = request.state["csp_nonce"] = b64encode(urandom(16)).decode("ascii")
            fresh = policy.header_name, policy.header_value(nonce)
            pairs = [fresh if pair[0] == fresh[0] else pair for pair in pairs]
        response = await call_next(request)
        own = response.headers._pairs
        names = dict(own)
        # PERF: the usual response has none of them, and the look at each costs twice as much.
        own += pairs if self._names.isdisjoint(names) else [pair for pair in pairs if pair[0] not in names]
        return response


def _hsts_value(hsts: bool | int | StrictTransportSecurity) -> str | None:
    if hsts is False:
        return None
    if hsts is True:
        hsts = StrictTransportSecurity()
    elif isinstance(hsts, int):
        hsts = StrictTransportSecurity(hsts)
    if not isinstance(hsts, StrictTransportSecurity):
        raise TypeError(f"hsts={hsts!r} is no bool, no seconds and no StrictTransportSecurity")
    return hsts.header_value()
