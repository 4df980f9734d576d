"""`GZipMiddleware`: what is compressed, what is left alone, and what is told of it."""

import asyncio
import gzip
import json
import random
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, NamedTuple

import pytest
from httpx2 import Client

from velocipy import (
    EventSourceResponse,
    Header,
    HTMLResponse,
    HTTPException,
    PlainTextResponse,
    Response,
    StreamingResponse,
    VelociPy,
)
from velocipy.http.response import Stream
from velocipy.middleware import GZipMiddleware
from velocipy.testing import TestClient

app = VelociPy()
app.add_middleware(GZipMiddleware)
TEXT = "Clever girl. " * 400
SHARED = PlainTextResponse(TEXT, headers={"etag": '"abc"', "accept-ranges": "bytes"})
NOISE = random.Random(5).randbytes(3000)
closed: list[str] = []


@app.get("/data")
async def data() -> dict[str, str]:
    return {"text": TEXT}


@app.get("/lines")
async def lines() -> AsyncIterator[dict[str, str]]:
    for _ in range(3):
        yield {"text": TEXT}


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[str]:
    yield TEXT


@app.get("/shared")
async def shared() -> Response:
    return SHARED


@app.get("/small")
async def small(size: int) -> str:
    return "x" * size


@app.get("/typed")
async def typed(content_type: str) -> Response:
    return Response(TEXT, headers={"content-type": content_type})


@app.get("/untyped")
async def untyped() -> Response:
    return Response(TEXT)


@app.get("/with/{name}")
async def with_header(name: str, value: str, status: int = 200) -> Response:
    return PlainTextResponse(TEXT, status, {name: value})


@app.get("/tagged")
async def tagged(etag: str) -> Response:
    return PlainTextResponse(TEXT, headers={"etag": etag})


@app.get("/status/{status}")
async def with_status(status: int) -> Response:
    return PlainTextResponse(None if status in (204, 304) else TEXT, status, {"etag": '"abc"'})


@app.get("/fails/{kind}")
async def fails(kind: str) -> None:
    raise HTTPException(403, TEXT) if kind == "http" else RuntimeError("hunter2")


@app.get("/random")
async def incompressible() -> Response:
    return PlainTextResponse(NOISE)


@app.get("/large")
async def large() -> Response:
    return PlainTextResponse(b"".join(b"%d " % number for number in range(400_000)))


@app.get("/replaced")
async def replaced() -> Response:
    response = PlainTextResponse(TEXT)
    response.headers = {"Content-Type": "text/plain", "Cache-Control": "No-Transform"}  # type: ignore[assignment]
    return response


async def chunks() -> AsyncIterator[bytes | str]:
    try:
        yield b"one "
        yield ""
        yield "zw\xf6lf "
        yield "x" * 100_000
    finally:
        closed.append("async")


def plain_chunks() -> Iterator[bytes | str]:
    try:
        yield b"one "
        yield b""
        yield "zw\xf6lf "
        yield memoryview(b"x" * 100_000)  # type: ignore[misc]
    finally:
        closed.append("plain")


class Again:
    def __aiter__(self) -> AsyncIterator[bytes | str]:
        return chunks()


SOURCES: dict[str, Any] = {"async": chunks, "plain": plain_chunks, "iterable": Again, "list": lambda: [*plain_chunks()]}


@app.get("/stream/{kind}")
async def stream(
    kind: str, content_type: str = "text/plain", length: Annotated[str | None, Header()] = None
) -> Response:
    headers = {"content-type": content_type} | ({} if length is None else {"content-length": length})
    return StreamingResponse(SOURCES[kind](), headers=headers)


@app.get("/breaks")
async def breaks() -> Response:
    async def broken() -> AsyncIterator[str]:
        yield TEXT
        raise RuntimeError("hunter2")

    return PlainTextResponse(Stream(broken()))


async def ticking() -> AsyncIterator[str]:
    try:
        while True:
            yield "tick "
            await asyncio.sleep(1000)
    finally:
        closed.append("ticking")


@app.get("/ticking")
async def tick() -> Response:
    return StreamingResponse(ticking(), media_type="text/plain")


@app.get("/closed")
async def what_was_closed() -> list[str]:
    found = [*closed]
    closed.clear()
    return found


