"""Responses, and the shapes that a body can have.

A shape is the type of `Response.body`: None (empty), bytes, `Stream` or `File`. Each adapter has a table `WRITERS`
with one row for each shape; nothing else decides how a body leaves.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from velocipy.concurrency import run_in_thread
from velocipy.http.headers import HeadersInput, MutableHeaders

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from velocipy.http.connection import HTTPConnection
    from velocipy.http.set_cookie import SameSite

__all__ = [
    "AnyURL",
    "Body",
    "DeferredResponse",
    "File",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "Stream",
    "StreamingResponse",
]


class Stream:
    """A body that comes in chunks of bytes or str (sent as UTF-8), made while it is sent.

    Args:
        chunks: What makes them.
        begin: Called with the request that is answered, before the first chunk is asked for. Who wraps the chunks in
            another stream hands it on.
    """

    __slots__ = ("begin", "chunks")

    def __init__(
        self,
        chunks: AsyncIterable[bytes | str] | Iterable[bytes | str],
        begin: Callable[[HTTPConnection], None] | None = None,
    ) -> None:
        self.chunks = chunks
        self.begin = begin


class File:
    """A body that is an open file, or a part of it: what was opened is sent, whatever its path means by then.

    It is closed by whoever sends it, or when nothing refers to it any more.

    Args:
        path: What it was opened by.
        descriptor: Of the open file; its owner from now on is this object.

    Attributes:
        stat: What the system knew of the file when it was opened.
        offset: Where the part begins; 0 at first.
        count: How many bytes it has; those of the whole file at first.
    """

    __slots__ = ("count", "descriptor", "offset", "path", "stat")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.stat = os.fstat(descriptor)
        self.offset = 0
        self.count = self.stat.st_size

    @property
    def is_whole(self) -> bool:
        return self.count == self.stat.st_size

    def read(self, offset: int, count: int) -> bytes:
        """Return *count* bytes from *offset*.

        Raises:
            OSError: If the file has become shorter.
        """
        os.lseek(self.descriptor, offset, os.SEEK_SET)
        content = os.read(self.descriptor, count)
        while len(content) < count:  # seldom: one call reads what is there
            more = os.read(self.descriptor, count - len(content))
            if not more:
                raise OSError(f"{self.path} has become shorter while it was read")
            content += more
        return content

    def close(self) -> None:
        """Close the file; doing it again does nothing."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    __del__ = close


Body = None | bytes | Stream | File
SHAPES: tuple[type, ...] = (type(None), bytes, Stream, File)


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

    # PERF: slots for what each has, which every built-in middleware copies; the rest is made if it is used.
    __slots__ = ("__dict__", "body", "headers", "status_code")

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
        if content is None or isinstance(content, (bytes, Stream, File)):
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
        """Make the body, where it takes the application's JSON codec: when a route or a middleware has returned it."""

    def copy(self) -> Self:
        """Return a response with headers of its own and the same body.

        What a handler returned may be returned to others at the same time: middleware changes a copy of it.
        """
        cls = type(self)
        made = cls.__new__(cls)
        made.status_code = self.status_code
        made.body = self.body
        headers = self.headers
        made.headers = headers.copy() if type(headers) is MutableHeaders else MutableHeaders(headers)
        if self.__dict__:
            made.__dict__.update(self.__dict__)
        return made

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
        """Have the client keep a cookie; `velocipy.http.set_cookie.format_cookie` says what each argument means."""
        from velocipy.http.set_cookie import format_cookie

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


class DataResponse(Response):
    """The JSON of what a handler returned: an answer that the framework makes, and so may send as another type."""

    __slots__ = ()


def json_response(body: bytes, status_code: int) -> Response:
    """Return the response that has *body*, which is JSON already."""
    response = DataResponse.__new__(DataResponse)  # PERF: nothing of it has to be checked; 0.3 us instead of 1.7
    response.status_code = status_code
    response.headers = MutableHeaders.of_checked([("content-type", "application/json")])
    response.body = body
    return response


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


class DeferredResponse(Response):
    """What becomes a response when the request that it answers is known: a base for files, templates and the like.

    A handler returns it like any other. It may be returned to many requests at once, and so stays as it is.
    """

    @classmethod
    def faults(cls) -> Iterable[tuple[str, str]]:
        """Return what keeps it from answering, each as a problem and its remedy, in sentences.

        Of a `response_class` it is asked for when the application starts, which it ends.
        """
        return ()

    async def meet(self, request: HTTPConnection) -> Response:
        """Return the answer to *request*, which may be another `DeferredResponse`; what blocks is done in a thread.

        It is asked for when the handler has returned and what it depends on is still open, before middleware sees the
        answer. What it raises is as if the handler had raised it.
        """
        raise NotImplementedError


class FileResponse(DeferredResponse):
    """A file on disk, as a whole or as the part that the request asks for.

    It has an ETag and a date, and so answers conditional requests (304, 412); ranges of a GET are answered with 206 or
    416. All that holds for the status 200. The file is opened in a worker thread, after the handler and before anything
    is sent: one that is not there is an unhandled FileNotFoundError then, which an exception handler may answer.

    Args:
        path: The file; links are followed, and nothing is checked. Never make it of what a client sent: `StaticFiles`
            is for that.
        status_code: 200 to 599.
        headers: Further headers. An `etag` or `last-modified` among them takes the place of the file's own.
        media_type: The content type; by the name of the file if it is None.
        filename: What the file is called where it is saved; any text. None for no `content-disposition`.
        content_disposition_type: "attachment" to save it, "inline" to show it.

    Raises:
        TypeError: If *path* is no str or path.
        ValueError: If a header cannot be sent.

    Source:
        RFC 9110 sections 13 and 14; RFC 6266 and RFC 8187 for the file name.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
        filename: str | None = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        super().__init__(None, status_code, headers, media_type)
        self.path = os.fspath(path)
        if not isinstance(self.path, str):
            raise TypeError(f"the path of a FileResponse is a str or a Path, not {path!r}")
        self.filename = filename
        if filename:
            from velocipy.http.files import content_disposition

            self.headers.setdefault("content-disposition", content_disposition(content_disposition_type, filename))

    async def meet(self, request: HTTPConnection) -> Response:
        """Return the answer to *request*.

        Raises:
            OSError: If the file cannot be opened, or is a folder or a device.
            HTTPException: 412 or 416.
        """
        return await run_in_thread(self._open, request)

    def _open(self, request: HTTPConnection) -> Response:
        from velocipy.http.files import answer, open_file
        from velocipy.http.media_types import media_type_of

        file = open_file(self.path)
        headers = MutableHeaders(self.headers)
        if "content-type" not in headers:
            headers["content-type"] = media_type_of(self.filename or self.path)
        return answer(request, file, headers, self.status_code)
