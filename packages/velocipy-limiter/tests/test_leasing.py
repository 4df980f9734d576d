"""Leases: never more than the storage gave, and what is lost stays within the bound."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest

from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitRule
from velocipy.limiter.storage import Decision, LeasingStorage, MemoryStorage, RateLimitStorage
from velocipy.storage import StorageError

from .waiting import until

HOT = RateLimitRule("hot", 1000, 3600, algorithm=RateLimitAlgorithm.FIXED_WINDOW)


class Counted(MemoryStorage):
    """Counts how often it is asked, and may be away."""

    asked = 0
    is_away = False

    async def acquire(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise StorageError("away")
        return await super().acquire(key, rules, costs)


async def passed(limiter: Limiter, times: int, rule: RateLimitRule = HOT) -> int:
    results = await asyncio.gather(*(limiter.check("all", rule) for _ in range(times)))
    return sum(result.allowed for result in results)


async def test_one_worker_takes_everything_in_batches() -> None:
    storage = Counted()
    limiter = Limiter(LeasingStorage(storage, batch=100))
    assert await passed(limiter, 5000) == 1000
    assert storage.asked <= 10 + 3


@pytest.mark.parametrize("limit", [1, 7, 99, 100, 101, 950])
async def test_workers_never_let_more_pass_and_lose_no_more_than_their_batches(limit: int) -> None:
    shared: RateLimitStorage = Counted()
    rule = RateLimitRule("hot", limit, 3600, algorithm=RateLimitAlgorithm.SLIDING_WINDOW)
    workers = [Limiter(LeasingStorage(shared, batch=50, lease=60)) for _ in range(4)]
    each = sum(await asyncio.gather(*(passed(worker, limit // 4 + 1, rule) for worker in workers)))
    assert limit - 4 * 50 <= each <= limit
    rest = sum(await asyncio.gather(*(passed(worker, limit, rule) for worker in workers)))
    assert each + rest == limit  # nothing was lost, since the leases have not ended


async def test_a_lease_that_has_ended_is_lost_and_not_spent() -> None:
    clock = 1_790_000_000_000_000
    storage = Counted(clock=lambda: clock)
    rule = RateLimitRule("hot", 100, 3600)
    limiter = Limiter(LeasingStorage(storage, batch=60, lease=0.05))
    assert (await limiter.check("all", rule)).remaining == 99
    await asyncio.sleep(0.06)  # that is what is tested: the time has gone by
    assert await passed(limiter, 200, rule) == 40


async def test_remaining_counts_what_the_worker_has_and_refusals_are_not_asked_again() -> None:
    storage = Counted()
    limiter = Limiter(LeasingStorage(storage, batch=10, lease=60))
    rule = RateLimitRule("hot", 20, 3600)
    assert [(await limiter.check("all", rule)).remaining for _ in range(20)] == [*range(19, -1, -1)]
    refused = await limiter.check("all", rule)
    asked = storage.asked
    again = await limiter.check("all", rule)
    assert not refused.allowed
    assert not again.allowed
    assert again.retry_after is not None
    assert again.retry_after <= 180
    assert storage.asked == asked
    await limiter.reset("all", rule)
    assert (await limiter.check("all", rule)).allowed


async def test_costs_have_leases_of_their_own_and_several_rules_are_one() -> None:
    limiter = Limiter(LeasingStorage(MemoryStorage(), batch=10, lease=60))
    rules = [RateLimitRule("wide", 1000, 3600), RateLimitRule("narrow", 30, 3600, cost=3)]
    assert [(await limiter.check("all", rules)).allowed for _ in range(11)] == [True] * 10 + [False]
    assert not (await limiter.check("all", rules, cost=1)).allowed


async def test_rules_that_do_not_block_and_costs_too_large_are_asked_one_by_one() -> None:
    storage = Counted()
    limiter = Limiter(LeasingStorage(storage, batch=10))
    await passed(limiter, 5, RateLimitRule("shadow", 100, 3600, block=False))
    await passed(limiter, 5, RateLimitRule("dear", 10, 3600, cost=6))
    assert storage.asked == 10


async def test_a_storage_that_fails_fails_for_all_who_wait_and_recovers() -> None:
    storage = Counted()
    limiter = Limiter(LeasingStorage(storage, batch=10), pause=0.01)
    storage.is_away = True
    results = await asyncio.gather(*(limiter.check("all", HOT) for _ in range(50)))
    assert all(result.allowed and result.storage_failed for result in results)
    storage.is_away = False

    async def answers() -> bool:
        return not (await limiter.check("all", HOT)).storage_failed

    await until(answers)


async def test_who_is_cancelled_while_it_waits_harms_nobody_else() -> None:
    limiter = Limiter(LeasingStorage(Counted(), batch=10, lease=60))
    first = asyncio.create_task(limiter.check("all", RateLimitRule("hot", 10, 3600)))
    others = [asyncio.create_task(limiter.check("all", RateLimitRule("hot", 10, 3600))) for _ in range(10)]
    await asyncio.sleep(0)
    first.cancel()
    results = await asyncio.gather(*others)
    assert all(result.allowed for result in results)
    with pytest.raises(asyncio.CancelledError):
        await first


class Slow(MemoryStorage):
    """Answers later than a lease lasts."""

    async def acquire(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        decision = await super().acquire(key, rules, costs)
        await asyncio.sleep(0.03)
        return decision


async def test_a_slow_answer_is_an_answer() -> None:
    limiter = Limiter(LeasingStorage(Slow(clock=lambda: 1_790_000_000_000_000), batch=10))
    rule = RateLimitRule("hot", 25, 0.1)
    async with asyncio.timeout(5):  # it asked again and again, and nobody had what was taken
        assert await passed(limiter, 30, rule) == 25


async def test_costs_that_requests_choose_are_not_kept_for_ever() -> None:
    storage = LeasingStorage(MemoryStorage(), batch=2, lease=60)
    limiter = Limiter(storage)
    before = 0
    tracemalloc.start()
    try:
        for cost in range(1, 3000):
            await limiter.check("all", RateLimitRule("hot", 10_000_000, 3600), cost)
            if cost == 500:
                before, _ = tracemalloc.get_traced_memory()
        assert tracemalloc.get_traced_memory()[0] - before < 200_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("options", [{"batch": 1}, {"lease": 0}])
def test_mistakes_are_told_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give"):
        LeasingStorage(MemoryStorage(), **options)
