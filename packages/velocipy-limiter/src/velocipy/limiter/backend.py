"""A storage, what is done while it cannot be asked, and the keys under which it counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from velocipy.limiter.breaker import Breaker
from velocipy.limiter.rules import RateLimitRule, StorageErrorAction
from velocipy.limiter.storage import Decision, MemoryStorage, RateLimitStorage, RuleState
from velocipy.storage import StorageError

LONGEST_KEY = 64  # characters that are kept as they are, in memory
_PREFIX = re.compile(r"[!-z|~]{0,64}")

Identity = str | int | UUID | None
"""Who is counted; None for nobody in particular: all of these are counted together."""


class Backend:
    """Asks a storage for decisions.

    Attributes:
        storage: Where it counts.
        workers: Among how many the limits are shared out while the storage cannot be asked.

    Args:
        prefix: Of all keys.
        breaker: Tells whether to ask.
    """

    def __init__(self, storage: RateLimitStorage, prefix: str, breaker: Breaker, workers: int) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"the prefix is {prefix!r}; give at most 64 printable characters of ASCII, without braces")
        self.storage = storage
        self.workers = workers
        self._prefix = prefix
        self._keeps_text = not storage.is_shared
        self._breaker = breaker
        self._local: MemoryStorage | None = None
        self._share = lru_cache(512)(self._share_of)

    def key_of(self, identity: Identity) -> str:
        """Return the key of *identity*, which others cannot choose to be that of somebody else.

        Raises:
            TypeError: If it is of another type, such as an object whose text would be another each time.
        """
        if identity is None:
            return f"{self._prefix}:nobody"
        if not isinstance(identity, str):
            if not isinstance(identity, (int, UUID)):
                raise TypeError(f"an identifier is a {type(identity).__name__}; give a str, an int, a UUID or None")
            identity = str(identity)
        if len(identity) <= LONGEST_KEY and self._keeps_text:
            return f"{self._prefix} {identity}"  # no prefix has a space
        digest = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16)
        return f"{self._prefix}:{digest.hexdigest()}"

    async def decide(
        self, key: str, rules: tuple[RateLimitRule, ...], costs: Sequence[int], *, takes: bool
    ) -> tuple[Decision | None, bool]:
        """Return the decision, and whether the storage failed; None where that means that it is refused."""
        breaker = self._breaker
        if breaker.is_quiet or breaker.lets_pass():
            try:
                ask = self.storage.acquire if takes else self.storage.peek
                decision = await ask(key, rules, costs)
            except StorageError as error:
                breaker.note_failure(error)
            else:
                if not breaker.is_quiet:
                    breaker.note_success()
                return decision, False
        if any(rule.on_storage_error is StorageErrorAction.DENY for rule in rules):
            return None, True
        return await self._decide_locally(key, rules, costs, takes=takes), True

    async def _decide_locally(
        self, key: str, rules: tuple[RateLimitRule, ...], costs: Sequence[int], *, takes: bool
    ) -> Decision:
        """Decide by this worker's share of the rules that say so; the others let pass."""
        own = [
            (self._share(rule), cost)
            for rule, cost in zip(rules, costs, strict=True)
            if rule.on_storage_error is StorageErrorAction.LOCAL
        ]
        memory = self.local
        ask = memory.acquire if takes else memory.peek
        decision = await ask(key, [rule for rule, _ in own], [cost for _, cost in own])
        told = iter(decision.states)
        states = (
            next(told) if rule.on_storage_error is StorageErrorAction.LOCAL else RuleState(rule.most, 0, 0)
            for rule in rules
        )
        return Decision(decision.allowed, decision.now, tuple(states))

    async def reset(self, key: str, rules: tuple[RateLimitRule, ...]) -> None:
        """Forget what was taken, here and in the storage.

        Raises:
            StorageError: If the storage cannot be asked.
        """
        if self._local is not None:
            await self._local.reset(key, [self._share(rule) for rule in rules])
        await self.storage.reset(key, rules)

    async def enter(
        self, key: str, limit: int, token: str, ttl: float, action: StorageErrorAction
    ) -> tuple[int, RateLimitStorage | None]:
        """Take a place; return how many are free then, -1 for none, and where the place is, None for nowhere.

        Raises:
            StorageError: If the storage cannot be asked, and *action* is DENY.
        """
        failure = StorageError("the storage of rate limits fails")
        if self._breaker.lets_pass():
            try:
                free = await self.storage.enter(key, limit, token, ttl)
            except StorageError as error:
                self._breaker.note_failure(error)
                failure = error
            else:
                self._breaker.note_success()
                return free, self.storage
        if action is StorageErrorAction.DENY:
            raise failure
        if action is StorageErrorAction.ALLOW:
            return limit, None
        return await self.local.enter(key, max(limit // self.workers, 1), token, ttl), self.local

    @property
    def local(self) -> MemoryStorage:
        """Where this worker counts while the storage cannot be asked."""
        if self._local is None:
            self._local = MemoryStorage()
        return self._local

    def _share_of(self, rule: RateLimitRule) -> RateLimitRule:
        burst = None if rule.burst is None else max(rule.burst // self.workers, rule.cost)
        return replace(rule, limit=max(rule.limit // self.workers, 1 if burst else rule.cost), burst=burst)
