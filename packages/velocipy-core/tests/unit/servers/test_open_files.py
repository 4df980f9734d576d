"""Files that servers open by themselves: by paths that nobody can swap, for a while."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velocipy import FileResponse, VelociPy
from velocipy.http.files import open_file
from velocipy.http.response import File
from velocipy.servers import open_files
from velocipy.servers.open_files import path_of
from velocipy.testing import TestClient

LARGE = b"0123456789" * 100_000


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With its own descriptors, which are closed after the test."""
    monkeypatch.setattr(open_files, "HOLD_SECONDS", 0.05)
    held: dict[Any, Any] = {}
    free: Any = type(open_files._free)()
    monkeypatch.setattr(open_files, "_held", held)
    monkeypatch.setattr(open_files, "_free", free)
    yield
    for descriptor in [*(each.descriptor for each in held.values()), *free]:
        os.close(descriptor)


@pytest.fixture
def made(tmp_path: Path) -> list[File]:
    """Three open files."""
    for name in "abc":
        (tmp_path / name).write_text(name)
    return [open_file(str(tmp_path / name)) for name in "abc"]


def in_loop(file: File, seconds: float = 0) -> str | None:
    """Ask for a path where a server does, and let that run on for a while."""

    async def ask() -> str | None:
        path = path_of(file)
        await asyncio.sleep(seconds)
        return path

    return asyncio.run(ask())


def test_the_path_leads_to_what_was_opened_whatever_becomes_of_it(made: list[File]) -> None:
    path, original = in_loop(made[0]), Path(made[0].path)
    made[0].close()
    original.unlink()
    original.symlink_to("b")
    assert path is not None
    assert Path(path).read_text() == "a"


def test_answers_with_one_file_share_a_descriptor(made: list[File]) -> None:
    again = open_file(made[0].path)
    assert in_loop(made[0]) == in_loop(again) != in_loop(made[1])
    again.close()


def test_after_a_while_the_path_leads_to_nothing_and_to_nothing_else(made: list[File]) -> None:
    path = in_loop(made[0], seconds=0.2)
    assert path is not None
    with Path(made[1].path).open():
        assert Path(path).resolve() == Path(os.devnull)
        assert Path(path).read_bytes() == b""


def test_descriptors_are_few_and_used_again(made: list[File], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_files, "MAX_DESCRIPTORS", 2)
    first, second = in_loop(made[0]), in_loop(made[1])
    assert in_loop(made[2], seconds=0.2) is None
    path = in_loop(made[2])
    assert path == first != second
    assert path is not None
    assert Path(path).read_text() == "c"


def make_app(path: Path) -> VelociPy:
    app = VelociPy()

    @app.get("/")
    async def send() -> FileResponse:
        return FileResponse(path)

    return app


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
@pytest.mark.parametrize("count", [0, 1])
def test_a_file_arrives_though_no_descriptor_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interface: Any, count: int
) -> None:
    monkeypatch.setattr(open_files, "MAX_DESCRIPTORS", count)
    (tmp_path / "large").write_bytes(LARGE)
    with TestClient(make_app(tmp_path / "large"), interface=interface) as client:
        assert client.get("/").content == LARGE
        assert client.get("/", headers={"range": "bytes=5-700000"}).content == LARGE[5:700001]


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_file_that_became_shorter_is_no_whole_answer(tmp_path: Path, interface: Any) -> None:
    """The file is opened and described, then cut; whoever sends it finds less than was promised."""
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    app = VelociPy()

    class Cut(FileResponse):
        async def meet(self, request: Any) -> Any:
            response = await super().meet(request)
            os.truncate(path, 10)
            return response

    @app.get("/")
    async def send() -> FileResponse:
        return Cut(path)

    with TestClient(app, interface=interface) as client, pytest.raises(Exception, match="999990|has become shorter"):
        client.get("/")


def call(app: VelociPy, method: str = "GET", *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    """Call the application as a server does that sends files by their paths; return what it sends."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": "/",
        "query_string": b"",
        "headers": list(headers),
        "extensions": {"http.response.pathsend": {}},
    }

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_an_asgi_server_that_offers_it_sends_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(LARGE)
    app = make_app(tmp_path / "large")
    start, body = call(app)
    assert (b"content-length", b"1000000") in start["headers"]
    assert body["type"] == "http.response.pathsend"
    assert Path(body["path"]).read_bytes() == LARGE


def test_an_asgi_server_does_not_send_a_part_itself(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(LARGE)
    app = make_app(tmp_path / "large")
    for method, content in (("GET", LARGE[:700001]), ("HEAD", b"")):
        _, *rest = call(app, method, (b"range", b"bytes=0-700000"))
        assert {message["type"] for message in rest} == {"http.response.body"}
        assert b"".join(message["body"] for message in rest) == content
