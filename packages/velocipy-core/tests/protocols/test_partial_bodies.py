"""A client that leaves midway through its body: no handler ever sees what came of it (CVE class: half-sent values)."""

from typing import Any

import pytest

from velocipy import ClientDisconnect, Request, VelociPy

app = VelociPy()
seen: list[str] = []


@app.post("/body")
async def read_body(request: Request) -> None:
    seen.append(f"body {len(await request.body())}")


@app.post("/stream")
async def read_stream(request: Request) -> None:
    try:
        seen.append(f"stream {sum([len(chunk) async for chunk in request.stream()])}")
    except ClientDisconnect:
        seen.append("disconnect")
        raise


@app.post("/json")
async def read_json(request: Request) -> None:
    seen.append(f"json {await request.json()}")


@app.post("/model")
async def read_model(data: dict[str, int]) -> None:
    seen.append(f"model {data}")


@app.post("/form")
async def read_form(request: Request) -> None:
    seen.append(f"form {(await request.form()).multi_items()}")


@app.get("/seen")
async def tell() -> list[str]:
    told = seen[:]
    seen.clear()
    return told


JSON = "content-type: application/json"
FORM = "content-type: application/x-www-form-urlencoded"
WHOLE = b'{"value": 100}'
CHUNKED = "transfer-encoding: chunked"
BROKEN = {
    "length": ("content-length: 20", WHOLE),
    "length-nothing": ("content-length: 20", b""),
    "chunked-inside-a-chunk": (CHUNKED, b"14\r\n" + WHOLE),
    "chunked-between-chunks": (CHUNKED, b"e\r\n" + WHOLE + b"\r\n"),
    "chunked-nothing": (CHUNKED, b""),
    "chunked-without-the-last-line": (CHUNKED, b"e\r\n" + WHOLE + b"\r\n0\r\n"),
    "chunked-bad-size": (CHUNKED, b"e\r\n" + WHOLE + b"\r\nzz\r\n"),
}


def seen_by(wire: Any) -> bytes:
    body: bytes = wire.ask("GET", "/seen").body
    return body


@pytest.mark.parametrize("how", ["close", "reset", "half"])
@pytest.mark.parametrize("broken", BROKEN)
def test_a_body_that_breaks_off_is_never_handled(wire: Any, broken: str, how: str) -> None:
    field, sent = BROKEN[broken]
    for path, kind in (("/body", JSON), ("/json", JSON), ("/model", JSON)):
        wire.abandon(how, f"POST {path} HTTP/1.1\r\nhost: x\r\n{kind}\r\n{field}\r\n\r\n".encode() + sent)
    assert seen_by(wire).endswith(b"[]")


@pytest.mark.parametrize("how", ["close", "half"])
def test_a_form_that_breaks_off_is_never_handled(wire: Any, how: str) -> None:
    head = f"POST /form HTTP/1.1\r\nhost: x\r\n{FORM}\r\n"
    wire.abandon(how, f"{head}content-length: 20\r\n\r\nvalue=10".encode())
    wire.abandon(how, f"{head}{CHUNKED}\r\n\r\n8\r\nvalue=10\r\n".encode())
    assert seen_by(wire).endswith(b"[]")


@pytest.mark.parametrize("broken", [name for name in BROKEN if name != "chunked-bad-size"])
def test_a_stream_that_breaks_off_raises(wire: Any, eventually: Any, broken: str) -> None:
    field, sent = BROKEN[broken]
    seen_by(wire)
    wire.abandon("close", f"POST /stream HTTP/1.1\r\nhost: x\r\n{field}\r\n\r\n".encode() + sent)
    told = b""

    def ask() -> bool:
        nonlocal told
        told += seen_by(wire)
        return b"disconnect" in told

    assert eventually(ask, True)
    assert b"stream" not in told


def test_the_same_bodies_are_handled_when_they_are_whole(wire: Any) -> None:
    assert wire.ask("POST", "/model", JSON, "content-length: 14", body=WHOLE).status == 204
    assert wire.ask("POST", "/body", CHUNKED, body=b"e\r\n" + WHOLE + b"\r\n0\r\n\r\n").status == 204
    told = seen_by(wire)
    assert b"model {'value': 100}" in told
    assert b"body 14" in told


def test_a_client_that_leaves_is_no_error_of_the_application(wire: Any) -> None:
    start = wire.server.log.size
    for field in ("content-length: 20", CHUNKED):
        for path in ("/body", "/stream", "/model"):
            wire.abandon("close", f"POST {path} HTTP/1.1\r\nhost: x\r\n{JSON}\r\n{field}\r\n\r\n".encode())
    seen_by(wire)
    written = wire.server.log.text(start)
    assert "Traceback" not in written
    assert "unhandled error" not in written


def test_who_closes_only_his_own_half_is_told(wire: Any) -> None:
    """The client still reads: 400, or a closed connection where the server sees no difference; never a 2xx or 5xx."""
    with wire.open() as connection:
        connection.sendall(b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\nhalf")
        connection.shutdown(1)
        assert wire.read(connection).status in (0, 400)
