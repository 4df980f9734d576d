"""`FileResponse`: what is sent of a file, and when."""

import os
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any

import pytest

from velocipy import Depends, FileResponse, HTTPConnection, HTTPException, Request, Response, VelociPy

FOLDER = Path(os.environ["VELOCIPY_TEST_FOLDER"], "files")
MODIFIED = 1_700_000_000
SMALL = bytes(range(256)) * 4
LARGE = b"".join(number.to_bytes(4, "big") for number in range(300_000))  # more than is ever read at once

CONTENTS = {
    "empty.txt": b"",
    "small.bin": SMALL,
    "large.bin": LARGE,
    "page.html": b"<p>clever girl</p>",
    "style.CSS": b"p {}",
    "script.js": b"1",
    "module.mjs": b"1",
    "font.woff2": b"1",
    "data.json": b"{}",
    "picture.avif": b"1",
    "program.wasm": b"1",
    "archive.tar.gz": b"1",
    "html": b"no ending",
    "unknown.velocipy": b"1",
}
app = VelociPy()
log: list[str] = []
_once = FileResponse(FOLDER / "small.bin", headers={"x-kept": "1"})


class Gone(Exception):
    pass


@app.get("/named/{name*}")
async def named(name: str) -> FileResponse:
    return FileResponse(FOLDER / name)


@app.post("/named/{name*}")
async def posted(name: str) -> FileResponse:
    return FileResponse(str(FOLDER / name))


@app.get("/status/{status}")
async def with_status(status: int) -> FileResponse:
    return FileResponse(FOLDER / "page.html", status)


@app.get("/shared")
async def shared() -> FileResponse:
    return _once


@app.get("/saved")
async def saved(name: str, kind: str = "attachment") -> FileResponse:
    return FileResponse(FOLDER / "small.bin", filename=name, content_disposition_type=kind)


@app.get("/typed")
async def typed() -> FileResponse:
    return FileResponse(FOLDER / "page.html", media_type="text/plain")


@app.get("/described")
async def described() -> FileResponse:
    headers = {"ETag": 'W/"mine"', "Last-Modified": "Fri, 11 Jun 1993 20:30:00 GMT", "Content-Length": "7"}
    return FileResponse(FOLDER / "small.bin", headers=headers)


@app.get("/given")
async def given(response: Response) -> FileResponse:
    response.headers["x-given"] = "1"
    response.set_cookie("given", "1")
    return FileResponse(FOLDER / "small.bin", headers={"x-own": "1"})


async def resource() -> AsyncIterator[str]:
    try:
        yield "open"
    except BaseException as error:
        log.append(type(error).__name__)
        raise
    log.append("closed")


@app.get("/with-resource/{name}")
async def with_resource(name: str, held: Annotated[str, Depends(resource)]) -> FileResponse:
    return FileResponse(FOLDER / name)


@app.get("/log")
async def tell() -> list[str]:
    told = log[:]
    log.clear()
    return told


@app.get("/gone")
async def gone() -> None:
    raise Gone


@app.get("/gone-too")
async def gone_too() -> None:
    raise HTTPException(410)


@app.exception_handler(Gone)
async def answer_gone(request: Request, error: Gone) -> FileResponse:
    return FileResponse(FOLDER / "page.html", 404)


@app.exception_handler(410)
async def answer_gone_too(request: Request, error: HTTPException) -> FileResponse:
    return FileResponse(FOLDER / "nothing.html", 410)


class Cut(FileResponse):
    """A file that becomes shorter when it has been opened and described."""

    async def meet(self, request: HTTPConnection) -> Response:
        response = await super().meet(request)
        os.truncate(self.path, 1000)
        return response


class Grown(FileResponse):
    """A file that becomes longer then."""

    async def meet(self, request: HTTPConnection) -> Response:
        response = await super().meet(request)
        _grow(self.path)
        return response


def _grow(path: str) -> None:
    with Path(path).open("ab") as file:
        file.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" * 10)


@app.get("/cut")
async def cut() -> FileResponse:
    return Cut(FOLDER / "cut.bin")


