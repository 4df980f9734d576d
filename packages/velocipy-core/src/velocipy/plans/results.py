"""What a handler may return, and the answer that it becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from enum import Enum
from typing import Any

from velocipy.http.request import Request
from velocipy.http.response import PlainTextResponse, Response, StreamingResponse

Encode = Callable[[Any], bytes]
Run = Callable[[Request], Awaitable["bytes | Response"]]

WITHOUT_BODY = frozenset({204, 205, 304})  # RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5


class Results:
    """Turns the results of one application's handlers into answers.

    Attributes:
        encode: Its JSON codec's.
        encodable: The types whose values `encode` takes as they are. Plans look here first; `finish` adds to it.
    """

    def __init__(self, encode: Encode) -> None:
        self.encode = encode
        self.encodable: set[type] = {dict, list}

    def finish(self, result: Any, status: int | None) -> bytes | Response:
        """Return the JSON of *result* as bytes where it is that, else a `Response`.

        A Response goes as it is; str is text/plain, bytes is application/octet-stream, None is an empty answer (204
        when *status* is None), a generator is streamed as text/plain; everything else is JSON.
        """
        if isinstance(result, Response):
            result.bind(self.encode)
            return result
        if status in WITHOUT_BODY:
            return Response(None, status or 204)
        if result is None:
            return Response(None, 204 if status is None else status)
        if isinstance(result, str) and not isinstance(result, Enum):
            return PlainTextResponse(str(result), status or 200)
        if isinstance(result, (bytes, bytearray, memoryview)):
            return Response(bytes(result), status or 200, media_type="application/octet-stream")
        if isinstance(result, (Iterator, AsyncIterator)):
            return StreamingResponse(result, status or 200, media_type="text/plain")
        encoded = self.encode(result)
        self.encodable.add(type(result))
        return encoded

    def response(self, result: Any, status: int | None) -> Response:
        """Return *result* as a `Response` in any case."""
        finished = self.finish(result, status)
        if isinstance(finished, bytes):
            return Response(finished, status or 200, media_type="application/json")
        return finished


def without_body(run: Run, status: int) -> Run:
    """Return the plan of a HEAD request: the answer of GET, of which the adapter sends the head alone."""

    async def run_head(request: Request) -> Response:
        answer = await run(request)
        return Response(answer, status, media_type="application/json") if isinstance(answer, bytes) else answer

    return run_head
