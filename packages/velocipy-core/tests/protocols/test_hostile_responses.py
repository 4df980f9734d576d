"""Responses that no server may send: the client gets a 500 or a right answer, and the next request works.

What a server does with them differs: Granian's worker panics, drops headers, or leaves the client waiting.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from velocipy import Response, StreamingResponse, VelociPy

app = VelociPy()


def changed(**attributes: Any) -> Response:
    """A response whose attributes were set past every check."""
    response = Response(b"body")
    for name, value in attributes.items():
        setattr(response, name, value)
    return response


def two_chunks() -> Iterator[bytes]:
    yield b"ab"
    yield b"cd"


STATUSES: dict[str, Any] = {
    "0": 0,
    "99": 99,
    "100": 100,
    "101": 101,
    "103": 103,
    "199": 199,
    "600": 600,
    "999": 999,
    "1000": 1000,
    "70000": 70000,
    "-1": -1,
    "huge": 10**40,
    "text": "200",
    "None": None,
    "fraction": 200.5,
    "infinity": float("inf"),
    "nan": float("nan"),
    "bool": True,
}
HEADERS: dict[str, Any] = {
    "line-break": {"x-a": "1\r\nset-cookie: a=b"},
    "line-feed": {"x-a": "1\n2"},
    "nul": {"x-a": "a\0b"},
    "escape": {"x-a": "a\x1b[31m"},
    "delete": {"x-a": "a\x7f"},
    "latin": {"x-a": "caf\xe9"},
    "unicode": {"x-a": "\u20ac"},
    "surrogate": {"x-a": "\ud800"},
    "space-in-name": {"x a": "b"},
    "colon-in-name": {"x:a": "b"},
    "line-break-in-name": {"x\r\na": "b"},
    "unicode-in-name": {"x-\xe9": "b"},
    "empty-name": {"": "b"},
    "number": {"x-a": 1},
    "bytes": {b"x-a": b"1"},
    "no-mapping": 5,
    "no-pairs": ["ab", "c"],
}
LENGTHS = {"short": "1", "long": "100", "text": "abc", "negative": "-4", "huge": "9" * 30, "two": "4, 4", "plus": "+4"}


@app.get("/status/{name}")
async def send_status(name: str) -> Response:
    return changed(status_code=STATUSES[name])


@app.get("/headers/{name}")
async def send_headers(name: str) -> Response:
    return changed(headers=HEADERS[name])


@app.get("/length/{name}")
async def send_length(name: str) -> Response:
    return changed(headers={"content-length": LENGTHS[name]})


@app.get("/stream/{name}")
async def stream_length(name: str) -> Response:
    return StreamingResponse(two_chunks(), headers={"content-length": LENGTHS[name]})


@app.get("/body/{name}")
async def send_body(name: str) -> Response:
    return changed(body={"text": "text", "number": 3, "list": [b"a"]}[name])


@app.get("/connection")
async def send_connection_fields() -> Response:
    fields = {"transfer-encoding": "chunked", "connection": "close", "keep-alive": "1", "upgrade": "h2c", "te": "gzip"}
    return Response(b"body", headers=fields)


@app.get("/mapping")
async def send_mapping() -> Response:
    return changed(headers={"X-Plain": "1", "Content-Type": "text/x-own"})


@app.get("/pairs")
async def send_pairs() -> Response:
    return changed(headers=[("set-cookie", "a=1"), ("set-cookie", "b=2")])


@app.get("/enum")
async def send_enum() -> Response:
    return changed(status_code=HTTPStatus.ACCEPTED)


@app.get("/edge/{status}")
async def send_edge(status: int) -> Response:
    return changed(status_code=status)


@app.get("/fine")
async def fine() -> str:
    return "fine"


@pytest.fixture(autouse=True)
def _next_request_works(client: Any) -> Iterator[None]:
    """Whatever a test has provoked, the server goes on."""
    yield
    assert client.get("/fine").text == "fine"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", STATUSES)
def test_a_status_that_is_none_becomes_a_500(client: Any, name: str, method: str) -> None:
    response = client.request(method, f"/status/{name}")
    assert response.status_code == 500
    assert response.text == ("" if method == "HEAD" else '{"detail":"Internal Server Error"}')


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_cannot_be_sent_become_a_500(client: Any, name: str) -> None:
    response = client.get(f"/headers/{name}")
    assert response.status_code == 500
    assert response.json() == {"detail": "Internal Server Error"}
    assert "set-cookie" not in response.headers
    assert "x-a" not in response.headers


@pytest.mark.parametrize("name", LENGTHS)
def test_the_length_of_bytes_is_always_the_true_one(client: Any, name: str) -> None:
    response = client.get(f"/length/{name}")
    assert (response.status_code, response.content) == (200, b"body")
    assert response.headers["content-length"] == "4"


@pytest.mark.parametrize("name", ["text", "negative", "huge", "two", "plus"])
def test_a_stream_with_a_length_that_is_none_becomes_a_500(client: Any, name: str) -> None:
    assert client.get(f"/stream/{name}").status_code == 500


@pytest.mark.parametrize("name", ["text", "number", "list"])
def test_a_body_of_no_known_shape_becomes_a_500(client: Any, name: str) -> None:
    assert client.get(f"/body/{name}").status_code == 500


def test_fields_of_the_connection_are_left_to_the_server(client: Any) -> None:
    response = client.get("/connection")
    assert (response.status_code, response.content) == (200, b"body")
    assert response.headers["content-length"] == "4"
    assert not {"transfer-encoding", "upgrade", "te"} & set(response.headers)
    assert response.headers.get("keep-alive") != "1"


def test_headers_replaced_by_a_mapping_are_sent(client: Any) -> None:
    response = client.get("/mapping")
    assert response.headers["x-plain"] == "1"
    assert response.headers["content-type"] == "text/x-own"


def test_headers_replaced_by_pairs_are_all_sent(client: Any) -> None:
    assert client.get("/pairs").headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_a_status_may_be_an_enum(client: Any) -> None:
    assert client.get("/enum").status_code == 202


@pytest.mark.parametrize("status", [200, 299, 451, 599])
def test_every_final_status_can_be_sent(client: Any, status: int) -> None:
    assert client.get(f"/edge/{status}").status_code == status


def test_wrong_lengths_of_streams_never_keep_a_client_waiting(wire: Any) -> None:
    short = wire.ask("GET", "/stream/long")
    assert short.closed
    assert short.body in (b"", b"abcd")  # fewer than the promised 100: every client sees that it broke
    long = wire.ask("GET", "/stream/short")
    assert long.closed
    assert len(long.body) <= 1 or long.status == 500


def test_a_refused_response_is_logged_with_its_cause(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/status/1000")
    if records := [record for record in caplog.records if record.name == "velocipy"]:  # in process
        assert "1000" in str(records[0].exc_info[1] if records[0].exc_info else "")
