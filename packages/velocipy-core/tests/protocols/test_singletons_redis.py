"""Singletons whose lock is in Redis: one at a time, also when the holder is killed and when Redis is away."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from velocipy import VelociPy
from velocipy.redis_lock import RedisLock
from velocipy.testing import TestClient
from velocipy.testing.redis_servers import RedisServer
from velocipy.testing.servers import RunningServer

pytest.importorskip("redis", reason="the extra redis is not installed")
pytestmark = pytest.mark.skipif(not RedisServer.is_installed(), reason="there is no redis-server")

HERE = Path(__file__)
TTL = 1.0

app = VelociPy()  # what the server of the fixture serves


def ticking() -> VelociPy:
    app = VelociPy()

    @app.get("/")
    async def index() -> int:
        return os.getpid()

    async def tick() -> None:
        print(f"TICKS in {os.getpid()}\n", end="", flush=True)
        await asyncio.sleep(3600)

    app.add_singleton(tick, lock=RedisLock(os.environ["REDIS"], ttl=TTL))
    return app


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    try:
        yield server
    finally:
        server.stop()


OLD = TTL + 2.5  # seconds after which a Redis knows all who have a lock


def start_old(redis: RedisServer) -> None:
    redis.start()
    time.sleep(OLD)


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def holders(server: RunningServer) -> list[int]:
    return [int(line.split()[-1]) for line in server.log.text().splitlines() if "TICKS in" in line]


def test_when_the_holder_is_killed_another_takes_over(live_server: Any, redis: RedisServer) -> None:
    start_old(redis)
    settings: Any = {"factory": True, "directory": HERE.parent, "environment": {"REDIS": redis.url}}
    where = f"{HERE.stem}:ticking"
    with RunningServer.start(live_server.server, where, **settings) as first:
        wait_until(lambda: len(holders(first)) == 1)
        with RunningServer.start(live_server.server, where, **settings) as second:
            time.sleep(2 * TTL)
            assert holders(second) == []
            os.killpg(first.pid, signal.SIGKILL)
            wait_until(lambda: len(holders(second)) == 1)


@pytest.fixture(autouse=True)
def without_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velocipy.singletons.ASK_AGAIN", 0.02)
    monkeypatch.setattr("velocipy.redis_lock.LONGEST_PAUSE", 0.2)


class Workers:
    """Several applications in one process, of which one at a time shall run the job."""

    def __init__(self, lock: Callable[[], RedisLock], count: int = 3) -> None:
        self.running: list[int] = []
        self.most = 0
        self.begun: list[int] = []
        self.clients = [TestClient(self._make(number, lock())) for number in range(count)]

    def _make(self, number: int, lock: RedisLock) -> VelociPy:
        app = VelociPy()

        async def job() -> None:
            self.running.append(number)
            self.begun.append(number)
            self.most = max(self.most, len(self.running))
            try:
                await asyncio.sleep(3600)
            finally:
                await asyncio.sleep(TTL / 6)  # a job that takes its time to end
                self.running.remove(number)

        app.add_singleton(job, name="job", lock=lock)
        return app


@pytest.mark.in_process
def test_one_runs_it_longer_than_the_lock_lives_and_the_next_when_that_ends(redis: RedisServer) -> None:
    start_old(redis)
    workers = Workers(lambda: RedisLock(redis.url, ttl=TTL))
    with ExitStack() as stack:
        for client in workers.clients:
            stack.enter_context(client)
        wait_until(lambda: len(workers.begun) == 1)
        time.sleep(2.5 * TTL)
        (first,) = workers.begun
        workers.clients[first].close()
        wait_until(lambda: len(workers.begun) == 2 and len(workers.running) == 1, TTL / 2)  # it was given back
    assert workers.most == 1
    assert workers.running == []


@pytest.mark.in_process
@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_a_redis_that_restarts_and_has_forgotten_all_lets_no_two_run_it(redis: RedisServer, seconds: float) -> None:
    start_old(redis)
    workers = Workers(lambda: RedisLock(redis.url, ttl=TTL))
    with ExitStack() as stack:
        for client in workers.clients:
            stack.enter_context(client)
        wait_until(lambda: len(workers.begun) == 1)
        redis.stop()
        time.sleep(seconds)
        redis.start()
        wait_until(lambda: len(workers.begun) == 2)
        time.sleep(TTL)
    assert workers.most == 1


@pytest.mark.in_process
def test_a_redis_that_hangs_ends_the_job_in_time(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    start_old(redis)
    workers = Workers(lambda: RedisLock(redis.url, ttl=TTL), 1)
    with caplog.at_level(logging.ERROR, "velocipy"), workers.clients[0]:
        wait_until(lambda: workers.running == [0])
        redis.pause()
        wait_until(lambda: workers.running == [], 1.5 * TTL)
        wait_until(lambda: "Redis does not answer" in caplog.text)
        redis.resume()
        wait_until(lambda: workers.running == [0])
    assert "lost its lock" in caplog.text


@pytest.mark.in_process
def test_a_redis_that_is_away_at_the_start_is_logged_once_and_waited_for(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    workers = Workers(lambda: RedisLock(redis.url, ttl=TTL), 1)
    with caplog.at_level(logging.WARNING, "velocipy"), workers.clients[0]:
        time.sleep(1.5)
        assert workers.begun == []
        redis.start()
        wait_until(lambda: workers.running == [0])
    told = [record.getMessage() for record in caplog.records if record.name == "velocipy"]
    assert len(told) == 1
    assert told[0].startswith("Redis does not answer, and no singleton starts until it does: ")


@pytest.mark.in_process
def test_a_client_that_is_given_is_used_and_stays_open(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    start_old(redis)

    async def main() -> None:
        client = Redis.from_url(redis.url)
        lock = RedisLock(client, prefix="mine:", ttl=TTL)
        lease = await lock.acquire("job")
        assert lease is not None
        assert await lock.acquire("job") is None
        assert await lock.acquire("other") is not None
        assert await client.exists("mine:job") == 1
        await lease.release()
        assert await client.exists("mine:job") == 0
        await client.aclose()

    asyncio.run(main())


@pytest.mark.in_process
def test_who_lost_a_lock_takes_it_from_no_other(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    start_old(redis)

    async def main() -> None:
        client = Redis.from_url(redis.url)
        lease = await RedisLock(client, prefix="", ttl=TTL).acquire("job")
        assert lease is not None
        await client.set("job", "another")
        async with asyncio.timeout(TTL):
            await lease.lost()
        await lease.release()
        assert await client.get("job") == b"another"
        await client.aclose()

    asyncio.run(main())


@pytest.mark.in_process
@pytest.mark.parametrize(("url", "ttl"), [("http://localhost", 15), ("redis://x", 0.5), ("redis://x", float("nan"))])
def test_what_is_no_lock_is_refused_at_once(url: str, ttl: float) -> None:
    with pytest.raises(ValueError, match="URL must specify|give seconds from 1"):
        RedisLock(url, ttl=ttl)


@pytest.mark.in_process
@pytest.mark.parametrize("command", ["SET", "INFO", "EVAL"])
def test_a_client_that_keeps_a_cancellation_to_itself_keeps_no_job_alive(redis: RedisServer, command: str) -> None:
    """As redis-py does on CPython 3.11, when the cancellation comes while a command ends."""
    from redis.asyncio import Redis

    start_old(redis)

    cancelled: list[str] = []

    class Stubborn(Redis):
        async def execute_command(self, *args: Any, **options: Any) -> Any:
            execute: Any = super().execute_command
            answer = await execute(*args, **options)
            if args[0] == command and not cancelled:
                cancelled.append(command)
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(1)
            return answer

    async def main() -> None:
        client = Stubborn.from_url(redis.url)

        async def hold() -> None:
            lease = await RedisLock(client, ttl=TTL).acquire("job")
            assert lease is not None
            await lease.lost()

        task = asyncio.create_task(hold())
        await asyncio.wait({task}, timeout=3 * TTL)
        assert cancelled == [command]
        assert task.cancelled()
        await client.aclose()

    asyncio.run(main())
