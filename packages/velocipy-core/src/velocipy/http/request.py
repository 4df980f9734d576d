"""The request: its head, which is that of every connection, and its body when asked.

One counting reader stands under every way to read the body, so that a limit holds for all. The adapters in `servers/`
say how the chunks are had.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from velocipy.errors import ClientDisconnect, HTTPException, PayloadTooLargeException, ValidationError, invalid_json
from velocipy.http.connection import HTTPConnection
from velocipy.http.exits import open_exits
from velocipy.http.forms import FormData, read_form
from velocipy.http.multidict import MultiValueDict

if TYPE_CHECKING:
    from velocipy.http.uploads import UploadFile

__all__ = ["Request"]


class Request(HTTPConnection):
    """One request, as it came. Servers make it; handlers take it by the annotation `Request` or the name `request`.

    `HTTPConnection` tells of its head.
    """

    __slots__ = ("_body", "_gone")

    _body: bytes | bool | FormData | None  # None: not asked for; True: being streamed; False: streamed; or what it is
    _gone: asyncio.Future[Any]  # done when the client has left; only where somebody asked

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
                if a part is over the limits of the application (`FormLimits`); further as `body` does.
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

    def _read_chunks(self) -> AsyncIterator[bytes]:
        raise NotImplementedError

    def _start_watching(self) -> asyncio.Future[Any]:
        raise NotImplementedError
