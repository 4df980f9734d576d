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

_new = tuple.__new__  # PERF: 0.1 us less than the call of a NamedTuple


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
        self._max_bytes, self._half = max_bytes, max_bytes // 2
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
        if len(rules) == 1:
            state, passes = self._look(key, rules[0], costs[0], time, takes)
            states: tuple[RuleState, ...] = (state,)
        else:
            looked = [self._look(key, rule, cost, time, False) for rule, cost in zip(rules, costs, strict=True)]
            passes = all(is_passed for _, is_passed in looked)
            if takes and passes:  # of several none is taken from before all are known to pass
                looked = [self._look(key, rule, cost, time, True) for rule, cost in zip(rules, costs, strict=True)]
            states = tuple(state for state, _ in looked)
        if self._young_size > self._half or self._young_size + self._old_size > self._max_bytes:
            self._forget(time)
        return _new(Decision, (passes, time, states))

    def _look(self, key: str, rule: RateLimitRule, cost: int, time: int, takes: bool) -> tuple[RuleState, bool]:
        """Return how it stands with one rule, of which the cost is taken if it fits, and whether the rule lets pass."""
        table = self._tables.get(rule.key) or self._open(rule, time)
        if time >= table.rotate_at:
            self._rotate(table, time)
        before = table.young.get(key)
        if before is None and key in table.old:
            before = table.old.pop(key)
            self._store(table, key, before)  # who is refused again and again is not to be forgotten
        scale = rule.scale
        if cost > rule.most:
            _, _, left, reset = ALGORITHMS[rule.algorithm](before, time // scale, rule, rule.most, False)
            return RuleState(left, -1, reset * scale), not rule.block
        wait, after, left, reset = ALGORITHMS[rule.algorithm](before, time // scale, rule, cost, takes)
        if after is not before and after is not None:
            if before is None or type(after[-1]) is list:  # a log, of which each entry has a size
                self._store(table, key, after)
            else:
                table.young[key] = after
        return _new(RuleState, (left, wait * scale, reset * scale)), not wait or not rule.block

    def _open(self, rule: RateLimitRule, now: int) -> _Table:
        table = self._tables[rule.key] = _Table(rule, now)
        self._grow(table, TABLE_SIZE)
        return table

    def _store(self, table: _Table, key: str, state: State) -> None:
        is_new, is_log = key not in table.young, type(state[-1]) is list
        if is_new:
            self._grow(table, ENTRY_SIZE + len(key))
        if is_log:
            self._grow(table, LOGGED_SIZE * len(state[-1]) if is_new else LOGGED_SIZE)
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
        """Drop what was not asked for of late, and rules for which nothing is counted.

        The rules that take most room come first: who floods one limit does not lift the others.
        """
        by_size = sorted(self._tables.items(), key=lambda item: -item[1].young_size - item[1].old_size)
        for name, table in by_size:
            self._rotate(table, now)
            if not table.old:
                del self._tables[name]
                self._old_size -= table.old_size
            if self._young_size < self._half // 2 and self._young_size + self._old_size <= self._max_bytes:
                return
