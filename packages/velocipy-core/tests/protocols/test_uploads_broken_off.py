"""Clients that leave in the middle of an upload, and heads that are refused: no file stays, and no byte is read."""

import gc
import io
from typing import Annotated, Any

import pytest

from velocipy import Depends, Form, HTTPException, Query, Request, UploadFile, UploadStream, VelociPy

pytest.importorskip("python_multipart")

LIMIT = 10_000_000

app = VelociPy(max_content_length=LIMIT, multipart_max_memory_size=10_000)
handled: list[str] = []
in_memory: list[io.BytesIO] = []


@app.post("/file")
async def read_file(file: UploadFile) -> None:
    handled.append(file.filename)


@app.post("/form")
async def read_form(request: Request) -> None:
    handled.append(str((await request.form()).multi_items()))


@app.post("/fails")
async def fails(file: UploadFile) -> None:
    raise RuntimeError("on purpose")


@app.post("/stream")
async def stream(first: UploadFile, file: UploadStream) -> None:
    async for _ in file:
        pass
    handled.append(file.filename)


async def guard(request: Request) -> None:
    if request.header("authorization") is None:
        raise HTTPException(401, headers={"www-authenticate": "Bearer"})


@app.post("/guarded")
async def guarded(
    file: UploadFile,
    title: Annotated[str, Form()],
    number: Annotated[int, Query()],
    user: Annotated[None, Depends(guard)],
) -> None:
    handled.append(file.filename)


@app.get("/handled")
async def tell_handled() -> list[str]:
    return handled


@app.get("/open")
async def tell_open() -> int:
    """How many files on disk are open: each upload has one, without a name."""
    gc.collect()
    return sum(isinstance(item, io.BufferedRandom) and not item.closed for item in gc.get_objects())


TYPE = "content-type: multipart/form-data; boundary=b"


def file(name: str, content: bytes) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'.encode() + content + b"\r\n"


BEGUN = file("first", b"x" * 300_000) + file("file", b"x" * 300_000)
FRAMINGS = {
    "declared": (f"content-length: {len(BEGUN) + 100}", BEGUN),
    "chunked": ("transfer-encoding: chunked", b"%x\r\n%s\r\n" % (len(BEGUN), BEGUN)),
}


def number_of(body: bytes) -> str:
    return body.decode().strip().splitlines()[-1]


@pytest.mark.parametrize("how", ["close", "reset", "half"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_client_that_leaves_leaves_no_file_behind(wire: Any, eventually: Any, framing: str, how: str) -> None:
    """CVE-2026-54280."""
    field, sent = FRAMINGS[framing]
    for path in ("/file", "/form", "/stream"):
        for _ in range(3):
            wire.abandon(how, f"POST {path} HTTP/1.1\r\nhost: x\r\n{TYPE}\r\n{field}\r\n\r\n".encode(), sent)
    assert eventually(lambda: wire.ask("GET", "/open").body.strip().endswith(b"0"), True)
    assert wire.ask("GET", "/handled").body.endswith(b"[]")


def test_a_request_that_fails_leaves_no_file_behind(client: Any, eventually: Any) -> None:
    large = b"x" * 300_000
    boundary = {"content-type": "multipart/form-data; boundary=b"}
    for _ in range(3):
        assert client.post("/fails", files={"file": large}).status_code == 500
        assert client.post("/file", files={"other": large}).status_code == 422
        assert client.post("/file", files={"other": large}, data={"a": "x" * 20_000}).status_code == 413
        assert client.post("/file", content=file("file", large), headers=boundary).status_code == 400
        too_large = iter([file("file", b"x" * LIMIT)])
        assert client.post("/file", content=too_large, headers=boundary).status_code == 413
        assert client.post("/stream", files={"first": large}).status_code == 422
        assert client.post("/file", files={"file": large}).status_code == 204
    assert eventually(lambda: client.get("/open").json(), 0) == 0


def answer_to_a_head(wire: Any, method: str, path: str, *fields: str) -> int:
    """The status that is answered to a head alone, of which the body never comes."""
    with wire.open() as connection:
        connection.sendall(wire.head(method, path, TYPE, *fields))
        return int(connection.recv(65536).split(b" ")[1])


@pytest.mark.parametrize(
    ("method", "path", "fields", "status"),
    [
        ("POST", "/guarded?number=1", (), 401),
        ("POST", "/guarded?number=none", (), 401),
        ("POST", "/no/such/path", (), 404),
        ("PUT", "/guarded", (), 405),
    ],
)
@pytest.mark.parametrize("framing", ["content-length: 5000", "transfer-encoding: chunked"])
def test_a_head_that_is_refused_reads_no_byte(
    wire: Any, method: str, path: str, fields: tuple[str, ...], status: int, framing: str
) -> None:
    assert answer_to_a_head(wire, method, path, framing, *fields) == status


@pytest.mark.parametrize("path", ["/guarded?number=1", "/guarded?number=none", "/guarded", "/file"])
def test_a_form_that_is_too_large_is_413_before_it_is_422(wire: Any, path: str) -> None:
    head = ("POST", path, f"content-length: {LIMIT + 1}")
    assert answer_to_a_head(wire, *head, "authorization: Bearer x") == 413
    if path != "/file":
        assert answer_to_a_head(wire, *head) == 401


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_another_type_is_415_before_a_byte_is_read(wire: Any, content_type: str) -> None:
    with wire.open() as connection:
        connection.sendall(wire.head("POST", "/file", f"content-type: {content_type}", "content-length: 5000"))
        assert connection.recv(65536).split(b" ")[1] == b"415"


def test_faults_of_head_and_form_are_told_together(client: Any) -> None:
    response = client.post("/guarded?number=none", headers={"authorization": "x"}, files={"other": b"x"})
    found = [(*fault["loc"], fault["type"]) for fault in response.json()["detail"]]
    assert found == [("query", "number", "int_parsing"), ("body", "file", "missing"), ("form", "title", "missing")]
    assert response.status_code == 422
