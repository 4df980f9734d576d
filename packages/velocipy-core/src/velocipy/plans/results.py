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
    """Turns the results of handlers into answers.

    Attributes:
        encode: Makes JSON of a value: the application's codec, or what a route's declared type makes of it.
        encodable: The types whose values `encode` takes as they are. Plans look here first; `finish` adds to it.
    """

    def __init__(self, encode: Encode, *, declared: bool = False, response_class: type[Response] | None = None) -> None:
        self.encode = encode
        self.encodable: set[type] = set() if response_class else {dict, list}
        self._declared = declared
        self._response_class = response_class

    def finish(self, result: Any, status: int | None) -> bytes | Response:
        """Return the JSON of *result* as bytes where it is that, else a `Response`.

        A Response goes as it is. Of a declared type everything is JSON. Else str is text/plain, bytes is
        application/octet-stream, None is an empty answer (204 when *status* is None), a generator is streamed as
        text/plain, and everything else is JSON.
        """
        if isinstance(result, Response):
            result.bind(self.encode)
            return result
        if self._response_class is not None:
            made = self._response_class(result, status or 200)
            made.bind(self.encode)
            return made
        if status in WITHOUT_BODY:
            return Response(None, status or 204)
        if self._declared:
            return self.encode(result)
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


def given_response() -> Response:
    """Return a response to hand in; its status is None until a handler or dependency says otherwise."""
    response = Response()
    response.status_code = None  # type: ignore[assignment]
    return response


def join(answer: Response, given: Response) -> Response:
    """Add to *answer* the headers and cookies, and the status if there is one, of the response that was handed in."""
    if given.status_code is not None:
        answer.status_code = given.status_code
    for name, value in given.headers.items():
        if name == "set-cookie":
            answer.headers.append(name, value)
        else:
            answer.headers[name] = value
    return answer