class Unpacked(NamedTuple):
    text: bytes
    eof: bool


def encoding(answer: Any) -> str | None:
    return answer.headers.get("content-encoding")  # type: ignore[no-any-return]


GZIP = {"accept-encoding": "gzip"}


# -- what the client takes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accepted",
    [
        "gzip",
        "GZip",
        "x-gzip",
        "deflate, gzip;q=1.0, *;q=0.5",
        "gzip ; q=0.001",
        "gzip;Q=1.000",
        "*",
        "*;q=0.1",
        "br, *",
        "identity;q=0, *",
        "gzip, identity",
        "gzip;q=0.5, br",
        "gzip;q=0.5, *;q=0.1",
        "gzip;q=0.5, identity;q=0.5",
        ",,, gzip ,",
        "br;q=oops, gzip",
    ],
)
def test_who_accepts_gzip_gets_it(client: Client, accepted: str) -> None:
    answer = client.get("/data", headers={"accept-encoding": accepted})
    assert (encoding(answer), answer.json()) == ("gzip", {"text": TEXT})


@pytest.mark.parametrize(
    "accepted",
    [
        "",
        "identity",
        "br",
        "gzip;q=0",
        "gzip;q=0.000",
        "gzip;q=0, *",
        "*;q=0",
        "gzip, gzip;q=0",
        "gzip;q=0.5, identity;q=0.8",
        "gzip;q=0.5, *;q=0.8",
        "identity, *;q=0.5",
        "gzip;q=-1",
        "gzip;q=nan",
        "gzip;q=inf",
        "gzip;q=1.5",
        "gzip;q=1e0",
        "gzip;q=",
        "gzip;q=0.0001",
        "gzip;level=9",
        "gzipped",
        "notgzip",
        "gz ip",
        "gzip;q=\u0661",
        "gzip," * 1500,
        "a" * 7_000 + ", gzip",
    ],
)
def test_who_does_not_accept_gzip_does_not_get_it(client: Client, accepted: str) -> None:
    answer = client.get("/data", headers={b"accept-encoding": accepted.encode()})
    assert (answer.status_code, encoding(answer), answer.json()) == (200, None, {"text": TEXT})
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_who_sends_it_in_two_fields_is_understood(client: Client) -> None:
    answer = client.get("/data", headers=[("accept-encoding", "br"), ("accept-encoding", "gzip")])
    assert encoding(answer) == "gzip"
    answer = client.get("/data", headers=[("accept-encoding", "gzip"), ("accept-encoding", "gzip;q=0")])
    assert encoding(answer) is None


# -- what is compressed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "text/event-streams",
        "TEXT/CSV; charset=utf-8",
        "application/json",
        "application/problem+json; charset=utf-8",
        "application/javascript",
        "application/xml",
        "application/rss+xml",
        "application/atom+xml",
        "image/svg+xml",
        "application/wasm",
        "application/x-ndjson",
        "font/ttf",
    ],
)
def test_types_that_gain_are_compressed(client: Client, content_type: str) -> None:
    answer = client.get("/typed", params={"content_type": content_type}, headers=GZIP)
    assert (encoding(answer), answer.text) == ("gzip", TEXT)


@pytest.mark.parametrize(
    "content_type",
    [
        "image/png",
        "application/zip",
        "application/octet-stream",
        "application/jsonx",
        "video/mp4",
        "font/woff2",
        "text/event-stream",
        "Text/Event-Stream; charset=utf-8",
        "application/pdf; a=text/html",
        "text",
        "multipart/mixed",
    ],
)
@pytest.mark.parametrize("path", ["/typed", "/stream/async"])
def test_types_that_do_not_and_events_are_left_alone(client: Client, path: str, content_type: str) -> None:
    answer = client.get(path, params={"content_type": content_type}, headers=GZIP)
    assert (answer.status_code, encoding(answer)) == (200, None)
    assert "vary" not in answer.headers


def test_what_has_no_type_is_left_alone(client: Client) -> None:
    assert encoding(client.get("/untyped", headers=GZIP)) is None


