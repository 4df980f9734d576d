"""The storage in the memory of one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from velocipy.limiter.algorithms import ALGORITHMS, State
from velocipy.limiter.rules import RateLimitAlgorithm, RateLimitRule
from velocipy.limiter.storage.interface import Decision, RuleState

ENTRY_SIZE = 300  # bytes of what is counted under one key for one rule, at most, beside the key; measured
LOGGED_SIZE = 140  # bytes of each that a sliding window remembers
TABLE_SIZE = 2_000  # bytes of a rule


def _wall_clock() -> Callable[[], int]:
    """Return a clock in microseconds of Unix time that does not jump when somebody sets the date."""
    start = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + start) // 1000


class _Table:
    """What is counted for one rule: what was asked for lately, and before that.

    After each `horizon`, the longest time in which all is forgotten anyway, `old` is dropped and `young` becomes it. So
    nothing has to be looked for, and a key that is asked for again and again is never dropped.
    """

    __slots__ = ("horizon", "old", "old_size", "rotate_at", "young", "young_size")

    def __init__(self, rule: RateLimitRule, now: int) -> None:
        windows = 2 if rule.algorithm is RateLimitAlgorithm.SLIDING_WINDOW_COUNTER else 1
        self.horizon = max(windows, -(-rule.most // rule.limit)) * rule.ticks * rule.scale
        self.young: dict[str, State] = {}
        self.old: dict[str, State] = {}
        self.young_size = self.old_size = 0
        self.rotate_at = now + self.horizon


class MemoryStorage:
    """Counts in this process: each worker has its own, and all is forgotten at a restart.

    What counts no more leaves by itself. When it is full, what was not asked for of late leaves first, and starts with
    its whole limit when it comes back: who asks often is never forgotten, however many others come.

    One object serves several event loops in several threads.

    Args:
        max_bytes: Of all that is counted. It is full with half of it asked for of late: 100,000 keys by default.
        clock: Returns microseconds of Unix time; for tests.

    Raises:
        ValueError: If *max_bytes* is less than 64 KiB.
    """

    is_shared = False

    def __init__(self, *, max_bytes: int = 64 * 1024 * 1024, clock: Callable[[], int] | None = None) -> None:
        if max_bytes < 65_536:
            raise ValueError(f"max_bytes is {max_bytes}; give 65536 or more")
        self._max_bytes = max_bytes
        self._clock = clock or _wall_clock()
        self._now = 0
        self._tables: dict[str, _Table] = {}
        self._young_size = self._old_size = 0
        self._places: dict[str, dict[str, None]] = {}
        self._lock = threading.Lock()  # held for no await, and for some microseconds: no loop waits for another

    async def acquire(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        with self._lock:
            return self._decide(key, rules, costs, takes=True)

    async def peek(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        with self._lock:
            return self._decide(key, rules, costs, takes=False)

    async def reset(self, key: str, rules: Sequence[RateLimitRule]) -> None:
        with self._lock:
            for rule in rules:
                table = self._tables.get(rule.key)
                if table is not None:
                    table.young.pop(key, None)  # the sizes are put right when it rotates
                    table.old.pop(key, None)

    async def enter(self, key: str, limit: int, token: str, ttl: float) -> int:
        with self._lock:
            places = self._places.setdefault(key, {})
            if len(places) >= limit:
                return -1
            places[token] = None
            return limit - len(places)

    async def renew(self, key: str, token: str, ttl: float) -> None:
        """Do nothing: who has a place lives as long as the storage."""

    async def leave(self, key: str, token: str) -> None:
        with self._lock:
            places = self._places.get(key)
            if places is not None:
                places.pop(token, None)
                if not places:
                    del self._places[key]

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    # Below, the lock is held.

    def _decide(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int], *, takes: bool) -> Decision:
        time = self._clock()
        if time < self._now:
            time = self._now  # a clock that went back stands still
        self._now = time
        passes = True
        found = []
        for rule, cost in zip(rules, costs, strict=True):
            table = self._tables.get(rule.key) or self._open(rule, time)
            if time >= table.rotate_at:
                self._rotate(table, time)
            state = table.young.get(key)
            if state is None and key in table.old:
                state = table.old.pop(key)
                self._store(table, key, state)  # who is refused again and again is not to be forgotten
            now = time // rule.scale
            algorithm = ALGORITHMS[rule.algorithm]
            wait = algorithm.wait(state, now, rule, cost) * rule.scale if cost <= rule.most else -1
            if wait and rule.block:
                passes = False
            found.append((rule, cost, algorithm, table, state, now, wait))
        states = []
        for rule, cost, algorithm, table, state, now, wait in found:
            if takes and passes and not wait:
                state = algorithm.take(state, now, rule, cost)
                self._store(table, key, state)
            left, reset = algorithm.left(state, now, rule)
            states.append(RuleState(left, wait, reset * rule.scale))
        if self._young_size > self._max_bytes // 2 or self._young_size + self._old_size > self._max_bytes:
            self._forget(time)
        return Decision(passes, time, tuple(states))

    def _open(self, rule: RateLimitRule, now: int) -> _Table:
        table = self._tables[rule.key] = _Table(rule, now)
        self._grow(table, TABLE_SIZE)
        return table

    def _store(self, table: _Table, key: str, state: State) -> None:
        if key not in table.young:
            self._grow(table, ENTRY_SIZE + len(key))
        if type(state[-1]) is list:  # a log, of which not all may be new
            self._grow(table, LOGGED_SIZE)
        table.young[key] = state

    def _grow(self, table: _Table, size: int) -> None:
        table.young_size += size
        self._young_size += size

    def _rotate(self, table: _Table, now: int) -> None:
        self._old_size += table.young_size - table.old_size
        self._young_size -= table.young_size
        table.old, table.old_size = table.young, table.young_size
        table.young, table.young_size = {}, 0
        table.rotate_at = now + table.horizon

    def _forget(self, now: int) -> None:
        """Drop what was not asked for of late, and rules for which nothing is counted."""
        for name, table in list(self._tables.items()):
            self._rotate(table, now)
            if not table.old:
                del self._tables[name]
                self._old_size -= table.old_size
