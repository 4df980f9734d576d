"""Where a response meets its request, and the last look at it before a server gets it.

Servers trust applications: a status that is none ends a Granian worker, a wrong length leaves the client waiting. What
could hurt is refused or put right here, the same for every server.
"""

from __future__ import annotations

from operator import index
from typing import Any

from velocipy.concurrency import run_in_thread
from velocipy.errors import VelociPyException
from velocipy.http.connection import HTTPConnection
from velocipy.http.headers import MutableHeaders
from velocipy.http.response import SHAPES, Body, DeferredResponse, File, Response, Stream, json_response
from velocipy.plans.results import WITHOUT_BODY, meet

# Fields that belong to the connection, which is the server's (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2), and the
# length, which is looked at on its own.
_OF_SERVERS = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
)

DRAIN_SECONDS = 0.5
"""How long a body that nobody reads is taken: enough for what is on its way; a client that waits is not waited for."""


class InvalidResponse(VelociPyException):
    """The application made a response that no server may send."""


Settled = tuple[Response, list[tuple[str, str]], Body]


def settled(request: HTTPConnection, answer: bytes | Response) -> Settled | None:
    """Return what `settle` would, where that needs nobody to be waited for; else None."""
    if isinstance(answer, (bytes, DeferredResponse)):
        return None
    try:
        return answer, *check(request, answer)
    except Exception:  # which `settle` meets again, and answers
        return None


async def settle(request: HTTPConnection, answer: bytes | Response) -> Settled:
    """Return the response that goes out in answer to *request*, and its headers and body as `check` has them.

    It is *answer*, or what that comes to for this request, or the answer to the failure of either.
    """
    if isinstance(answer, bytes):  # the JSON of what a handler returned
        answer = json_response(answer, request._plan.status)
    failures = request.app._failures
    try:
        answer = await meet(request, answer)
        return answer, *check(request, answer)
    except InvalidResponse as invalid:
        answer = failures.unhandled(request, invalid)
    except Exception as error:
        answer = await failures.answer(request, error)
    try:
        return answer, *check(request, answer)
    except InvalidResponse as invalid:
        answer = failures.unhandled(request, invalid)
        return answer, *check(request, answer)


def check(request: HTTPConnection, response: Response) -> tuple[list[tuple[str, str]], Body]:
    """Return the headers and the body of *response* as they may go out in answer to *request*.

    The length of a body that is there is always the true one. For HEAD the headers are those of GET, without a body.

    Raises:
        InvalidResponse: If the status is no final one (200 to 599) or a header cannot be sent.
    """
    try:
        status = response.status_code = index(response.status_code)  # of an HTTPStatus too
    except TypeError:
        raise InvalidResponse(f"the status is {response.status_code!r}, no int") from None
    if not 200 <= status <= 599:
        raise InvalidResponse(f"the status is {status}; a response has one of 200 to 599 (RFC 9110 section 15)")
    headers = response.headers
    if type(headers) is not MutableHeaders:  # replaced by the application, and so never checked
        try:
            headers = response.headers = MutableHeaders(headers)
        except (TypeError, ValueError) as error:
            raise InvalidResponse(str(error)) from None
    body = response.body
    if type(body) is not bytes:
        if isinstance(body, Stream) and body.begin is not None:
            body.begin(request)
        if not isinstance(body, SHAPES):
            raise InvalidResponse(f"the body is a {type(body).__name__}; it can be None, bytes, a Stream or a File")
    pairs = headers._pairs.copy()
    declared: list[str] = []
    if not _OF_SERVERS.isdisjoint(dict(pairs)):  # PERF: seldom; 0.3 us less than a look at each
        declared = [value for name, value in pairs if name == "content-length"]
        pairs = [pair for pair in pairs if pair[0] not in _OF_SERVERS]
    if more := request._plan.more_headers:
        pairs += [pair for pair in more if pair[0] == "vary" or pair[0] not in headers]
    if status in WITHOUT_BODY:
        return [*pairs, ("content-length", "0")] if status == 205 else pairs, None
    if not isinstance(body, Stream):
        length = str(body.count if isinstance(body, File) else len(body or b""))
        if request.method == "HEAD" and body is None and declared and declared[0].isdecimal():
            length = declared[0]
        pairs.append(("content-length", length))
    elif declared:
        if len(set(declared)) > 1 or not declared[0].isascii() or not declared[0].isdecimal() or len(declared[0]) > 18:
            raise InvalidResponse(f"the content-length is {', '.join(declared)!r}, no number of bytes")
        pairs.append(("content-length", declared[0]))
    return pairs, None if request.method == "HEAD" else body


def declared_length(pairs: list[tuple[str, str]]) -> int | None:
    """Return the length that the headers of a stream promise, None if they promise none."""
    for name, value in pairs:
        if name == "content-length":
            return int(value)
    return None


def is_streamed(answer: bytes | Response) -> bool:
    """Tell whether *answer* is made while it is sent: it may still read the body of its request."""
    return isinstance(answer, Response) and isinstance(answer.body, Stream)


async def close_unsent(response: Response) -> None:
    """Close what makes a body of which only the head is sent."""
    if isinstance(response.body, File):
        response.body.close()
    elif isinstance(response.body, Stream):
        chunks: Any = response.body.chunks
        if hasattr(chunks, "aclose"):
            await chunks.aclose()
        elif hasattr(chunks, "close"):
            await run_in_thread(chunks.close)
