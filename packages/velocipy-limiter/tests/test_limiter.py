"""The limiter asked directly, and the storage in memory."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from typing import Any
from uuid import uuid4

import pytest

from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitResult, RateLimitRule
from velocipy.limiter.storage import MemoryStorage, RateLimitStorage

HOUR = RateLimitRule("hour", 3, 3600)


class Clock:
    """One that stands until somebody sets it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000_000

    def __call__(self) -> int:
        return self.now


async def test_check_takes_and_peek_does_not_and_reset_gives_it_back() -> None:
    clock = Clock()
    async with Limiter(storage=MemoryStorage(clock=clock)) as limiter:
        assert (await limiter.peek("who", HOUR)).remaining == 3
        for remaining in (2, 1, 0):
            result = await limiter.check("who", HOUR)
            assert (result.allowed, result.limit, result.remaining) == (True, 3, remaining)
        assert result.reset_at == clock.now / 1_000_000 + 3600
        refused = await limiter.check("who", HOUR)
        assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 0, 1200)
        assert not (await limiter.peek("who", HOUR)).allowed
        await limiter.reset("who", HOUR)
        assert (await limiter.check("who", HOUR, cost=3)).allowed


async def test_a_cost_that_never_passes_is_refused_and_takes_nothing() -> None:
    limiter = Limiter(MemoryStorage())
    result = await limiter.check("who", HOUR, cost=4)
    assert (result.allowed, result.retry_after, result.remaining) == (False, None, 3)


async def test_the_first_rule_that_refuses_decides_and_the_longest_wait_is_told() -> None:
    limiter = Limiter(MemoryStorage(clock=Clock()))
    rules = [RateLimitRule("wide", 100, 60), RateLimitRule("minute", 1, 60), RateLimitRule("day", 1, 86400)]
    assert (await limiter.check("who", rules)).limit == 1
    result = await limiter.check("who", rules)
    assert (result.limit, result.retry_after) == (1, 86400)
    assert [rule.name for rule in result.refused_by] == ["minute", "day"]
    assert (await limiter.peek("who", rules[0])).remaining == 99


@pytest.mark.parametrize("identifier", ["x" * 10_000, "a\nb\r\n\0", "", "\ud800", "a:b{c}", 7, uuid4(), None])
async def test_an_identifier_is_anything_that_stays_the_same(identifier: Any) -> None:
    limiter = Limiter(MemoryStorage())
    assert [(await limiter.check(identifier, HOUR)).allowed for _ in range(4)] == [True] * 3 + [False]
    assert (await limiter.check("somebody else", HOUR)).allowed


async def test_who_is_nobody_is_not_who_has_an_empty_name() -> None:
    limiter = Limiter(MemoryStorage())
    await limiter.check(None, HOUR, cost=3)
    assert (await limiter.check("", HOUR)).allowed
    assert (await limiter.check("nobody", HOUR)).allowed
    assert not (await limiter.check(None, HOUR)).allowed


@pytest.mark.parametrize("identifier", [object(), b"bytes", 1.5, ("a",)])
async def test_an_identifier_that_is_none_is_refused(identifier: Any) -> None:
    with pytest.raises(TypeError, match="give a str, an int, a UUID or None"):
        await Limiter(MemoryStorage()).check(identifier, HOUR)


@pytest.mark.parametrize("cost", [0, -1, True, 1.5, "1"])
async def test_a_cost_that_is_none_is_refused(cost: Any) -> None:
    with pytest.raises(ValueError, match="whole number from 1"):
        await Limiter(MemoryStorage()).check("who", HOUR, cost)


@pytest.mark.parametrize(
    "options",
    [
        {"storage": "redis://localhost"},
        {"storage": MemoryStorage},
        {"headers": True},
        {"prefix": "a{b"},
        {"prefix": "x" * 65},
        {"headers": "x-rate"},
        {"failures": 0},
        {"pause": 0},
        {"workers": 0},
    ],
)
def test_mistakes_are_told_at_once(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"storage": MemoryStorage()}
    with pytest.raises((TypeError, ValueError), match="give|there are"):
        Limiter(**(given | options))


async def test_prefixes_keep_limiters_apart() -> None:
    storage: RateLimitStorage = MemoryStorage()
    one, other = Limiter(storage, prefix="one"), Limiter(storage, prefix="other")
    await one.check("who", HOUR, cost=3)
    assert (await other.check("who", HOUR)).allowed
    assert not (await one.check("who", HOUR)).allowed


async def test_no_identifier_is_that_of_another_prefix() -> None:
    storage = MemoryStorage()
    one, other = Limiter(storage, prefix="one"), Limiter(storage, prefix="one:as")
    assert (await one.check("as:all", "1/hour")).allowed
    assert (await other.check("all", "1/hour")).allowed
    assert (await one.check("as:all", "1/hour")).allowed is False


async def test_on_check_is_told_and_what_it_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[Any, RateLimitResult]] = []

    def note(identifier: Any, result: RateLimitResult) -> None:
        told.append((identifier, result))
        raise RuntimeError("broken")

    limiter = Limiter(MemoryStorage(), on_check=note)
    result = await limiter.check("who", HOUR)
    await limiter.peek("who", HOUR)
    assert told == [("who", result)]
    assert [record.message for record in caplog.records] == ["on_check of a limiter failed"]


def test_memory_serves_several_loops_in_several_threads() -> None:
    limiter = Limiter(MemoryStorage())
    rule = RateLimitRule("many", 500, 3600)
    passed: list[bool] = []

    async def ask() -> None:
        for _ in range(200):
            passed.append((await limiter.check("who", rule)).allowed)
            await asyncio.sleep(0)

    threads = [threading.Thread(target=lambda: asyncio.run(ask())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), passed.count(True)) == (800, 500)


