"""A child process: what sessions add to a request that reads them. Prints one JSON object.

Applications that differ in nothing else answer the same request in turns, by the same rules as in `timing.py`: one
without sessions, one that reads one from a signed cookie, and one from a Redis, which is started here, if there is a
redis-server. Of that the calls are counted as well, by Redis itself. Started by `sessions.py` with VelociPy's Python,
as `python -m benchmarks.remembering ROUNDS`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from benchmarks.doors import Door, open_door
from benchmarks.scenarios import Request
from benchmarks.types import ProtocolName
from velocipy import RedisStorage, VelociPy
from velocipy.sessions import Session, SessionMiddleware, SessionStore
from velocipy.sessions.keeping import CookieKeeper, Limits
from velocipy.sessions.sealing import SignedSeal
from velocipy.testing.redis_servers import RedisServer

BATCH = 200
WARM_UP = 400
PROTOCOLS: tuple[ProtocolName, ...] = ("rsgi", "asgi")
KEY = "of the benchmarks alone, and long enough: 0123456789"
DATA = {"user": "blue", "roles": ["raptor", "guard"], "csrf": "x" * 32}


def application(**options: Any) -> VelociPy:
    """Return an application that greets by the session, or by rote without *options*."""
    app = VelociPy()
    if not options:

        @app.get("/")
        async def home() -> dict[str, str]:
            return {"hello": "blue"}

        return app
    app.add_middleware(SessionMiddleware, **options)

    @app.get("/")
    async def greet(session: Session) -> dict[str, str]:
        return {"hello": session["user"]}

    @app.post("/")
    async def begin(session: Session) -> None:
        session.update(DATA)

    return app


def begun(door: Door) -> Request:
    """Begin a session, and return the request that has it."""
    answer = door.send(Request("POST", "/"), 1)[1][0]
    headers = {_text(name): _text(value) for name, value in answer.headers}
    cookie = SimpleCookie(headers["set-cookie"])["session"]
    return Request("GET", "/", headers=(("cookie", f"session={cookie.value}"),))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def added(protocol: ProtocolName, app: VelociPy, rounds: int, loop: asyncio.AbstractEventLoop) -> list[float]:
    """Return the microseconds that *app* takes more than one without sessions in each round."""
    plain, reading = open_door(protocol, application(), loop), open_door(protocol, app, loop)
    request = begun(reading)
    for door in (plain, reading):
        answer = door.send(request, 1)[1][0]
        if (answer.status, json.loads(answer.body)) != (200, {"hello": "blue"}):
            raise RuntimeError(f"a wrong answer: {answer.status} {answer.body!r}")
    spent: dict[Door, list[float]] = {plain: [], reading: []}
    for door in spent:
        door.send(request, WARM_UP)
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for door in (plain, reading) if turn % 2 else (reading, plain):
            spent[door].append(door.send(request, BATCH)[0] / BATCH / 1000)
    for door in spent:
        door.close()
    return [more - less for less, more in zip(spent[plain], spent[reading], strict=True)]


def opened(rounds: int, loop: asyncio.AbstractEventLoop) -> list[float]:
    """Return the microseconds that it takes to verify a signed cookie and read a value of it."""
    seal = SignedSeal([KEY.encode()], "session")
    keeper = CookieKeeper({"session": seal}, Limits(None, None))
    cookie = seal.close(json.dumps({"d": DATA, "t": 1_800_000_000}, separators=(",", ":")).encode())

    async def read() -> int:
        start = perf_counter_ns()
        for _ in range(BATCH):
            session = Session()
            await keeper.load(session, cookie, "session")
            session["user"]
        return perf_counter_ns() - start

    return [loop.run_until_complete(read()) / BATCH / 1000 for _ in range(rounds)]


def calls(server: RedisServer, loop: asyncio.AbstractEventLoop, requests: int = 100) -> float:
    """Return how often a request that reads a session has asked Redis."""
    storage = RedisStorage(server.url)
    door = open_door("asgi", application(store=SessionStore(storage)), loop)
    request = begun(door)
    door.send(request, 1)
    before = _processed(server)
    door.send(request, requests)
    counted = _processed(server) - before - 1  # less the question for it
    door.close()
    loop.run_until_complete(storage.close())
    return counted / requests


def _processed(server: RedisServer) -> int:
    """Return how many commands Redis has carried out."""
    asked = subprocess.run(
        ["redis-cli", "-p", str(server.port), "info", "stats"], capture_output=True, text=True, check=True
    )
    (line,) = [line for line in asked.stdout.splitlines() if line.startswith("total_commands_processed:")]
    return int(line.partition(":")[2])


def main(rounds: int) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    samples = {"read": opened(rounds, loop)}
    for protocol in PROTOCOLS:
        samples[f"signed, {protocol}"] = added(protocol, application(secret_key=KEY), rounds, loop)
    if RedisServer.is_installed():
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            server = stack.enter_context(RedisServer(Path(folder)))
            samples["calls of Redis"] = [calls(server, loop)]
            for protocol in PROTOCOLS:
                storage = RedisStorage(server.url)
                app = application(store=SessionStore(storage))
                samples[f"Redis, {protocol}"] = added(protocol, app, max(1, rounds // 10), loop)
                loop.run_until_complete(storage.close())
    loop.close()
    print(json.dumps(samples))


if __name__ == "__main__":
    main(int(sys.argv[1]))
