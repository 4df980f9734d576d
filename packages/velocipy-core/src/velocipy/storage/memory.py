"""The storage in the memory of one process."""

from __future__ import annotations

import heapq
import threading
from collections import OrderedDict
from sys import getsizeof
from time import monotonic
from typing import NamedTuple

from velocipy.errors import StorageError
from velocipy.storage.interface import Storage, check_item

ENTRY_SIZE = 470  # bytes that an entry takes at most beside key and value, with its place in the heap; measured
REMOVED_AT_ONCE = 32  # expired entries that one call removes: a call adds one at most, so that they never pile up

NEVER = float("inf")


class _Entry(NamedTuple):
    value: bytes
    expires: float  # by the monotonic clock, which no change of the date moves
    size: int


class MemoryStorage(Storage):
    """A storage of this process: each worker has its own, and it is empty after a restart.

    What has expired leaves in the course of later calls, whatever their keys. When it is full, first what has expired
    leaves, then what was used longest ago.

    Args:
        max_bytes: Of keys, values and what it takes to keep them.

    Raises:
        ValueError: If that is not more than 0.
        StorageError: By `set`, `add` and `replace`, if one value is larger than all of that; nothing has changed then.
    """

    def __init__(self, *, max_bytes: int = 64 * 1024 * 1024) -> None:
        if max_bytes <= 0:
            raise ValueError(f"max_bytes is {max_bytes}; give bytes, more than 0")
        self._max_bytes = max_bytes
        self._size = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # least recently used first
        self._expiries: list[tuple[float, str]] = []  # a heap; who has been given another time is there twice
        self._lock = threading.Lock()  # held for no await: calls come from several loops and threads

    async def get(self, key: str) -> bytes | None:
        check_item(key)
        with self._lock:
            entry = self._find(key)
            return None if entry is None else entry.value

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        check_item(key, value, ttl)
        with self._lock:
            self._store(key, value, ttl)

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        check_item(key, value, ttl)
        with self._lock:
            if self._find(key) is not None:
                return False
            self._store(key, value, ttl)
            return True

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        check_item(key, expected, ttl)
        if value is not None:
            check_item(key, value, ttl)
        with self._lock:
            entry = self._find(key)
            if entry is None or entry.value != expected:
                return False
            if value is None:
                self._remove(key)
            else:
                self._store(key, value, ttl)
            return True

    async def touch(self, key: str, ttl: float) -> bool:
        check_item(key, ttl=ttl)
        with self._lock:
            entry = self._find(key)
            if entry is None:
                return False
            self._store(key, entry.value, ttl)
            return True

    async def delete(self, key: str) -> bool:
        check_item(key)
        with self._lock:
            if self._find(key) is None:
                return False
            self._remove(key)
            return True

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    # Below, the lock is held.

    def _swept(self) -> float:
        """Remove some of what has expired, and return the time."""
        now = monotonic()
        for _ in range(REMOVED_AT_ONCE):
            if not self._remove_expired(now):
                break
        return now

    def _find(self, key: str) -> _Entry | None:
        now = self._swept()
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= now:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def _store(self, key: str, value: bytes, ttl: float | None) -> None:
        size = getsizeof(key) + len(value) + ENTRY_SIZE
        if size > self._max_bytes:
            raise StorageError(f"the value has {len(value)} bytes; the whole storage has room for {self._max_bytes}")
        if key in self._entries:
            self._remove(key)
        now = self._swept()
        while self._size + size > self._max_bytes:
            if not self._remove_expired(now):
                self._remove(next(iter(self._entries)))
        expires = NEVER if ttl is None else now + ttl
        self._entries[key] = _Entry(value, expires, size)
        self._size += size
        if ttl is not None:
            heapq.heappush(self._expiries, (expires, key))
            if len(self._expiries) > 2 * len(self._entries) + REMOVED_AT_ONCE:
                times = ((entry.expires, key) for key, entry in self._entries.items() if entry.expires < NEVER)
                self._expiries = list(times)
                heapq.heapify(self._expiries)

    def _remove(self, key: str) -> None:
        self._size -= self._entries.pop(key).size

    def _remove_expired(self, now: float) -> bool:
        """Take one time from the heap, with its entry if it still has that time; return whether one had come."""
        if not self._expiries or self._expiries[0][0] > now:
            return False
        expires, key = heapq.heappop(self._expiries)
        entry = self._entries.get(key)
        if entry is not None and entry.expires == expires:
            self._remove(key)
        return True
