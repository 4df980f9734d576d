"""Responses, and the shapes that a body can have.

A shape is the type of `Response.body`: None (empty), bytes, or `Stream`. Each adapter has a table `WRITERS`
with one row for each shape; nothing else decides how a body leaves.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from velocipy.http.cookies import SameSite, format_cookie
from velocipy.http.headers import HeadersInput, MutableHeaders

if TYPE_CHECKING:
    from datetime import datetime


class Stream:
    """A body that comes in chunks of bytes or str (sent as UTF-8), made while it is sent."""

    __slots__ = ("chunks",)

    def __init__(self, chunks: AsyncIterable[bytes | str] | Iterable[bytes | str]) -> None:
        self.chunks = chunks


Body = None | bytes | Stream
SHAPES: tuple[type, ...] = (type(None), bytes, Stream)


class Response:
    """An answer: a status, headers and a body.

    Args:
        content: None, str, bytes, or an iterable or async iterable of chunks of either, which is streamed.
        status_code: 200 to 599.
        headers: A mapping, or pairs where a name repeats.
        media_type: The content type; "; charset=utf-8" is added to a text/ type without a charset.
            None takes the class's own.

    Raises:
        TypeError: If *content* is none of these.
        ValueError: If a header cannot be sent.
    """

    media_type: ClassVar[str | None] = None

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
    ) -> None:
        if not 200 <= status_code <= 599:
            raise ValueError(f"status_code={status_code!r} is no status of a response; give one of 200 to 599")
        self.status_code = status_code
        self.headers = MutableHeaders(headers)
        body: Any = self.render(content)
        self.body: Body = body.encode("utf-8") if isinstance(body, str) else body
        media_type = media_type or type(self).media_type
        if media_type is not None and "content-type" not in self.headers:
            if media_type.startswith("text/") and "charset=" not in media_type.lower():
                media_type += "; charset=utf-8"
            self.headers.append("content-type", media_type)

    def render(self, content: Any) -> Body:
        """Return the body for *content*; subclasses turn other values into one of its shapes."""
        if content is None or isinstance(content, (bytes, Stream)):
            return content
        if isinstance(content, str):
            return content.encode("utf-8")
        if isinstance(content, (bytearray, memoryview)):
            return bytes(content)
        if isinstance(content, (AsyncIterable, Iterable)) and not isinstance(content, dict):
            return Stream(content)
        raise TypeError(
            f"a {type(self).__name__} cannot send a {type(content).__name__}; give it str, bytes or an iterable of "
            "them, or return the value itself to have it encoded"
        )

    def bind(self, encode: Callable[[Any], bytes]) -> None:
        """Make the body, where it takes the application's JSON codec; called once, when a route has answered."""

    def set_cookie(
        self,
        key: str,
        value: str = "",
        *,
        max_age: int | None = None,
        expires: datetime | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Have the client keep a cookie; `velocipy.http.cookies.format_cookie` says what each argument means."""
        self.headers.append(
            "set-cookie",
            format_cookie(
                key,
                value,
                max_age=max_age,
                expires=expires,
                path=path,
                domain=domain,
                secure=secure,
                httponly=httponly,
                samesite=samesite,
                partitioned=partitioned,
            ),
        )

    def delete_cookie(
        self,
        key: str,
        *,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Have the client forget a cookie that was set with the same path, domain and partition."""
        self.set_cookie(
            key,
            max_age=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )


class PlainTextResponse(Response):
    """Text, as text/plain."""

    media_type = "text/plain"


class HTMLResponse(Response):
    """Text, as text/html."""

    media_type = "text/html"


class JSONResponse(Response):
    """A value as JSON, encoded by the application's codec when it is sent."""

    media_type = "application/json"

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type)
        self.content = content

    def render(self, content: Any) -> Body:
        """Return None: the codec of the application makes the body. A subclass may make another."""
        return None

    def bind(self, encode: Callable[[Any], bytes]) -> None:
        if type(self).render is JSONResponse.render:
            self.body = encode(self.content)


class AnyURL(Protocol):
    """A URL of some library, such as pydantic, yarl or httpx: its parts, and its text by `str`."""

    @property
    def host(self) -> Any: ...


class RedirectResponse(Response):
    """Sends the client elsewhere.

    Args:
        url: Where to, as text or as a URL of a library; characters that no header can carry are percent-encoded.
        status_code: 301, 302, 303, 307 (the default: same method, not for ever) or 308.
        headers: Further headers.

    Raises:
        TypeError: If *url* is neither.
    """

    def __init__(self, url: str | AnyURL, status_code: int = 307, headers: HeadersInput | None = None) -> None:
        from urllib.parse import quote

        if not isinstance(url, str) and not hasattr(url, "host"):
            raise TypeError(f"a {type(url).__name__} is no URL; give a str")
        super().__init__(None, status_code, headers)
        self.headers["location"] = quote(str(url), safe=":/%#?=@[]!$&'()*+,;~")


class StreamingResponse(Response):
    """Sends chunks of bytes or str as an iterable or async iterable makes them."""

    def __init__(
        self,
        content: AsyncIterable[bytes | str] | Iterable[bytes | str],
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
    ) -> None:
        if isinstance(content, (str, bytes, bytearray, memoryview)):
            raise TypeError(f"a {type(content).__name__} is no stream; return it, or put it in a list of chunks")
        super().__init__(Stream(content), status_code, headers, media_type)
