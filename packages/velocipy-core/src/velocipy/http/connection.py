"""What requests and WebSockets have in common: the head, as it came.

Each adapter in `servers/` completes it for its protocol: it fills the attributes and says how header fields are had
(the methods with one underscore that raise NotImplementedError here).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from velocipy.errors import HTTPException
from velocipy.http.address import Address, is_host
from velocipy.http.cookies import parse_cookies
from velocipy.http.headers import Headers
from velocipy.http.multidict import MultiValueDict
from velocipy.http.query import parse_pairs
from velocipy.types import State

PATH_CHARACTERS = "/!$&'()*+,;=:@~"  # what a path has unencoded (RFC 3986 section 3.3)

if TYPE_CHECKING:
    from velocipy.application import VelociPy
    from velocipy.http.exits import Exits
    from velocipy.http.url import URL
    from velocipy.plans.plan import Plan


class HTTPConnection:
    """The head of a request or of the handshake of a WebSocket: what both have.

    Handlers and dependencies take it by this annotation where they are for both.

    Attributes:
        app: The application that answers.
        method: In upper case; GET for a WebSocket.
        path: Percent-decoded, without the root path, starting with "/".

    Middleware of the application may set `method` and `path`, by which is routed then, and `client`, `scheme`, `host`
    and `root_path`, where it knows better than the server: see `ForwardedMiddleware`.
    """

    __slots__ = (
        "_cookies",
        "_exits",
        "_fields",
        "_headers",
        "_path_values",
        "_plan",
        "_replaced",
        "_state",
        "app",
        "method",
        "path",
    )

    app: VelociPy
    method: str
    path: str
    _plan: Plan
    _path_values: Sequence[str]
    _headers: Headers | None
    _cookies: dict[str, str] | None
    _fields: dict[str, list[str]] | None
    _state: State | None
    _exits: Exits | None
    _replaced: dict[str, Any] | None  # what middleware has set of client, scheme, host, root_path and session

    # -- the head ----------------------------------------------------------------------------------------------------

    @property
    def headers(self) -> Headers:
        """Every header field.

        Raises:
            HTTPException: 431, if there are more than `max_header_fields` of the application.
        """
        if self._headers is None:
            pairs, limit = self._header_pairs(), self.app.max_header_fields
            if limit is not None and len(pairs) > limit:
                raise HTTPException(431, f"The request has more than {limit} header fields")
            self._headers = Headers(pairs)
        return self._headers

    def header(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of the header *name*, in any case, or *default*."""
        name = name.lower()
        value = self._header(name, name.encode("latin-1", "replace"))
        return default if value is None else value

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, decoded. What is no cookie is skipped; of a name that repeats the first counts."""
        if self._cookies is None:
            self._cookies = parse_cookies(self._cookie_header())
        return self._cookies

    def _cookie_header(self) -> str:
        headers = self._header_list("cookie")  # HTTP/2 may split it (RFC 9113 section 8.2.3)
        return headers[0] if len(headers) == 1 else "; ".join(headers)

    @property
    def query_string(self) -> str:
        """What follows the "?", undecoded."""
        raise NotImplementedError

    @property
    def query_params(self) -> MultiValueDict[str]:
        """The query: `[name]` gives the last value, `getlist(name)` all.

        Raises:
            HTTPException: 400, if an escape is no UTF-8, or there are more than `max_query_fields` of the application.
        """
        return MultiValueDict(self._query())

    def _query(self) -> dict[str, list[str]]:
        fields = self._fields
        if fields is None:
            try:
                fields = self._fields = parse_pairs(self.query_string, self.app.max_query_fields)
            except ValueError as error:
                reason = "is not UTF-8" if isinstance(error, UnicodeError) else f"has {error}"
                raise HTTPException(400, f"The query string {reason}") from None
        return fields

    @property
    def raw_path(self) -> str:
        """The path percent-encoded, without the root path: as it was sent where the server tells that, encoded again
        elsewhere (RSGI), so that "%2F" is "/" there.
        """
        raw = self._read_raw_path()
        if raw is None:
            from urllib.parse import quote

            return quote(self.path, safe=PATH_CHARACTERS)
        root_path = self.root_path
        while root_path and raw.startswith(f"{root_path}/") and len(raw) > len(self.path):
            raw = raw.removeprefix(root_path)
        return raw

    @property
    def path_params(self) -> dict[str, str]:
        """The values in the path by name, as they were written."""
        return dict(zip(self._plan.path_names, self._path_values, strict=False))

    @property
    def state(self) -> State:
        """What this request's middleware and dependencies leave for each other; starts as the lifespan state."""
        if self._state is None:
            self._state = State(self._first_state())
        return self._state

    @property
    def id(self) -> str:
        """What names this request in logs: `state.request_id`, which is made at the first asking if it is not there."""
        state = self.state
        if "request_id" not in state:
            from uuid import uuid4

            state["request_id"] = uuid4().hex
        return str(state["request_id"])

    @property
    def http_version(self) -> str:
        """ "1.0", "1.1", "2" or "3"."""
        raise NotImplementedError

    @property
    def scheme(self) -> str:
        """ "http" or "https"."""
        replaced = self._replaced
        return replaced["scheme"] if replaced and "scheme" in replaced else self._read_scheme()

    @scheme.setter
    def scheme(self, scheme: str) -> None:
        self._replace("scheme", scheme)

    @property
    def client(self) -> Address | None:
        """Who asks; None over a Unix socket."""
        replaced = self._replaced
        return replaced["client"] if replaced and "client" in replaced else self._read_client()

    @client.setter
    def client(self, client: Address | None) -> None:
        self._replace("client", client)

    @property
    def server(self) -> Address | None:
        """The address that was asked; None over a Unix socket."""
        raise NotImplementedError

    @property
    def host(self) -> str:
        """The host that was asked for, with its port if it has one; the server's address if the client named none.

        Raises:
            ValueError: If it is set to what is no host.
        """
        host = self._named_host()
        if host is None:
            server = self.server
            if server is None:
                return "localhost"
            return f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"
        return host

    @host.setter
    def host(self, host: str) -> None:
        if not is_host(host):
            raise ValueError(f"{host!r} is no host; give a name or an address, and a port if there is one")
        self._replace("host", host)

    def _named_host(self) -> str | None:
        """Return the host that the client named; None if it named none, several, or what is no host.

        What is no host is not believed (CVE-2026-48710), nor one of two (CVE-2026-34525).
        """
        hosts = self._hosts()
        if not hosts or hosts.count(hosts[0]) != len(hosts) or not is_host(hosts[0]):
            return None
        return hosts[0]

    def _hosts(self) -> list[str]:
        """Return everything that the client named as the host, as it was written."""
        replaced = self._replaced
        return [replaced["host"]] if replaced and "host" in replaced else self._read_hosts()

    @property
    def base_url(self) -> URL:
        """The URL of the application, without a slash at its end."""
        from velocipy.http.url import URL  # dear to import, and seldom needed

        return URL(f"{self.scheme}://{self.host}{self.root_path}")

    @property
    def url(self) -> URL:
        """The URL that was asked for, put together of its parts."""
        from urllib.parse import quote

        from velocipy.http.url import URL

        query = self.query_string.replace("#", "%23")  # or what follows would be no part of the query
        path = quote(self.path, safe=PATH_CHARACTERS)
        if not path.startswith("/"):  # as in "OPTIONS *"; "@evil" would be another host (CVE-2026-54282)
            path = f"/{path}"
        return URL(f"{self.base_url}{path}?{query}" if query else f"{self.base_url}{path}")

    def url_for(self, name: str, /, **values: Any) -> URL:
        """Return the URL of the route *name*; arguments and errors are those of `VelociPy.url_for`."""
        from velocipy.http.url import URL

        scheme = self._scheme_of(name)
        path = self.app.url_for(name, **values)
        if path.startswith("//"):  # of another host, perhaps; the port is that of this one
            host, slash, path = path[2:].partition("/")
            port = re.search(r":[0-9]+$", self.host)
            return URL(f"{scheme}://{host}{port[0] if port else ''}{self.root_path}{slash}{path}")
        return URL(f"{scheme}://{self.host}{self.root_path}{path}")

    def _scheme_of(self, name: str) -> str:
        """Return the scheme by which the route *name* is asked for: a WebSocket is not asked for by http."""
        is_secure = self.scheme in ("https", "wss")
        if self.app._is_websocket(name):
            return "wss" if is_secure else "ws"
        return "https" if is_secure else "http"

    @property
    def root_path(self) -> str:
        """The path under which the application is mounted, without a slash at its end."""
        replaced = self._replaced
        return replaced["root_path"] if replaced and "root_path" in replaced else self._read_root_path()

    @root_path.setter
    def root_path(self, root_path: str) -> None:
        self._replace("root_path", root_path)

    @property
    def session(self) -> Any:
        """What a middleware keeps between the requests of one client; it sets this.

        In an application that is mounted it is that of the middleware around, unless one of its own sets another; and
        what a middleware of ASGI has put into the scope as "session". Where there is none, it is a dict that ends with
        the request, and a `RuntimeWarning` tells what to add.
        """
        replaced = self._replaced or {}
        if "session" in replaced:
            return replaced["session"]
        outer = self._outer_session()
        if outer is not None:
            return outer
        if "lost_session" not in replaced:
            import warnings

            warnings.warn(
                "what is put into this session is lost: no middleware around this keeps one. Add SessionMiddleware of "
                "velocipy.sessions (pip install velocipy-sessions), or put what asks for the session within it",
                RuntimeWarning,
                stacklevel=2,
            )
            self._replace("lost_session", {})
        assert self._replaced is not None
        return self._replaced["lost_session"]

    @session.setter
    def session(self, session: Any) -> None:
        self._replace("session", session)

    @property
    def has_session(self) -> bool:
        """Whether a middleware has set `session`."""
        return (self._replaced is not None and "session" in self._replaced) or self._outer_session() is not None

    def _outer_session(self) -> Any:
        """Return the session that what stands around the application has set, None if nothing has."""
        return None

    def _replace(self, name: str, value: Any) -> None:
        if self._replaced is None:
            self._replaced = {}
        self._replaced[name] = value

    def _first_state(self) -> Mapping[str, Any]:
        """Return the lifespan state."""
        return self.app._lifespan_state

    # -- what each adapter completes ----------------------------------------------------------------------------------

    def _read_scheme(self) -> str:
        raise NotImplementedError

    def _read_client(self) -> Address | None:
        raise NotImplementedError

    def _read_hosts(self) -> list[str]:
        return self._header_list("host")

    def _read_root_path(self) -> str:
        raise NotImplementedError

    def _read_raw_path(self) -> str | None:
        """Return the path as it came, None if the server does not tell."""
        raise NotImplementedError

    def _header(self, name: str, encoded: bytes) -> str | None:
        """Return the first value of *name*, which is in lower case, and encoded as well: plans do that at start-up."""
        raise NotImplementedError

    def _header_list(self, name: str) -> list[str]:
        raise NotImplementedError

    def _header_pairs(self) -> list[tuple[str, str]]:
        raise NotImplementedError