@app.get("/grown")
async def grown() -> FileResponse:
    return Grown(FOLDER / "grown.bin")


forgiving = VelociPy()


@forgiving.get("/named/{name}")
async def forgiving_named(name: str) -> FileResponse:
    return FileResponse(FOLDER / name)


@forgiving.exception_handler(FileNotFoundError)
async def answer_missing(request: Request, error: FileNotFoundError) -> FileResponse:
    return FileResponse(FOLDER / "page.html", 404)


@pytest.fixture(autouse=True, scope="module")
def _files() -> None:
    (FOLDER / "folder").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (FOLDER / name).write_bytes(content)
        os.utime(FOLDER / name, (MODIFIED, MODIFIED))


@pytest.mark.parametrize("name", ["nothing.txt", "folder", "folder/", "small.bin/nothing", "a\0b", "x" * 300])
def test_a_file_that_is_not_there_is_a_server_error_before_anything_is_sent(client: Any, name: str) -> None:
    response = client.get(f"/named/{name.replace(chr(0), '%00')}")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert "etag" not in response.headers


def test_a_file_that_is_not_there_is_logged(wire: Any, eventually: Any) -> None:
    start = wire.server.log.size
    assert wire.ask("GET", "/named/nothing.txt").status == 500
    assert eventually(lambda: "FileNotFoundError" in wire.server.log.text(start), True)


def test_an_exception_handler_may_answer_for_a_file_that_is_not_there(client_factory: Any) -> None:
    response = client_factory("forgiving").get("/named/nothing.txt")
    assert (response.status_code, response.content) == (404, CONTENTS["page.html"])
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_what_dependencies_hold_sees_that_the_file_is_not_there(client: Any) -> None:
    client.get("/log")
    client.get("/with-resource/nothing.txt")
    assert client.get("/log").json() == ["FileNotFoundError"]


@pytest.mark.parametrize("name", ["small.bin", "large.bin"])
def test_what_dependencies_hold_is_closed_after_the_file(client: Any, name: str) -> None:
    client.get("/log")
    assert client.get(f"/with-resource/{name}").content == CONTENTS[name]
    assert client.get("/log").json() == ["closed"]


def test_a_page_of_an_exception_handler_that_is_not_there_is_a_server_error(client: Any) -> None:
    assert client.get("/gone-too").status_code == 500


def test_a_file_may_be_the_page_of_an_error(client: Any) -> None:
    response = client.get("/gone", headers={"range": "bytes=0-1", "if-none-match": "*"})
    assert (response.status_code, response.content) == (404, CONTENTS["page.html"])
    assert not {"etag", "last-modified", "accept-ranges", "content-range"} & set(response.headers)


@pytest.mark.parametrize("status", [204, 205])
def test_a_status_without_a_body_has_none(client: Any, status: int) -> None:
    response = client.get(f"/status/{status}")
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_a_file_arrives_whole(client: Any, name: str) -> None:
    response = client.get(f"/named/{name}")
    assert (response.status_code, response.content) == (200, CONTENTS[name])
    assert response.headers["content-length"] == str(len(CONTENTS[name]))
    assert response.headers["last-modified"] == formatdate(MODIFIED, usegmt=True)
    assert response.headers["accept-ranges"] == "bytes"
    assert "content-disposition" not in response.headers


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system drops no cache on demand")
@pytest.mark.parametrize("cached", [[], [(0, 300_000)], [(600_000, 300_000)]], ids=["nothing", "begin", "middle"])
def test_a_file_arrives_whole_whatever_of_it_is_in_memory(client: Any, cached: list[tuple[int, int]]) -> None:
    path = FOLDER / "large.bin"
    with path.open("rb") as file:
        os.fsync(file.fileno())  # what is not on disk yet stays in memory
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        for offset, count in cached:
            os.pread(file.fileno(), count, offset)

    assert client.get("/named/large.bin", headers={"range": "bytes=1-"}).content == LARGE[1:]


