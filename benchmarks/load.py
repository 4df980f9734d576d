"""Load on a live server: `wrk` when it is on PATH, otherwise our own client (`client.py`) in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environments import ROOT
from benchmarks.scenarios import Request
from benchmarks.servers import HOST

CONNECTIONS = 32
GRACE_SECONDS = 20  # beyond the length of a load, for whoever makes it to begin and to end


@dataclass(frozen=True, slots=True)
class Load:
    """What a load client counted. `refused`: answers with a status of 400 and more; `broken`: requests without one."""

    requests: int
    seconds: float
    refused: int
    broken: int
    median_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


Loader = Callable[[Request, int, int], Load]  # request, port, seconds


def loader() -> tuple[str, Loader]:
    """The load client to use, and its name for the record."""
    wrk = shutil.which("wrk")
    if wrk:
        return "wrk", lambda request, port, seconds: _wrk(wrk, request, port, seconds)
    return "benchmarks/client.py (wrk is not on PATH)", _own


def _wrk(wrk: str, request: Request, port: int, seconds: int) -> Load:
    with TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        script.write_text(_lua(request), encoding="utf-8")
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
        return _run([wrk, *options, f"http://{HOST}:{port}{request.target}"], seconds)


def _lua(request: Request) -> str:
    headers = [(name, value) for name, value in request.entity_headers if name != "content-length"]  # wrk writes it
    lines = [
        f'wrk.method = "{request.method}"',
        *(f"wrk.headers[ [[{name}]] ] = [[{value}]]" for name, value in headers),
    ]
    if request.body:
        lines.append(f"wrk.body = [==[{request.body.decode()}]==]")
    return "\n".join([*lines, _LUA_DONE])


_LUA_DONE = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "refused": %d, "broken": %d, "median_ms": %f, "p99_ms": %f}\\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def _own(request: Request, port: int, seconds: int) -> Load:
    job = {
        "port": port,
        "seconds": seconds,
        "connections": CONNECTIONS,
        "method": request.method,
        "target": request.target,
        "headers": request.all_headers,
        "body": request.body.decode(),
    }
    return _run([sys.executable, "-m", "benchmarks.client", json.dumps(job)], seconds)


def _run(command: list[str], seconds: int) -> Load:
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + GRACE_SECONDS
    )
    return Load(**json.loads(done.stdout.splitlines()[-1]))
