"""A file that is handed on while it comes: the last part of its form, stored nowhere."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    ClientDisconnect,
    Depends,
    Form,
    FormLimits,
    HTTPException,
    Request,
    UploadFile,
    UploadStream,
    VelociPy,
)

pytest.importorskip("python_multipart")

app = VelociPy(
    max_content_length=3_000_000, multipart_max_memory_size=1000, form_limits=FormLimits(max_file_size=2_000_000)
)
small = VelociPy(max_content_length=50_000)
seen: list[str] = []


@app.post("/stream")
async def stream(title: Annotated[str, Form()], file: UploadStream) -> Any:
    chunks = [chunk async for chunk in file]
    assert all(chunks)
    return [title, file.filename, file.content_type, sum(map(len, chunks)), sum(map(sum, chunks))]


@app.post("/optional")
async def optional(file: UploadStream | None = None) -> int:
    return -1 if file is None else sum([len(chunk) async for chunk in file])


@app.post("/beside")
@small.post("/beside")
async def beside(first: UploadFile, file: UploadStream) -> Any:
    return [first.size, sum([len(chunk) async for chunk in file]), len(await first.read())]


async def measured(file: UploadStream) -> int:
    return sum([len(chunk) async for chunk in file])


@app.post("/dependency/{number}")
async def by_dependency(number: int, size: Annotated[int, Depends(measured)]) -> int:
    return size + number


@app.post("/unread")
async def unread(file: UploadStream) -> str:
    return file.filename


@app.post("/stopped")
async def stopped(file: UploadStream) -> int:
    async for chunk in file:
        return len(chunk) > 0
    return -1


@app.post("/refused")
async def refused(file: UploadStream) -> None:
    async for _ in file:
        raise HTTPException(409, "enough")


@app.post("/also-form")
async def also_form(request: Request, file: UploadStream) -> str:
    try:
        await request.form()
    except RuntimeError as error:
        return str(error)
    return ""


@app.post("/told")
async def told(file: UploadStream) -> None:
    seen.append("begun")
    try:
        async for _ in file:
            pass
    except (ClientDisconnect, HTTPException) as error:
        seen.append(type(error).__name__)
        raise
    seen.append("whole")


@app.get("/seen")
async def tell() -> list[str]:
    return seen


LARGE = bytes(range(256)) * 4000
BOUNDARY = {"content-type": "multipart/form-data; boundary=b"}


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    more = "" if filename is None else f'; filename="{filename}"'
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"


def faults_of(response: Any) -> list[tuple[Any, ...]]:
    assert response.status_code == 422, response.text
    return [(*fault["loc"], fault["type"]) for fault in response.json()["detail"]]


@pytest.mark.parametrize("content", [b"", b"abc", LARGE], ids=["empty", "small", "large"])
def test_a_file_is_handed_on(client: Client, content: bytes) -> None:
    response = client.post("/stream", data={"title": "t"}, files={"file": ("a.bin", content, "image/x-test")})
    assert response.json() == ["t", "a.bin", "image/x-test", len(content), sum(content)]


@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
def test_other_files_come_before_it(client: Client, content: bytes) -> None:
    response = client.post("/beside", files=[("first", LARGE), ("file", content)])
    assert response.json() == [len(LARGE), len(content), len(LARGE)]


@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
def test_what_comes_after_it_is_refused(client: Client, content: bytes) -> None:
    after = part("file", content, "a") + part("title", b"t") + b"--b--\r\n"
    response = client.post("/optional", content=after, headers=BOUNDARY)
    assert faults_of(response) == [("form", "title", "after_last_part")]
    twice = part("file", content, "a") + part("file", content, "b") + b"--b--\r\n"
    assert faults_of(client.post("/optional", content=twice, headers=BOUNDARY)) == [("body", "file", "after_last_part")]


def test_a_field_that_comes_after_a_large_one_is_missing(client: Client) -> None:
    after = part("file", LARGE, "a") + part("title", b"t") + b"--b--\r\n"
    assert faults_of(client.post("/stream", content=after, headers=BOUNDARY)) == [("form", "title", "missing")]


def test_it_may_be_missing(client: Client) -> None:
    empty = part("file", b"", "") + b"--b--\r\n"
    sent: dict[str, Any]
    for sent in ({"data": {"a": "1"}}, {"files": {"other": b"x"}}, {}, {"content": empty, "headers": BOUNDARY}):
        assert client.post("/optional", **sent).json() == -1
        assert faults_of(client.post("/told", **sent)) == [("body", "file", "missing")]
    assert faults_of(client.post("/optional", data={"file": "text"})) == [("body", "file", "file_type")]
    assert faults_of(client.post("/optional", data={"file": "text"}, files={"other": b"x"})) == [
        ("body", "file", "file_type")
    ]


def test_a_dependency_takes_it(client: Client) -> None:
    assert client.post("/dependency/1", files={"file": LARGE}).json() == len(LARGE) + 1
    assert faults_of(client.post("/dependency/x", data={"a": "1"})) == [
        ("path", "number", "int_parsing"),
        ("body", "file", "missing"),
    ]


@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
def test_it_need_not_be_read(client: Client, content: bytes) -> None:
    assert client.post("/unread", files={"file": ("a", content)}).text == "a"
    assert client.post("/stopped", files={"file": content}).json() is True
    response = client.post("/refused", files={"file": content})
    assert (response.status_code, response.json()) == (409, {"detail": "enough"})
    assert client.post("/optional", files={"file": content}).json() == len(content)


def test_it_is_read_by_one(client: Client) -> None:
    assert "stream" in client.post("/also-form", files={"file": LARGE}).text


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_its_size_is_limited(client: Client, chunked: bool) -> None:
    for size, path, status in ((2_000_000, "/optional", 200), (2_000_001, "/optional", 413), (2_900_000, "/told", 413)):
        body = part("file", b"x" * size, "a") + b"--b--\r\n"
        response = client.post(path, content=iter([body]) if chunked else body, headers=BOUNDARY)
        assert response.status_code == status


def test_a_form_over_the_limit_is_refused(client_factory: Any) -> None:
    client = client_factory("small")
    for size, status in ((20_000, 200), (25_000, 413)):
        files = part("first", b"x" * size, "a") + part("file", b"x" * size, "a") + b"--b--\r\n"
        assert client.post("/beside", content=files, headers=BOUNDARY).status_code == status
        assert client.post("/beside", content=iter([files]), headers=BOUNDARY).status_code == status


def test_a_form_without_its_end_is_400_and_the_handler_is_told(client: Client) -> None:
    body = part("file", LARGE, "a")[:-2]
    response = client.post("/told", content=body, headers=BOUNDARY)
    assert response.status_code == 400
    assert client.get("/seen").json()[-2:] == ["begun", "HTTPException"]


def test_a_client_that_leaves_midway_is_told_to_the_handler(wire: Any, eventually: Any) -> None:
    head = f"POST /told HTTP/1.1\r\nhost: x\r\ncontent-type: {BOUNDARY['content-type']}\r\n"
    wire.abandon("close", f"{head}content-length: 5000\r\n\r\n".encode() + part("file", b"abc", "a"))
    assert eventually(lambda: b"ClientDisconnect" in wire.ask("GET", "/seen").body, True)
