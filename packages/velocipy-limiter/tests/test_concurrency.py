"""So many at a time: a place is given back whatever happens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import pytest

from velocipy import Depends, HTTPException, StreamingResponse, VelociPy
from velocipy.limiter import ConcurrencyLimit, Limiter, StorageErrorAction, concurrency_limit
from velocipy.limiter.identifiers import header
from velocipy.limiter.storage import MemoryStorage, RateLimitStorage, RedisStorage
from velocipy.storage import StorageError
from velocipy.testing import AsyncTestClient, TestClient
from velocipy.testing.redis_servers import RedisServer
from velocipy.testing.targets import Target

from .waiting import until

needs_redis = pytest.mark.skipif(
    find_spec("redis") is None or not RedisServer.is_installed(), reason="there is no redis-server, or no redis-py"
)
limiter = Limiter(MemoryStorage())
one = Depends(concurrency_limit(limiter, 1, name="one", identifier=header("X-Tenant")))
app = VelociPy()


@app.get("/quick", dependencies=[one])
async def quick() -> None: ...


@app.get("/fails", dependencies=[one])
async def fails() -> None:
    raise HTTPException(418)


@app.get("/breaks", dependencies=[one])
async def breaks() -> None:
    raise RuntimeError("broken")


@app.get("/never", dependencies=[one])
async def never() -> None:
    await asyncio.Event().wait()


@app.get("/stream", dependencies=[one])
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.Event().wait()

    return StreamingResponse(chunks())


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", pytest.param("redis", marks=needs_redis)])
def make(request: pytest.FixtureRequest) -> Callable[[], RateLimitStorage]:
    if request.param == "memory":
        return MemoryStorage
    url = request.getfixturevalue("redis").url
    return lambda: RedisStorage(url)


async def is_free(places: ConcurrencyLimit) -> bool:
    async with places.place("who") as found:
        return found


def test_a_place_is_given_back_after_answers_and_failures(client: TestClient) -> None:
    tenant = {"X-Tenant": uuid4().hex}
    paths = ["/quick", "/fails", "/breaks", "/quick"]
    assert [client.get(path, headers=tenant).status_code for path in paths] == [204, 418, 500, 204]


async def test_a_stream_has_its_place_until_its_end_and_a_client_that_leaves_gives_it_back(
    async_client: AsyncTestClient, velocipy_target: Target
) -> None:
    if velocipy_target.name == "hypercorn-h2":
        pytest.skip("over HTTP/2 the client of the tests does not tell that it leaves")
    tenant = {"X-Tenant": uuid4().hex}

    async def is_free() -> bool:
        return (await async_client.get("/quick", headers=tenant)).status_code == 204

    async with async_client.stream("GET", "/stream", headers=tenant) as answer:
        assert answer.status_code == 200
        assert not await is_free()
        assert (await async_client.get("/quick")).status_code == 204
    await until(is_free)


async def test_so_many_places_and_no_more(make: Callable[[], RateLimitStorage]) -> None:
    async with Limiter(make()) as limiter:
        places = ConcurrencyLimit(limiter, 2, name="two")
        async with places.place("who") as first, places.place("who") as second, places.place("who") as third:
            assert [first, second, third] == [True, True, False]
            async with places.place("other") as other:
                assert other
        async with places.place("who") as again:
            assert again


async def test_a_task_that_is_cancelled_gives_its_place_back(make: Callable[[], RateLimitStorage]) -> None:
    async with Limiter(make()) as limiter:
        places = ConcurrencyLimit(limiter, 1, name="cancelled")
        for pause in (0, 0, 0.0001, 0.001, 0.01):  # while it enters, and while it is within
            entered = asyncio.Event()

            async def work(entered: asyncio.Event = entered) -> None:
                async with places.place("who"):
                    entered.set()
                    await asyncio.Event().wait()

            task = asyncio.create_task(work())
            await asyncio.wait({asyncio.create_task(entered.wait())}, timeout=pause)
            task.cancel()
            await asyncio.wait({task})
            await until(partial(is_free, places))


@needs_redis
async def test_a_place_is_renewed_as_long_as_it_is_held_and_that_of_a_killed_process_ends(redis: RedisServer) -> None:
    script = """
import asyncio, sys
from velocipy.limiter import ConcurrencyLimit, Limiter
from velocipy.limiter.storage import RedisStorage
async def main():
    async with ConcurrencyLimit(Limiter(RedisStorage(sys.argv[1])), 1, name="killed", ttl=1).place("who") as is_free:
        print(is_free, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, redis.url, stdout=pipe)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"True\n"
        async with Limiter(RedisStorage(redis.url)) as limiter:
            places = ConcurrencyLimit(limiter, 1, name="killed", ttl=1)
            loop = asyncio.get_running_loop()
            deadline = loop.time() + 1.5
            while loop.time() < deadline:
                assert not await is_free(places)
                await asyncio.sleep(0.1)
            process.kill()
            await until(partial(is_free, places))
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@needs_redis
async def test_while_redis_is_away(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        url = server.url
    for action, expected in ((StorageErrorAction.ALLOW, [True, True]), (StorageErrorAction.LOCAL, [True, False])):
        places = ConcurrencyLimit(Limiter(RedisStorage(url), workers=2), 2, name="away", on_storage_error=action)
        async with places.place("who") as first, places.place("who") as second:
            assert [first, second] == expected
    denying = ConcurrencyLimit(Limiter(RedisStorage(url)), 2, name="away", on_storage_error=StorageErrorAction.DENY)
    with pytest.raises(StorageError):
        async with denying.place("who"):
            pass

    app = VelociPy()
    limit = concurrency_limit(Limiter(RedisStorage(url)), 1, name="away", on_storage_error=StorageErrorAction.DENY)

    @app.get("/")
    async def read(_: Annotated[None, Depends(limit)]) -> None: ...

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).status_code == 503


@pytest.mark.parametrize("options", [{"limit": 0}, {"ttl": 0.5}, {"name": ""}, {"limiter": None}, {"exempt": 1}])
def test_mistakes_are_told_at_once(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"limiter": limiter, "limit": 1, "name": "one"}
    with pytest.raises((TypeError, ValueError)):
        concurrency_limit(**(given | options))


async def test_no_identifier_has_the_places_of_another_name() -> None:
    limiter = Limiter(MemoryStorage())
    pictures, small = (ConcurrencyLimit(limiter, 1, name=name) for name in ("small:pictures", "pictures"))
    async with pictures.place("park") as one, small.place("park:small") as other:
        assert (one, other) == (True, True)
