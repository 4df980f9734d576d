"""Leases: a worker takes many at once from a storage, and spends them by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from velocipy.limiter.rules import RateLimitAlgorithm, RateLimitRule
from velocipy.limiter.storage.interface import Decision, RateLimitStorage, RuleState

MOST_KEYS = 10_000
"""For so many keys a worker has leases; then it gives up what it has left."""
MOST_GROUPS = 100
"""For so many rules and costs of a key, which requests may choose; then it gives up what that key has left."""

_Group = tuple[tuple[str, ...], tuple[int, ...]]


class _Lease:
    """What a worker has left of one key, or until when it is refused."""

    __slots__ = ("asked", "decision", "left", "pending", "until")

    def __init__(self) -> None:
        self.left = 0
        self.asked = self.until = 0.0  # times of the loop
        self.decision = Decision(False, 0, ())
        self.pending: asyncio.Task[None] | None = None


class LeasingStorage:
    """A storage in front of another, for few keys that are asked for very often, such as one of a whole service.

    A worker takes *batch* times the cost at once, and spends it by itself for at most *lease* seconds, but no longer
    than a tenth of the window, and never beyond the end of a fixed window. What it is refused it refuses by itself,
    until it is time to ask again, or for *lease* seconds.

    - What passes was taken from the storage before: in no fixed window passes more than the limit, and of other
      algorithms in no time T more than they let pass in T + *lease*.
    - What a worker has not spent in time is lost: of what could pass, at most workers x *batch* do not in each *lease*.

    Rules that do not block are not leased, nor are `peek` and concurrency.

    Args:
        storage: Where all workers count, such as a `RedisStorage`.
        batch: How many requests are paid for at once.
        lease: Seconds.

    Raises:
        ValueError: If *batch* is less than 2, or *lease* not more than 0.
    """

    def __init__(self, storage: RateLimitStorage, *, batch: int = 100, lease: float = 1.0) -> None:
        if batch < 2:
            raise ValueError(f"batch is {batch}; give 2 or more, or no LeasingStorage")
        if not lease > 0:
            raise ValueError(f"lease is {lease}; give seconds, more than 0")
        self._storage = storage
        self._batch = batch
        self._lease = lease
        self._leases: dict[asyncio.AbstractEventLoop, dict[str, dict[_Group, _Lease]]] = {}

    @property
    def is_shared(self) -> bool:
        return self._storage.is_shared

    async def acquire(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        batch = min(self._batch, *(rule.most // cost for rule, cost in zip(rules, costs, strict=True)))
        if batch < 2 or not all(rule.block for rule in rules):
            return await self._storage.acquire(key, rules, costs)
        loop = asyncio.get_running_loop()
        lease = self._find(loop, key, (tuple(rule.key for rule in rules), tuple(costs)))
        while True:
            now = loop.time()
            if now < lease.until and (lease.left or not lease.decision.allowed):
                return _spend(lease, costs, now)
            if lease.pending is None:
                lease.pending = asyncio.create_task(self._fetch(lease, key, rules, costs, batch))
                lease.pending.add_done_callback(_note_failure)
            await asyncio.shield(lease.pending)
            if lease.left or not lease.decision.allowed:  # also where the answer was slow, and the lease is over by now
                return _spend(lease, costs, loop.time())

    async def peek(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        return await self._storage.peek(key, rules, costs)

    async def reset(self, key: str, rules: Sequence[RateLimitRule]) -> None:
        """Forget what was taken, and what this worker has left; others spend what they have."""
        self._leases.get(asyncio.get_running_loop(), {}).pop(key, None)
        await self._storage.reset(key, rules)

    async def enter(self, key: str, limit: int, token: str, ttl: float) -> int:
        return await self._storage.enter(key, limit, token, ttl)

    async def renew(self, key: str, token: str, ttl: float) -> None:
        await self._storage.renew(key, token, ttl)

    async def leave(self, key: str, token: str) -> None:
        await self._storage.leave(key, token)

    async def close(self) -> None:
        """Give up what this event loop has left, and close the storage."""
        self._leases.pop(asyncio.get_running_loop(), None)
        await self._storage.close()

    def _find(self, loop: asyncio.AbstractEventLoop, key: str, group: _Group) -> _Lease:
        keys = self._leases.get(loop)
        if keys is None:
            self._leases = {other: leases for other, leases in self._leases.items() if not other.is_closed()}
            keys = self._leases[loop] = {}
        groups = keys.get(key)
        if groups is None:
            if len(keys) >= MOST_KEYS:
                keys.clear()
            groups = keys[key] = {}
        elif group not in groups and len(groups) >= MOST_GROUPS:
            groups.clear()
        return groups.setdefault(group, _Lease())

    async def _fetch(
        self, lease: _Lease, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int], batch: int
    ) -> None:
        """Take a batch, what is left if that is less, or one, or be refused."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                asked = loop.time()
                decision = await self._storage.acquire(key, rules, [cost * batch for cost in costs])
                if decision.allowed or batch == 1:
                    break
                left = min(state.remaining // cost for state, cost in zip(decision.states, costs, strict=True))
                batch = left if 1 < left < batch else 1
        finally:
            lease.pending = None
        lease.decision, lease.asked = decision, asked
        lease.left = batch if decision.allowed else 0
        lease.until = asked + min(map(self._lasts, rules, decision.states))

    def _lasts(self, rule: RateLimitRule, state: RuleState) -> float:
        """Return for how many seconds a decision may be believed."""
        lasts = min(self._lease, rule.window / 10)
        if state.retry_after:
            return min(self._lease, state.retry_after / 1_000_000)
        if rule.algorithm is RateLimitAlgorithm.FIXED_WINDOW and state.reset_after:
            return min(lasts, state.reset_after / 1_000_000)
        return lasts


def _spend(lease: _Lease, costs: Sequence[int], now: float) -> Decision:
    passed = int((now - lease.asked) * 1_000_000)
    allowed, then, states = lease.decision
    if allowed:
        lease.left -= 1
    told = (
        RuleState(
            state.remaining + lease.left * cost,
            max(state.retry_after - passed, 1) if state.retry_after else 0,
            max(state.reset_after - passed, 0),
        )
        for state, cost in zip(states, costs, strict=True)
    )
    return Decision(allowed, then + passed, tuple(told))


def _note_failure(task: asyncio.Task[None]) -> None:
    """Take the error of a task for which nobody waits any more."""
    if not task.cancelled():
        task.exception()