@pytest.mark.parametrize(("size", "expected"), [(0, None), (499, None), (500, "gzip"), (501, "gzip")])
def test_what_is_small_is_left_alone(client: Client, size: int, expected: str | None) -> None:
    answer = client.get("/small", params={"size": size}, headers=GZIP)
    assert (answer.text, encoding(answer)) == ("x" * size, expected)
    assert answer.headers.get("vary") == (expected and "Accept-Encoding")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content-encoding", "br"),
        ("content-encoding", "identity"),
        ("content-range", "bytes 0-1/2"),
        ("cache-control", "no-transform"),
        ("cache-control", "public, No-Transform , max-age=5"),
        ("content-digest", "sha-256=:x:"),
        ("repr-digest", "sha-256=:x:"),
    ],
)
def test_what_shall_stay_as_it_is_does(client: Client, name: str, value: str) -> None:
    with client.stream("GET", f"/with/{name}", params={"value": value}, headers=GZIP) as answer:
        raw = b"".join(answer.iter_raw())
    assert (answer.status_code, raw) == (200, TEXT.encode())
    assert answer.headers.get_list(name) == [value]
    assert "vary" not in answer.headers


def test_even_if_the_headers_were_replaced(client: Client) -> None:
    answer = client.get("/replaced", headers=GZIP)
    assert (answer.text, encoding(answer)) == (TEXT, None)


def test_a_part_is_left_alone(client: Client) -> None:
    answer = client.get("/with/x-a", params={"value": "b", "status": 206}, headers=GZIP)
    assert (answer.status_code, encoding(answer), answer.text) == (206, None, TEXT)


@pytest.mark.parametrize("status", [201, 400, 404, 503])
def test_every_status_that_has_a_body_is_compressed(client: Client, status: int) -> None:
    answer = client.get("/with/x-a", params={"value": "b", "status": status}, headers=GZIP)
    assert (answer.status_code, encoding(answer), answer.text) == (status, "gzip", TEXT)


def test_errors_are_compressed_too(client: Client) -> None:
    answer = client.get("/fails/http", headers=GZIP)
    assert (answer.status_code, encoding(answer), answer.json()) == (403, "gzip", {"detail": TEXT})
    assert encoding(client.get("/fails/other", headers=GZIP)) is None


def test_what_would_grow_is_sent_as_it_is(client: Client) -> None:
    answer = client.get("/random", headers=GZIP)
    assert (encoding(answer), answer.headers["vary"]) == (None, "Accept-Encoding")
    assert answer.content == NOISE


# -- what is told of it ------------------------------------------------------------------------------------------------


def test_a_response_that_everybody_gets_stays_as_it_is(client: Client) -> None:
    for _ in range(2):
        packed = client.get("/shared", headers=GZIP)
        assert (encoding(packed), packed.text, packed.headers["etag"]) == ("gzip", TEXT, 'W/"abc"')
        assert packed.headers.get_list("vary") == ["Accept-Encoding"]
        assert "accept-ranges" not in packed.headers
        bare = client.get("/shared", headers={"accept-encoding": "identity"})
        assert (encoding(bare), bare.text, bare.headers["etag"]) == (None, TEXT, '"abc"')
        assert bare.headers["accept-ranges"] == "bytes"
        assert bare.headers.get_list("vary") == ["Accept-Encoding"]
    assert "vary" not in SHARED.headers


def test_the_length_is_that_of_what_is_sent(client: Client) -> None:
    with client.stream("GET", "/shared", headers=GZIP) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get_list("content-length") == [str(len(raw))]
    assert gzip.decompress(raw) == TEXT.encode()
    assert len(raw) < len(TEXT) / 10


@pytest.mark.parametrize(
    ("given", "sent"),
    [("Origin", "Origin, Accept-Encoding"), ("*", "*"), ("accept-encoding", "accept-encoding")],
)
def test_what_it_varies_on_already_stays(client: Client, given: str, sent: str) -> None:
    assert client.get("/with/vary", params={"value": given}, headers=GZIP).headers.get_list("vary") == [sent]


@pytest.mark.parametrize(("given", "sent"), [('"a"', 'W/"a"'), ('W/"a"', 'W/"a"')])
def test_a_strong_etag_becomes_weak(client: Client, given: str, sent: str) -> None:
    answer = client.get("/tagged", params={"etag": given}, headers=GZIP)
    assert (encoding(answer), answer.headers.get_list("etag")) == ("gzip", [sent])


