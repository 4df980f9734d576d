"""Forged requests: what another site has a browser send, with the cookies of this one.

Browsers tell where a request comes from (`Sec-Fetch-Site`, else `Origin`), and that decides. Where neither is told, a
token does: it stands in a signed cookie, and has to come again where other sites cannot put it, in a header or a form.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from velocipy import HTTPConnection, HTTPException, PayloadTooLargeException, Request, Response, WebSocket
from velocipy.middleware import HTTPApp, WebSocketApp
from velocipy.security.api_keys import same_secret
from velocipy.security.signing import SecretKey, Signer

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})  # RFC 9110 section 9.2.1
MAX_FORM = 1024 * 1024
"""Bytes of a form in which a token is looked for; larger ones send it in the header."""

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_STATE = "velocipy.security.csrf"
_SIZE = 32  # bytes of a token
_UNSHARED = frozenset({"no-store", "private"})
_is_name = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_origin = re.compile(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?").fullmatch


class CSRFMiddleware:
    """Refuses requests with 403 that another site has forged, of methods that change something.

    What is checked, in this order:

    1. `Sec-Fetch-Site`: "same-origin", and "none" for what the user did, pass; others are refused.
    2. `Origin`, of browsers without it: the origin of this application passes; others, and "null", are refused.
    3. Neither: a token in the header *header_name*, or in the field *field_name* of a form of at most 1 MiB, has to
       match the cookie. `csrf_token(request)` and `csrf_field(request)` give it to pages.

    Origins in *trusted_origins* pass in any case. WebSockets, whose handshake is a GET that browsers send for any site,
    are checked by 1 and 2; a client that says neither is no browser.

    Args:
        secret_key: 32 random bytes or more; several for rotation, the newest first. It may be that of sessions too.
        trusted_origins: Other sites that may send requests: "https://app.example.com".
        exempt: Paths that are not checked, since they know callers by something else than cookies: "/hooks/github",
            "/hooks/{name}" with anything for a segment, "/api/*" with anything below.
        bound_to: What the token is good for alone, such as the user of the session; called with the request that asks
            for the token, and with each that brings it, and so nothing that the answer is about to change.
        cookie_name: "__Host-csrf" over https and "csrf" over http, by default.
        header_name, field_name: Where the token is sent.

    Raises:
        ValueError: If a key is too short, an origin or a path is none.
        TypeError: If a list is one text.
    """

    def __init__(
        self,
        *,
        secret_key: SecretKey | Iterable[SecretKey],
        trusted_origins: Iterable[str] = (),
        exempt: Iterable[str] = (),
        bound_to: Callable[[HTTPConnection], str] | None = None,
        cookie_name: str | None = None,
        header_name: str = "x-csrf-token",
        field_name: str = "csrf_token",
    ) -> None:
        self._signer = Signer(secret_key, "csrf-token-1")
        self._trusted = frozenset(_check_origin(origin) for origin in _listed("trusted_origins", trusted_origins))
        self._is_exempt = _compile(_listed("exempt", exempt))
        self._bound_to = bound_to
        for option, name in (("cookie_name", cookie_name or "csrf"), ("header_name", header_name)):
            if _is_name(name) is None:
                raise ValueError(f"{option} is {name!r}, which is no name; take letters, digits and hyphens")
        self._cookie_name = cookie_name
        self._header_name = header_name
        self._field_name = field_name

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Refuse *request*, or have it answered; then send the cookie, if a page has asked for the token."""
        token = request.state[_STATE] = _Token(self, request)
        if request.method not in SAFE_METHODS and not self._is_exempt(request.path):
            is_ours = self._is_from_here(request)
            if is_ours is None:
                is_ours = await self._has_token(request, token)
            if not is_ours:
                raise HTTPException(403, "The request comes from another site, or has no CSRF token")
        response = await call_next(request)
        token.leave(response)
        return response

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Refuse *websocket*, or have it served."""
        if self._is_from_here(websocket) is False and not self._is_exempt(websocket.path):
            raise HTTPException(403, "The WebSocket is opened by another site")
        websocket.state[_STATE] = _Token(self, websocket, can_begin=False)  # not every handshake can send a cookie
        await call_next(websocket)

    def _is_from_here(self, connection: HTTPConnection) -> bool | None:
        """Tell whether the browser says that it comes from here; None if it says nothing."""
        origin = connection.header("origin")
        if origin is not None and origin.lower() in self._trusted:
            return True
        site = connection.header("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        if origin is None:
            return None
        scheme = "https" if connection.scheme in ("https", "wss") else "http"
        return origin.lower() == _without_default_port(f"{scheme}://{connection.host.lower()}")

    async def _has_token(self, request: Request, token: _Token) -> bool:
        kept = token.kept()
        if kept is None:
            return False
        sent = request.header(self._header_name)
        if sent is None:
            sent = await self._read_field(request)
        plain = None if sent is None else _unmask(sent)
        return plain is not None and same_secret(plain, kept)

    async def _read_field(self, request: Request) -> str | None:
        """Return the field of a form."""
        kind = (request.header("content-type", "") or "").partition(";")[0].strip().lower()
        find = {_URLENCODED: self._find_in_query, _MULTIPART: self._find_in_parts}.get(kind)
        if find is None:
            return None
        length = request.header("content-length")
        if length is None or not length.isdecimal() or len(length) > 9 or int(length) > MAX_FORM:
            return None
        try:
            return find(await request.body())
        except PayloadTooLargeException:
            return None

    # PERF: forms are searched, and not taken apart, which takes 60 ms of the loop for one of 1 MiB. A token is good
    # wherever it stands in the form, because nobody else can write it.

    def _find_in_query(self, form: bytes) -> str | None:
        _, *found = (b"&" + form).split(f"&{quote_plus(self._field_name)}=".encode())
        return unquote_plus(found[0].partition(b"&")[0].decode("latin-1")) if len(found) == 1 else None

    def _find_in_parts(self, form: bytes) -> str | None:
        name = self._field_name.replace('"', "%22")  # as browsers write it
        _, *found = form.split(f'name="{name}"'.encode())
        return found[0].partition(b"\r\n\r\n")[2].partition(b"\r\n")[0].decode("latin-1") if len(found) == 1 else None

    def _cookie_of(self, request: HTTPConnection) -> str:
        """Return the name of the cookie."""
        return self._cookie_name or ("__Host-csrf" if request.scheme in ("https", "wss") else "csrf")

    def _signed(self, request: HTTPConnection, token: bytes) -> str:
        """Return what the cookie holds."""
        text = base64.urlsafe_b64encode(token).decode()
        return f"{text}.{self._signer.signature(self._bound(request, text))}"

    def _unsigned(self, request: HTTPConnection, value: str) -> bytes | None:
        """Return the token of a cookie, None if it was not signed here, or for something else."""
        text, _, signature = value.partition(".")
        if not self._signer.has_signed(self._bound(request, text), signature):
            return None
        return base64.urlsafe_b64decode(text)

    def _bound(self, request: HTTPConnection, text: str) -> str:
        bound = "" if self._bound_to is None else self._bound_to(request).encode().hex()
        return f"{text}:{bound}"


class _Token:
    """The token of one request: that of its cookie, or a new one when a page asks for it."""

    def __init__(self, middleware: CSRFMiddleware, request: HTTPConnection, *, can_begin: bool = True) -> None:
        self.middleware = middleware
        self._request = request
        self._given: bytes | None = None
        self._is_new = False
        self._has_left = not can_begin

    def kept(self) -> bytes | None:
        """Return the token of the cookie, if it is a good one."""
        value = self._request.cookies.get(self.middleware._cookie_of(self._request))
        return None if value is None else self.middleware._unsigned(self._request, value)

    def give(self) -> str:
        """Return the token for a page, masked: another text each time, so that compression tells nothing of it."""
        if self._given is None:
            kept = self.kept()
            if kept is None and self._has_left:
                raise RuntimeError("the answer is on its way, and can take no cookie; ask for the CSRF token before")
            self._given, self._is_new = (secrets.token_bytes(_SIZE), True) if kept is None else (kept, False)
        mask = secrets.token_bytes(_SIZE)
        masked = bytes(one ^ other for one, other in zip(mask, self._given, strict=True))
        return base64.urlsafe_b64encode(mask + masked).rstrip(b"=").decode()

    def leave(self, response: Response) -> None:
        """Send the cookie with the answer, if there is a new one; no cache may give the page to others."""
        self._has_left = True
        if self._given is None:
            return
        response.headers.add_vary("Cookie")
        said = ",".join(response.headers.getlist("cache-control")).lower()
        if _UNSHARED.isdisjoint(map(str.strip, said.split(","))):
            response.headers["cache-control"] = "no-store"
        if self._is_new:
            request, middleware = self._request, self.middleware
            response.set_cookie(
                middleware._cookie_of(request),
                middleware._signed(request, self._given),
                secure=request.scheme == "https",
                httponly=True,
                samesite="lax",
            )


def csrf_token(request: HTTPConnection) -> str:
    """Return the token for a page: for `<meta>`, the header of a script, or `hx-headers` of HTMX.

    Each call gives another text; all are good as long as the cookie is. It has letters, digits, "-" and "_" alone. What
    a WebSocket sends has that of the page by which it was opened.

    Raises:
        RuntimeError: If `CSRFMiddleware` does not stand around the handler; or if there is no cookie yet, and it is too
            late for one.
    """
    return _token_of(request).give()


class _Markup(str):
    """HTML, which template engines put in as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def csrf_field(request: HTTPConnection) -> str:
    """Return the hidden field for a form, as HTML, which engines such as Jinja do not escape again.

    Raises: as `csrf_token` does.
    """
    token = _token_of(request)
    name = html.escape(token.middleware._field_name)
    return _Markup(f'<input type="hidden" name="{name}" value="{html.escape(token.give())}">')


