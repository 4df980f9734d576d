"""The limiter: what programs ask."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

from velocipy.limiter.backend import Backend, Identity
from velocipy.limiter.breaker import Breaker
from velocipy.limiter.results import RateLimitHeaders, RateLimitResult, read_headers
from velocipy.limiter.rules import RateLimitRule, Rules, as_rules
from velocipy.limiter.storage import RateLimitStorage
from velocipy.limiter.workers import declared_workers
from velocipy.storage import StorageError

_logger = logging.getLogger("velocipy")

OnCheck = Callable[[Identity, RateLimitResult], object]
"""Told of every check: who, and the result. A plain function that does not block."""


def check_limiter(limiter: Any) -> None:
    """Raise a TypeError unless *limiter* is one."""
    if not isinstance(limiter, Limiter):
        raise TypeError(f"limiter is {limiter!r}; give a Limiter")


class Limiter:
    """Decides by rules who may do what, how often: for `rate_limit`, for `RateLimitMiddleware`, or asked directly.

    An application that depends on it closes it at its end; elsewhere ``async with limiter`` does.

    Args:
        storage: Where it counts.
        prefix: Keeps limiters apart that share a storage: at most 64 printable characters of ASCII, without braces.
        headers: Which header fields answers have, allowed and refused; only `Retry-After` of refusals by default.
        on_check: Told of every check; what it raises is logged.
        workers: Among how many processes the limits are shared out by `StorageErrorAction.LOCAL`; by default what the
            command line of the server or `WEB_CONCURRENCY` says, on this machine.
        failures: After how many failures in a row the storage is not asked for a while.
        pause: Seconds of that while; then one request asks again.

    Raises:
        TypeError: If *storage* is none.
        ValueError: If another argument is none of its kind.
    """

    def __init__(
        self,
        storage: RateLimitStorage,
        *,
        prefix: str = "vlimit",
        headers: Iterable[RateLimitHeaders | str] | RateLimitHeaders | str = (),
        on_check: OnCheck | None = None,
        workers: int | None = None,
        failures: int = 3,
        pause: float = 1.0,
    ) -> None:
        if isinstance(storage, type) or not hasattr(storage, "acquire"):
            raise TypeError(
                f"storage is {storage!r}; give one of velocipy.limiter.storage, as MemoryStorage() or RedisStorage(url)"
            )
        if failures < 1 or not pause > 0 or (workers is not None and workers < 1):
            raise ValueError(f"failures={failures}, pause={pause}, workers={workers}: give more than 0")
        known = declared_workers()
        self.headers = read_headers(headers)
        self._on_check = on_check
        self._backend = Backend(storage, prefix, Breaker(failures, pause), workers or known)
        if known > 1 and not storage.is_shared:
            _logger.warning(
                "a limiter counts in the memory of each of %d workers, and lets pass up to %d times its limits; "
                "give it a RedisStorage",
                known,
                known,
            )

    @property
    def backend(self) -> Backend:
        """Where it asks; for what is built upon it."""
        return self._backend

    async def check(self, identifier: Identity, rules: Rules, cost: int | None = None) -> RateLimitResult:
        """Take the cost from all *rules* in one step if it fits in all, and else from none.

        Args:
            identifier: Who is counted: a str of any length, an int or a UUID; None for all those that are nobody.
            rules: One, several, or text such as "100/minute".
            cost: In the place of what the rules say.

        Raises:
            TypeError: If the identifier or a rule is none.
            ValueError: If a text cannot be read, there is no rule, or the cost is less than 1.
        """
        return await self.decide(identifier, as_rules(rules), cost)

    async def peek(self, identifier: Identity, rules: Rules, cost: int | None = None) -> RateLimitResult:
        """Return what `check` would, and take nothing."""
        return await self.decide(identifier, as_rules(rules), cost, takes=False)

    async def reset(self, identifier: Identity, rules: Rules) -> None:
        """Give *identifier* the whole limit of *rules* again.

        Raises:
            StorageError: If the storage cannot be asked.
        """
        await self._backend.reset(self._backend.key_of(identifier), as_rules(rules))

    async def decide(
        self, identifier: Identity, rules: tuple[RateLimitRule, ...], cost: int | None = None, *, takes: bool = True
    ) -> RateLimitResult:
        """Do as `check`, or as `peek`, with rules that were read."""
        backend = self._backend
        if cost is None:
            # PERF: of one rule 0.1 us less
            costs: Sequence[int] = (rules[0].cost,) if len(rules) == 1 else [rule.cost for rule in rules]
        elif isinstance(cost, bool) or not isinstance(cost, int) or cost < 1:
            raise ValueError(f"the cost is {cost!r}; give a whole number from 1")
        else:
            costs = [cost] * len(rules)
        decision, failed = await backend.decide(backend.key_of(identifier), rules, costs, takes=takes)
        result = RateLimitResult(rules, decision, failed)
        if takes and self._on_check is not None:
            self._tell(identifier, result)
        return result

    def _tell(self, identifier: Identity, result: RateLimitResult) -> None:
        assert self._on_check is not None
        try:
            self._on_check(identifier, result)
        except Exception:
            _logger.exception("on_check of a limiter failed")

    async def close(self) -> None:
        """Close the connections of the storage; the next check opens them again, and all is still counted."""
        await self._backend.storage.close()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Close it at the end; dependencies and middleware of a limiter have this."""
        try:
            yield
        finally:
            with suppress(StorageError):  # it was away: there is nothing to close
                await self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
