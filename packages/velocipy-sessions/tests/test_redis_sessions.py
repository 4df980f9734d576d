"""Sessions in a real Redis, which is killed in the middle."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from velocipy import RedisStorage, VelociPy
from velocipy.sessions import SessionStore
from velocipy.testing import AsyncTestClient
from velocipy.testing.redis_servers import RedisServer, free_port

from . import shelf
from .conftest import REDIS_PORT

pytest.importorskip("redis", reason="the extra redis is not installed")
pytestmark = pytest.mark.skipif(not RedisServer.is_installed(), reason="there is no redis-server")


def in_redis(**options: Any) -> VelociPy:
    storage = RedisStorage(f"redis://127.0.0.1:{os.environ[REDIS_PORT]}/0", prefix="tests", timeout=1.0)
    store = SessionStore(storage)

    @asynccontextmanager
    async def lifespan(app: VelociPy) -> AsyncIterator[None]:
        async with storage:
            yield

    app = shelf.make(lifespan, store=store, **options)
    shelf.add_endings(app, store)
    return app


failing = in_redis()
emptying = in_redis(on_store_failure="empty")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder: Path = tmp_path_factory.mktemp("redis")
    with RedisServer(folder, port=int(os.environ[REDIS_PORT])) as server:
        yield server


@pytest.fixture
def redis(running: RedisServer) -> Iterator[RedisServer]:
    """The Redis, which runs when a test begins; it has been emptied by a restart if a test has stopped it."""
    yield running
    running.stop()
    running.start()


def reads_again(client: Any) -> bool:
    return bool(client.get("/all").status_code == 200)


def test_a_session_is_kept_rotated_and_ended(client_factory: Any, redis: RedisServer) -> None:
    client = client_factory("failing")
    shelf.wait_until(lambda: client.post("/set", json={"name": "Blue"}).status_code == 204)
    cookie = client.cookies["session"]
    client.post("/rotate", params={"user": "ada"})
    rotated = client.cookies["session"]
    assert client.get("/all").json() == {"name": "Blue"}
    assert shelf.all_of(client, cookie) == {}
    assert shelf.all_of(client, rotated) == {"name": "Blue"}
    assert client.post("/end-all/ada").json() == 1
    assert shelf.all_of(client, rotated) == {}


def test_a_lost_redis_is_503_for_who_asks_for_the_session_and_nobody_else(
    client_factory: Any, redis: RedisServer
) -> None:
    client = client_factory("failing")
    shelf.wait_until(lambda: client.post("/set", json={"name": "Blue"}).status_code == 204)
    cookie = client.cookies["session"]
    redis.stop()
    answer = client.get("/all")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"detail": "The session is not available at the moment"}
    assert "set-cookie" not in answer.headers
    assert client.get("/as-request").status_code == 503
    assert client.get("/untouched").text == "untouched"
    assert client.get("/nowhere").status_code == 404
    assert client.post("/clear").status_code == 503  # a logout that did nothing does not look like one
    client.cookies.clear()
    assert client.get("/all").json() == {}  # who has no session needs no store
    answer = client.post("/set", json={"name": "Delta"})
    assert answer.status_code == 503  # which cannot be kept
    assert "set-cookie" not in answer.headers

    redis.start()
    headers = {"cookie": f"session={cookie}"}
    shelf.wait_until(lambda: client.get("/all", headers=headers).status_code == 200)
    assert client.get("/all", headers=headers).json() == {}  # it has forgotten, and nobody else's is there instead
    client.post("/set", json={"name": "Echo"}, headers=headers)
    assert client.get("/all").json() == {"name": "Echo"}


def test_a_lost_redis_is_an_empty_session_where_that_is_asked_for(client_factory: Any, redis: RedisServer) -> None:
    client = client_factory("emptying")
    shelf.wait_until(lambda: client.post("/set", json={"name": "Blue"}).status_code == 204)
    redis.stop()
    assert client.get("/all").json() == {}
    assert client.get("/facts").json() == [None, True, None, True]
    assert client.get("/flashes").json() == []
    for path in ("/clear", "/rotate", "/pop/name", "/flash?message=a"):
        answer = client.post(path)
        assert (path, answer.status_code) == (path, 204 if path == "/pop/name" else 503)  # there is nothing to pop
        assert "set-cookie" not in answer.headers
    assert client.post("/set", json={"name": "Delta"}).status_code == 503
    redis.start()
    shelf.wait_until(lambda: client.post("/set", json={"name": "Echo"}).status_code == 204)
    assert client.get("/all").json() == {"name": "Echo"}


def test_a_redis_that_hangs_is_not_waited_for_and_found_again(client_factory: Any, redis: RedisServer) -> None:
    client = client_factory("failing")
    shelf.wait_until(lambda: client.post("/set", json={"name": "Blue"}).status_code == 204)
    redis.pause()
    try:
        assert client.get("/all").status_code == 503
    finally:
        redis.resume()
    shelf.wait_until(lambda: reads_again(client))
    assert client.get("/all").json() == {"name": "Blue"}  # it was there all the time


def test_users_stay_apart_while_redis_is_killed_and_comes_back(client_factory: Any, redis: RedisServer) -> None:
    clients = {name: client_factory("emptying") for name in ("ada", "bob", "eve")}
    seen: dict[str, set[str]] = {name: set() for name in clients}
    for number in range(150):
        if number == 50:
            redis.stop()
        if number == 80:
            redis.start()
        for name, client in clients.items():
            if number % 10 == 0:
                client.post("/set", json={"owner": name})
            answer = client.get("/all")
            assert answer.status_code == 200
            seen[name].add(answer.json().get("owner", "nobody"))
    assert seen == {name: {name, "nobody"} for name in clients}
    for name, client in clients.items():
        assert client.get("/all").json() == {"owner": name}


@pytest.mark.velocipy_app("failing")
def test_a_redis_that_is_lost_before_the_session_is_stored_is_503(
    async_client: Any, client_factory: Any, redis: RedisServer
) -> None:
    client = client_factory("failing")
    shelf.wait_until(lambda: client.post("/set", json={"name": "Blue"}).status_code == 204)
    headers = {"cookie": f"session={client.cookies['session']}"}

    async def ask() -> Any:
        late = asyncio.create_task(async_client.post("/wait/lost", headers=headers))
        while not (await async_client.get("/is-waiting/lost")).json():  # noqa: ASYNC110 - it may be another process
            await asyncio.sleep(0.01)
        redis.stop()
        await async_client.post("/release/lost")
        return await late

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


def test_a_cluster_keeps_sessions(tmp_path: Path) -> None:
    """No call has two keys, which a cluster could refuse."""
    from redis.asyncio import Redis, RedisCluster

    async def begin(server: RedisServer) -> None:
        async with Redis.from_url(server.url) as made:
            redis: Any = made
            await redis.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            while b"cluster_state:ok" not in await redis.execute_command("CLUSTER", "INFO"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def use(server: RedisServer) -> None:
        await begin(server)
        async with RedisCluster(host="127.0.0.1", port=server.port) as cluster:
            store = SessionStore(RedisStorage(redis=cluster))
            app = shelf.make(store=store)
            shelf.add_endings(app, store)
            async with AsyncTestClient(app) as client:
                await client.post("/set", json={"name": "Blue"})
                before = client.cookies["session"]
                await client.post("/rotate", params={"user": "ada"})
                assert client.cookies["session"] != before
                assert (await client.get("/all")).json() == {"name": "Blue"}
                assert (await client.post("/end-all/ada")).json() == 1
                assert (await client.get("/all")).json() == {}

    with RedisServer(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        asyncio.run(use(server))


@contextmanager
def sentinel_of(server: RedisServer, folder: Path) -> Iterator[int]:
    """Run a Sentinel that watches *server* as "shop"; yield its port."""
    port = free_port()
    configuration = folder / "sentinel.conf"
    configuration.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor shop 127.0.0.1 {server.port} 1\n")
    program = shutil.which("redis-server")
    assert program is not None
    process = subprocess.Popen([program, str(configuration), "--sentinel"], cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def test_a_sentinel_finds_the_redis_of_sessions(tmp_path: Path) -> None:
    from redis.asyncio import Sentinel
    from redis.exceptions import RedisError

    async def use(port: int) -> None:
        make: Any = Sentinel
        found = make([("127.0.0.1", port)])
        async with found.master_for("shop") as redis:
            while True:
                try:
                    await redis.ping()
                    break
                except RedisError:  # it has only just been started
                    await asyncio.sleep(0.05)
            app = shelf.make(store=SessionStore(RedisStorage(redis=redis)))
            async with AsyncTestClient(app) as client:
                await client.post("/set", json={"name": "Blue"})
                assert (await client.get("/all")).json() == {"name": "Blue"}
        for one in found.sentinels:
            await one.aclose()

    with RedisServer(tmp_path) as server, sentinel_of(server, tmp_path) as port:
        asyncio.run(use(port))
