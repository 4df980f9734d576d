"""The storage in Redis: what stands there, what a decision costs, and what it does while Redis is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from velocipy import Depends, VelociPy
from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitRule, StorageErrorAction, rate_limit
from velocipy.limiter.storage import RedisStorage
from velocipy.storage import StorageError
from velocipy.testing import TestClient
from velocipy.testing.redis_servers import RedisServer, free_port

from .waiting import PATIENCE, until

pytestmark = pytest.mark.skipif(
    find_spec("redis") is None or not RedisServer.is_installed(), reason="there is no redis-server, or no redis-py"
)
EVERY = [RateLimitRule(f"of {algorithm}", 3, 60, algorithm=algorithm) for algorithm in RateLimitAlgorithm]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def client(redis: RedisServer) -> Iterator[Any]:
    from redis import Redis

    with Redis.from_url(redis.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def ill(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that may be killed."""
    with RedisServer(tmp_path) as server:
        yield server


async def test_keys_share_a_slot_tell_nobody_and_expire(redis: RedisServer, client: Any) -> None:
    secret = "a key that is secret\r\n" * 500
    async with Limiter(RedisStorage(redis.url)) as limiter:
        await limiter.check(secret, EVERY)
        await limiter.check("who", RateLimitRule("short", 1, 0.2))
        keys = {key.decode() for key in client.scan_iter()}
        assert len(keys) == 6
        assert not any("secret" in key or "who" in key for key in keys)
        tags = {key[key.index("{") : key.index("}")] for key in keys if "short" not in key}
        assert len(tags) == 1
        assert all(0 < client.pttl(key) <= 120_001 for key in keys if "short" not in key)

        async def is_gone() -> bool:
            return not any("short" in key.decode() for key in client.scan_iter())

        await until(is_gone)


async def test_a_decision_over_several_rules_is_one_call_of_a_script_that_is_sent_once(
    redis: RedisServer, client: Any
) -> None:
    client.script_flush()
    async with Limiter(RedisStorage(redis.url)) as limiter:
        await limiter.check("who", EVERY)
        client.config_resetstat()
        for _ in range(10):
            await limiter.check("who", EVERY)
        calls = {name: told["calls"] for name, told in client.info("commandstats").items()}
        assert calls["cmdstat_evalsha"] == 10
        assert "cmdstat_eval" not in calls
        client.script_flush()
        assert not (await limiter.check("who", EVERY)).allowed
        assert (await limiter.check("other", EVERY)).allowed


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: str(rule.algorithm))
async def test_what_a_refused_decision_asked_for_is_taken_from_no_rule(redis: RedisServer, rule: RateLimitRule) -> None:
    who = uuid4().hex
    one = RateLimitRule("one", 1, 3600)
    async with Limiter(RedisStorage(redis.url)) as limiter:
        assert (await limiter.check(who, [rule, one])).allowed
        for _ in range(3):
            assert not (await limiter.check(who, [rule, one])).allowed
        assert (await limiter.peek(who, rule)).remaining == 2
        await limiter.reset(who, [rule, one])
        assert (await limiter.check(who, [rule, one])).remaining == 0
        assert (await limiter.peek(who, rule)).remaining == 2


async def test_many_at_a_time_are_exact(redis: RedisServer) -> None:
    who = uuid4().hex
    rules = [RateLimitRule(f"many {rule.algorithm}", 50, 3600, algorithm=rule.algorithm) for rule in EVERY]
    async with Limiter(RedisStorage(redis.url, timeout=PATIENCE)) as limiter:
        results = await asyncio.gather(*(limiter.check(who, rules) for _ in range(200)))
    assert sum(result.allowed for result in results) == 50


async def test_unix_sockets_given_clients_and_functions_that_make_them(tmp_path: Path) -> None:
    from redis.asyncio import Redis

    path = tmp_path / "redis.sock"
    with RedisServer(tmp_path, "--unixsocket", str(path)) as server:
        given = Redis.from_url(server.url)
        storages = [
            RedisStorage(f"unix://{path}"),
            RedisStorage(redis=given),
            RedisStorage(redis=lambda: Redis.from_url(server.url)),
        ]
        passed = []
        for storage in storages:
            async with Limiter(storage) as limiter:
                passed.append((await limiter.check("who", "2/hour")).allowed)
        assert passed == [True, True, False]
        assert await given.ping()
        await given.aclose()


async def test_a_sentinel_leads_to_its_master(tmp_path: Path, redis: RedisServer) -> None:
    from redis.asyncio import Sentinel

    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"sentinel monitor shop 127.0.0.1 {redis.port} 1\n")

    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "redis-server", str(configuration), "--sentinel", "--port", str(port), "--bind", "127.0.0.1",
        "--dir", str(tmp_path), stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        sentinel: Any = Sentinel([("127.0.0.1", port)], socket_timeout=1)  # type: ignore[no-untyped-call]
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Exception):
                    await sentinel.discover_master("shop")
                    break
                await asyncio.sleep(0.05)
        async with Limiter(RedisStorage(redis=lambda: sentinel.master_for("shop"), timeout=PATIENCE)) as limiter:
            who = uuid4().hex
            assert [(await limiter.check(who, "1/hour")).allowed for _ in range(2)] == [True, False]
        for node in sentinel.sentinels:
            await node.aclose()
    finally:
        process.kill()
        await process.wait()


