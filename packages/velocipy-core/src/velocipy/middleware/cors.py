"""Cross-origin resource sharing: which other web sites' scripts may read the answers (Fetch, section 3.2).

Nothing is refused here. An answer says who may read it, and the browser keeps it from everybody else; a preflight is
told what is allowed, and the browser sends the request or does not. So a preflight gets 204 whatever it asks: the
browser then names to its developer exactly what is missing, which a status of an error would hide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from velocipy.http.middleware import HTTPApp, own_responses
from velocipy.http.request import Request
from velocipy.http.response import Response

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "HEAD")

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch  # RFC 9110 section 5.6.2
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://[!-~]+").fullmatch  # RFC 6454 section 6.2
_FOR_ALL = ("access-control-allow-origin", "*")
_VARY = ("vary", "Origin")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class CORSMiddleware:
    """Tells browsers which other origins may read answers, and what their scripts may send.

    Put it outermost, so that errors can be read as well. Preflights (OPTIONS with `Origin` and
    `Access-Control-Request-Method`) are answered here with 204; every other OPTIONS goes to the application.

    Args:
        allow_origins: As browsers write them: "https://example.com", "http://localhost:3000"; "null" is that of files
            and sandboxes; "*" is every one, and the default if there is no `allow_origin_regex`.
        allow_origin_regex: Matches further origins from their first to their last character; never "null".
        allow_methods: Which methods scripts may use; "*" for any.
        allow_headers: Which headers scripts may send; "*" for any, the default.
        allow_credentials: Whether cookies and passwords that the browser has may come along.
        expose_headers: Which headers of answers scripts may read besides the harmless ones.
        max_age: For how many seconds browsers may remember what a preflight was told; 600 by default.
        allow_private_network: Whether public web sites may ask a server in a private network.

    Raises:
        TypeError: If a list is a str, or has what is none.
        ValueError: If an origin, a name or the regex is none, or everybody would be allowed to send credentials.
    """

    def __init__(
        self,
        allow_origins: Iterable[str] | None = None,
        *,
        allow_origin_regex: str | re.Pattern[str] | None = None,
        allow_methods: Iterable[str] = METHODS,
        allow_headers: Iterable[str] = ("*",),
        allow_credentials: bool = False,
        expose_headers: Iterable[str] = (),
        max_age: int = 600,
        allow_private_network: bool = False,
    ) -> None:
        if allow_origins is None:
            allow_origins = () if allow_origin_regex else ("*",)
        origins = [_check_origin(origin) for origin in _listed("allow_origins", allow_origins)]
        if allow_credentials and ("*" in origins or "null" in origins):
            raise ValueError(
                f"allow_credentials=True with {'*' if '*' in origins else 'null'!r} in allow_origins would let every "
                "web site act as the user who is logged in; name the origins"
            )
        if not isinstance(max_age, int) or isinstance(max_age, bool) or max_age < 0:
            raise ValueError(f"max_age is {max_age!r}; give seconds from 0")
        methods = [method.upper() for method in _tokens("allow_methods", allow_methods)]
        headers = _tokens("allow_headers", allow_headers)
        exposed = _tokens("expose_headers", expose_headers)
        if allow_credentials and "*" in exposed:
            raise ValueError("expose_headers: with allow_credentials=True browsers take '*' for a name; name them")
        self._allows_all = "*" in origins
        self._origins = frozenset(origins)
        self._matches = _compile(allow_origin_regex)
        self._methods = None if "*" in methods else ", ".join(methods)
        self._headers = None if "*" in headers else ", ".join(headers)
        self._max_age = str(max_age)
        self._allows_private_network = allow_private_network
        self._grants = [("access-control-allow-credentials", "true")] if allow_credentials else []
        self._exposed = [("access-control-expose-headers", ", ".join(exposed))] if exposed else []
        self._for_all = [_FOR_ALL, *self._exposed]

    @own_responses
    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Answer a preflight, or have the request answered and say who may read it."""
        origin = request._header("origin", b"origin")
        if origin is not None and request.method == "OPTIONS":
            method = request.header("access-control-request-method")
            if method is not None:
                return self._answer_preflight(request, origin, method)
        response = await call_next(request)
        if self._allows_all:  # told whoever asks, so that an answer in a cache serves everybody
            _put(response, self._for_all)
            return response
        _put(response, (_VARY,))  # also where the answer is no: a cache must not give it to who is allowed
        if origin is not None and self._is_allowed(origin):
            _put(response, (("access-control-allow-origin", origin), *self._grants, *self._exposed))
        return response

    def _is_allowed(self, origin: str) -> bool:
        if origin in self._origins:
            return True
        if self._matches is None or origin == "null" or _ORIGIN(origin) is None:
            return False
        return self._matches(origin) is not None

    def _answer_preflight(self, request: Request, origin: str, method: str) -> Response:
        response = Response(None, 204)
        headers = response.headers
        if self._allows_all:
            headers.append(*_FOR_ALL)
        else:
            headers.append(*_VARY)
            if not self._is_allowed(origin):
                return response
            _put(response, (("access-control-allow-origin", origin), *self._grants))
        if self._methods is not None:
            headers["access-control-allow-methods"] = self._methods
        elif _TOKEN(method):
            headers["access-control-allow-methods"] = method
        if names := _tokens_of(request) if self._headers is None else self._headers:
            headers["access-control-allow-headers"] = names
        if self._allows_private_network and request.header("access-control-request-private-network") == "true":
            headers["access-control-allow-private-network"] = "true"
        headers["access-control-max-age"] = self._max_age
        return response


