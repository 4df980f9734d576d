"""Real servers as child processes: one worker on a free loopback port, its own process group, always stopped.

A server is stopped when its block is left, when the interpreter ends, and when this process is told to end by a signal.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from benchmarks.environments import ROOT
from benchmarks.types import ProtocolName

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 5.0
LOOP = "asyncio" if sys.platform == "win32" else "uvloop"


@dataclass(frozen=True, slots=True)
class Server:
    """How to start a server with one worker. `arguments` knows the places {port} and {app}."""

    name: str
    protocol: ProtocolName
    arguments: Sequence[str]
    default: bool = True


def _granian(interface: ProtocolName) -> Server:
    arguments = f"granian --interface {interface} --host {HOST} --port {{port}} --workers 1 --loop {LOOP}"
    return Server(f"granian-{interface}", interface, [*arguments.split(), "--log-level", "warning", "{app}"])


# Uvicorn is told the interface: it takes an application whose __call__ is a plain function (Emmett55) for ASGI 2.
_UVICORN = f"uvicorn --host {HOST} --port {{port}} --workers 1 --loop {LOOP} --http httptools --interface asgi3"
_HYPERCORN = f"hypercorn --bind {HOST}:{{port}} --workers 1 --worker-class {LOOP} --log-level warning"
_GUNICORN = f"gunicorn -k asgi --asgi-loop {LOOP} --bind {HOST}:{{port}} --workers 1 --log-level warning"

SERVERS = (
    _granian("rsgi"),
    _granian("asgi"),
    Server("uvicorn", "asgi", [*_UVICORN.split(), "--no-access-log", "--log-level", "warning", "{app}"]),
    Server("hypercorn", "asgi", [*_HYPERCORN.split(), "asgi:{app}"], default=False),
    Server("gunicorn", "asgi", [*_GUNICORN.split(), "{app}"], default=False),
)

BY_NAME = {server.name: server for server in SERVERS}

_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    port: int
    group: int  # the process group of the server and its worker

    def processor_seconds(self) -> float | None:
        """Processor time of the whole group so far, where the system tells (Linux; in steps of 10 ms)."""
        ticks = sum(int(fields[11]) + int(fields[12]) for _, fields in self._processes())
        return ticks / os.sysconf("SC_CLK_TCK") if ticks else None

    def memory_kib(self) -> int:
        """Memory of the whole group now, pages that several processes share split between them; Linux alone tells."""
        return sum(
            int(line.split()[1])
            for folder, _ in self._processes()
            for line in (folder / "smaps_rollup").read_text(encoding="ascii").splitlines()
            if line.startswith("Pss:")
        )

    def _processes(self) -> Iterator[tuple[Path, list[str]]]:
        """Each process of the group: its folder below /proc, and what its `stat` says from the state on."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            if int(fields[2]) == self.group:
                yield stat.parent, fields


@contextmanager
def running(server: Server, python: str, app: str) -> Iterator[Running]:
    """Serve `app` ("module:attribute") for the time of the block."""
    port = _free_port()
    filled = [argument.format(port=port, app=app) for argument in server.arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [python, "-m", *filled], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    _running.add(process)
    try:
        _wait_until_it_listens(process, port, f"{server.name} with {app}")
        yield Running(port, process.pid)
    finally:
        _stop(process)


def stop_on_signals() -> None:
    """Let a signal that ends this process unwind it, so that every block above is left."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode} before it listened, see above")
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{what} did not listen within {START_SECONDS:g} seconds")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: first kindly, then not, and in the end whatever the leader left behind."""
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()
        _running.discard(process)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # the group is gone


@atexit.register
def _stop_all() -> None:
    for process in list(_running):
        _stop(process)
