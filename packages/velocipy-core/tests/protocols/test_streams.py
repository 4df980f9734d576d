"""Streamed answers: what can be streamed, and what happens when the stream or the client breaks off."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPResponse
from typing import Any

import pytest

from velocipy import ClientDisconnect, Depends, Request, Response, StreamingResponse, VelociPy

app = VelociPy(max_content_length=None)
events: list[str] = []


def plain() -> Iterator[bytes | str]:
    yield b"one "
    yield ""
    yield "zw\xf6lf"


async def asynchronous() -> AsyncIterator[bytes | str]:
    for chunk in plain():
        await asyncio.sleep(0)
        yield chunk


class Again:
    """An iterable that is no iterator."""

    def __iter__(self) -> Iterator[bytes | str]:
        return plain()


def raises_midway() -> Iterator[bytes]:
    yield b"one"
    raise RuntimeError("midway")


async def raises_midway_too() -> AsyncIterator[bytes]:
    yield b"one"
    raise RuntimeError("midway")


def raises_at_once() -> Iterator[bytes]:
    raise RuntimeError("at once")
    yield b""


SOURCES: dict[str, Any] = {
    "generator": plain,
    "async-generator": asynchronous,
    "list": lambda: [b"one ", bytearray(b"zw\xc3\xb6"), memoryview(b"lf")],
    "iterable": Again,
    "empty": lambda: iter(()),
    "only-empty-chunks": lambda: [b"", ""],
    "large": lambda: (b"x" * 65536 for _ in range(40)),
    "midway": raises_midway,
    "midway-async": raises_midway_too,
    "at-once": raises_at_once,
    "wrong-type": lambda: [b"one", 1],
}


@app.get("/of/{name}")
async def stream(name: str) -> Response:
    return StreamingResponse(SOURCES[name]())


@app.get("/returned")
async def returned() -> Any:
    return asynchronous()


async def open_for_the_stream() -> AsyncIterator[str]:
    yield "open"
    events.append("dependency closed")


async def endless(wait: float) -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"x" * 100
            await asyncio.sleep(wait)
    finally:
        events.append("closed")


def endless_plain() -> Iterator[bytes]:
    try:
        while True:
            yield b"x" * 100
            time.sleep(0.02)
    finally:
        events.append("closed")


@app.get("/busy")
async def busy(resource: str = Depends(open_for_the_stream)) -> Response:
    return StreamingResponse(endless(0.02))


@app.get("/idle")
async def idle(resource: str = Depends(open_for_the_stream)) -> Response:
    return StreamingResponse(endless(1000))


@app.get("/plain")
async def busy_plain(resource: str = Depends(open_for_the_stream)) -> Response:
    return StreamingResponse(endless_plain())


@app.post("/after-body")
async def after_unread_body() -> Response:
    return StreamingResponse(endless(1000))


@app.post("/echo")
async def echo(request: Request) -> Response:
    return StreamingResponse(request.stream())


@app.post("/echo-none")
async def echo_none() -> Response:
    return StreamingResponse(asynchronous())


@app.post("/echo-rest")
async def echo_rest(request: Request) -> Response:
    async for _ in (chunks := request.stream()):
        break
    return StreamingResponse(chunks)


@app.post("/echo-read")
async def echo_read(request: Request) -> Response:
    await request.body()
    return StreamingResponse(request.stream())


@app.post("/count")
async def count(request: Request) -> Response:
    async def chunks() -> AsyncIterator[str]:
        try:
            yield "begun"
            yield str(sum([len(chunk) async for chunk in request.stream()]))
        except ClientDisconnect:
            events.append("told")
            raise
        finally:
            events.append("closed")

    return StreamingResponse(chunks())


@app.get("/events")
async def tell() -> str:
    return ",".join(events)


@app.get("/forget")
async def forget() -> int:
    events.clear()
    return len([task for task in asyncio.all_tasks() if not task.done()])


@pytest.mark.parametrize("name", ["generator", "async-generator", "list", "iterable"])
def test_chunks_of_bytes_and_text_are_sent_in_order(client: Any, name: str) -> None:
    response = client.get(f"/of/{name}")
    assert (response.status_code, response.content.decode()) == (200, "one zw\xf6lf")
    assert "content-length" not in response.headers


@pytest.mark.parametrize("name", ["empty", "only-empty-chunks"])
def test_a_stream_of_nothing_is_an_empty_body(client: Any, name: str) -> None:
    response = client.get(f"/of/{name}")
    assert (response.status_code, response.content) == (200, b"")


def test_a_stream_larger_than_every_buffer_arrives_whole(client: Any) -> None:
    assert len(client.get("/of/large").content) == 40 * 65536


def test_a_generator_that_is_returned_is_streamed_as_text(client: Any) -> None:
    response = client.get("/returned")
    assert response.text == "one zw\xf6lf"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["midway", "midway-async", "at-once", "wrong-type"])
def test_a_stream_that_fails_does_not_keep_the_client_waiting(wire: Any, name: str) -> None:
    answer = wire.ask("GET", f"/of/{name}")
    assert answer.closed
    assert answer.status in (200, 500, 0)
    assert b"RuntimeError" not in answer.body
    assert wire.ask("GET", "/of/generator").status == 200


def test_a_stream_that_fails_is_logged(wire: Any, eventually: Any) -> None:
    start = wire.server.log.size
    wire.ask("GET", "/of/midway")
    assert eventually(lambda: "RuntimeError: midway" in wire.server.log.text(start), True)


@pytest.mark.parametrize("path", ["/busy", "/idle", "/plain"])
def test_a_stream_is_closed_when_its_client_leaves(wire: Any, eventually: Any, path: str) -> None:
    before = wire.ask("GET", "/forget").body
    start = wire.server.log.size
    with wire.open() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        while b"x" * 100 not in connection.recv(65536):
            pass
        assert wire.ask("GET", "/events").body == b""
    assert eventually(lambda: wire.ask("GET", "/events").body, b"closed,dependency closed")
    assert wire.ask("GET", "/events").body == b"closed,dependency closed"
    assert eventually(lambda: wire.ask("GET", "/forget").body, before) == before  # no task is left
    assert "Traceback" not in wire.server.log.text(start)


def test_a_stream_is_closed_even_if_the_body_of_its_request_was_not_read(wire: Any, eventually: Any) -> None:
    wire.ask("GET", "/forget")
    with wire.open() as connection:
        connection.sendall(b"POST /after-body HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
        while b"x" * 100 not in connection.recv(65536):
            pass
    assert eventually(lambda: wire.ask("GET", "/events").body, b"closed") == b"closed"


def test_first_chunks_arrive_before_the_last_is_made(wire: Any) -> None:
    with wire.open() as connection:
        connection.sendall(b"GET /idle HTTP/1.1\r\nhost: x\r\n\r\n")
        received = b""
        while b"x" * 100 not in received:
            received += connection.recv(65536)
        assert received.startswith(b"HTTP/1.1 200")


MEGABYTES = b"".join(b"%07d\n" % number for number in range(1_000_000))  # 8 of them

declared_or_chunked = pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])


def in_pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@declared_or_chunked
@pytest.mark.parametrize("body", [b"", b"x", b"x" * 70_000], ids=["empty", "small", "larger"])
@pytest.mark.parametrize("path", ["/echo", "/echo-read"])
def test_a_stream_can_be_made_of_the_body_of_its_request(client: Any, path: str, body: bytes, chunked: bool) -> None:
    response = client.post(path, content=in_pieces(body, 1000) if chunked else body)
    assert (response.status_code, response.content) == (200, body)
    assert client.post(path, content=b"next").content == b"next"


def test_a_stream_can_be_made_of_the_rest_of_a_body(client: Any) -> None:
    content = client.post("/echo-rest", content=in_pieces(MEGABYTES, 65536)).content
    assert MEGABYTES.endswith(content)
    assert len(content) >= len(MEGABYTES) - 2 * 65536


@declared_or_chunked
def test_a_stream_made_of_a_large_body_is_sent_while_it_comes(wire: Any, chunked: bool) -> None:
    field = "transfer-encoding: chunked" if chunked else f"content-length: {len(MEGABYTES)}"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(MEGABYTES), MEGABYTES) if chunked else MEGABYTES
    with wire.open() as connection:
        sender = threading.Thread(target=connection.sendall, args=[wire.head("POST", "/echo", field) + sent])
        sender.start()
        response = HTTPResponse(connection, method="POST")
        response.begin()
        assert response.read() == MEGABYTES
        sender.join()


def test_a_stream_that_reads_no_large_body_is_answered_whole(client: Any) -> None:
    response = client.post("/echo-none", content=MEGABYTES)
    assert (response.status_code, response.text) == (200, "one zw\xf6lf")


def test_a_client_that_leaves_within_its_body_ends_the_stream_that_reads_it(wire: Any, eventually: Any) -> None:
    wire.ask("GET", "/forget")
    with wire.open() as connection:
        connection.sendall(wire.head("POST", "/count", "content-length: 10") + b"abc")
        while b"begun" not in connection.recv(65536):
            pass
    assert eventually(lambda: wire.ask("GET", "/events").body[-6:], b"closed") == b"closed"