@pytest.mark.parametrize("algorithm", RateLimitAlgorithm)
async def test_a_clock_that_goes_back_gives_nothing_and_one_that_jumps_ahead_gives_the_limit(
    algorithm: RateLimitAlgorithm,
) -> None:
    clock = Clock()
    limiter = Limiter(MemoryStorage(clock=clock))
    rule = RateLimitRule("clock", 3, 60, algorithm=algorithm)
    assert (await limiter.check("who", rule, cost=3)).allowed
    clock.now -= 3_600_000_000
    assert not (await limiter.check("who", rule)).allowed
    clock.now += 3_600_000_000
    assert not (await limiter.check("who", rule)).allowed
    clock.now += 10**14
    assert [(await limiter.check("who", rule)).allowed for _ in range(4)] == [True] * 3 + [False]


# What is kept


async def test_who_asks_often_is_not_forgotten_when_many_others_come() -> None:
    limiter = Limiter(MemoryStorage(max_bytes=1_000_000))
    for number in range(20_000):
        if number % 500 == 0:
            await limiter.check("often", "often: 20/day")
        await limiter.check(f"other{number}", HOUR)
    assert not (await limiter.check("often", "often: 20/day")).allowed


async def test_who_floods_one_limit_does_not_lift_another() -> None:
    limiter = Limiter(MemoryStorage(max_bytes=1_000_000))
    log = RateLimitRule("log", 1000, 3600, algorithm=RateLimitAlgorithm.SLIDING_WINDOW)
    guesses = 0
    for number in range(12_000):
        await limiter.check(f"2001:db8:{number % 8}::", log)  # few, with long logs
        await limiter.check(f"192.0.2.{number}", "flood: 10/hour")  # many, with short entries
        if number % 500 == 0:
            guesses += (await limiter.check("ellie", "login: 5/day")).allowed
    assert guesses == 5


async def test_what_was_not_asked_for_of_late_leaves_first() -> None:
    limiter = Limiter(MemoryStorage(max_bytes=100_000))
    await limiter.check("early", HOUR, cost=3)
    for number in range(1000):
        await limiter.check(f"other{number}", HOUR)
    assert (await limiter.check("early", HOUR)).allowed
    assert not (await limiter.check("other999", HOUR, cost=3)).allowed


_FLOOD = """
import asyncio, resource, sys
from velocipy.limiter import Limiter, RateLimitRule
from velocipy.limiter.storage import MemoryStorage

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

async def main():
    limiter = Limiter(MemoryStorage())
    rules = (RateLimitRule("flood", 10, 3600, algorithm=sys.argv[1]),)
    await limiter.check("first", rules)
    before = most = resident()
    for number in range(1_000_000):
        await limiter.decide(f"2001:db8:{number:x}::", rules)
        if number % 10_000 == 0:
            most = max(most, resident())
    print(max(most, resident()) - before)

asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("algorithm", ["token-bucket", "sliding-window"])
def test_a_million_identifiers_stay_below_64_mebibytes(algorithm: str) -> None:
    done = subprocess.run([sys.executable, "-c", _FLOOD, algorithm], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 64 * 1024 * 1024


async def test_what_a_log_has_counts_as_long_as_it_is_kept() -> None:
    clock = Clock()
    storage = MemoryStorage(max_bytes=1_000_000, clock=clock)
    limiter = Limiter(storage)
    log = RateLimitRule("log", 10_000, 3600, algorithm=RateLimitAlgorithm.SLIDING_WINDOW)
    for _ in range(3000):
        await limiter.check("long", log)
    for _ in range(3):  # what it has moves from generation to generation
        clock.now += 3_000_000_000
        await limiter.check("long", log)
    for number in range(1000):
        clock.now += 1
        await limiter.check(f"other{number}", log)
    held = [entry for table in storage._tables.values() for entry in (*table.young.values(), *table.old.values())]
    assert sum(len(entry[2]) * 100 for entry in held) < 1_000_000


async def test_what_counts_no_more_leaves() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    limiter = Limiter(storage)
    short = RateLimitRule("short", 1, 1)
    for number in range(30_000):
        clock.now += 1_000
        await limiter.check(f"who{number}", short)
    held = sum(len(table.young) + len(table.old) for table in storage._tables.values())
    assert held <= 2001


# Workers


@pytest.mark.parametrize(
    ("arguments", "environment", "workers"),
    [
        (["uvicorn", "main:app"], {}, 1),
        (["uvicorn", "main:app", "--workers", "4"], {}, 4),
        (["granian", "--workers=8", "main:app"], {}, 8),
        (["gunicorn", "-w", "3", "main:app"], {}, 3),
        (["hypercorn", "-w3", "main:app"], {}, 3),
        (["uvicorn", "--workers", "1"], {"WEB_CONCURRENCY": "4"}, 1),
        (["uvicorn", "--workers", "many"], {}, 1),
        (["uvicorn", "main:app"], {"WEB_CONCURRENCY": "4"}, 4),
        (["uvicorn", "main:app"], {"WEB_CONCURRENCY": "x"}, 1),
        (["granian", "main:app"], {"GRANIAN_WORKERS": "2"}, 2),
        (["uvicorn", "--workers"], {}, 1),
    ],
)
def test_several_workers_with_a_memory_each_are_told(
    arguments: list[str],
    environment: dict[str, str],
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    for name in ("WEB_CONCURRENCY", "GRANIAN_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.WARNING):
        Limiter(MemoryStorage())
    told = [record.message for record in caplog.records]
    assert len(told) == (workers > 1)
    assert all(f"each of {workers} workers" in message for message in told)
