"""Clients that leave in the middle, many of them, leave nothing behind: no task, descriptor, object or memory.

VELOCIPY_TEST_DISCONNECTS says how many leave in each way, 40 by default.
"""

import asyncio
import gc
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from velocipy import Depends, HTTPConnection, Request, StreamingResponse, UploadFile, VelociPy, WebSocket

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc tells what a process has")

COUNT = int(os.environ.get("VELOCIPY_TEST_DISCONNECTS", "40"))
AT_ONCE = 20
# What an allocator keeps grows at first, by as much as this or more; a leak grows every time.
TIMES, MEMORY_KIB = 12, 1024

app = VelociPy()
begun = 0


@app.middleware("http")
async def count(request: Request, call_next: Any) -> Any:
    global begun
    begun += request.path.startswith("/leave")
    return await call_next(request)


@app.get("/begun")
async def tell_begun() -> int:
    return begun


def count_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@app.get("/left")
async def tell_what_is_left(descriptors: int = Depends(count_descriptors)) -> dict[str, int]:
    gc.collect()
    return {
        "tasks": sum(not task.done() for task in asyncio.all_tasks()),
        "descriptors": descriptors,
        "connections": sum(isinstance(one, HTTPConnection) for one in gc.get_objects()),
    }


@app.get("/memory")
def tell_memory() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@app.post("/leave/body")
async def read_body(request: Request) -> int:
    return len(await request.body())


@app.post("/leave/chunks")
async def read_chunks(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@app.post("/leave/form")
async def read_form(file: UploadFile) -> int:
    return len(await file.read())


@app.get("/leave/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.01)

    return StreamingResponse(chunks())


@app.websocket("/leave/socket")
async def converse(websocket: WebSocket) -> None:
    global begun
    await websocket.accept()
    begun += 1
    async for text in websocket.iter_text():
        await websocket.send_text(text)


def head(method: str, path: str, *fields: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: x", *fields, "", ""]).encode()


HANDSHAKE = ("upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13")
KEY = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
PART = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n' + b"x" * 1_200_000
WAYS = {
    "body": [head("POST", "/leave/body", "content-length: 100000") + b"x" * 50_000],
    "chunked body": [head("POST", "/leave/chunks", "transfer-encoding: chunked") + b"3e8\r\n" + b"x" * 500],
    "stream": [head("GET", "/leave/stream")],
    "frame": [head("GET", "/leave/socket", *HANDSHAKE, KEY), b"\x81\xfe\x03\xe8\x00\x00\x00\x00" + b"x" * 500],
    "file": [
        head("POST", "/leave/form", "content-type: multipart/form-data; boundary=b", "content-length: 4000000") + PART
    ],
}


@pytest.fixture(params=["closed", "reset"])
def leave(request: pytest.FixtureRequest, wire: Any, eventually: Any) -> Any:
    """A function that has many clients send something, wait until it is being answered, and leave."""

    def told(path: str) -> Any:
        return json.loads(wire.ask("GET", path).body.strip())

    def sent(parts: list[bytes]) -> socket.socket:
        connection: socket.socket = wire.open()
        connection.sendall(parts[0])
        for part in parts[1:]:
            connection.recv(1000)  # the answer to the handshake
            connection.sendall(part)
        if request.param == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return connection

    def batches(number: int) -> Iterator[int]:
        while number > 0:
            yield min(number, AT_ONCE)
            number -= AT_ONCE

    def leave_many(parts: list[bytes], number: int) -> None:
        for batch in batches(number):
            before = told("/begun")
            connections = [sent(parts) for _ in range(batch)]
            assert eventually(lambda: told("/begun"), before + batch) == before + batch
            for connection in connections:
                connection.close()

    leave_many.told = told  # type: ignore[attr-defined]
    return leave_many


@pytest.mark.parametrize("way", WAYS)
def test_who_leaves_in_the_middle_leaves_nothing_behind(leave: Any, eventually: Any, way: str) -> None:
    if way == "file":
        pytest.importorskip("python_multipart", reason="it reads multipart forms")
    told = leave.told
    nothing = told("/left")
    leave(WAYS[way], AT_ONCE)  # so that what is made once is there: worker threads, caches
    settled = eventually(lambda: told("/left") | {"descriptors": 0}, nothing | {"descriptors": 0})
    assert settled == nothing | {"descriptors": 0}
    before = told("/left")

    def growth() -> int:
        memory: int = told("/memory")
        leave(WAYS[way], COUNT)
        assert eventually(lambda: told("/left"), before) == before
        return told("/memory") - memory  # type: ignore[no-any-return]

    assert any(growth() < MEMORY_KIB for _ in range(TIMES))
