"""A plain load client for machines without wrk: keep-alive connections, one request in flight on each, one process.

It is Python, so it may be slower than the server under test: ratios near 1 between fast applications then say little.
Started by `load.py` as `python -m benchmarks.client JOB`; prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from statistics import quantiles
from time import perf_counter
from typing import Any

HEAD_END = b"\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked"
LENGTH = b"content-length:"


class Connection(asyncio.Protocol):
    """Sends the request again as soon as its answer is complete, until it is told to stop."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.received = b""
        self.times: list[float] = []
        self.refused = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.asked = perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not is_complete(self.received):
            return
        self.times.append(perf_counter() - self.asked)
        self.refused += int(self.received[9:12]) >= 400
        self.received = b""
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


def is_complete(received: bytes) -> bool:
    """Whether one whole answer is there. Answers to requests in single flight never overlap."""
    end = received.find(HEAD_END)
    if end < 0:
        return False
    head = received[:end].lower()
    if CHUNKED in head:
        return received.endswith(b"0" + HEAD_END)
    start = head.find(LENGTH)
    length = int(head[start + len(LENGTH) :].split(b"\r\n", 1)[0]) if start >= 0 else 0
    return len(received) >= end + len(HEAD_END) + length


async def load(job: dict[str, Any]) -> dict[str, float]:
    lines = [
        f"{job['method']} {job['target']} HTTP/1.1",
        *(f"{name}: {value}" for name, value in job["headers"]),
        "",
        "",
    ]
    request = ("\r\n".join(lines) + job["body"]).encode()
    loop = asyncio.get_running_loop()
    begin = perf_counter()
    connections = [
        (await loop.create_connection(lambda: Connection(request), "127.0.0.1", job["port"]))[1]
        for _ in range(job["connections"])
    ]
    await asyncio.sleep(job["seconds"])
    seconds = perf_counter() - begin
    broken = sum(connection.closed.done() for connection in connections)
    for connection in connections:
        connection.transport.abort()
    times = sorted(spent * 1000 for connection in connections for spent in connection.times)
    cuts = quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return {
        "requests": len(times),
        "seconds": seconds,
        "refused": sum(connection.refused for connection in connections),
        "broken": broken,
        "median_ms": cuts[49],
        "p99_ms": cuts[98],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(json.loads(sys.argv[1])))))
