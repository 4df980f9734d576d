"""What is allowed: how much of something in how much time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

LARGEST = 2**50
"""Of limit x window: with a factor of four it stays below 2^53, up to which Redis' numbers are whole."""

_UNITS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "m": 60, "hour": 3600, "h": 3600}
_UNITS |= {"day": 86400, "d": 86400, "week": 604800, "w": 604800}
_TEXT = re.compile(
    r"\s*(?:(?P<name>[\w.\-]+)\s*:)?\s*(?P<limit>\d+)\s*(?:/|\bper\b)\s*(?P<count>\d+(?:\.\d+)?)?\s*(?P<unit>[a-z]+)\s*",
    re.ASCII | re.IGNORECASE,
)
_HOW = (
    'write "100/minute", "5 per 10 seconds", or "login: 5/minute", whose name has no blanks; '
    'several stand with ";" between'
)
_NAME = re.compile(r"[ !#-\[\]-z|~]{1,64}")  # of a String (RFC 9651), without braces (Redis Cluster)


class RateLimitAlgorithm(StrEnum):
    """How a rule counts.

    - `TOKEN_BUCKET`: starts full, and is refilled steadily. Lets `burst` through at once, and `limit` in a window on
      the average.
    - `FIXED_WINDOW`: counts from one multiple of the window (of Unix time) to the next. About a boundary twice the
      limit can pass in less than a window.
    - `SLIDING_WINDOW`: remembers when each was let through. In no window, wherever it begins, passes more than the
      limit. Its memory grows with the limit.
    - `SLIDING_WINDOW_COUNTER`: two fixed windows, of which the former counts as much as it still overlaps: nearly the
      same, with two numbers.
    - `GCRA`: lets through evenly, by the time at which the next is due (ITU-T I.371). The same decisions as a
      token bucket; give `burst=1` for even spacing.
    """

    TOKEN_BUCKET = "token-bucket"
    FIXED_WINDOW = "fixed-window"
    SLIDING_WINDOW = "sliding-window"
    SLIDING_WINDOW_COUNTER = "sliding-window-counter"
    GCRA = "gcra"


class StorageErrorAction(StrEnum):
    """What a rule does while its storage cannot be asked.

    - `ALLOW`: lets pass.
    - `DENY`: refuses, with 503.
    - `LOCAL`: each worker counts for itself, and lets its share of the limit pass.
    """

    ALLOW = "allow"
    DENY = "deny"
    LOCAL = "local"


_WITH_BURST = (RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.GCRA)


