"""The last look at a response, without a server."""

from http import HTTPStatus
from typing import Any

import pytest

from velocipy import Request, Response, StreamingResponse, VelociPy
from velocipy.servers.outgoing import InvalidResponse, check, declared_length


async def nothing() -> None: ...


app = VelociPy()
app.add_route("/", nothing)


def asked(method: str = "GET") -> Request:
    request = Request()
    request._plan = app.freeze()[0]
    request.method = method
    return request


@pytest.mark.parametrize("status", [0, 99, 100, 199, 600, 10**30, -1, None, "200", 200.0, float("inf"), float("nan")])
def test_a_status_that_is_none_is_refused(status: Any) -> None:
    response = Response()
    response.status_code = status
    with pytest.raises(InvalidResponse, match="status"):
        check(asked(), response)


def test_an_enum_is_a_status() -> None:
    response = Response(status_code=HTTPStatus.CREATED)
    check(asked(), response)
    assert (response.status_code, type(response.status_code)) == (201, int)


@pytest.mark.parametrize("length", ["", "-1", "+1", "1.0", "abc", "\u0661", "1, 1", "9" * 19, "9" * 5000])
def test_a_length_of_a_stream_that_is_none_is_refused(length: str) -> None:
    response = StreamingResponse(iter([]))
    response.headers = {"content-length": length}  # type: ignore[assignment]
    with pytest.raises(InvalidResponse):
        check(asked(), response)


def test_two_lengths_of_a_stream_that_differ_are_refused() -> None:
    response = StreamingResponse(iter([]), headers=[("content-length", "1"), ("content-length", "2")])
    with pytest.raises(InvalidResponse):
        check(asked(), response)


def test_the_length_of_a_stream_is_kept() -> None:
    pairs, _ = check(asked(), StreamingResponse(iter([]), headers={"content-length": "5"}))
    assert declared_length(pairs) == 5
    assert declared_length(check(asked(), StreamingResponse(iter([])))[0]) is None


@pytest.mark.parametrize("status", [204, 304])
def test_without_body_there_is_no_length(status: int) -> None:
    pairs, body = check(asked(), Response(b"body", status, {"content-length": "4", "x-a": "1"}))
    assert (pairs, body) == ([("x-a", "1")], None)


@pytest.mark.parametrize("name", ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade"])
def test_fields_of_the_connection_are_left_out(name: str) -> None:
    pairs, _ = check(asked(), Response(b"", headers={name: "x"}))
    assert pairs == [("content-length", "0")]


def test_head_gets_the_length_of_get_and_no_body() -> None:
    pairs, body = check(asked("HEAD"), Response(b"body"))
    assert (pairs, body) == ([("content-length", "4")], None)


def test_checking_twice_changes_nothing() -> None:
    response = Response(b"body", headers={"a": "1"})
    assert check(asked(), response) == check(asked(), response)
    assert response.headers.items() == [("a", "1")]