@pytest.mark.parametrize("name", ["empty.txt", "small.bin", "large.bin"])
def test_head_is_get_without_the_body(client: Any, name: str) -> None:
    get, head = client.get(f"/named/{name}"), client.head(f"/named/{name}", headers={"range": "bytes=0-1"})
    assert (head.status_code, head.content) == (200, b"")
    for field in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
        assert head.headers[field] == get.headers[field]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.html", "text/html; charset=utf-8"),
        ("style.CSS", "text/css; charset=utf-8"),
        ("script.js", "text/javascript; charset=utf-8"),
        ("module.mjs", "text/javascript; charset=utf-8"),
        ("font.woff2", "font/woff2"),
        ("data.json", "application/json"),
        ("picture.avif", "image/avif"),
        ("program.wasm", "application/wasm"),
        ("archive.tar.gz", "application/gzip"),
        ("html", "application/octet-stream"),
        ("unknown.velocipy", "application/octet-stream"),
    ],
)
def test_the_type_is_that_of_the_name(client: Any, name: str, media_type: str) -> None:
    response = client.get(f"/named/{name}")
    assert response.headers["content-type"] == media_type
    assert "content-encoding" not in response.headers


def test_the_type_may_be_given(client: Any) -> None:
    assert client.get("/typed").headers["content-type"] == "text/plain; charset=utf-8"


def test_validators_may_be_given_and_count(client: Any) -> None:
    response = client.get("/described")
    assert (response.content, response.headers["content-length"]) == (SMALL, str(len(SMALL)))
    assert response.headers["etag"] == 'W/"mine"'
    assert client.get("/described", headers={"if-none-match": '"mine"'}).status_code == 304
    assert client.get("/described", headers={"if-match": 'W/"mine"'}).status_code == 412
    modified = {"if-modified-since": "Fri, 11 Jun 1993 20:30:00 GMT"}
    assert client.get("/described", headers=modified).status_code == 304
    assert client.get("/described", headers={"range": "bytes=0-1", "if-range": 'W/"mine"'}).status_code == 200


def test_a_response_that_is_shared_is_new_for_everybody(client: Any) -> None:
    """An answer to one client leaves no trace in that of the next: neither 304 nor the headers of a range."""
    etag = client.get("/shared").headers["etag"]
    assert client.get("/shared", headers={"if-none-match": etag}).status_code == 304
    assert client.get("/shared", headers={"range": "bytes=1-2"}).status_code == 206
    response = client.get("/shared")
    assert (response.status_code, response.content, response.headers["x-kept"]) == (200, SMALL, "1")
    assert "content-range" not in response.headers


def test_a_response_that_is_handed_in_joins_it(client: Any) -> None:
    response = client.get("/given")
    assert (response.content, response.headers["x-given"], response.headers["x-own"]) == (SMALL, "1", "1")
    assert response.headers["set-cookie"].startswith("given=1")