@dataclass(frozen=True)
class RateLimitRule:
    """So much in so much time.

    Rules of one limiter that have the same name, algorithm, limit, window and burst share their counts, wherever they
    stand. Time is counted in whole microseconds; where limit x window is 2^50 of them or more, in milliseconds, and
    where it is still, in seconds.

    Args:
        name: Told to clients; 1 to 64 printable characters of ASCII, without quotes, backslashes and braces.
        limit: How much passes in a window.
        window: Its length in seconds, from a millisecond to ten years; of fractions six digits count.
        cost: How much of it one request takes.
        algorithm: How it is counted.
        block: False counts and tells, and never refuses: to see what a rule would do.
        on_storage_error: What happens while the storage cannot be asked.
        burst: How much passes at once, of a token bucket or GCRA; *limit* by default.

    Raises:
        TypeError: If a number is none.
        ValueError: If a number is not more than 0 or too large, the cost could never pass, the name has other
            characters, or the algorithm or action is not known.
    """

    name: str
    limit: int
    window: float
    cost: int = 1
    algorithm: RateLimitAlgorithm = RateLimitAlgorithm.TOKEN_BUCKET
    block: bool = True
    on_storage_error: StorageErrorAction = StorageErrorAction.ALLOW
    burst: int | None = field(default=None, kw_only=True)

    scale: int = field(init=False, repr=False, compare=False)
    """Microseconds in a unit of time."""
    ticks: int = field(init=False, repr=False, compare=False)
    """Units of time in a window."""
    most: int = field(init=False, repr=False, compare=False)
    """What passes at once at most: burst, or limit."""
    key: str = field(init=False, repr=False, compare=False)
    """Under which it is counted."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(
                f"the name of a rule is {self.name!r}; give 1 to 64 printable characters of ASCII, without quotes, "
                "backslashes and braces"
            )
        for told, number in (("limit", self.limit), ("cost", self.cost), ("burst", self.burst)):
            if number is not None:
                self._check_whole(told, number)
        if isinstance(self.window, bool) or not isinstance(self.window, (int, float)):
            raise TypeError(f"the window of the rule {self.name!r} is {self.window!r}; give seconds")
        if not 0.001 <= self.window <= 315_360_000:
            raise ValueError(
                f"the window of the rule {self.name!r} is {self.window}; give seconds, from 0.001 to 315360000"
            )
        algorithm = _member(RateLimitAlgorithm, "algorithm", self.algorithm, self.name)
        action = _member(StorageErrorAction, "on_storage_error", self.on_storage_error, self.name)
        if self.burst is not None and algorithm not in _WITH_BURST:
            raise ValueError(f"the rule {self.name!r} has a burst, which {algorithm} has not; leave it out")
        most = self.limit if self.burst is None else self.burst
        if self.cost > most:
            raise ValueError(f"the rule {self.name!r} costs {self.cost} of {most}, so that nothing would ever pass")
        ticks, scale = round(self.window * 1_000_000), 1
        while max(self.limit, most) * ticks >= LARGEST:
            ticks, scale = -(-ticks // 1000), scale * 1000
            if scale > 1_000_000:
                raise ValueError(
                    f"the rule {self.name!r} has limit x window = {self.limit} x {self.window} s; give less than 2^50"
                )
        key = f"{self.name}:{algorithm}:{self.limit}:{ticks * scale}"
        if most != self.limit:
            key = f"{key}:{most}"
        for name, value in (
            ("algorithm", algorithm),
            ("on_storage_error", action),
            ("scale", scale),
            ("ticks", ticks),
            ("most", most),
            ("key", key),
        ):
            object.__setattr__(self, name, value)

    def _check_whole(self, told: str, number: object) -> None:
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"the {told} of the rule {self.name!r} is {number!r}; give a whole number")
        if number < 1:
            raise ValueError(f"the {told} of the rule {self.name!r} is {number}; give 1 or more")


def _member(cls: type[StrEnum], told: str, value: str, name: str) -> StrEnum:
    try:
        return cls(value)
    except ValueError:
        known = ", ".join(repr(str(member)) for member in cls)
        raise ValueError(f"the {told} of the rule {name!r} is {value!r}; there are {known}") from None


Rules = RateLimitRule | str | Iterable[RateLimitRule | str]
"""Where rules are taken: one, several, or text."""


def parse_rules(text: str) -> tuple[RateLimitRule, ...]:
    """Return the rules of a text such as "100/minute", "5 per 10 seconds" or "login: 5/minute; 100/hour".

    A rule without a name is named like "100/60s": equal ones share their counts.

    Raises:
        ValueError: If it cannot be read.
    """
    rules = []
    for part in text.split(";"):
        match = _TEXT.fullmatch(part)
        unit = match["unit"].lower() if match else ""
        seconds = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"))
        if match is None or seconds is None:
            raise ValueError(f"the rule {part.strip()!r} cannot be read; {_HOW}")
        window = float(match["count"] or 1) * seconds
        window = int(window) if window.is_integer() else window
        limit = int(match["limit"])
        rules.append(RateLimitRule(match["name"] or f"{limit}/{window}s", limit, window))
    return tuple(rules)


def as_rules(rules: Rules) -> tuple[RateLimitRule, ...]:
    """Return *rules*, of which texts are read.

    Raises:
        TypeError: If something is neither a rule nor text.
        ValueError: If there is none, a text cannot be read, or two rules of one name count the same.
    """
    if isinstance(rules, (RateLimitRule, str)):
        return _as_rules((rules,))
    return _as_rules(tuple(rules))


@lru_cache(512)  # plans of customers are few, and a text takes 10 us to read
def _as_rules(rules: tuple[RateLimitRule | str, ...]) -> tuple[RateLimitRule, ...]:
    read: list[RateLimitRule] = []
    for rule in rules:
        if isinstance(rule, str):
            read += parse_rules(rule)
        elif isinstance(rule, RateLimitRule):
            read.append(rule)
        else:
            raise TypeError(f"{rule!r} is no rule; give a RateLimitRule or a text: {_HOW}")
    if not read:
        raise ValueError(f"there is no rule; give a RateLimitRule or a text: {_HOW}")
    keys = [rule.key for rule in read]
    for number, rule in enumerate(read):
        if rule.key in keys[:number]:
            raise ValueError(f"two rules count the same, {rule.name!r}; leave one out, or give it another name")
    return tuple(read)
