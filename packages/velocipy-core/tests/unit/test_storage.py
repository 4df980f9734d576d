"""The storages of the core: what every storage promises, and what each adds to it."""

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Self
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

import velocipy
from velocipy import Depends, StartupError, VelociPy, VelociPyException
from velocipy.storage import MemoryStorage, RedisStorage, Storage, StorageError
from velocipy.testing import TestClient
from velocipy.testing.redis_servers import RedisServer, free_port
from velocipy.testing.storage import StorageConformance
from velocipy.testing.storage_losses import StorageLossConformance

needs_redis = pytest.mark.skipif(
    find_spec("redis") is None or not RedisServer.is_installed(), reason="there is no redis-server, or no redis-py"
)


class TestMemoryStorage(StorageConformance):
    is_shared = False

    def make_storage(self, prefix: str) -> Storage:
        return MemoryStorage()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


class OnRedis:
    redis: RedisServer

    @pytest.fixture(autouse=True)
    def _server(self, redis: RedisServer) -> None:
        self.redis = redis

    def make_storage(self, prefix: str) -> Storage:
        return RedisStorage(self.redis.url, prefix=prefix, timeout=1, max_connections=5)


@needs_redis
class TestRedisThatIsKilled(OnRedis, StorageConformance, StorageLossConformance):
    def break_connection(self) -> None:
        self.redis.stop()

    def mend_connection(self) -> None:
        self.redis.start()


@needs_redis
class TestRedisThatHangs(OnRedis, StorageLossConformance):
    def break_connection(self) -> None:
        self.redis.pause()

    def mend_connection(self) -> None:
        self.redis.resume()


# Names


def test_the_front_door_has_them() -> None:
    assert velocipy.Storage is Storage
    assert velocipy.MemoryStorage is MemoryStorage
    assert velocipy.RedisStorage is RedisStorage
    assert issubclass(StorageError, VelociPyException)
    assert not issubclass(StorageError, StartupError)


