"""The limit of what is in flight at a time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from velocipy import HTTPConnection, HTTPException, raises
from velocipy.limiter.asking import check_identifier, finder_of, is_dependency, take
from velocipy.limiter.backend import Identity
from velocipy.limiter.dependency import UNAVAILABLE, Dependency, as_dependency
from velocipy.limiter.identifiers import client_address
from velocipy.limiter.limiter import Limiter, check_limiter
from velocipy.limiter.rules import RateLimitRule, StorageErrorAction
from velocipy.limiter.storage import RateLimitStorage
from velocipy.storage import StorageError


class ConcurrencyLimit:
    """So many at a time for each identifier. A place is given back at the end of its block, whatever happens.

    In a shared storage a place is a lease, which is renewed: that of a worker that was killed is free after *ttl*.

    Args:
        limiter: Counts.
        limit: How many at a time.
        name: Places of one name are shared, wherever they are taken.
        ttl: Seconds, from 1, after which the place of a dead worker is free.
        on_storage_error: What happens while the storage cannot be asked.

    Raises:
        ValueError: If a number is too small, or the name is none of a rule.
    """

    def __init__(
        self,
        limiter: Limiter,
        limit: int,
        *,
        name: str,
        ttl: float = 30.0,
        on_storage_error: StorageErrorAction = StorageErrorAction.ALLOW,
    ) -> None:
        check_limiter(limiter)
        if not ttl >= 1:
            raise ValueError(f"ttl is {ttl}; give seconds from 1")
        checked = RateLimitRule(name, limit, 1, on_storage_error=on_storage_error)
        self.limiter = limiter
        self.limit = limit
        self.on_storage_error = checked.on_storage_error
        self._name = name
        self._ttl = ttl
        self._leaving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def place(self, identifier: Identity) -> AsyncIterator[bool]:
        """Take a place for the block; yields whether there was one.

        Raises:
            StorageError: If the storage cannot be asked, and that refuses.
        """
        backend = self.limiter.backend
        key = f'{backend.key_of(identifier)}"{self._name}'  # no name has a quote, and so no identifier ends with one
        token = secrets.token_hex(8)
        entering = asyncio.ensure_future(backend.enter(key, self.limit, token, self._ttl, self.on_storage_error))
        try:
            free, storage = await asyncio.shield(entering)
        except asyncio.CancelledError:  # it may have a place by now
            entering.add_done_callback(lambda done: self._leave_late(done, key, token))
            raise
        if free < 0 or storage is None:
            yield free >= 0
            return
        renewing = asyncio.create_task(self._renew(storage, key, token)) if storage.is_shared else None
        try:
            yield True
        finally:
            if renewing is not None:
                renewing.cancel()
            await self._leave(storage, key, token)

    async def _renew(self, storage: RateLimitStorage, key: str, token: str) -> None:
        while True:
            await asyncio.sleep(self._ttl / 3)
            try:
                await storage.renew(key, token, self._ttl)
            except StorageError:
                continue  # the next time may do; else it is free too early

    async def _leave(self, storage: RateLimitStorage, key: str, token: str) -> None:
        """Give the place back, also where the task is cancelled meanwhile."""
        await asyncio.shield(self._start_leaving(storage, key, token))

    def _start_leaving(self, storage: RateLimitStorage, key: str, token: str) -> asyncio.Task[None]:
        task = asyncio.create_task(_leave(storage, key, token))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        return task

    def _leave_late(self, done: asyncio.Future[tuple[int, RateLimitStorage | None]], key: str, token: str) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        free, storage = done.result()
        if free >= 0 and storage is not None:
            self._start_leaving(storage, key, token)


async def _leave(storage: RateLimitStorage, key: str, token: str) -> None:
    with suppress(StorageError):  # its time ends by itself
        await storage.leave(key, token)


def concurrency_limit(
    limiter: Limiter,
    limit: int,
    *,
    name: str,
    identifier: Any = None,
    exempt: Any = None,
    ttl: float = 30.0,
    on_storage_error: StorageErrorAction = StorageErrorAction.ALLOW,
) -> Dependency:
    """Return a dependency that lets *limit* requests or WebSockets at a time pass for each identifier, and answers 429.

    A place is given back when the answer was sent, the client has left, or the handler failed.

    Args:
        limiter, limit, name, ttl, on_storage_error: As in `ConcurrencyLimit`.
        identifier, exempt: As in `rate_limit`.

    Raises:
        TypeError: If an option is none of its kind.
        ValueError: If a number is too small, or the name is none of a rule.
    """
    places = ConcurrencyLimit(limiter, limit, name=name, ttl=ttl, on_storage_error=on_storage_error)
    identifier = client_address() if identifier is None else identifier
    check_identifier(identifier)
    if exempt is not None and not is_dependency(exempt):
        raise TypeError(f"exempt is {exempt!r}; give a function, or Depends(function)")
    asked = {"identifier": identifier, "exempt": exempt}
    options = {told: option for told, option in asked.items() if is_dependency(option)}

    find = finder_of(identifier)

    async def in_flight(*, connection: HTTPConnection, **values: Any) -> AsyncIterator[None]:
        if values.get("exempt"):
            yield
            return
        who = values["identifier"] if "identifier" in values else find(connection)
        async with AsyncExitStack() as stack:
            try:
                is_free = await stack.enter_async_context(places.place(who))
            except StorageError:
                raise HTTPException(503, UNAVAILABLE) from None
            if not is_free:
                raise HTTPException(429)
            yield

    take(in_flight, options)
    declared = [raises(429, "Too Many Requests")]
    if places.on_storage_error is StorageErrorAction.DENY:
        declared.append(raises(503, UNAVAILABLE))
    return as_dependency(in_flight, limiter, declared)
