"""What the algorithms are, in fractions and as simply as can be: they keep whatever passed, and look at all of it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from velocipy.limiter import RateLimitAlgorithm, RateLimitRule


class Model:
    """One rule and one identifier. Times are in units of the rule, and never go back.

    Attributes:
        passed: When what passed, and how much of it.
    """

    def __init__(self, rule: RateLimitRule) -> None:
        self.rule = rule
        self.passed: list[tuple[int, int]] = []

    def fits(self, now: Fraction, cost: int) -> bool:
        """Tell whether *cost* passes."""
        return self.left(now) >= cost

    def left(self, now: Fraction) -> Fraction:
        """Return how much would pass."""
        rule, window = self.rule, self.rule.ticks
        match rule.algorithm:
            case RateLimitAlgorithm.TOKEN_BUCKET | RateLimitAlgorithm.GCRA:
                level, then = Fraction(rule.most), Fraction(0)
                for time, cost in self.passed:
                    level = min(level + (time - then) * Fraction(rule.limit, window), Fraction(rule.most)) - cost
                    then = Fraction(time)
                return min(level + (now - then) * Fraction(rule.limit, window), Fraction(rule.most))
            case RateLimitAlgorithm.FIXED_WINDOW:
                return Fraction(rule.limit - self._sum(floor(now / window) * window, now))
            case RateLimitAlgorithm.SLIDING_WINDOW:
                return Fraction(rule.limit - sum(cost for time, cost in self.passed if now - window < time <= now))
            case RateLimitAlgorithm.SLIDING_WINDOW_COUNTER:
                begin = floor(now / window) * window
                overlap = 1 - (now - begin) / window
                return rule.limit - self._sum(begin, now) - overlap * self._sum(begin - window, Fraction(begin) - 1)
        raise AssertionError

    def take(self, now: int, cost: int) -> None:
        """Note what passes."""
        self.passed.append((now, cost))

    def remaining(self, now: int) -> int:
        """Return what is told."""
        return max(floor(self.left(Fraction(now))), 0)

    def is_first_fit(self, now: int, cost: int, wait: int) -> bool:
        """Tell whether after *wait* the cost fits, and not a moment earlier."""
        after = Fraction(now + wait)
        return self.fits(after, cost) and not self.fits(after - 1, cost)

    def is_full(self, now: int) -> bool:
        """Tell whether nothing of what passed counts any more."""
        return self.left(Fraction(ceil(now))) == self.rule.most

    def _sum(self, begin: int | Fraction, end: int | Fraction) -> int:
        return sum(cost for time, cost in self.passed if begin <= time <= end)
