"""Large transfers: memory that the worker takes for 1 GiB up or down, and how long others wait meanwhile.

The client is a bare socket that makes its gigabyte of one block and keeps nothing. What is sent comes from disk and
what is taken goes there. While it runs, small requests are asked one after the other on a connection of their own.
"""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks.contenders import VELOCIPY
from benchmarks.environments import Environments
from benchmarks.options import Options
from benchmarks.results import Measure
from benchmarks.servers import HOST, Running, running

SIZE, QUICK_SIZE = 2**30, 2**26
BLOCK = bytes(2**16)
APP = "benchmarks.apps.velocipy_transfers:app"
MEMORY_BUDGET = 32.0  # MiB
WAIT_BUDGET = 100.0  # ms
PATIENCE = 300.0  # seconds
PAUSE = 0.01  # seconds between two looks at memory, or two small requests

FORM_HEAD = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
FORM_END = b"\r\n--b--\r\n"


def measure(options: Options, environments: Environments) -> list[Measure]:
    """Memory in MiB at its highest beyond before, and the wait of others in ms, for each way and server."""
    size = QUICK_SIZE if options.quick else SIZE
    ways: dict[str, Callable[[int, int], None]] = {"form to disk": _form, "stream to disk": _stream, "file": _file}
    measures = []
    with tempfile.TemporaryDirectory(prefix="velocipy-benchmarks-") as folder:
        os.environ["VELOCIPY_BENCHMARK_FOLDER"] = folder
        with (Path(folder) / "sent").open("wb") as sent:
            for _ in range(size // len(BLOCK)):
                sent.write(BLOCK)
        for server in options.servers:
            with running(server, environments.python(VELOCIPY), APP) as served:
                for way, transfer in ways.items():
                    options.say(f"transfers, {server.name}: {size >> 20} MiB, {way}")
                    transfer(served.port, len(BLOCK))  # what is made once is there then
                    with _watched(served) as seen:
                        begin = time.perf_counter()
                        transfer(served.port, size)
                        speed = (size >> 20) / (time.perf_counter() - begin)
                    name = f"{size >> 20} MiB, {way}, {server.name}"
                    measures += [
                        Measure(f"{name}: memory", "MiB", [seen.memory_mib], MEMORY_BUDGET, f"at {speed:.0f} MiB/s"),
                        Measure(f"{name}: 99 of 100 wait", "ms", [seen.wait_ms], WAIT_BUDGET, seen.told),
                    ]
    return measures


class Seen:
    """What was seen of a server during a transfer."""

    def __init__(self) -> None:
        self.memory_mib = 0.0
        self.waits_ms: list[float] = []

    @property
    def wait_ms(self) -> float:
        """How long all but one of a hundred small requests waited at most."""
        return sorted(self.waits_ms)[int(len(self.waits_ms) * 0.99)]

    @property
    def told(self) -> str:
        return f"median {median(self.waits_ms):.1f}, longest {max(self.waits_ms):.0f}, {len(self.waits_ms)} asked"


@contextmanager
def _watched(served: Running) -> Iterator[Seen]:
    """Look at the memory of the server, and ask it for something small, again and again during the block."""
    seen, over = Seen(), threading.Event()
    before = served.memory_kib()

    def look() -> None:
        while not over.wait(PAUSE):
            seen.memory_mib = max(seen.memory_mib, (served.memory_kib() - before) / 1024)

    def ask() -> None:
        connection = HTTPConnection(HOST, served.port, timeout=PATIENCE)
        while not over.wait(PAUSE):
            begin = time.perf_counter()
            connection.request("GET", "/ping")
            if connection.getresponse().read() != b'{"pong":true}':
                raise RuntimeError("a small request was not answered as it should be")
            seen.waits_ms.append((time.perf_counter() - begin) * 1000)
        connection.close()

    threads = [threading.Thread(target=look), threading.Thread(target=ask)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _form(port: int, size: int) -> None:
    _upload(port, "/form", "multipart/form-data; boundary=b", size, FORM_HEAD, FORM_END)


def _stream(port: int, size: int) -> None:
    _upload(port, "/stream", "application/octet-stream", size, b"", b"")


def _upload(port: int, path: str, content_type: str, size: int, before: bytes, after: bytes) -> None:
    length = len(before) + size + len(after)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n"
    with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode() + b"connection: close\r\n\r\n" + before)
        for _ in range(size // len(BLOCK)):
            connection.sendall(BLOCK)
        connection.sendall(after)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    if not answer.endswith(str(size).encode()):
        raise RuntimeError(f"{path} did not take {size} bytes: {answer!r}")


def _file(port: int, size: int) -> None:
    """Take the file, or as much of it as is wanted."""
    head = f"GET /file HTTP/1.1\r\nhost: x\r\nrange: bytes=0-{size - 1}\r\nconnection: close\r\n\r\n"
    with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        received = 0
        while chunk := connection.recv(2**18):
            received += len(chunk)
    if received < size:
        raise RuntimeError(f"/file sent {received} bytes of {size}")
