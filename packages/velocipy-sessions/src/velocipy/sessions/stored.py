"""Sessions in a store: the cookie has a random id, and nothing else.

Two requests of one session may overlap. Each stores what it has changed, key by key, on top of what is there by then.
"""

from __future__ import annotations

import re
from functools import partial
from secrets import token_urlsafe
from time import time
from typing import Literal

from velocipy.sessions.content import Content, decode, merge
from velocipy.sessions.errors import SessionConflict, SessionUnavailable
from velocipy.sessions.keeping import Limits, Told, logger
from velocipy.sessions.session import Session
from velocipy.sessions.store import SessionStore, key_of, record_of
from velocipy.storage import StorageError

OnStoreFailure = Literal["error", "empty"]
OnConflict = Literal["error", "overwrite"]

_ID_BYTES = 32
_is_id = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch
_REFRESHES = 10  # a session that is used is stored anew after this part of its `max_age`, not with each request


class StoreKeeper:
    """Keeps sessions in a `SessionStore`.

    Args:
        store: Where they are.
        limits: How long they live; one of the two is given.
        on_store_failure: What a session is that could not be fetched.
        on_conflict: What becomes of a key that two requests have changed at once.
    """

    can_end = True

    def __init__(
        self, store: SessionStore, limits: Limits, on_store_failure: OnStoreFailure, on_conflict: OnConflict
    ) -> None:
        self._store = store
        self._storage = store._storage
        self._limits = limits
        self._is_empty_on_failure = on_store_failure == "empty"
        self._overwrites = on_conflict == "overwrite"
        self._is_lost = False

    # -- reading -----------------------------------------------------------------------------------------------------

    async def load(self, session: Session, cookie: str | None, name: str) -> None:
        if cookie is None or _is_id(cookie) is None:
            return
        key = key_of(cookie)
        try:
            payload = await self._storage.get(record_of(key))
        except StorageError as error:
            self._lose(error)
            session._read = self._unavailable
            return
        self._find_again()
        if payload is not None:
            session._read = partial(self._opened, payload=payload, key=key)

    def _opened(self, session: Session, payload: bytes, key: str) -> Content:
        now = int(time())
        content = decode(payload)
        if content is None or self._limits.is_too_old(content, now):  # when it was used last is the storage's clock's
            return Content(now, now)
        session._base, session._key = payload, key
        return content

    def _unavailable(self, session: Session) -> Content:
        if not self._is_empty_on_failure:
            raise SessionUnavailable
        session._is_unavailable = True
        now = int(time())
        return Content(now, now)

    def _lose(self, error: StorageError) -> None:
        if not self._is_lost:  # once for each outage, not for each request
            logger.error("the store of the sessions is lost: %s", error)
        self._is_lost = True

    def _find_again(self) -> None:
        if self._is_lost:
            logger.warning("the store of the sessions is there again")
        self._is_lost = False

    # -- writing -----------------------------------------------------------------------------------------------------

    async def keep(self, session: Session, cookie: str | None, name: str) -> Told | None:
        try:
            return await self._keep(session, cookie)
        except StorageError as error:
            self._lose(error)
            raise SessionUnavailable from error

    async def _keep(self, session: Session, cookie: str | None) -> Told | None:
        content, base, key = session._open(), session._base, session._key
        if session._is_unavailable:
            return None
        if not session._has_changed():
            return await self._refresh(content, base, key, cookie)
        if base is None or key is None:
            if content.is_empty:
                return Told(None, is_needed=False) if session._is_cleared and cookie is not None else None
            return await self._begin(session, content)
        before = decode(base)
        assert before is not None  # it was read from there
        if session._is_cleared or (session._is_renewed and content.is_empty):
            await self._end(before, key)
            return Told(None, is_needed=False) if content.is_empty else await self._begin(session, content)
        if session._is_renewed:
            return await self._rename(session, before, content, base, key)
        return await self._update(before, content, base, key, cookie)

    async def _refresh(self, content: Content, base: bytes | None, key: str | None, cookie: str | None) -> Told | None:
        """Let what was used live on. If it has changed meanwhile, who has changed it has done so."""
        now, max_age = int(time()), self._limits.max_age
        if base is None or key is None or max_age is None:
            return None
        if abs(now - content.written) < max(1, max_age // _REFRESHES):  # the clocks of two machines may differ
            return None
        ttl = self._ttl(content, now)
        if not await self._storage.replace(record_of(key), base, content.encode(now), ttl=ttl):
            return None
        if content.user is not None:
            await self._store._enlist(content.user, key, ttl)
        return Told(cookie, is_needed=False)

    async def _begin(self, session: Session, content: Content) -> Told:
        """Store a session that was not there, under an id that nobody has chosen."""
        now = int(time())
        value = token_urlsafe(_ID_BYTES)
        key, ttl, payload = key_of(value), self._ttl(content, now), content.encode(now)
        if content.user is not None:
            await self._store._enlist(content.user, key, ttl)
        await self._storage.add(record_of(key), payload, ttl=ttl)
        if content.user is not None:  # once more: who ended all of the user's in between has not seen this one
            await self._store._enlist(content.user, key, ttl)
        session._key = key
        return Told(value)

    async def _end(self, before: Content, key: str) -> None:
        await self._storage.delete(record_of(key))
        if before.user is not None:
            await self._store._delist(before.user, key)

    async def _rename(self, session: Session, before: Content, content: Content, base: bytes, key: str) -> Told | None:
        """Store the session under another id, and end the old one."""
        told = await self._begin(session, content)
        assert session._key is not None
        renamed = session._key
        try:
            while not await self._storage.replace(record_of(key), base, None):
                found = await self._storage.get(record_of(key))
                theirs = None if found is None else decode(found)
                if found is None or theirs is None:
                    await self._end(content, renamed)
                    self._tell_of_end()
                    return None
                merged = self._merged(before, content, theirs)
                now = int(time())
                await self._storage.set(record_of(renamed), merged.encode(now), ttl=self._ttl(merged, now))
                base = found
        except SessionConflict:
            await self._end(content, renamed)
            raise
        if before.user is not None:
            await self._store._delist(before.user, key)
        return told

    async def _update(
        self, before: Content, content: Content, base: bytes, key: str, cookie: str | None
    ) -> Told | None:
        """Store what has changed, on top of what others have stored meanwhile."""
        merged = content
        while True:
            now = int(time())
            payload, ttl = None if merged.is_empty else merged.encode(now), self._ttl(merged, now)
            if await self._storage.replace(record_of(key), base, payload, ttl=ttl):
                break
            found = await self._storage.get(record_of(key))
            theirs = None if found is None else decode(found)
            if found is None or theirs is None:
                self._tell_of_end()
                return None
            merged, base = self._merged(before, content, theirs), found
        if merged.is_empty:
            return Told(None, is_needed=False)
        if merged.user is not None:
            await self._store._enlist(merged.user, key, ttl)
        return Told(cookie, is_needed=False)

    def _merged(self, before: Content, ours: Content, theirs: Content) -> Content:
        merged, conflicts = merge(before, ours, theirs)
        if conflicts:
            logger.warning(
                "two requests have changed the same keys of a session at once: %s", ", ".join(map(repr, conflicts))
            )
            if not self._overwrites:
                raise SessionConflict(conflicts)
        return merged

    def _tell_of_end(self) -> None:
        # It stays so, and nobody's cookie is touched: who logs out everywhere relies on it.
        logger.info("a session was ended while a request was changing it; its changes are dropped")

    def _ttl(self, content: Content, now: int) -> float:
        ends = []
        if self._limits.max_age is not None:
            ends.append(self._limits.max_age)
        if self._limits.lifetime is not None:
            ends.append(content.created + self._limits.lifetime - now)
        return max(1, min(ends))
