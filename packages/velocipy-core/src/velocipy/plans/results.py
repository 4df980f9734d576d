"""What a handler may return, and the answer that it becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from enum import Enum
from typing import Any

from velocipy.http.connection import HTTPConnection
from velocipy.http.headers import MutableHeaders
from velocipy.http.response import DeferredResponse, PlainTextResponse, Response, StreamingResponse, json_response

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]

WITHOUT_BODY = frozenset({204, 205, 304})  # RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5
_ADDED = frozenset({"set-cookie", "vary"})  # what joins headers of the same name


class Results:
    """Turns the results of handlers into answers.

    Attributes:
        encode: Makes JSON of a value: the application's codec, or what a route's declared type makes of it. The
            content of a Response is always the codec's.
        encodable: The types whose values `encode` takes as they are. Adapters look here first; `finish` adds to it.

    Args:
        encode: The application's codec.
        status: What the route declared.
        declared: Makes JSON of the declared type.
        response_class: What the route declared.
        decode: The other way of *encode*.
        encode_item: Makes JSON of the declared type of what a handler streams.
        check: Raises for what the declared type does not take, where that is no more than a check.
    """

    __slots__ = (
        "_check",
        "_declared",
        "_decode",
        "_encode_any",
        "_encode_item",
        "_response_class",
        "_status",
        "encodable",
        "encode",
    )

    def __init__(
        self,
        encode: Encode,
        *,
        status: int | None = None,
        declared: Encode | None = None,
        response_class: type[Response] | None = None,
        decode: Decode | None = None,
        encode_item: Encode | None = None,
        check: Encode | None = None,
    ) -> None:
        self.encode = declared or encode
        self.encodable: set[type] = set() if response_class or status in WITHOUT_BODY or check else {dict, list}
        self._status = status
        self._encode_any = encode
        self._declared = declared is not None
        self._response_class = response_class
        self._decode = decode
        self._encode_item = encode_item or encode
        self._check = check

    def finish(self, result: Any) -> bytes | Response:
        """Return the JSON of *result* as bytes where it is that, else a `Response`.

        A Response goes as it is. Of a declared type everything is JSON. Else str is text/plain, bytes is
        application/octet-stream, None is an empty answer (204 if no status was declared), a generator is streamed as
        text/plain, and everything else is JSON.
        """
        status = self._status
        if isinstance(result, Response):
            result.bind(self._encode_any)
            return result
        if self._check is not None:
            self._check(result)
        if self._response_class is not None:
            if self._declared and self._decode is not None:  # it shall not see more than may leave
                result = self._decode(self.encode(result))
            made = self._response_class(result) if status is None else self._response_class(result, status_code=status)
            made.bind(self._encode_item)
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
        if self._check is None:
            self.encodable.add(type(result))
        return encoded

    def response(self, result: Any) -> Response:
        """Return *result* as a `Response` in any case."""
        if type(result) in self.encodable:  # PERF: 0.5 us less than `finish`, which asks abstract classes
            return json_response(self.encode(result), self._status or 200)
        finished = self.finish(result)
        if isinstance(finished, bytes):
            return json_response(finished, self._status or 200)
        return finished

    def own_response(self, result: Any) -> Response:
        """Return *result* as a `Response` that may be changed.

        One that a handler returned stays as it is: it may return the same one to everybody.
        """
        response = self.response(result)
        return response.copy() if response is result else response


class Answers(Results):
    """Takes the answers of a plan that makes them itself by *results*, since it has more to do before they leave."""

    __slots__ = ()

    def __init__(self, results: Results) -> None:
        super().__init__(results._encode_any, status=results._status)
        self.encodable = set()

    def finish(self, result: Any) -> bytes | Response:
        if isinstance(result, bytes):
            return result
        if not isinstance(result, Response):
            raise not_a_response(result)
        if result.body is None:  # a middleware made it
            result.bind(self._encode_any)
        return result


def not_a_response(result: Any) -> TypeError:
    """Return the error of a middleware that returned something else."""
    return TypeError(f"a middleware returned a {type(result).__qualname__}; it returns a Response")


async def meet(request: HTTPConnection, response: Response) -> Response:
    """Return what *response* comes to for *request*, with its body.

    Raises: as `DeferredResponse.meet` does, and what encodes the body.
    """
    while isinstance(response, DeferredResponse):
        response = await response.meet(request)
    if response.body is None:  # no route has returned it, but a middleware, or what was deferred
        response.bind(request.app._codec.encode)
    return response


def given_response() -> Response:
    """Return a response to hand in; its status is None until a handler or dependency says otherwise."""
    response = Response()
    response.status_code = None  # type: ignore[assignment]
    return response


class _Joined(DeferredResponse):
    """What a deferred response comes to, with what was handed in, of which it may have left something out."""

    def __init__(self, deferred: Response, given: Response) -> None:
        super().__init__(None, deferred.status_code)
        self._deferred = deferred
        self._given = given

    async def meet(self, request: HTTPConnection) -> Response:
        met, given = (await meet(request, self._deferred)).copy(), self._given
        if given.status_code is not None:
            met.status_code = given.status_code
        known = {name for name in met.headers if name not in _ADDED}
        cookies = met.headers.getlist("set-cookie")
        for name, value in given.headers.items():
            if name not in known and value not in cookies:
                _add(met.headers, name, value)
        return met


def join(answer: Response, given: Response, status: int | None) -> Response:
    """Return *answer* with the headers and cookies, and the status if there is one, of the response that was handed in.

    What the answer depends on (`Vary`) is what either says, or a cache would give it to others.

    *answer* itself stays as it is, since a handler may return the same one to everybody.
    """
    if answer is given:  # returned by the handler itself
        if given.status_code is None:
            given.status_code = status or 200
        return answer
    joined = _join(answer, given)
    return _Joined(joined, given) if isinstance(joined, DeferredResponse) else joined


def _join(answer: Response, given: Response) -> Response:
    joined = answer.copy()
    if given.status_code is not None:
        joined.status_code = given.status_code
    for name in given.headers:
        if name not in _ADDED:
            joined.headers.pop(name)
    for name, value in given.headers.items():
        _add(joined.headers, name, value)
    return joined


def _add(headers: MutableHeaders, name: str, value: str) -> None:
    if name == "vary":
        for field in value.split(","):
            headers.add_vary(field.strip())
    else:
        headers.append(name, value)