def test_a_304_has_what_caches_need_and_nothing_of_the_body(client: Any) -> None:
    etag = client.get("/given").headers["etag"]
    response = client.get("/given", headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert (response.headers["etag"], response.headers["x-own"]) == (etag, "1")
    assert not {"content-type", "content-range", "accept-ranges"} & set(response.headers)


def test_conditions_do_not_undo_what_another_method_has_done(client: Any) -> None:
    headers = {"if-none-match": "*", "range": "bytes=0-1"}
    response = client.post("/named/small.bin", headers=headers)
    assert (response.status_code, response.content) == (200, SMALL)


def test_a_changed_file_is_another_one_at_once(client: Any) -> None:
    path = FOLDER / "changing.txt"
    path.write_bytes(b"first")
    first = client.get("/named/changing.txt")
    path.write_bytes(b"other")
    os.utime(path, ns=(MODIFIED * 10**9, MODIFIED * 10**9 + 1))
    second = client.get("/named/changing.txt", headers={"if-none-match": first.headers["etag"]})
    assert (second.status_code, second.content) == (200, b"other")
    path.unlink()
    assert client.get("/named/changing.txt").status_code == 500


def test_a_date_in_the_future_is_none(client: Any) -> None:
    path = FOLDER / "future.txt"
    path.write_bytes(b"1")
    os.utime(path, (time.time() + 10**6, time.time() + 10**6))
    response = client.get("/named/future.txt")
    dates = {formatdate(time.time() - ago, usegmt=True) for ago in range(60)}
    assert response.headers["last-modified"] in dates


@pytest.mark.parametrize("seconds", [-(10**9), 0, 2**31, 2**33])
def test_any_date_of_a_file_can_be_told(client: Any, seconds: int) -> None:
    path = FOLDER / "dated.txt"
    path.write_bytes(b"1")
    os.utime(path, (seconds, seconds))
    response = client.get("/named/dated.txt")
    assert response.status_code == 200
    assert response.headers["last-modified"].endswith(" GMT")


def test_a_file_that_grows_meanwhile_is_sent_as_long_as_it_was(client: Any) -> None:
    (FOLDER / "grown.bin").write_bytes(LARGE)
    response = client.get("/grown")
    assert (response.headers["content-length"], response.content) == (str(len(LARGE)), LARGE)
    assert client.get("/named/small.bin").content == SMALL


def test_a_file_that_is_cut_meanwhile_does_not_keep_the_client_waiting(wire: Any) -> None:
    (FOLDER / "cut.bin").write_bytes(LARGE)
    answer = wire.ask("GET", "/cut")
    assert answer.closed
    assert answer.status in (200, 0)  # whether the head had left already is up to the server
    assert len(answer.body) <= 1000
    assert LARGE.startswith(answer.body)
    assert wire.ask("GET", "/named/small.bin").status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plain.txt", 'attachment; filename="plain.txt"'),
        ("with space, and (more).txt", 'attachment; filename="with space, and (more).txt"'),
        ("na\xefve.txt", "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ("\u65e5\u672c.txt", "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
        ('a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b_c.txt"),
        ("100%41.txt", "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt"),
        ("a;b=c.txt", "attachment; filename=\"a_b=c.txt\"; filename*=UTF-8''a%3Bb%3Dc.txt"),
        ("../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'),
        (
            "a\r\nset-cookie: x=1",
            "attachment; filename=\"a__set-cookie_ x=1\"; filename*=UTF-8''a__set-cookie%3A%20x%3D1",
        ),
        ("a\0b", 'attachment; filename="a_b"'),
        ("evil\u202egpj.exe", 'attachment; filename="evil_gpj.exe"'),
    ],
)
def test_the_name_of_a_saved_file_is_safe_and_whole(client: Any, name: str, value: str) -> None:
    response = client.get("/saved", params={"name": name})
    assert (response.status_code, response.headers["content-disposition"]) == (200, value)
    assert "set-cookie" not in response.headers


def test_the_type_of_a_saved_file_is_that_of_its_name(client: Any) -> None:
    assert client.get("/saved?name=a.png").headers["content-type"] == "image/png"


def test_a_file_may_be_shown_under_its_name(client: Any) -> None:
    response = client.get("/saved", params={"name": "a.txt", "kind": "inline"})
    assert response.headers["content-disposition"] == 'inline; filename="a.txt"'
    assert "content-disposition" not in client.get("/saved", params={"name": ""}).headers


def test_a_disposition_that_is_none_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="content_disposition_type"):
        FileResponse("a", filename="a", content_disposition_type="attachment; x")
    with pytest.raises(TypeError, match="bytes|b'a'"):
        FileResponse(b"a")  # type: ignore[arg-type]


def test_cve_2026_54280_files_are_closed_when_clients_leave(wire: Any, eventually: Any) -> None:
    """aiohttp kept files open after a disconnect."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("the system does not tell which files a process has open")

    def still_open() -> int:
        found = 0
        for process in Path("/proc").iterdir():
            try:
                found += sum(each.readlink() == FOLDER / "large.bin" for each in (process / "fd").iterdir())
            except OSError:  # no process, or one that has ended
                continue
        return found

    start = wire.server.log.size
    for _ in range(20):
        with wire.open() as connection:
            connection.sendall(b"GET /named/large.bin HTTP/1.1\r\nhost: x\r\n\r\n")
            connection.recv(100)
    assert eventually(still_open, 0, patience=20.0) == 0
    assert "Traceback" not in wire.server.log.text(start)
