"""Uploads over HTTP/2 that are cancelled or wrongly ended: the handler is told, and nothing goes on for ever."""

from typing import Any

import pytest

from velocipy import ClientDisconnect, Request, VelociPy

h2_connection = pytest.importorskip("h2.connection")
h2_config = pytest.importorskip("h2.config")
h2_events = pytest.importorskip("h2.events")

CANCEL, INTERNAL_ERROR = 8, 2

app = VelociPy()
seen: list[str] = []
running = 0


@app.post("/{how}")
async def upload(request: Request, how: str) -> str:
    global running
    running += 1
    try:
        body = await request.body() if how == "body" else b"".join([chunk async for chunk in request.stream()])
    except ClientDisconnect:
        seen.append("disconnect")
        raise
    finally:
        running -= 1
    seen.append(f"whole {len(body)}")
    return str(len(body))


@app.get("/seen")
async def tell() -> dict[str, Any]:
    return {"seen": seen, "running": running}


class Upload:
    """One POST over HTTP/2 with prior knowledge, sent frame by frame."""

    def __init__(self, wire: Any, path: str, *fields: tuple[str, str]) -> None:
        self.socket = wire.open()
        self.h2: Any = h2_connection.H2Connection(h2_config.H2Configuration(client_side=True))
        self.h2.initiate_connection()
        head = [(":method", "POST"), (":path", path), (":authority", "x"), (":scheme", "http"), *fields]
        self.h2.send_headers(1, head)
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def send(self, data: bytes, *, end: bool = False) -> None:
        self.h2.send_data(1, data, end_stream=end)
        self.flush()

    def reset(self, code: int) -> None:
        self.h2.reset_stream(1, code)
        self.flush()

    def answer(self, stream: int = 1) -> bytes:
        body = b""
        while True:
            data = self.socket.recv(65536)
            assert data, "the server closed the connection"
            for event in self.h2.receive_data(data):
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, h2_events.DataReceived):
                    body += event.data
                if isinstance(event, h2_events.StreamEnded | h2_events.StreamReset):
                    return body
            self.flush()


@pytest.fixture(autouse=True)
def _speaks_http2(velocipy_target: Any) -> None:
    if velocipy_target.name not in ("granian-rsgi", "granian-asgi", "hypercorn", "hypercorn-h2"):
        pytest.skip("this server speaks HTTP/1 only")


@pytest.fixture(params=["body", "stream"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told(wire: Any) -> bytes:
    body: bytes = wire.ask("GET", "/seen").body
    return body


@pytest.mark.parametrize("fields", [(), (("content-length", "9"),)], ids=["unknown-length", "declared-length"])
@pytest.mark.parametrize("code", [CANCEL, INTERNAL_ERROR])
def test_a_cancelled_upload_is_never_handled(
    wire: Any, eventually: Any, how: str, code: int, fields: tuple[tuple[str, str], ...]
) -> None:
    upload = Upload(wire, f"/{how}", *fields)
    upload.send(b"abc")
    upload.reset(code)
    assert eventually(lambda: b'"running":0' in told(wire), True)
    assert b"whole" not in told(wire)
    upload.socket.close()


def test_an_upload_whose_connection_breaks_is_never_handled(wire: Any, eventually: Any, how: str) -> None:
    upload = Upload(wire, f"/{how}")
    upload.send(b"abc")
    upload.socket.close()
    assert eventually(lambda: b'"running":0' in told(wire), True)
    assert b"whole" not in told(wire)


def test_an_upload_shorter_than_its_length_is_never_handled(wire: Any, eventually: Any, how: str) -> None:
    upload = Upload(wire, f"/{how}", ("content-length", "9"))
    upload.send(b"abc", end=True)
    assert eventually(lambda: b'"running":0' in told(wire), True)
    assert b"whole" not in told(wire)
    upload.socket.close()


@pytest.mark.parametrize("frames", [[b"abc"], [b"abc", b""], [b"abc", b"", b"", b"de", b""], [b""]])
def test_frames_that_are_empty_are_no_end(wire: Any, how: str, frames: list[bytes]) -> None:
    upload = Upload(wire, f"/{how}")
    for frame in frames[:-1]:
        upload.send(frame)
    upload.send(frames[-1], end=True)
    assert upload.answer() == str(len(b"".join(frames))).encode()
    upload.socket.close()


@pytest.mark.parametrize("length", ["5", "99999", "100000000"])
def test_an_answer_that_needs_no_body_does_not_wait_for_it(wire: Any, length: str) -> None:
    upload = Upload(wire, "/no/such/path", ("content-length", length))
    assert b"Not Found" in upload.answer()
    upload.socket.close()


def test_a_body_that_comes_after_its_answer_breaks_no_other_request(wire: Any) -> None:
    upload = Upload(wire, "/no/such/path", ("content-length", "6"))
    upload.send(b"abc")
    upload.send(b"def", end=True)
    assert b"Not Found" in upload.answer()
    head = [(":method", "GET"), (":path", "/seen"), (":authority", "x"), (":scheme", "http")]
    upload.h2.send_headers(3, head, end_stream=True)
    upload.flush()
    assert b"running" in upload.answer(3)
    upload.socket.close()
