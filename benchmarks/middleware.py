"""A child process: what five built-in middleware add to a request. Prints one JSON object.

Two applications that differ in nothing else answer the same request in turns, by the same rules as in `timing.py`.
Started by `around.py` with VelociPy's Python, as `python -m benchmarks.middleware ROUNDS`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys

from benchmarks.doors import Door, open_door
from benchmarks.scenarios import Request
from benchmarks.types import ProtocolName
from velocipy import VelociPy
from velocipy.middleware import (
    CORSMiddleware,
    RequestIDMiddleware,
    SecurityHeadersMiddleware,
    TimingMiddleware,
    TrustedHostMiddleware,
)

BATCH = 200
WARM_UP = 400
PROTOCOLS: tuple[ProtocolName, ...] = ("rsgi", "asgi")
REQUEST = Request("GET", "/")
ADDED = {
    "x-request-id",
    "server-timing",
    "vary",
    "content-security-policy",
    "x-content-type-options",
}


def application(*, has_middleware: bool) -> VelociPy:
    app = VelociPy()
    if has_middleware:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "*.example.com"])
        app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example.com"])
        app.add_middleware(SecurityHeadersMiddleware)
        app.add_middleware(RequestIDMiddleware)
        app.add_middleware(TimingMiddleware)

    @app.get("/")
    async def home() -> dict[str, str]:
        return {"hello": "world"}

    return app


def check(door: Door, expected: set[str]) -> None:
    """Fail unless the answer is right, and has just the headers that it should have besides."""
    answer = door.send(REQUEST, 1)[1][0]
    names = {name.decode() if isinstance(name, bytes) else name for name, _ in answer.headers}
    if (answer.status, json.loads(answer.body), names & ADDED) != (200, {"hello": "world"}, expected):
        raise RuntimeError(f"a wrong answer: {answer.status} {answer.headers} {answer.body!r}")


def added(protocol: ProtocolName, rounds: int, loop: asyncio.AbstractEventLoop) -> list[float]:
    """Return the microseconds that the middleware added to a request in each round."""
    plain = open_door(protocol, application(has_middleware=False), loop)
    around = open_door(protocol, application(has_middleware=True), loop)
    check(plain, set())
    check(around, ADDED)
    spent: dict[Door, list[float]] = {plain: [], around: []}
    for door in spent:
        door.send(REQUEST, WARM_UP)
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for door in (plain, around) if turn % 2 else (around, plain):
            spent[door].append(door.send(REQUEST, BATCH)[0] / BATCH / 1000)
    for door in spent:
        door.close()
    return [with_it - without for without, with_it in zip(spent[plain], spent[around], strict=True)]


def main(rounds: int) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    samples = {protocol: added(protocol, rounds, loop) for protocol in PROTOCOLS}
    loop.close()
    print(json.dumps(samples))


if __name__ == "__main__":
    main(int(sys.argv[1]))
