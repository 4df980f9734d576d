"""What a limiter needs of a storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from velocipy.limiter.rules import RateLimitRule


class RuleState(NamedTuple):
    """How it stands with one rule after a decision.

    Attributes:
        remaining: How much is left.
        retry_after: Microseconds until the cost would have fitted; 0 if it did, -1 if it never will.
        reset_after: Microseconds until all of it is left, if nothing is taken meanwhile.
    """

    remaining: int
    retry_after: int
    reset_after: int


class Decision(NamedTuple):
    """A decision over several rules.

    Attributes:
        allowed: Whether the cost fitted in every rule that blocks.
        now: Microseconds of Unix time, by the clock of the storage.
        states: Of each rule, in the order in which they were given.
    """

    allowed: bool
    now: int
    states: tuple[RuleState, ...]


class RateLimitStorage(Protocol):
    """Counts for limiters. Every call is one atomic step, whoever else calls, or a `velocipy.storage.StorageError`.

    Keys are text of at most 256 characters. What is counted leaves by itself when it counts no more.
    """

    @property
    def is_shared(self) -> bool:
        """Whether all workers see the same counts."""
        ...

    async def acquire(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        """Take the costs from all *rules*, each its own, if they fit in every one that blocks, and else from none.

        From a rule that does not block, and in which the cost does not fit, nothing is taken.
        """
        ...

    async def peek(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        """Return what `acquire` would decide, with how it stands now; take nothing."""
        ...

    async def reset(self, key: str, rules: Sequence[RateLimitRule]) -> None:
        """Forget what was taken from *rules*."""
        ...

    async def enter(self, key: str, limit: int, token: str, ttl: float) -> int:
        """Take a place of *limit* for *token*, for *ttl* seconds; return how many are free then, -1 if none was."""
        ...

    async def renew(self, key: str, token: str, ttl: float) -> None:
        """Keep the place of *token* for *ttl* seconds from now; nothing happens if it has none."""
        ...

    async def leave(self, key: str, token: str) -> None:
        """Give the place of *token* back; nothing happens if it has none."""
        ...

    async def close(self) -> None:
        """Close the connections of this event loop; the next call opens them again, and all is still counted."""
        ...
