"""The request: its head at once, its body when asked.

`Request` is what handlers, dependencies and plans see. Each adapter in `servers/` completes it for its protocol: it
fills the head and says how header fields and body bytes are had (the methods with one underscore that raise
NotImplementedError here). One counting reader stands under every way to read the body, so that a limit holds for all.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from velocipy.errors import ClientDisconnect, HTTPException, PayloadTooLargeException, ValidationError, invalid_json
from velocipy.http.address import Address, is_host
from velocipy.http.cookies import parse_cookies
from velocipy.http.exits import open_exits
from velocipy.http.forms import FormData, read_form
from velocipy.http.headers import Headers
from velocipy.http.multidict import MultiValueDict
from velocipy.http.query import parse_pairs
from velocipy.types import State

if TYPE_CHECKING:
    from velocipy.application import VelociPy
    from velocipy.http.exits import Exits
    from velocipy.http.uploads import UploadFile
    from velocipy.http.url import URL
    from velocipy.plans.plan import Plan


class Request:
    """One request, as it came. Servers make it; handlers take it by the annotation `Request` or the name `request`.

    Attributes:
        app: The application that answers.
        method: In upper case.
        path: Percent-decoded, without the root path, starting with "/".

    Middleware of the application may set `method` and `path`, by which is routed then, and `client`, `scheme`, `host`
    and `root_path`, where it knows better than the server: see `ForwardedMiddleware`.
    """

    __slots__ = (
        "_body",
        "_cookies",
        "_exits",
        "_fields",
        "_gone",
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
    _body: bytes | bool | FormData | None  # None: not asked for; True: being streamed; False: streamed; or what it is
    _exits: Exits | None
    _gone: asyncio.Future[Any]  # done when the client has left; only where somebody asked
    _replaced: dict[str, Any] | None  # what middleware has set of client, scheme, host and root_path

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
        path = quote(self.path, safe="/!$&'()*+,;=:@~")
        if not path.startswith("/"):  # as in "OPTIONS *"; "@evil" would be another host (CVE-2026-54282)
            path = f"/{path}"
        return URL(f"{self.base_url}{path}?{query}" if query else f"{self.base_url}{path}")

    def url_for(self, name: str, /, **values: Any) -> URL:
        """Return the URL of the route *name*; arguments and errors are those of `VelociPy.url_for`."""
        from velocipy.http.url import URL

        path = self.app.url_for(name, **values)
        if path.startswith("//"):  # of another host, perhaps; the port is that of this one
            host, slash, path = path[2:].partition("/")
            port = re.search(r":[0-9]+$", self.host)
            return URL(f"{self.scheme}://{host}{port[0] if port else ''}{self.root_path}{slash}{path}")
        return URL(self.base_url + path)

    @property
    def root_path(self) -> str:
        """The path under which the application is mounted, without a slash at its end."""
        replaced = self._replaced
        return replaced["root_path"] if replaced and "root_path" in replaced else self._read_root_path()

    @root_path.setter
    def root_path(self, root_path: str) -> None:
        self._replace("root_path", root_path)

    def _replace(self, name: str, value: Any) -> None:
        if self._replaced is None:
            self._replaced = {}
        self._replaced[name] = value

    # -- the body ----------------------------------------------------------------------------------------------------

    async def body(self) -> bytes:
        """Read the whole body; it can be asked for again.

        Raises:
            PayloadTooLargeException: If it is longer than the limit, before or while it is read.
            ClientDisconnect: If the client leaves before its end.
            RuntimeError: If it was streamed.
        """
        raise NotImplementedError

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the body in chunks as they come, none of them empty; once only.

        Raises: as `body` does.
        """
        if isinstance(self._body, bytes):
            self._check_limit(len(self._body))
            if self._body:
                yield self._body
            return
        length = self._begin_body()
        received = 0
        async for chunk in self._counted_chunks():
            received += len(chunk)
            yield chunk
        self._body = False
        if length is not None and received < length:
            raise ClientDisconnect(f"the body ended after {received} of {length} bytes")

    async def json(self) -> Any:
        """Read the body as JSON; None if it is empty.

        Raises:
            ValidationError: If it is no JSON; further as `body` does.
        """
        body = await self.body()
        if not body:
            return None
        try:
            return self._plan.decode(body)
        except (ValueError, RecursionError) as error:
            raise ValidationError([invalid_json(error, ("body",))]) from None

    async def form(self) -> MultiValueDict[str | UploadFile]:
        """Read the body as a form, urlencoded or multipart: text as str, files as `UploadFile`.

        It can be asked for again. Files are closed when the request has ended.

        Raises:
            HTTPException: 415 if it is of another type; 400 if it is malformed, not UTF-8 or has too many parts; 413
                if a part is over its limit (`FormLimits`); further as `body` does.
            RuntimeError: If it is multipart, and python-multipart is not installed; the message tells the command.
        """
        fields, files = await read_form(self)
        names = dict.fromkeys((*fields, *files))
        return MultiValueDict({name: [*fields.get(name, ()), *files.get(name, ())] for name in names})

    async def is_disconnected(self) -> bool:
        """Tell whether the client has left. Watching begins at the first asking, which may be too early to know."""
        gone = self._watch()
        await asyncio.sleep(0)
        return gone.done()

    async def wait_for_disconnect(self) -> None:
        """Wait until the client has left."""
        await asyncio.wait({self._watch()})

    def _watch(self) -> asyncio.Future[Any]:
        """Return what is done when the client has left; it is watched for until the request has ended."""
        if not hasattr(self, "_gone"):  # PERF: unset in all other requests
            self._gone = self._start_watching()
            open_exits(self).push_async_callback(self._stop_watching)
        return self._gone

    async def _stop_watching(self) -> None:
        gone = self._gone
        del self._gone
        gone.cancel()
        await asyncio.wait({gone})
        if not gone.cancelled():
            gone.exception()  # the client has left in an unusual way

    def _begin_body(self) -> int | None:
        """Return the declared length of the body, None when only reading will tell; it can be read once from here.

        Raises:
            PayloadTooLargeException: If it is over the limit.
            RuntimeError: If it was read already.
        """
        if self._body is not None:
            raise RuntimeError(
                "the body was streamed, as a multipart form is too, and is gone; "
                "ask for body() before stream() and form(), or for one alone"
            )
        text = self._header("content-length", b"content-length")
        if text is None:
            self._body = True
            return None
        if not (text.isascii() and text.isdecimal()):
            raise HTTPException(400, "The content-length is not a number")
        length = int(text) if len(text) < 19 else sys.maxsize
        limit = self._plan.max_content_length
        if limit is not None and length > limit:
            raise PayloadTooLargeException()
        self._body = True
        return length

    async def _counted_chunks(self, received: int = 0) -> AsyncIterator[bytes]:
        """Yield the chunks as they come, none of them empty, until with *received* before they are over the limit."""
        async for chunk in self._read_chunks():
            received += len(chunk)
            self._check_limit(received)
            if chunk:
                yield chunk

    def _check_limit(self, received: int) -> None:
        limit = self._plan.max_content_length
        if limit is not None and received > limit:
            raise PayloadTooLargeException()

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

    def _header(self, name: str, encoded: bytes) -> str | None:
        """Return the first value of *name*, which is in lower case, and encoded as well: plans do that at start-up."""
        raise NotImplementedError

    def _header_list(self, name: str) -> list[str]:
        raise NotImplementedError

    def _header_pairs(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def _read_chunks(self) -> AsyncIterator[bytes]:
        raise NotImplementedError

    def _start_watching(self) -> asyncio.Future[Any]:
        raise NotImplementedError