def test_not_modified_has_the_etag_of_what_was_compressed(client: Client) -> None:
    answer = client.get("/status/304", headers=GZIP)
    assert (answer.status_code, answer.content, encoding(answer)) == (304, b"", None)
    assert (answer.headers["etag"], answer.headers["vary"]) == ('W/"abc"', "Accept-Encoding")
    answer = client.get("/status/304", headers={"accept-encoding": "identity"})
    assert (answer.headers["etag"], answer.headers["vary"]) == ('"abc"', "Accept-Encoding")


def test_what_has_no_body_is_left_alone(client: Client) -> None:
    answer = client.get("/status/204", headers=GZIP)
    assert (answer.status_code, answer.content, encoding(answer)) == (204, b"", None)
    assert (answer.headers["etag"], "vary" in answer.headers) == ('"abc"', False)


@pytest.mark.parametrize("path", ["/data", "/shared", "/small?size=10", "/stream/async", "/stream/plain", "/large"])
def test_head_has_the_headers_of_get(client: Client, path: str) -> None:
    get, head = client.get(path, headers=GZIP), client.head(path, headers=GZIP)
    names = ("content-encoding", "content-length", "content-type", "vary", "etag")
    assert {name: head.headers.get(name) for name in names} == {name: get.headers.get(name) for name in names}
    assert head.content == b""


@pytest.mark.in_process
@pytest.mark.parametrize("kind", ["async", "plain"])
def test_head_closes_a_stream_that_it_does_not_send(kind: str) -> None:
    threads: list[threading.Thread] = []

    class Closing:
        def __iter__(self) -> Iterator[bytes]:
            raise AssertionError("it is not sent")

        def close(self) -> None:
            threads.append(threading.current_thread())

    class AsyncClosing:
        def __aiter__(self) -> AsyncIterator[bytes]:
            raise AssertionError("it is not sent")

        async def aclose(self) -> None:
            threads.append(threading.current_thread())

    made = VelociPy()
    made.add_middleware(GZipMiddleware)

    @made.get("/")
    async def handler() -> Response:
        threads.append(threading.current_thread())
        return HTMLResponse(Stream(Closing() if kind == "plain" else AsyncClosing()))

    with TestClient(made) as own:
        assert encoding(own.head("/", headers=GZIP)) == "gzip"
    loop, closing = threads
    assert (loop is closing) is (kind == "async")


# -- streams -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SOURCES)
def test_streams_are_compressed(client: Client, kind: str) -> None:
    client.get("/closed")
    answer = client.get(f"/stream/{kind}", headers=GZIP)
    assert (encoding(answer), answer.content) == ("gzip", "one zw\xf6lf ".encode() + b"x" * 100_000)
    assert "content-length" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(client.get("/closed").json()) == 1


def test_lines_of_json_are_compressed_and_events_never(client: Client) -> None:
    answer = client.get("/lines", headers=GZIP)
    assert (answer.headers["content-encoding"], answer.headers["content-type"]) == ("gzip", "application/jsonl")
    assert [json.loads(line) for line in answer.text.splitlines()] == [{"text": TEXT}] * 3
    answer = client.get("/events", headers=GZIP)
    assert "content-encoding" not in answer.headers
    assert answer.text == f"data: {TEXT}\n\n"


def test_the_length_of_a_stream_is_not_sent_but_kept(client: Client) -> None:
    answer = client.get("/stream/async", headers={**GZIP, "length": "100011"})
    assert (encoding(answer), len(answer.content)) == ("gzip", 100_011)
    assert "content-length" not in answer.headers
    answer = client.get("/stream/async", headers={"accept-encoding": "br", "length": "100011"})
    assert (encoding(answer), answer.headers["content-length"]) == (None, "100011")


@pytest.mark.parametrize("length", ["oops", "-1", "1" * 30, "1.0", "+1"])
def test_a_length_that_is_none_is_an_error_all_the_same(client: Client, length: str) -> None:
    assert client.get("/stream/async", headers={**GZIP, "length": length}).status_code == 500