def test_redis_is_not_imported_before_it_is_needed_and_without_it_the_command_is_told() -> None:
    script = """
import sys
sys.modules["redis"] = sys.modules["redis.asyncio"] = None
from velocipy import MemoryStorage, RedisStorage
try:
    RedisStorage()
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == 'a RedisStorage needs redis: pip install "velocipy-core[redis]"\n'


# The memory


KEYS = st.sampled_from(["", "a", "b", "A", "\ud800"])
SOME = st.sampled_from([b"", b"one", b"two"])
CALLS = st.one_of(
    st.tuples(st.just("get"), KEYS),
    st.tuples(st.just("set"), KEYS, SOME),
    st.tuples(st.just("add"), KEYS, SOME),
    st.tuples(st.just("replace"), KEYS, SOME, st.none() | SOME),
    st.tuples(st.just("touch"), KEYS, st.just(600)),
    st.tuples(st.just("delete"), KEYS),
)


def expected_of(model: dict[str, bytes], call: str, key: str, *values: Any) -> object:
    """Do to *model* what a storage does, and return what it returns."""
    found = model.get(key)
    match call, values:
        case "get", _:
            return found
        case "set", (value,):
            model[key] = value
            return None
        case "add", (value,) if found is None:
            model[key] = value
            return True
        case "replace", (expected, value) if found is not None and found == expected:
            model[key] = value
            if value is None:
                del model[key]
            return True
        case "touch", _:
            return found is not None
        case "delete", _ if found is not None:
            del model[key]
            return True
    return False


async def compare(storage: Storage, calls: list[tuple[Any, ...]]) -> None:
    model: dict[str, bytes] = {}
    for name, *arguments in calls:
        assert await getattr(storage, name)(*arguments) == expected_of(model, name, *arguments)


@given(calls=st.lists(CALLS, max_size=40))
def test_memory_does_what_a_dict_does(calls: list[tuple[Any, ...]]) -> None:
    asyncio.run(compare(MemoryStorage(), calls))


@needs_redis
def test_redis_does_what_a_dict_does(redis: RedisServer) -> None:
    @given(calls=st.lists(CALLS, max_size=40))
    def test(calls: list[tuple[Any, ...]]) -> None:
        async def main() -> None:
            async with RedisStorage(redis.url, prefix=f"model:{uuid4()}") as storage:
                await compare(storage, calls)

        asyncio.run(main())

    test()


async def held(storage: Storage, keys: list[str]) -> list[str]:
    """Return those of *keys* which *storage* has."""
    return [key for key in keys if await storage.get(key) is not None]


def test_a_full_memory_lets_go_of_what_was_used_longest_ago() -> None:
    async def main() -> None:
        storage = MemoryStorage(max_bytes=40_000)
        keys = [f"key {number}" for number in range(10)]
        for key in keys[:3]:
            await storage.set(key, bytes(9_000))
        assert await storage.get(keys[0]) is not None  # used just now
        assert await storage.touch(keys[1], 600)  # and then this
        for key in keys[3:5]:
            await storage.set(key, bytes(9_000))
        assert await held(storage, keys) == [keys[0], keys[1], keys[3], keys[4]]

    asyncio.run(main())


def test_a_full_memory_lets_go_of_what_has_expired_first() -> None:
    async def main() -> None:
        storage = MemoryStorage(max_bytes=40_000)
        await storage.set("used longest ago", bytes(9_000))
        for key in "abc":
            await storage.set(key, bytes(9_000), ttl=0.01)
        await asyncio.sleep(0.02)
        for key in "def":
            await storage.set(key, bytes(9_000), ttl=600)
        assert await held(storage, ["used longest ago", *"abcdef"]) == ["used longest ago", *"def"]

    asyncio.run(main())


def test_a_value_that_is_larger_than_the_memory_is_refused_and_nothing_leaves_for_it() -> None:
    async def main() -> None:
        storage = MemoryStorage(max_bytes=10_000)
        await storage.set("key", b"value")
        for call in (
            storage.set("key", bytes(10_000)),
            storage.add("new", bytes(10_000)),
            storage.set("x" * 10_000, b""),
            storage.replace("key", b"value", bytes(10_000)),
        ):
            with pytest.raises(StorageError, match="room for 10000"):
                await call
        assert await storage.get("key") == b"value"

    asyncio.run(main())


@pytest.mark.parametrize("max_bytes", [0, -1])
def test_a_memory_has_room_for_something(max_bytes: int) -> None:
    with pytest.raises(ValueError, match="max_bytes"):
        MemoryStorage(max_bytes=max_bytes)


class Counted(bytes):
    """A value whose copies in memory are counted."""

    alive = 0

    def __new__(cls, *arguments: Any) -> Self:
        cls.alive += 1
        return super().__new__(cls, *arguments)

    def __del__(self) -> None:
        type(self).alive -= 1


def test_what_has_expired_leaves_the_memory_though_nobody_asks_for_it_again() -> None:
    async def main() -> None:
        storage = MemoryStorage()
        for number in range(1000):
            await storage.set(f"{number}", Counted(b"value"), ttl=0.01)
        await asyncio.sleep(0.02)
        for _ in range(1000):
            await storage.get("another")
        gc.collect()
        assert Counted.alive == 0

    asyncio.run(main())


def test_the_memory_does_not_grow_beyond_what_it_may() -> None:
    """Keys that are new, times that are given again and again: nothing piles up."""
    tracemalloc = pytest.importorskip("tracemalloc", reason="this Python has no tracemalloc")
    limit = 2_000_000

    async def main() -> None:
        storage = MemoryStorage(max_bytes=limit)
        for number in range(20_000):
            await storage.set(f"{number}", b"value" * 5, ttl=600 + number % 7)
            await storage.touch(f"{number}", 600)
            await storage.touch("0", 700)

    tracemalloc.start()
    try:
        asyncio.run(main())
        assert tracemalloc.get_traced_memory()[1] < 1.2 * limit  # at its peak, with the loop
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [MemoryStorage, pytest.param(RedisStorage, marks=needs_redis)])
def test_several_applications_with_loops_of_their_own_share_one(make: Any, request: pytest.FixtureRequest) -> None:
    if make is MemoryStorage:
        storage: Storage = MemoryStorage()
    else:
        storage = RedisStorage(request.getfixturevalue("redis").url, prefix="shared")

    async def the_storage() -> Storage:
        return storage

    def application() -> VelociPy:
        @asynccontextmanager
        async def lifespan(app: VelociPy) -> AsyncIterator[None]:
            async with storage:
                yield

        app = VelociPy(lifespan=lifespan)

        @app.post("/count")
        async def count(storage: Annotated[Storage, Depends(the_storage)]) -> int:
            while True:
                found = await storage.get("count")
                new = str(int(found or 0) + 1).encode()
                if await (storage.add("count", new) if found is None else storage.replace("count", found, new)):
                    return int(new)

        return app

    counts: list[int] = []

    def ask(client: TestClient) -> None:
        with client:
            counts.extend(client.post("/count").json() for _ in range(20))

    clients = [TestClient(application(), interface=interface) for interface in ("asgi", "rsgi", "asgi")]
    threads = [threading.Thread(target=ask, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == list(range(1, 61))


# Redis


@needs_redis
def test_the_keys_of_redis_are_the_prefix_a_bar_and_the_key(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    async def main() -> None:
        async with Redis.from_url(redis.url) as client, RedisStorage(redis.url, prefix="shop:sessions") as storage:
            await storage.set("ключ|1", b"value", ttl=600)
            assert await client.get("shop:sessions|ключ|1") == b"value"
            assert 590_000 < await client.pttl("shop:sessions|ключ|1") <= 600_000
            await storage.set("ключ|1", b"value", ttl=0.0001)  # less than Redis counts is one millisecond

    asyncio.run(main())


@needs_redis
def test_redis_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"

    async def main() -> None:
        async with RedisStorage(f"unix://{path}?db=1") as storage:
            await storage.set("key", b"value")
            assert await storage.get("key") == b"value"

    with RedisServer(tmp_path, "--unixsocket", str(path)):
        asyncio.run(main())


@needs_redis
def test_a_client_that_is_given_is_used_and_stays_open(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    async def main() -> None:
        async with Redis.from_url(redis.url, protocol=3) as client:
            async with RedisStorage(prefix="given", redis=client) as storage:
                await storage.set("key", b"value")
            assert await client.get("given|key") == b"value"
            assert await storage.get("key") == b"value"

    asyncio.run(main())


@needs_redis
def test_a_function_that_makes_clients_is_called_once_for_each_loop_and_they_are_closed(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    made: list[Redis] = []

    def make() -> Redis:
        made.append(Redis.from_url(redis.url))
        return made[-1]

    storage = RedisStorage(prefix="made", redis=make)

    async def use() -> None:
        async with storage:
            await storage.set("key", b"value")
            assert await storage.get("key") == b"value"

    asyncio.run(use())
    asyncio.run(use())
    assert len(made) == 2
    assert [item.is_connected for client in made for item in client.connection_pool._available_connections] == [
        False
    ] * 2


@needs_redis
def test_what_cannot_be_a_storage_is_refused_at_once(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    wrong: list[dict[str, Any]] = [
        {"url": "http://localhost"},
        {"prefix": "a|b"},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"max_connections": 0},
        {"url": redis.url + "?decode_responses=True"},
        {"redis": Redis.from_url(redis.url, decode_responses=True)},
    ]
    for arguments in wrong:
        with pytest.raises(ValueError):  # noqa: PT011 - some are redis-py's
            RedisStorage(**arguments)


@needs_redis
def test_who_waits_for_a_connection_waits_no_longer_than_the_time_of_a_call(redis: RedisServer) -> None:
    async def main() -> None:
        async with RedisStorage(redis.url, prefix="few", max_connections=2, timeout=15) as storage:
            await asyncio.gather(*(storage.set(str(number), b"value") for number in range(100)))
            assert None not in await asyncio.gather(*(storage.get(str(number)) for number in range(100)))
        async with RedisStorage(redis.url, max_connections=1, timeout=0.2) as storage:
            redis.pause()
            try:
                found = await asyncio.gather(*(storage.get("key") for _ in range(10)), return_exceptions=True)
            finally:
                redis.resume()
            assert {type(result) for result in found} == {StorageError}
            assert await storage.get("key") is None

    asyncio.run(main())


@needs_redis
def test_an_error_has_its_cause_and_does_not_tell_the_key(redis: RedisServer) -> None:
    from redis.asyncio import Redis
    from redis.exceptions import ConnectionError, ResponseError

    async def main() -> None:
        async with Redis.from_url(redis.url) as client, RedisStorage(redis.url, prefix="errors") as storage:
            await client.lpush("errors|secret", "a list")
            for call in (storage.get("secret"), storage.replace("secret", b"", b"")):
                with pytest.raises(StorageError, match="WRONGTYPE") as raised:
                    await call
                assert isinstance(raised.value.__cause__, ResponseError)
                assert "secret" not in str(raised.value)
        async with RedisStorage(f"redis://:password@127.0.0.1:{free_port()}") as storage:
            with pytest.raises(StorageError, match="Redis failed: .+") as raised:
                await storage.get("secret")
            assert isinstance(raised.value.__cause__, ConnectionError)
            assert "password" not in str(raised.value)

    asyncio.run(main())


@needs_redis
def test_a_redis_that_is_full_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    async def main(url: str) -> None:
        async with RedisStorage(url) as storage:
            await storage.set("key", b"value")
            with pytest.raises(StorageError, match="maxmemory"):
                await asyncio.gather(*(storage.set(str(number), bytes(1_000_000)) for number in range(20)))
            assert await storage.get("key") == b"value"

    with RedisServer(tmp_path, "--maxmemory", "10mb", "--maxmemory-policy", "noeviction") as server:
        asyncio.run(main(server.url))


@needs_redis
@pytest.mark.parametrize("call", ["get", "set", "replace"])
def test_a_client_that_keeps_a_cancellation_to_itself_does_not_keep_the_task(redis: RedisServer, call: str) -> None:
    """As redis-py does on CPython 3.11, when the cancellation comes while a command ends."""
    from redis.asyncio import Redis

    class Stubborn(Redis):
        async def execute_command(self, *args: Any, **options: Any) -> Any:
            execute: Any = super().execute_command
            answer = await execute(*args, **options)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                return answer

    async def main() -> None:
        async with Stubborn.from_url(redis.url) as client:
            storage = RedisStorage(redis=client)
            values = {"get": [], "set": [b"value"], "replace": [b"value", b"new"]}[call]
            task = asyncio.create_task(getattr(storage, call)("key", *values))
            await asyncio.wait({task})
            assert task.cancelled()

    asyncio.run(main())


@needs_redis
def test_who_is_cancelled_already_may_still_put_something_away(redis: RedisServer) -> None:
    async def main() -> None:
        async with RedisStorage(redis.url, prefix="cancelled") as storage:

            async def work() -> None:
                try:
                    await asyncio.sleep(60)
                finally:
                    await storage.set("one", b"1")
                    await storage.set("two", b"2")

            task = asyncio.create_task(work())
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            assert (await storage.get("one"), await storage.get("two")) == (b"1", b"2")

    asyncio.run(main())


@needs_redis
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_connections_of_loops_that_are_closed_are_let_go(redis: RedisServer) -> None:
    """Also where nobody called close, of which redis-py warns, as it should."""
    from redis import Redis

    async def leave() -> None:
        await storage.set("key", b"value")

    async def close() -> None:
        async with storage:
            assert await storage.get("key") == b"value"

    storage = RedisStorage(redis.url, prefix="loops")
    for _ in range(5):
        asyncio.run(leave())
    asyncio.run(close())
    gc.collect()
    with Redis.from_url(redis.url) as client:
        deadline = time.monotonic() + 15
        while len(client.client_list()) > 1:
            assert time.monotonic() < deadline, "connections stay open"
            time.sleep(0.02)
