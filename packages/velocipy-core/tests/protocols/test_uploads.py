"""Uploads: what a handler gets of a file, in every spelling of the parameter, and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, File, Form, HTTPException, Request, UploadFile, VelociPy

pytest.importorskip("python_multipart")

app = VelociPy(multipart_max_memory_size=1000)  # so that larger files are on disk
kept: list[UploadFile] = []


async def told(file: UploadFile) -> dict[str, Any]:
    content = await file.read()
    return {"name": file.filename, "type": file.content_type, "size": file.size, "content": content.decode("latin-1")}


@app.post("/file")
async def one(file: UploadFile) -> Any:
    return await told(file)


@app.post("/marked")
async def marked(file: Annotated[UploadFile, File(description="any")]) -> Any:
    return await told(file)


@app.post("/as-default")
async def as_default(file: UploadFile = File()) -> Any:  # noqa: B008
    return await told(file)


@app.post("/optional")
async def optional(file: UploadFile | None = None) -> Any:
    return "nothing" if file is None else await told(file)


@app.post("/alias")
async def alias(file: Annotated[UploadFile, File(alias="the-file")]) -> Any:
    return await told(file)


@app.post("/bytes")
async def as_bytes(file: Annotated[bytes, File(max_length=2000)]) -> int:
    return len(file)


@app.post("/bytes-optional")
async def bytes_optional(file: Annotated[bytes | None, File()] = None) -> int:
    return -1 if file is None else len(file)


@app.post("/list")
async def several(files: list[UploadFile]) -> Any:
    return [await told(file) for file in files]


@app.post("/list-default")
async def several_or_none(files: Annotated[list[UploadFile], File(max_length=2)] = []) -> int:  # noqa: B006
    return len(files)


@app.post("/tuple")
async def as_tuple(files: tuple[UploadFile, ...]) -> str:
    return type(files).__name__


@app.post("/sequence")
async def as_sequence(files: Sequence[UploadFile] | None = None) -> str:
    return type(files).__name__


@app.post("/list-of-bytes")
async def list_of_bytes(files: Annotated[list[bytes], File()]) -> list[int]:
    return [len(file) for file in files]


@app.post("/with-fields/{number}")
async def with_fields(
    number: int, file: UploadFile, title: Annotated[str, Form(min_length=2)], tags: Annotated[list[int], Form()]
) -> Any:
    return [number, file.size, title, tags]


@app.post("/sync")
def sync(file: UploadFile) -> Any:
    return [file.filename, len(file.file.read())]


@app.post("/pieces")
async def pieces(file: UploadFile) -> Any:
    first, second = await file.read(3), await file.read(3)
    await file.seek(1)
    rest = await file.read()
    return [first.decode(), second.decode(), len(rest), (await file.read()).decode()]


@app.post("/keep")
async def keep(file: UploadFile, request: Request) -> None:
    kept[:] = [file]


@app.post("/keep-and-fail")
async def keep_and_fail(file: UploadFile) -> None:
    kept[:] = [file]
    raise HTTPException(409)


@app.get("/kept")
async def read_kept() -> list[str]:
    found = []
    for use in (kept[0].read, lambda: kept[0].seek(0)):
        try:
            await use()
        except ValueError as error:
            found.append(type(error).__name__)
    await kept[0].close()
    return found


@app.post("/closed")
async def closed(file: UploadFile) -> str:
    await file.close()
    await file.close()
    try:
        await file.read()
    except ValueError:
        return "closed"
    return "open"


async def stored(file: UploadFile, folder: Annotated[str, Form()]) -> AsyncIterator[str]:
    yield f"{folder}/{file.size}"
    await file.seek(0)  # it is still open


def first_letter(file: UploadFile) -> str:
    return file.file.read(1).decode()


@app.post("/dependency")
async def by_dependency(
    name: Annotated[str, Depends(stored)],
    letter: Annotated[str, Depends(first_letter)],
    whole: Annotated[bytes, File()],
) -> Any:
    return [name, letter, len(whole)]


@app.post("/dependency-of-the-same")
async def same(
    file: UploadFile, letter: Annotated[str, Depends(first_letter)], again: Annotated[UploadFile, File(alias="file")]
) -> Any:
    return [letter, len(await file.read()), file is again]


app_dependency = VelociPy(dependencies=[Depends(stored)])


@app_dependency.post("/")
async def nothing_more() -> str:
    return "there"


with_middleware = VelociPy(multipart_max_memory_size=1000)


@with_middleware.middleware("http")
async def looks_at_the_form(request: Request, call_next: Any) -> Any:
    file = (await request.form())["file"]
    assert isinstance(file, UploadFile)
    response = await call_next(request)
    response.headers["x-rest"] = str(len(await file.read()))
    return response


@with_middleware.post("/")
async def reads_a_little(file: UploadFile) -> str:
    return (await file.read(1)).decode()


@app.post("/form")
async def by_form(request: Request) -> Any:
    form = await request.form()
    again = await request.form()
    assert [*form] == [*again]
    return {
        name: [await told(value) if isinstance(value, UploadFile) else value for value in form.getlist(name)]
        for name in form
    }


@app.post("/form-and-file")
async def form_and_file(request: Request, file: UploadFile) -> bool:
    return (await request.form())["file"] is file


@app.post("/form-then-body")
async def form_then_body(request: Request) -> str:
    await request.form()
    try:
        await request.body()
    except RuntimeError as error:
        return str(error)
    return ""


@app.post("/body-then-form")
async def body_then_form(request: Request) -> Any:
    body = await request.body()
    form = await request.form()
    file = form["file"]
    assert isinstance(file, UploadFile)
    return [len(body) > file.size, (await file.read()).decode()]


@app.post("/headers")
async def headers(file: UploadFile) -> Any:
    return file.headers.items()


@app.post("/at-once")
async def at_once(files: list[UploadFile]) -> list[int]:
    return [len(content) for content in await asyncio.gather(*(file.read() for file in files))]


SMALL = b"small \x00\xff\r\n--"
LARGE = bytes(range(256)) * 2000
in_memory_or_on_disk = pytest.mark.parametrize("content", [b"", SMALL, LARGE], ids=["empty", "memory", "disk"])


def faults_of(response: Any) -> list[tuple[Any, ...]]:
    assert response.status_code == 422, response.text
    return [(*fault["loc"], fault["type"]) for fault in response.json()["detail"]]


@in_memory_or_on_disk
@pytest.mark.parametrize("path", ["/file", "/marked", "/as-default", "/optional"])
def test_a_file_has_its_content_name_type_and_size(client: Client, path: str, content: bytes) -> None:
    response = client.post(path, files={"file": ("a.bin", content, "image/x-test")})
    expected = {"name": "a.bin", "type": "image/x-test", "size": len(content), "content": content.decode("latin-1")}
    assert (response.status_code, response.json()) == (200, expected)


@in_memory_or_on_disk
def test_a_file_can_be_bytes(client: Client, content: bytes) -> None:
    expected = len(content) if len(content) <= 2000 else faults_of
    response = client.post("/bytes", files={"file": content})
    if expected is faults_of:
        assert faults_of(response) == [("body", "file", "bytes_too_long")]
    else:
        assert response.json() == expected
    assert client.post("/bytes-optional", files={"file": content}).json() == len(content)
    assert client.post("/list-of-bytes", files=[("files", content), ("files", b"x")]).json() == [len(content), 1]


@pytest.mark.parametrize("path", ["/file", "/marked", "/as-default", "/bytes"])
def test_a_file_that_is_missing_is_a_fault(client: Client, path: str) -> None:
    sent: dict[str, Any]
    for sent in ({"files": {"other": b"x"}}, {"data": {"a": "1"}}, {}):
        response = client.post(path, **sent)
        assert response.status_code == 422
        fault = {"loc": ["body", "file"], "msg": "Field required", "type": "missing"}
        assert response.json() == {"detail": [fault]}


def test_an_optional_file_may_be_missing(client: Client) -> None:
    sent: dict[str, Any]
    for sent in ({"files": {"other": b"x"}}, {"data": {"a": "1"}}, {}):
        assert client.post("/optional", **sent).text == "nothing"
        assert client.post("/bytes-optional", **sent).json() == -1
        assert client.post("/list-default", **sent).json() == 0
        assert client.post("/sequence", **sent).text == "NoneType"


def test_where_a_browser_user_chose_no_file_there_is_none(client: Client) -> None:
    """It sends a part without a name and without content."""
    body = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"; filename=""\r\nContent-Type: application/octet-stream'
        b"\r\n\r\n\r\n" % name
        for name in (b"file", b"files")
    )
    sent: dict[str, Any] = {
        "content": body + b"--b--\r\n",
        "headers": {"content-type": "multipart/form-data; boundary=b"},
    }
    assert client.post("/optional", **sent).text == "nothing"
    assert client.post("/list-default", **sent).json() == 0
    assert faults_of(client.post("/file", **sent)) == [("body", "file", "missing")]
    assert faults_of(client.post("/list", **sent)) == [("body", "files", "missing")]


def test_text_is_no_file(client: Client) -> None:
    for path in ("/file", "/optional", "/bytes", "/bytes-optional"):
        multipart = client.post(path, data={"file": "text"}, files={"other": b"x"})
        assert faults_of(multipart) == [("body", "file", "file_type")]
        assert faults_of(client.post(path, data={"file": "text"})) == [("body", "file", "file_type")]
    mixed = client.post("/list", data={"files": "text"}, files={"files": b"x"})
    assert faults_of(mixed) == [("body", "files", "file_type")]


def test_a_file_is_no_text(client: Client) -> None:
    files = [("title", b"long"), ("tags", b"5"), ("file", b"x")]
    expected = [("form", "title", "string_type"), ("form", "tags", "string_type")]
    assert faults_of(client.post("/with-fields/1", files=files)) == expected
    twice = client.post("/with-fields/1", data={"title": "long", "tags": "5"}, files=files)
    assert faults_of(twice) == expected


def test_all_faults_are_told_at_once(client: Client) -> None:
    response = client.post("/with-fields/one", data={"title": "a", "tags": ["1", "b"]}, files={"other": b"x"})
    assert faults_of(response) == [
        ("path", "number", "int_parsing"),
        ("body", "file", "missing"),
        ("form", "title", "string_too_short"),
        ("form", "tags", 1, "int_parsing"),
    ]


def test_fields_stand_beside_files(client: Client) -> None:
    response = client.post("/with-fields/1", data={"title": "abc", "tags": ["1", "2"]}, files={"file": LARGE})
    assert response.json() == [1, len(LARGE), "abc", [1, 2]]


def test_two_files_where_one_is_wanted_are_a_fault(client: Client) -> None:
    files = [("file", b"a"), ("file", b"b")]
    assert faults_of(client.post("/file", files=files)) == [("body", "file", "multiple_values")]
    assert faults_of(client.post("/bytes", files=files)) == [("body", "file", "multiple_values")]


def test_a_list_has_all_files_in_order(client: Client) -> None:
    contents = [b"a", LARGE, b"", SMALL, LARGE]
    found = client.post("/list", files=[("files", (f"{n}", content)) for n, content in enumerate(contents)]).json()
    assert [(file["name"], file["content"].encode("latin-1")) for file in found] == [
        (f"{n}", content) for n, content in enumerate(contents)
    ]
    assert client.post("/at-once", files=[("files", content) for content in contents]).json() == [*map(len, contents)]
    assert client.post("/tuple", files=[("files", b"a")]).text == "tuple"
    assert client.post("/sequence", files=[("files", b"a")]).text == "list"


def test_the_length_of_a_list_is_the_number_of_its_files(client: Client) -> None:
    assert client.post("/list-default", files=[("files", LARGE)] * 2).json() == 2
    assert faults_of(client.post("/list-default", files=[("files", LARGE)] * 3)) == [("body", "files", "too_long")]


def test_an_alias_is_the_name_in_the_form(client: Client) -> None:
    assert client.post("/alias", files={"the-file": b"x"}).json()["size"] == 1
    assert faults_of(client.post("/alias", files={"file": b"x"})) == [("body", "the-file", "missing")]


@in_memory_or_on_disk
def test_a_plain_function_reads_the_file_itself(client: Client, content: bytes) -> None:
    assert client.post("/sync", files={"file": ("a", content)}).json() == ["a", len(content)]


@pytest.mark.parametrize("content", [b"abcdefgh", b"abcdefgh" * 1000], ids=["memory", "disk"])
def test_a_file_is_read_in_pieces_and_again(client: Client, content: bytes) -> None:
    assert client.post("/pieces", files={"file": content}).json() == ["abc", "def", len(content) - 1, ""]


@in_memory_or_on_disk
@pytest.mark.parametrize("path", ["/keep", "/keep-and-fail"])
def test_a_file_is_closed_when_the_request_has_ended(
    client: Client, eventually: Any, path: str, content: bytes
) -> None:
    client.post(path, files={"file": content})
    assert eventually(lambda: client.get("/kept").json(), ["ValueError", "ValueError"]) == ["ValueError"] * 2


@in_memory_or_on_disk
def test_a_closed_file_raises_and_may_be_closed_again(client: Client, content: bytes) -> None:
    assert client.post("/closed", files={"file": content}).text == "closed"


@in_memory_or_on_disk
def test_dependencies_take_files_and_fields(client: Client, content: bytes) -> None:
    files = {"file": b"x" + content, "whole": content}
    response = client.post("/dependency", data={"folder": "f"}, files=files)
    assert response.json() == [f"f/{len(content) + 1}", "x", len(content)]
    assert faults_of(client.post("/dependency", data={"folder": "f"})) == [
        ("body", "file", "missing"),
        ("body", "whole", "missing"),
    ]


def test_a_dependency_gets_the_same_file(client: Client) -> None:
    assert client.post("/dependency-of-the-same", files={"file": b"abc"}).json() == ["a", 2, True]


def test_a_dependency_of_the_application_takes_files(client_factory: Any) -> None:
    client = client_factory("app_dependency")
    assert client.post("/", data={"folder": "f"}, files={"file": b"x"}).text == "there"
    assert faults_of(client.post("/", data={"folder": "f"})) == [("body", "file", "missing")]


@pytest.mark.parametrize("content", [b"abc", b"a" * 500_000], ids=["memory", "disk"])
def test_middleware_and_handler_have_the_same_file(client_factory: Any, content: bytes) -> None:
    response = client_factory("with_middleware").post("/", files={"file": content})
    assert (response.text, response.headers["x-rest"]) == ("a", str(len(content) - 1))


@in_memory_or_on_disk
def test_the_form_of_a_request_has_text_and_files(client: Client, content: bytes) -> None:
    response = client.post(
        "/form", data={"a": ["1", ""], "b": "\xe9"}, files=[("f", ("n.txt", content, "text/plain")), ("a", ("", b"y"))]
    )
    file = {"name": "n.txt", "type": "text/plain", "size": len(content), "content": content.decode("latin-1")}
    found = response.json()
    assert (found["b"], found["f"]) == (["\xe9"], [file])
    assert found["a"][:2] == ["1", ""]


def test_a_form_is_read_once_for_all(client: Client) -> None:
    assert client.post("/form-and-file", files={"file": b"x"}).json() is True
    assert "form" in client.post("/form-then-body", files={"file": b"x"}).text
    assert client.post("/body-then-form", files={"file": b"abc"}).json() == [True, "abc"]


def test_headers_of_a_part_are_there(client: Client) -> None:
    response = client.post("/headers", files={"file": ("a", b"x", "text/plain", {"X-Note": "yes"})})
    assert dict(response.json())["x-note"] == "yes"
    assert dict(response.json())["content-type"] == "text/plain"


def test_a_json_body_is_no_form(client: Client) -> None:
    assert client.post("/file", json={"file": "x"}).status_code == 415
    assert client.post("/optional", json={}).status_code == 415


def test_files_of_many_requests_do_not_mix(client: Client) -> None:
    for number in range(20):
        content = bytes([number]) * (number * 300)
        found = client.post("/file", files={"file": (str(number), content)}).json()
        assert (found["name"], found["content"].encode("latin-1")) == (str(number), content)
