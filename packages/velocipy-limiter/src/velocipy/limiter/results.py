"""What a limiter answers, and the header fields that tell clients of it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from velocipy.http.headers import MutableHeaders
from velocipy.limiter.rules import RateLimitRule
from velocipy.limiter.storage.interface import Decision, RuleState

LARGEST_INTEGER = 999_999_999_999_999
"""Of a structured field (RFC 9651 section 3.3.1)."""


class RateLimitHeaders(StrEnum):
    """Which header fields tell clients how it stands.

    - `RATELIMIT`: `RateLimit` and `RateLimit-Policy`, of every rule (draft-ietf-httpapi-ratelimit-headers-11).
    - `X_RATELIMIT`: `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix time), of the rule that decides.
    """

    RATELIMIT = "ratelimit"
    X_RATELIMIT = "x-ratelimit"


NOTHING_KNOWN = Decision(False, 0, ())


class RateLimitResult:
    """Whether something may be done.

    The first rule that refuses decides what is told; if none does, the one of which the least is left.

    Attributes:
        allowed: Whether it may.
        rules: All that were asked.
        states: How it stands with each of them; empty where the storage could not be asked, and that refuses.
        storage_failed: Whether the storage could not be asked, so that `on_storage_error` has decided.
    """

    __slots__ = ("_now", "allowed", "rules", "states", "storage_failed")

    def __init__(self, rules: tuple[RateLimitRule, ...], decision: Decision | None, storage_failed: bool) -> None:
        self.allowed, self._now, self.states = decision or NOTHING_KNOWN
        self.rules = rules
        self.storage_failed = storage_failed

    @property
    def limit(self) -> int:
        """That of the rule that decides."""
        return self.rules[self._decides()].limit

    @property
    def remaining(self) -> int:
        """What is left of the rule that decides."""
        return self.states[self._decides()].remaining if self.states else 0

    @property
    def reset_at(self) -> float:
        """Unix time at which all of that is there again, if nothing is taken meanwhile; 0 if nobody knows."""
        return (self._now + self.states[self._decides()].reset_after) / 1_000_000 if self.states else 0.0

    @property
    def retry_after(self) -> float | None:
        """Seconds until it would be allowed; None if it is, or never will be, since it costs too much."""
        waits = [state.retry_after for rule, state in self._pairs() if rule.block and state.retry_after]
        return max(waits) / 1_000_000 if waits and -1 not in waits and not self.allowed else None

    @property
    def refused_by(self) -> tuple[RateLimitRule, ...]:
        """The rules in which the cost did not fit, also those that do not block."""
        return tuple(rule for rule, state in self._pairs() if state.retry_after)

    def __repr__(self) -> str:
        return (
            f"RateLimitResult(allowed={self.allowed}, limit={self.limit}, remaining={self.remaining}, "
            f"reset_at={self.reset_at}, retry_after={self.retry_after}, storage_failed={self.storage_failed})"
        )

    def _pairs(self) -> Iterable[tuple[RateLimitRule, RuleState]]:
        return zip(self.rules, self.states, strict=False)

    def _decides(self) -> int:
        """Return the number of the rule that decides."""
        if self.allowed:
            return min(
                range(len(self.states)),
                key=lambda number: (not self.rules[number].block, self.states[number].remaining),
            )
        refused = (rule.block and state.retry_after for rule, state in self._pairs())
        return next((number for number, is_refused in enumerate(refused) if is_refused), 0)


def read_headers(headers: Iterable[RateLimitHeaders | str] | RateLimitHeaders | str) -> frozenset[RateLimitHeaders]:
    """Return the kinds of *headers*.

    Raises:
        ValueError: If one is not known.
    """
    try:
        return frozenset(map(RateLimitHeaders, [headers] if isinstance(headers, str) else headers))
    except (TypeError, ValueError):
        raise ValueError(f"headers is {headers!r}; there are 'ratelimit' and 'x-ratelimit'") from None


def fields_of(result: RateLimitResult, kinds: frozenset[RateLimitHeaders]) -> dict[str, str]:
    """Return the header fields of an answer, of the *kinds* that are wanted, and `Retry-After` of a refusal."""
    fields = {}
    if result.retry_after is not None:
        fields["retry-after"] = str(_up(result.retry_after))  # RFC 9110 section 10.2.3: whole seconds
    if not kinds or result.storage_failed:  # what a worker knows by itself is nothing to plan with
        return fields
    if RateLimitHeaders.RATELIMIT in kinds:
        fields["ratelimit-policy"] = ", ".join(map(_policy, result.rules))
        fields["ratelimit"] = ", ".join(map(_service_limit, result.rules, result.states))
    if RateLimitHeaders.X_RATELIMIT in kinds:
        fields["x-ratelimit-limit"] = str(result.limit)
        fields["x-ratelimit-remaining"] = str(result.remaining)
        fields["x-ratelimit-reset"] = str(_up(result.reset_at))
    return fields


def tell(headers: MutableHeaders, result: RateLimitResult, kinds: frozenset[RateLimitHeaders]) -> None:
    """Add the header fields of an answer beside those of other limits: lists of all, and numbers of the tightest."""
    fields = fields_of(result, kinds)
    told = headers.get("x-ratelimit-remaining", "")
    if told.isdecimal() and int(told) <= result.remaining:
        fields = {name: value for name, value in fields.items() if not name.startswith("x-")}
    for name, value in fields.items():
        known = headers.get(name) if name.startswith("ratelimit") else None
        headers[name] = value if known is None else f"{known}, {value}"


def documented_fields(kinds: frozenset[RateLimitHeaders], *, has_retry_after: bool = True) -> dict[str, str]:
    """Return what the header fields of a refusal tell, for documents."""
    fields = {"Retry-After": "Seconds until a request would be allowed"} if has_retry_after else {}
    if RateLimitHeaders.RATELIMIT in kinds:
        fields["RateLimit-Policy"] = "The limits: q in w seconds, of each rule"
        fields["RateLimit"] = "What is left of each rule: r, and all of it after t seconds"
    if RateLimitHeaders.X_RATELIMIT in kinds:
        fields["X-RateLimit-Limit"] = "The limit of the rule that decides"
        fields["X-RateLimit-Remaining"] = "What is left of it"
        fields["X-RateLimit-Reset"] = "The Unix time at which all of it is there again"
    return fields


def _policy(rule: RateLimitRule) -> str:
    return f'"{rule.name}";q={min(rule.limit, LARGEST_INTEGER)};w={_up(rule.window)}'


def _service_limit(rule: RateLimitRule, state: RuleState) -> str:
    return f'"{rule.name}";r={min(state.remaining, LARGEST_INTEGER)};t={_up(state.reset_after / 1_000_000)}'


def _up(seconds: float) -> int:
    return -int(-seconds // 1)
