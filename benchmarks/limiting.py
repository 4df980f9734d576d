"""A child process: what rate limits cost. Prints one JSON object.

Applications that differ in nothing but the limit answer the same request in turns, by the same rules as in `timing.py`.
Decisions in Redis are asked one after the other over one connection, in turns with a bare EVALSHA of the same script.
Started by `limits.py`, as `python -m benchmarks.limiting ROUNDS`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from limits import RateLimitItemPerHour
from limits.aio.storage import RedisStorage as LimitsRedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from slowapi import Limiter as SlowLimiter
from slowapi.util import get_remote_address
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.doors import Door, open_door
from benchmarks.scenarios import Request
from benchmarks.types import ProtocolName
from velocipy import Depends, VelociPy
from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitRule, rate_limit
from velocipy.limiter.storage import MemoryStorage, RedisStorage

BATCH = 200
WARM_UP = 400
REQUEST = Request("GET", "/")
MANY = 1_000_000_000
Samples = dict[str, tuple[str, list[float]]]


def velocipy_app(*, is_limited: bool) -> VelociPy:
    app = VelociPy(docs_url=None, openapi_url=None)
    rule = RateLimitRule("many", MANY, 60, algorithm=RateLimitAlgorithm.TOKEN_BUCKET)
    limit = [Depends(rate_limit(Limiter(MemoryStorage()), rule))]

    @app.get("/", dependencies=limit if is_limited else [])
    async def home() -> dict[str, str]:
        return {"hello": "world"}

    return app


def slowapi_app(*, is_limited: bool) -> Starlette:
    async def home(request: StarletteRequest) -> JSONResponse:
        return JSONResponse({"hello": "world"})

    limiter = SlowLimiter(key_func=get_remote_address)
    app = Starlette(routes=[Route("/", limiter.limit(f"{MANY}/minute")(home) if is_limited else home)])
    app.state.limiter = limiter
    return app


def added(
    protocol: ProtocolName, make: Callable[..., Any], rounds: int, loop: asyncio.AbstractEventLoop
) -> list[float]:
    """Return the microseconds that the limit added to a request in each round."""
    plain = open_door(protocol, make(is_limited=False), loop)
    limited = open_door(protocol, make(is_limited=True), loop)
    spent: dict[Door, list[float]] = {plain: [], limited: []}
    for door in spent:
        answer = door.send(REQUEST, 1)[1][0]
        if answer.status != 200:
            raise RuntimeError(f"a wrong answer: {answer.status} {answer.body!r}")
        door.send(REQUEST, WARM_UP)
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for door in (plain, limited) if turn % 2 else (limited, plain):
            spent[door].append(door.send(REQUEST, BATCH)[0] / BATCH / 1000)
    for door in spent:
        door.close()
    return [with_it - without for without, with_it in zip(spent[plain], spent[limited], strict=True)]


async def in_redis(url: str, rounds: int) -> Samples:
    """Return how long decisions take, as ratios to a bare EVALSHA of our script in the same round."""
    from redis.asyncio import Redis

    client = Redis.from_url(url)
    limiter = Limiter(RedisStorage(url, timeout=10))
    rule = RateLimitRule("many", MANY, 60)
    await limiter.check("who", rule)
    (digest,) = await _scripts(client, limiter, rule)
    arguments: list[Any] = ["take", "", rule.algorithm, rule.limit, rule.ticks, rule.most, rule.scale, 1, 1]
    limits = FixedWindowRateLimiter(LimitsRedisStorage(f"async+{url}", implementation="redispy"))
    item = RateLimitItemPerHour(MANY)
    key = f"{{{limiter.backend.key_of('who')}}}:{rule.key}"
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "bare": lambda: client.evalsha(digest, 1, key, *arguments),
        "velocipy, Redis: of a bare EVALSHA": lambda: limiter.check("who", rule),
        "limits, Redis: of a bare EVALSHA": lambda: limits.hit(item, "who"),
    }
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items() if turn % 2 else reversed(calls.items()):
            start = time.perf_counter()
            for _ in range(BATCH // 4):
                await call()
            spent[name].append(time.perf_counter() - start)
    await limiter.close()
    await client.aclose()
    bare = spent.pop("bare")
    return {
        name: ("x", [one / other for one, other in zip(values[1:], bare[1:], strict=True)])
        for name, values in spent.items()
    }


async def _scripts(client: Any, limiter: Limiter, rule: RateLimitRule) -> list[str]:
    """Return the digest of the script of decisions, as a server is asked for it."""
    seen = []
    async with client.monitor() as monitor:
        asked = asyncio.create_task(limiter.check("who", rule))
        async for command in monitor.listen():
            words = command["command"].split()
            if words[0].upper() == "EVALSHA":
                seen.append(words[1])
                break
        await asked
    return seen


def redis_samples(rounds: int) -> Samples:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            return asyncio.run(in_redis(f"redis://127.0.0.1:{port}", rounds))
        finally:
            server.kill()
            server.wait()


def main(rounds: int) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    samples: Samples = {
        "velocipy, rsgi, memory: added": ("us", added("rsgi", velocipy_app, rounds, loop)),
        "velocipy, asgi, memory: added": ("us", added("asgi", velocipy_app, rounds, loop)),
        "slowapi, asgi, memory: added": ("us", added("asgi", slowapi_app, rounds, loop)),
    }
    loop.close()
    if shutil.which("redis-server"):
        samples |= redis_samples(rounds)
    print(json.dumps(samples))


if __name__ == "__main__":
    main(int(sys.argv[1]))
