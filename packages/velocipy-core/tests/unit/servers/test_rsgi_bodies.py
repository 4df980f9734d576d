"""The RSGI adapter reads bodies as Granian 2.8 gives them, whole and broken; replayed from what it was seen to do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from velocipy import ClientDisconnect, PayloadTooLargeException, VelociPy
from velocipy.servers.rsgi import RSGIRequest


class Fields:
    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields

    def get(self, name: str) -> str | None:
        return self.fields.get(name)


class Scope:
    def __init__(self, version: str, fields: dict[str, str]) -> None:
        self.http_version = version
        self.headers = Fields(fields)


class Replay:
    """A protocol object whose body is a list of chunks; None at its end stands for empty chunks without end."""

    def __init__(self, chunks: list[bytes | None]) -> None:
        self.chunks = chunks
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            while chunk is None:
                self.given += 1
                assert self.given < 100, "the adapter reads for ever"
                yield b""
            self.given += 1
            yield chunk

    async def __call__(self) -> bytes:
        if self.chunks[-1] is None:
            raise RuntimeError("RSGI transport is closed")
        return b"".join(chunk for chunk in self.chunks if chunk)


def request(
    version: str, chunks: list[bytes | None], length: int | None = None, limit: int | None = 100
) -> RSGIRequest:
    app = VelociPy(max_content_length=limit)

    @app.post("/")
    async def handler(data: dict[str, int]) -> None: ...

    (plan,) = app.freeze()
    made = RSGIRequest()
    made._raw_headers = None
    made._scope = Scope(version, {} if length is None else {"content-length": str(length)})
    made._proto = Replay(chunks)
    made._plan = plan
    made._body = None
    return made


def read(made: RSGIRequest, how: str) -> bytes:
    async def run() -> bytes:
        if how == "body":
            return await made.body()
        return b"".join([chunk async for chunk in made.stream()])

    return asyncio.run(run())


both = pytest.mark.parametrize("how", ["body", "stream"])


@both
@pytest.mark.parametrize(
    ("version", "chunks"),
    [
        ("1.1", [b"abc", b""]),
        ("1.0", [b"abc", b""]),
        ("2", [b"abc", b""]),
        ("2", [b"abc", b"", b""]),
        ("1.1", [b"abc"]),
    ],
)
def test_a_whole_body_is_read(how: str, version: str, chunks: list[bytes | None]) -> None:
    assert read(request(version, chunks), how) == b"abc"


@both
@pytest.mark.parametrize(
    ("version", "chunks"),
    [("1.1", [b"abc", b"", b""]), ("1.1", [b"", b""]), ("2", [b"abc", None]), ("2", [None]), ("1.1", [b"abc", None])],
)
def test_a_broken_body_is_a_disconnect(how: str, version: str, chunks: list[bytes | None]) -> None:
    with pytest.raises(ClientDisconnect):
        read(request(version, chunks), how)


@both
@pytest.mark.parametrize("limit", [100, None])
@pytest.mark.parametrize(
    ("version", "chunks"), [("1.1", [b"abc", b"", b""]), ("2", [b"abc", None]), ("2", [b"abc", b""])]
)
def test_a_body_shorter_than_its_length_is_a_disconnect(
    how: str, version: str, chunks: list[bytes | None], limit: int | None
) -> None:
    with pytest.raises(ClientDisconnect):
        read(request(version, chunks, length=9, limit=limit), how)


@both
def test_the_limit_ends_the_reading_at_once(how: str) -> None:
    made = request("1.1", [b"x" * 60, b"x" * 60, b"x" * 60, b""])
    with pytest.raises(PayloadTooLargeException):
        read(made, how)
    assert made._proto.given == 2


@both
def test_a_declared_length_over_the_limit_reads_nothing(how: str) -> None:
    made = request("1.1", [b"x", b""], length=101)
    with pytest.raises(PayloadTooLargeException):
        read(made, how)
    assert made._proto.given == 0


def test_a_server_error_while_the_whole_body_is_awaited_is_a_disconnect() -> None:
    with pytest.raises(ClientDisconnect):
        read(request("1.1", [b"abc", None], length=3), "body")


def test_cancelling_the_request_while_it_reads_stays_a_cancellation() -> None:
    async def run() -> Any:
        class Waiting(Replay):
            async def __call__(self) -> bytes:
                await asyncio.sleep(3600)
                return b""

        made = request("1.1", [b""], length=3)
        made._proto = Waiting([b""])
        task = asyncio.create_task(made.body())
        await asyncio.sleep(0)
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)

    assert isinstance(asyncio.run(run())[0], asyncio.CancelledError)
