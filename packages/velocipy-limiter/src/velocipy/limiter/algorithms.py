"""The algorithms, in whole numbers: what `storage/decide.lua` does in Redis, this does in memory, to the last bit.

Each is a function of a state, the time, a rule, a cost of at most `rule.most`, and whether to take it. The unit of time
is that of the rule. It returns how long it is until the cost fits, 0 if it does; the state after that; how much is left
then; and how long it is until all is.

A state is a tuple that begins with the time at which it was taken from, before which the time never is; None stands for
one from which nobody has taken.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from velocipy.limiter.rules import RateLimitAlgorithm, RateLimitRule

State = tuple[Any, ...]
Outcome = tuple[int, State | None, int, int]


def token_bucket(state: State | None, now: int, rule: RateLimitRule, cost: int, takes: bool) -> Outcome:
    """Keep the time and the level. A token is `ticks` of it, and `limit` flow in with each tick."""
    ticks, limit = rule.ticks, rule.limit
    level = full = rule.most * ticks
    if state is not None:
        level = state[1] + (now - state[0]) * limit
        if level > full:
            level = full
    missing = cost * ticks - level
    wait = 0
    if missing > 0:
        wait = -(-missing // limit)
    elif takes:
        level = -missing
        state = now, level
    return wait, state, level // ticks, -((level - full) // limit)


def gcra(state: State | None, now: int, rule: RateLimitRule, cost: int, takes: bool) -> Outcome:
    """Keep the time, the time at which the next is due, and the rest of that in parts of `limit`."""
    ticks, limit = rule.ticks, rule.limit
    full = rule.most * ticks
    debt = 0 if state is None else max((state[1] - now) * limit + state[2], 0)
    over = debt + cost * ticks - full
    wait = 0
    if over > 0:
        wait = -(-over // limit)
    elif takes:
        debt += cost * ticks
        state = now, now + debt // limit, debt % limit
    return wait, state, (full - debt) // ticks, -(-debt // limit)


def fixed_window(state: State | None, now: int, rule: RateLimitRule, cost: int, takes: bool) -> Outcome:
    """Keep the time and the count of its window."""
    over = now % rule.ticks
    count = 0 if state is None or state[0] < now - over else state[1]
    wait = 0
    if count + cost > rule.limit:
        wait = rule.ticks - over
    elif takes:
        count += cost
        state = now, count
    return wait, state, rule.limit - count, rule.ticks - over if count else 0


def sliding_window(state: State | None, now: int, rule: RateLimitRule, cost: int, takes: bool) -> Outcome:
    """Keep the time, the sum, and a list of each with its time and cost, which is changed when it takes."""
    begin = now - rule.ticks
    total, log = (0, []) if state is None else (state[1], state[2])
    gone = 0
    for time, taken in log:
        if time > begin:
            break
        gone += 1
        total -= taken
    newest = state[0] if state is not None else now
    wait = 0
    over = total + cost - rule.limit
    if over > 0:
        for time, taken in islice(log, gone, None):
            over -= taken
            if over <= 0:
                wait = time - begin
                break
    elif takes:
        del log[:gone]
        log.append((now, cost))
        total += cost
        newest = now
        state = now, total, log
    return wait, state, rule.limit - total, newest - begin if total else 0


def sliding_window_counter(state: State | None, now: int, rule: RateLimitRule, cost: int, takes: bool) -> Outcome:
    """Keep the time, the count of its window, and that of the window before."""
    ticks, limit = rule.ticks, rule.limit
    over = now % ticks
    count = before = 0
    if state is not None and state[0] >= now - over:
        count, before = state[1:]
    elif state is not None and state[0] >= now - over - ticks:
        before = state[1]
    wait = 0
    if before * (ticks - over) + (count + cost - limit) * ticks > 0:
        if count + cost <= limit:  # fits when enough of the window before has gone by
            wait = -(-(before + count + cost - limit) * ticks // before) - over
        else:
            wait = ticks - over - (-(count + cost - limit) * ticks // count)
    elif takes:
        count += cost
        state = now, count, before
    left = ((limit - count) * ticks - before * (ticks - over)) // ticks
    return wait, state, max(left, 0), 2 * ticks - over if count else ticks - over if before else 0


ALGORITHMS: dict[RateLimitAlgorithm, Callable[[State | None, int, RateLimitRule, int, bool], Outcome]] = {
    RateLimitAlgorithm.TOKEN_BUCKET: token_bucket,
    RateLimitAlgorithm.FIXED_WINDOW: fixed_window,
    RateLimitAlgorithm.SLIDING_WINDOW: sliding_window,
    RateLimitAlgorithm.SLIDING_WINDOW_COUNTER: sliding_window_counter,
    RateLimitAlgorithm.GCRA: gcra,
}