def test_an_application_closes_the_limiters_that_it_depends_on(redis: RedisServer, client: Any) -> None:
    app = VelociPy()

    @app.get("/", dependencies=[Depends(rate_limit(Limiter(RedisStorage(redis.url)), "100/hour"))])
    async def read() -> None: ...

    def connected() -> set[str]:
        return {item["id"] for item in client.client_list()}

    for _ in range(2):
        before = connected()
        with TestClient(app) as asking:
            assert asking.get("/").status_code == 204
            [own] = connected() - before
        until = monotonic() + 10
        while own in connected():  # Redis hears of it a moment later
            assert monotonic() < until


@pytest.mark.parametrize(
    "options",
    [{"url": "http://localhost"}, {"timeout": 0}, {"max_connections": 0}, {"url": "redis://a?decode_responses=True"}],
)
def test_mistakes_are_told_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - some are redis-py's
        RedisStorage(**options)


# Away


def rule_of(action: StorageErrorAction, limit: int = 4) -> RateLimitRule:
    return RateLimitRule("ill", limit, 3600, on_storage_error=action)


def application(url: str, action: StorageErrorAction) -> tuple[VelociPy, Limiter]:
    limiter = Limiter(RedisStorage(url, timeout=0.3), workers=2, pause=0.2, headers="ratelimit")
    app = VelociPy()

    @app.get("/", dependencies=[Depends(rate_limit(limiter, rule_of(action), "everybody"))])
    async def read() -> None: ...

    return app, limiter


@pytest.mark.parametrize("way", ["killed", "hanging"])
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (StorageErrorAction.ALLOW, [204] * 8),
        (StorageErrorAction.DENY, [503] * 8),
        (StorageErrorAction.LOCAL, [204] * 2 + [429] * 6),
    ],
)
def test_while_redis_is_away_the_rule_says_what_happens_and_nobody_waits(
    ill: RedisServer, way: str, action: StorageErrorAction, expected: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = application(ill.url, action)
    with TestClient(app) as client, caplog.at_level(logging.INFO, "velocipy"):
        assert [client.get("/").status_code for _ in range(5)] == [204] * 4 + [429]
        if way == "killed":
            ill.stop()
        else:
            ill.pause()
        begun = monotonic()
        answers = [client.get("/") for _ in range(8)]
        took = monotonic() - begun
        assert [answer.status_code for answer in answers] == expected
        assert took < 3 * 0.3 + 2 * 0.3 + 2  # three fail in time, a probe may, and the others do not wait
        if action is StorageErrorAction.DENY:
            assert answers[0].json() == {"detail": "Rate-limit storage unavailable"}
        assert all("ratelimit" not in answer.headers for answer in answers)
        for _ in range(5):
            client.get("/")
        if way == "killed":
            ill.start()
        else:
            ill.resume()
        deadline = monotonic() + PATIENCE
        while "ratelimit" not in (answer := client.get("/")).headers:  # as soon as a probe has found it
            assert monotonic() < deadline
        assert answer.status_code == (204 if way == "killed" else 429)
    told = [record.getMessage() for record in caplog.records if "storage of rate limits" in record.getMessage()]
    assert [message.partition(",")[0] for message in told] == [
        "the storage of rate limits fails",
        "the storage of rate limits answers again",
    ]


async def test_a_redis_that_is_flushed_or_restarted_has_forgotten_and_goes_on(ill: RedisServer) -> None:
    from redis import Redis

    async with Limiter(RedisStorage(ill.url)) as limiter:
        rule = rule_of(StorageErrorAction.DENY)

        async def answers() -> bool:
            return not (await limiter.peek("who", rule)).storage_failed

        def restart() -> None:
            ill.stop()
            ill.start()

        for forget in (Redis.from_url(ill.url).flushall, restart):
            assert [(await limiter.check("who", rule)).allowed for _ in range(5)] == [True] * 4 + [False]
            forget()
            await until(answers)


async def test_many_that_wait_for_a_redis_that_hangs_wait_no_longer_than_the_time_of_a_call(ill: RedisServer) -> None:
    async with Limiter(RedisStorage(ill.url, timeout=0.3), pause=60) as limiter:
        await limiter.check("who", "5/hour")
        ill.pause()
        begun = monotonic()
        results = await asyncio.gather(*(limiter.check("who", "5/hour") for _ in range(200)))
        assert all(result.storage_failed and result.allowed for result in results)
        assert monotonic() - begun < PATIENCE / 3
        begun = monotonic()
        for _ in range(100):
            await limiter.check("who", "5/hour")
        assert monotonic() - begun < 0.3  # the circuit is open: not one has waited
        ill.resume()


async def test_reset_and_rules_of_different_minds_while_redis_is_away(ill: RedisServer) -> None:
    ill.stop()
    async with Limiter(RedisStorage(ill.url, timeout=0.3)) as limiter:
        with pytest.raises(StorageError):
            await limiter.reset("who", "5/hour")
        rules = [rule_of(StorageErrorAction.ALLOW), rule_of(StorageErrorAction.LOCAL, 1)]
        assert [(await limiter.check("who", rules)).allowed for _ in range(2)] == [True, False]
        result = await limiter.check("who", [*rules, rule_of(StorageErrorAction.DENY, 2)])
        assert (result.allowed, result.storage_failed, result.states) == (False, True, ())
