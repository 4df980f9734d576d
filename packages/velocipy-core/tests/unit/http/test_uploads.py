"""Uploads by themselves: what they do with their file, and on which thread they do it."""

import asyncio
import gc
import tempfile
import threading
import weakref
from collections.abc import AsyncGenerator
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from velocipy import FormLimits, UploadFile, UploadStream
from velocipy.http.headers import Headers
from velocipy.http.uploads import base_name


class Watched(FileIO):
    """A real file that notes the thread of each thing that is done with it, and can be made to wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self.done: list[tuple[str, int]] = []
        self.writing = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def _note(self, what: str) -> None:
        self.done.append((what, threading.get_ident()))

    def read(self, size: int | None = -1) -> bytes:
        self._note("read")
        return super().read(-1 if size is None else size) or b""

    def write(self, data: Any) -> int:
        self._note("write")
        self.writing.set()
        assert self.go_on.wait(30)
        return super().write(data) or 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._note("seek")
        return super().seek(offset, whence)

    def close(self) -> None:
        if not self.closed:
            self._note("close")
        super().close()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "file")


def own(file: Any) -> BinaryIO:
    binary: BinaryIO = file
    return binary


def test_an_upload_can_be_made_for_a_test_of_a_handler() -> None:
    async def run() -> None:
        upload = UploadFile(BytesIO(b"abc"), "a.txt", headers=Headers([("Content-Type", "text/plain")]))
        assert (upload.filename, upload.content_type, upload.size) == ("a.txt", "text/plain", 3)
        assert (await upload.read(), await upload.read()) == (b"abc", b"")
        await upload.seek(2)
        assert await upload.read() == b"c"
        with pytest.raises(ValueError, match="negative"):
            await upload.seek(-1)
        await upload.close()
        for use in (upload.read(), upload.seek(0)):
            with pytest.raises(ValueError, match="closed"):
                await use

    asyncio.run(run())
    assert repr(UploadFile(BytesIO(b"abc"), "a")) == "<UploadFile 'a', 3 bytes>"
    plain = UploadFile(BytesIO())
    assert (plain.filename, plain.content_type, plain.size, plain.headers.items()) == ("", "", 0, [])


def test_a_stream_can_be_made_for_a_test_of_a_handler() -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        yield b"a"
        yield b"b"

    async def run() -> None:
        stream = UploadStream(chunks(), "a.txt", headers=Headers([("content-type", "text/plain")]))
        assert (stream.filename, stream.content_type) == ("a.txt", "text/plain")
        assert [chunk async for chunk in stream] == [b"a", b"b"]
        assert [chunk async for chunk in stream] == []

    asyncio.run(run())


def test_a_file_on_disk_is_used_in_worker_threads(watched: Watched) -> None:
    async def run() -> bytes:
        upload = UploadFile(own(watched), "a", size=0)
        await upload.read()
        await upload.seek(0)
        content = await upload._contents()
        await upload.close()
        await upload.close()
        return content

    asyncio.run(run())
    assert [what for what, _ in watched.done] == ["read", "seek", "seek", "read", "seek", "close"]
    assert threading.get_ident() not in {thread for _, thread in watched.done}
    assert watched.closed


@pytest.fixture
def reader_of() -> Any:
    """A function that makes the reader of a multipart form."""
    multipart = pytest.importorskip("velocipy.http.multipart", reason="python-multipart is not installed")

    def make(chunks: list[bytes], max_memory: int = 1000) -> Any:
        async def body() -> AsyncGenerator[bytes]:
            for chunk in chunks:
                yield chunk

        return multipart.MultipartReader("multipart/form-data; boundary=b", body(), FormLimits(), max_memory)

    return make


HEAD = b"--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"


def test_what_has_no_room_in_memory_goes_to_disk_in_worker_threads(
    reader_of: Any, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2025-54121: the loop stood still while a large file went to disk."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: watched)
    content = [b"x" * 900, b"y" * 200_000, b"z"]

    async def run() -> bytes:
        reader = reader_of([HEAD, *content, b"\r\n--b--"])
        (_, files), _ = await reader.read()
        found: bytes = await files["f"][0].read()
        await reader.close()
        return found

    assert asyncio.run(run()) == b"".join(content)
    assert {"write", "seek", "read", "close"} == {what for what, _ in watched.done}
    assert threading.get_ident() not in {thread for _, thread in watched.done}


def test_drops_are_gathered_before_they_go_to_disk(
    reader_of: Any, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: watched)

    async def run() -> None:
        reader = reader_of([HEAD, *[b"x" * 10] * 10_000, b"\r\n--b--"], max_memory=0)
        await reader.read()
        await reader.close()

    asyncio.run(run())
    assert sum(what == "write" for what, _ in watched.done) <= 4


def test_a_request_that_is_cancelled_waits_for_the_disk_and_closes_the_file(
    reader_of: Any, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: watched)
    watched.go_on.clear()

    async def run() -> None:
        reader = reader_of([HEAD, b"x" * 5000, b"\r\n--b--"])
        task = asyncio.ensure_future(reader.read())
        await asyncio.to_thread(watched.writing.wait, 30)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        watched.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await reader.close()

    asyncio.run(run())
    assert watched.done[-1][0] == "close"
    assert watched.closed


def test_a_disk_that_fails_is_told_and_the_file_closed(
    reader_of: Any, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: watched)

    def fail(data: Any) -> int:
        raise OSError(28, "No space left on device")

    watched.write = fail  # type: ignore[method-assign]

    async def run() -> None:
        reader = reader_of([HEAD, b"x" * 5000, b"\r\n--b--"])
        with pytest.raises(OSError, match="No space"):
            await reader.read()
        await reader.close()

    asyncio.run(run())
    assert watched.closed


@pytest.mark.parametrize("chosen", [[0, 3], [0, 3, 50_000], [1000]])
def test_small_files_beside_each_other_share_the_memory(
    reader_of: Any, chosen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    real = tempfile.TemporaryFile

    def counted() -> Any:
        made.append(real())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    body = b"\r\n".join(HEAD + b"x" * size for size in chosen)

    async def run() -> list[int]:
        reader = reader_of([body, b"\r\n--b--"])
        (_, files), _ = await reader.read()
        sizes = [len(await file.read()) for file in files["f"]]
        await reader.close()
        return sizes

    assert asyncio.run(run()) == chosen
    assert len(made) == (sum(chosen) > 1000)
    assert all(file.closed for file in made)


def test_what_was_read_is_given_up_at_once_and_not_when_garbage_is_collected(reader_of: Any) -> None:
    async def run() -> Any:
        reader = reader_of([HEAD, b"x" * 900, b"\r\n--b--"])
        await reader.read()
        await reader.close()
        return weakref.ref(reader)

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(run())() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a", "a"),
        ("", ""),
        ("a/b", "b"),
        ("a\\b", "b"),
        ("/", ""),
        ("..", ""),
        ("...", "..."),
        ("c:", ""),
        ("é:", "é:"),
    ],
)
def test_a_base_name_has_no_directory(sent: str, name: str) -> None:
    assert base_name(sent) == name
