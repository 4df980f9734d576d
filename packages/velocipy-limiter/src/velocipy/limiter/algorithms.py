"""The algorithms, in whole numbers: what `storage/decide.lua` does in Redis, this does in memory, to the last bit.

A state is a tuple that begins with the time it was last taken from; None stands for one that nobody has taken from yet.
The unit of time is that of the rule. A clock that goes back counts as one that stands still. Each algorithm has

- `wait`: how long until *cost* fits, 0 if it does. The cost is at most `rule.most`.
- `take`: the state after that.
- `left`: how much is left, and how long until all is.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from velocipy.limiter.rules import RateLimitAlgorithm, RateLimitRule

State = tuple[Any, ...]


class Algorithm(NamedTuple):
    """The three functions of an algorithm."""

    wait: Callable[[State | None, int, RateLimitRule, int], int]
    take: Callable[[State | None, int, RateLimitRule, int], State]
    left: Callable[[State | None, int, RateLimitRule], tuple[int, int]]


# -- token bucket: (time, level); a token is `ticks`, and `limit` of the level flows in with each tick -----------------


def _level(state: State | None, now: int, rule: RateLimitRule) -> int:
    full = rule.most * rule.ticks
    if state is None:
        return full
    level: int = state[1] + (now - state[0]) * rule.limit
    return min(full, level)


def _bucket_wait(state: State | None, now: int, rule: RateLimitRule, cost: int) -> int:
    missing = cost * rule.ticks - _level(state, now, rule)
    return -(-missing // rule.limit) if missing > 0 else 0


def _bucket_take(state: State | None, now: int, rule: RateLimitRule, cost: int) -> State:
    return now, _level(state, now, rule) - cost * rule.ticks


def _bucket_left(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int]:
    level = _level(state, now, rule)
    return level // rule.ticks, -((level - rule.most * rule.ticks) // rule.limit)


# -- GCRA: (time, when the next is due, and the rest of that in parts of `limit`) --------------------------------------


def _debt(state: State | None, now: int, rule: RateLimitRule) -> int:
    if state is None:
        return 0
    debt: int = (state[1] - now) * rule.limit + state[2]
    return max(debt, 0)


def _gcra_wait(state: State | None, now: int, rule: RateLimitRule, cost: int) -> int:
    over = _debt(state, now, rule) + (cost - rule.most) * rule.ticks
    return -(-over // rule.limit) if over > 0 else 0


def _gcra_take(state: State | None, now: int, rule: RateLimitRule, cost: int) -> State:
    ticks, rest = divmod(_debt(state, now, rule) + cost * rule.ticks, rule.limit)
    return now, now + ticks, rest


def _gcra_left(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int]:
    debt = _debt(state, now, rule)
    return (rule.most * rule.ticks - debt) // rule.ticks, -(-debt // rule.limit)


# -- fixed window: (time, count) --------------------------------------------------------------------------------------


def _count(state: State | None, now: int, rule: RateLimitRule) -> int:
    return 0 if state is None or state[0] < now - now % rule.ticks else state[1]


def _fixed_wait(state: State | None, now: int, rule: RateLimitRule, cost: int) -> int:
    return rule.ticks - now % rule.ticks if _count(state, now, rule) + cost > rule.limit else 0


def _fixed_take(state: State | None, now: int, rule: RateLimitRule, cost: int) -> State:
    return now, _count(state, now, rule) + cost


def _fixed_left(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int]:
    count = _count(state, now, rule)
    return rule.limit - count, rule.ticks - now % rule.ticks if count else 0


# -- sliding window: (time, the sum, a list of each with its time and cost, which `take` changes) ---------------------


def _alive(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int]:
    """Return the sum, and the number of the first that counts."""
    if state is None:
        return 0, 0
    total: int = state[1]
    begin = now - rule.ticks
    for number, (time, cost) in enumerate(state[2]):
        if time > begin:
            return total, number
        total -= cost
    return 0, len(state[2])


def _log_wait(state: State | None, now: int, rule: RateLimitRule, cost: int) -> int:
    total, first = _alive(state, now, rule)
    over = total + cost - rule.limit
    if over <= 0 or state is None:
        return 0
    for time, taken in islice(state[2], first, None):
        over -= taken
        if over <= 0:
            return int(time) + rule.ticks - now
    raise AssertionError


def _log_take(state: State | None, now: int, rule: RateLimitRule, cost: int) -> State:
    total, first = _alive(state, now, rule)
    log = [] if state is None else state[2]
    del log[:first]
    log.append((now, cost))
    return now, total + cost, log


def _log_left(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int]:
    total, _ = _alive(state, now, rule)
    return rule.limit - total, state[0] + rule.ticks - now if state is not None and total else 0


# -- sliding window counter: (time, the count of its window, that of the window before) --------------------------------


def _counts(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int, int]:
    """Return the count of this window, that of the one before, and how much of this one is over."""
    over = now % rule.ticks
    if state is None or state[0] < now - over - rule.ticks:
        return 0, 0, over
    if state[0] < now - over:
        return 0, state[1], over
    return state[1], state[2], over


def _counter_wait(state: State | None, now: int, rule: RateLimitRule, cost: int) -> int:
    count, before, over = _counts(state, now, rule)
    ticks = rule.ticks
    if before * (ticks - over) + (count + cost - rule.limit) * ticks <= 0:
        return 0
    if count + cost <= rule.limit:  # fits when enough of the window before has gone by
        return -(-(before + count + cost - rule.limit) * ticks // before) - over
    return ticks - over + -(-(count + cost - rule.limit) * ticks // count)


def _counter_take(state: State | None, now: int, rule: RateLimitRule, cost: int) -> State:
    count, before, _ = _counts(state, now, rule)
    return now, count + cost, before


def _counter_left(state: State | None, now: int, rule: RateLimitRule) -> tuple[int, int]:
    count, before, over = _counts(state, now, rule)
    ticks = rule.ticks
    left = ((rule.limit - count) * ticks - before * (ticks - over)) // ticks
    return max(left, 0), 2 * ticks - over if count else ticks - over if before else 0


ALGORITHMS = {
    RateLimitAlgorithm.TOKEN_BUCKET: Algorithm(_bucket_wait, _bucket_take, _bucket_left),
    RateLimitAlgorithm.GCRA: Algorithm(_gcra_wait, _gcra_take, _gcra_left),
    RateLimitAlgorithm.FIXED_WINDOW: Algorithm(_fixed_wait, _fixed_take, _fixed_left),
    RateLimitAlgorithm.SLIDING_WINDOW: Algorithm(_log_wait, _log_take, _log_left),
    RateLimitAlgorithm.SLIDING_WINDOW_COUNTER: Algorithm(_counter_wait, _counter_take, _counter_left),
}