def _token_of(request: HTTPConnection) -> _Token:
    token = request.state.get(_STATE)
    if not isinstance(token, _Token):
        raise RuntimeError("there is no CSRF token: app.add_middleware(CSRFMiddleware, secret_key=...) makes them")
    return token


def _unmask(sent: str) -> bytes | None:
    try:
        data = base64.b64decode(sent.encode("ascii") + b"=" * (-len(sent) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(data) != 2 * _SIZE:
        return None
    return bytes(one ^ other for one, other in zip(data[:_SIZE], data[_SIZE:], strict=True))


def _listed(option: str, values: Iterable[str]) -> list[str]:
    if isinstance(values, str):
        raise TypeError(f"{option} is a list of str: [{values!r}]")
    return list(values)


def _check_origin(origin: Any) -> str:
    lower = origin.lower() if isinstance(origin, str) else ""
    if _is_origin(lower) is None:
        raise ValueError(f"trusted_origins has {origin!r}, which is no origin; write https://example.com")
    return _without_default_port(lower)


def _without_default_port(origin: str) -> str:
    return origin.removesuffix(":443" if origin.startswith("https:") else ":80")


def _compile(paths: list[str]) -> Callable[[str], object]:
    """Return what tells whether a path is exempt."""
    patterns = []
    for path in paths:
        if not isinstance(path, str) or not path.startswith("/") or "*" in path.removesuffix("/*"):
            raise ValueError(f"exempt has {path!r}, which is no path; write /hooks/github, /hooks/{{name}} or /api/*")
        below = path.endswith("/*")
        parts = re.split(r"(\{[^/{}]*\})", path.removesuffix("/*"))
        pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)
        patterns.append(pattern + ("/.*" if below else ""))
    if not patterns:
        return lambda path: False
    return re.compile("|".join(patterns), re.DOTALL).fullmatch