@pytest.mark.parametrize("path", ["/breaks", "/short"])
def test_what_breaks_off_does_not_look_whole(wire: Any, path: str) -> None:
    fields = ["accept-encoding: gzip"]
    if path == "/short":
        path, fields = "/stream/async", [*fields, "length: 200000"]
    answer = wire.ask("GET", path, *fields)
    if answer.status:  # some servers keep back the head of what breaks off
        assert answer.headers["content-encoding"] == "gzip"
        assert not unpack(answer.body).eof


def test_first_chunks_arrive_before_the_last_is_made(wire: Any, eventually: Any) -> None:
    wire.ask("GET", "/closed")
    with wire.open() as connection:
        connection.sendall(b"GET /ticking HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n")
        received = b""
        while b"tick " not in unpack(received.partition(b"\r\n\r\n")[2]).text:
            received += connection.recv(65536)
        assert b"content-encoding: gzip" in received.lower()
    assert eventually(lambda: b"ticking" in wire.ask("GET", "/closed").body, True)


def unpack(body: bytes) -> Unpacked:
    """Unpack what has come of a chunked body."""
    unpacker, text = zlib.decompressobj(31), b""
    while body:
        size, _, body = body.partition(b"\r\n")
        text += unpacker.decompress(body[: int(size or b"0", 16)])
        body = body[int(size or b"0", 16) + 2 :]
    return Unpacked(text, unpacker.eof)


# -- off the loop ------------------------------------------------------------------------------------------------------


def test_a_large_body_arrives_whole(client: Client) -> None:
    answer = client.get("/large", headers=GZIP)
    assert encoding(answer) == "gzip"
    assert answer.content.endswith(b" 399998 399999 ")
    assert len(answer.content) > 2_000_000


@pytest.mark.in_process
@pytest.mark.parametrize(("size", "in_loop"), [(1000, True), (1_000_000, False)])
def test_the_loop_is_not_kept_by_a_large_body(monkeypatch: pytest.MonkeyPatch, size: int, in_loop: bool) -> None:
    made = VelociPy()
    made.add_middleware(GZipMiddleware)
    threads: list[threading.Thread] = []
    real = zlib.compress

    def watched(*args: Any) -> bytes:
        threads.append(threading.current_thread())
        return real(*args)

    @made.get("/")
    async def handler() -> str:
        threads.append(threading.current_thread())
        return "x" * size

    monkeypatch.setattr(zlib, "compress", watched)
    with TestClient(made) as client:
        assert client.get("/", headers=GZIP).text == "x" * size
    loop, compressing = threads
    assert (loop is compressing) is in_loop


# -- options -----------------------------------------------------------------------------------------------------------

chosen = VelociPy()
chosen.add_middleware(GZipMiddleware, minimum_size=0, compresslevel=9, media_types=["application/x-protobuf"])
chosen.add_route("/typed", typed)
chosen.add_route("/small", small)


@pytest.mark.velocipy_app("chosen")
def test_types_and_sizes_can_be_chosen(client: Client) -> None:
    answer = client.get("/typed", params={"content_type": "Application/X-Protobuf; a=b"}, headers=GZIP)
    assert (encoding(answer), answer.text) == ("gzip", TEXT)
    answer = client.get("/small", params={"size": 60}, headers=GZIP)
    assert (encoding(answer), answer.text) == ("gzip", "x" * 60)
    answer = client.get("/small", params={"size": 0}, headers=GZIP)
    assert (encoding(answer), answer.text) == (None, "")


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minimum_size": -1}, "negative"),
        ({"minimum_size": "500"}, "no int"),
        ({"minimum_size": None}, "no int"),
        ({"compresslevel": 0}, "fastest"),
        ({"compresslevel": 10}, "fastest"),
        ({"compresslevel": True}, "no int"),
        ({"media_types": "text"}, "no type/subtype"),
        ({"media_types": ["text/event-stream"]}, "no type/subtype"),
        ({"media_types": ["a/b; c"]}, "no type/subtype"),
        ({"media_types": [5]}, "no list of texts"),
        ({"media_types": 5}, "iterable"),
        ({"level": 5}, "level"),
    ],
)
def test_an_option_that_means_nothing_is_told_at_start(options: dict[str, Any], message: str) -> None:
    broken = VelociPy()
    broken.add_middleware(GZipMiddleware, **options)
    with pytest.raises(ValueError, match=message):
        broken.freeze()
