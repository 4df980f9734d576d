"""Idle WebSockets: how much memory each keeps in the worker, beyond what it takes an application written by hand.

Both applications are served by the same server, one after the other. Each WebSocket has sent one message and got it
back, so that whatever is made at first use is there; then all are left alone. The clients are bare sockets here, and
their memory, and the kernel's, does not count.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.contenders import VELOCIPY
from benchmarks.environments import Environments
from benchmarks.options import Options
from benchmarks.results import Measure
from benchmarks.servers import HOST, Server, running

COUNT, QUICK_COUNT = 10_000, 1_000
WARM_UP = 200  # WebSockets that are opened and closed before anything is measured
ROUNDS, QUICK_ROUNDS = 3, 1
AT_ONCE = 100  # handshakes on their way
SPARE = 200  # descriptors for everything else
BUDGET = 12.0  # KiB each
APPS = {"raw": "benchmarks.apps.raw_sockets:app", "velocipy": "benchmarks.apps.velocipy_sockets:app"}
PATIENCE = 30.0

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
MESSAGE = b"\x81\x84\x00\x00\x00\x00ping"  # masked with zeros
REPLY = b"\x81\x04ping"
CLOSE = b"\x88\x80\x00\x00\x00\x00"


def measure(options: Options, environments: Environments) -> list[Measure]:
    """KiB that each idle WebSocket takes beyond those of raw, one `Measure` for each server."""
    count = _allowed(QUICK_COUNT if options.quick else COUNT)
    python = environments.python(VELOCIPY)
    measures = []
    for server in options.servers:
        taken: dict[str, list[float]] = {name: [] for name in APPS}
        for _ in range(options.repeats(ROUNDS, QUICK_ROUNDS)):
            for name, app in APPS.items():
                options.say(f"sockets, {server.name}: {count} of {name}")
                taken[name].append(_kib_each(server, python, app, count))
        more = [ours - raw for ours, raw in zip(taken["velocipy"], taken["raw"], strict=True)]
        prefix = f"{count} idle WebSockets, {server.name}"
        measures.append(Measure(f"{prefix}: each of raw", "KiB", taken["raw"], None))
        measures.append(Measure(f"{prefix}: each of ours, beyond raw", "KiB", more, BUDGET))
    return measures


def _allowed(count: int) -> int:
    """Raise the limit of descriptors, which servers inherit, and return for how many sockets it is enough."""
    import resource  # there is none on Windows

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return count if most == resource.RLIM_INFINITY else min(count, most - SPARE)


def _kib_each(server: Server, python: str, app: str, count: int) -> float:
    with running(server, python, app) as served:
        with _opened(served.port, WARM_UP):
            pass
        time.sleep(1)
        before = served.memory_kib()
        with _opened(served.port, count):
            time.sleep(1)
            return (served.memory_kib() - before) / count


@contextmanager
def _opened(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Hold `count` WebSockets for the time of the block, each of which has been answered once."""
    sockets: list[socket.socket] = []
    try:
        for first in range(0, count, AT_ONCE):
            fresh = [_connect(port) for _ in range(first, min(first + AT_ONCE, count))]
            sockets += fresh
            _ask(fresh, HANDSHAKE, b"\r\n\r\n")
            _ask(fresh, MESSAGE, REPLY)
        yield sockets
    finally:
        for one in sockets:
            one.send(CLOSE)
            one.close()


def _connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=PATIENCE)


def _ask(sockets: list[socket.socket], message: bytes, ending: bytes) -> None:
    """Send `message` on all of them, and wait until each has an answer that ends with `ending`."""
    for one in sockets:
        one.sendall(message)
    poll = select.poll()
    waiting = {one.fileno(): (one, bytearray()) for one in sockets}
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + PATIENCE
    while waiting:
        for descriptor, _ in poll.poll(1000):
            one, received = waiting[descriptor]
            chunk = one.recv(4096)
            received += chunk
            if received.endswith(ending):
                poll.unregister(descriptor)
                del waiting[descriptor]
            elif not chunk:
                raise RuntimeError(f"a WebSocket was refused: {bytes(received)!r}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(waiting)} WebSockets got no answer within {PATIENCE:g} seconds")
