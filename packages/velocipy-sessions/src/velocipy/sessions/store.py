"""Sessions in a storage, and how they are ended from outside."""

from __future__ import annotations

import json
from hashlib import sha256
from time import time

from velocipy.storage import Storage


class SessionStore:
    """Keeps sessions in a storage: in memory, in Redis, or wherever a `Storage` keeps things.

    It has the digests of ids, so that who reads the storage can take nobody's session. Beside them stands, for each
    user that `Session.rotate` was told, which sessions are that user's.

    Args:
        storage: Where they are kept. What it drops when it is full is gone: give sessions room of their own.

    Raises:
        TypeError: If *storage* is none.
    """

    def __init__(self, storage: Storage) -> None:
        calls = ("get", "set", "add", "replace", "delete")
        if isinstance(storage, type) or not all(callable(getattr(storage, name, None)) for name in calls):
            raise TypeError(f"{storage!r} is no storage; give a MemoryStorage(), or a RedisStorage(url)")
        self._storage = storage

    async def invalidate(self, key: str) -> bool:
        """End the session that `Session.key` names; return whether it was there.

        Raises:
            StorageError: If the storage fails; whether the session has ended is not known then.
        """
        return await self._storage.delete(record_of(key))

    async def invalidate_user(self, user: str, *, keep: str | None = None) -> int:
        """End all sessions of *user*; return how many there were.

        A request that is being answered cannot bring them back. One that logs in at the same time may count as later.

        Args:
            user: As `Session.rotate` was told.
            keep: The key of one that goes on, such as that of who asks for it.

        Raises:
            StorageError: If the storage fails; how many have ended is not known then.
        """
        ended = 0
        while True:
            found = await self._storage.get(_index_of(user))
            if found is None:
                return ended
            keys: dict[str, int] = json.loads(found)
            for key in keys.keys() - {keep}:
                ended += await self._storage.delete(record_of(key))
            kept = {keep: keys[keep]} if keep is not None and keep in keys else {}
            if await self._storage.replace(_index_of(user), found, _encoded(kept), ttl=_time_left(kept)):
                return ended

    async def keys_of(self, user: str) -> list[str]:
        """Return the keys of the sessions of *user*, those that began first ahead.

        Raises:
            StorageError: If the storage fails.
        """
        found = await self._storage.get(_index_of(user))
        keys = [] if found is None else [*_current(json.loads(found))]
        return [key for key in keys if await self._storage.get(record_of(key)) is not None]

    async def _enlist(self, user: str, key: str, ttl: float) -> None:
        """Have *key* be one of *user*, for *ttl* seconds at least; a tenth more, so that not each request has to."""
        until = int(time() + ttl) + 1
        while True:
            found = await self._storage.get(_index_of(user))
            keys = {} if found is None else _current(json.loads(found))
            if keys.get(key, 0) >= until:
                return
            keys[key] = until + int(ttl / 10)
            value, left = json.dumps(keys).encode(), _time_left(keys)
            if found is None:
                if await self._storage.add(_index_of(user), value, ttl=left):
                    return
            elif await self._storage.replace(_index_of(user), found, value, ttl=left):
                return

    async def _delist(self, user: str, key: str) -> None:
        """Forget that *key* is one of *user*."""
        while True:
            found = await self._storage.get(_index_of(user))
            keys = {} if found is None else _current(json.loads(found))
            if found is None or keys.pop(key, None) is None:
                return
            if await self._storage.replace(_index_of(user), found, _encoded(keys), ttl=_time_left(keys)):
                return


def key_of(session_id: str) -> str:
    """Return the key of the session with that id."""
    return sha256(session_id.encode("ascii")).hexdigest()


def record_of(key: str) -> str:
    """Return where the session of that key is in the storage."""
    return f"session:{key}"


def _index_of(user: str) -> str:
    return f"sessions-of:{sha256(user.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _encoded(keys: dict[str, int]) -> bytes | None:
    return json.dumps(keys).encode() if keys else None


def _current(keys: dict[str, int]) -> dict[str, int]:
    """Return those of *keys* whose time is not over."""
    now = time()
    return {key: until for key, until in keys.items() if until > now}


def _time_left(keys: dict[str, int]) -> float | None:
    return max(1.0, max(keys.values()) - time()) if keys else None