def _put(response: Response, pairs: Iterable[tuple[str, str]]) -> None:
    """Set *pairs*, which have been checked; and add to what `Vary` names."""
    # PERF: 0.5 us where setting each through `headers`, which checks it again and looks for it, takes 2.
    own = response.headers._pairs
    names = dict(own)
    for pair in pairs:
        if pair[0] not in names:
            own.append(pair)
        elif pair is _VARY:
            response.headers.add_vary("Origin")
        else:
            response.headers[pair[0]] = pair[1]


def _tokens_of(request: Request) -> str:
    """Return the names of the headers that a script would send, without what is none."""
    asked = ",".join(request._header_list("access-control-request-headers"))
    return ", ".join(name for name in map(str.strip, asked.split(",")) if _TOKEN(name))


def _listed(option: str, values: Iterable[str]) -> list[str]:
    if isinstance(values, str):
        raise TypeError(f"{option} is a list of str: [{values!r}]")
    listed = list(values)
    for value in listed:
        if not isinstance(value, str):
            raise TypeError(f"{option} has {value!r}, which is no str")
    return listed


def _tokens(option: str, values: Iterable[str]) -> list[str]:
    names = _listed(option, values)
    for name in names:
        if _TOKEN(name) is None:
            raise ValueError(f"{option} has {name!r}, which is no name; each stands for itself in the list")
    return names


def _check_origin(origin: str) -> str:
    """Return *origin* as browsers write it, in lower case."""
    lower = origin.lower()
    if lower in ("*", "null"):
        return lower
    scheme = _ORIGIN(lower)
    problem = None
    if "*" in origin:
        problem = "has a *; match it with allow_origin_regex"
    elif scheme is None or re.search(r"[/?#@,\\]", lower.partition("://")[2]):
        problem = "is no origin; write it as browsers do, scheme://host, with a port if it is another, and no path"
    elif lower.endswith(_DEFAULT_PORT.get(scheme[1], "/")):
        problem = "has the port of its scheme, which browsers leave out; leave it out"
    if problem is not None:
        raise ValueError(f"allow_origins has {origin!r}, which {problem}")
    return lower


def _compile(pattern: str | re.Pattern[str] | None) -> Callable[[str], re.Match[str] | None] | None:
    if pattern is None:
        return None
    if not isinstance(pattern, str | re.Pattern):
        raise TypeError(f"allow_origin_regex is a str or a compiled pattern, not {pattern!r}")
    try:
        return re.compile(pattern).fullmatch
    except re.error as error:
        raise ValueError(f"allow_origin_regex {pattern!r} is no regular expression: {error}") from None
