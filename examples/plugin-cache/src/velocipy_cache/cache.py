"""Where answers are kept: their keys, their variants, and the lock under which one request computes for many.

For each path there is a record with a random stamp, and for each URL up to 64 entries, one for each place that the
values of its `Vary` headers come to. All of the path is forgotten when its record goes; who began to compute before
stores under the old stamp, where nobody looks.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from velocipy import Request
from velocipy.storage import Storage, StorageError

from velocipy_cache.entries import Entry, PathRecord

VARIANTS = 64  # of one URL, whatever clients send; a further one takes the place of another
MOST_VARY = 8  # headers; answers that depend on more are not kept
PATH_TTL = 86400.0  # seconds that the record of a path outlives its last answer
POLL = 0.05  # seconds between two looks for what another request computes
PAUSE = 5.0  # seconds without the storage after it failed, so that not every request waits for its time-out

_logger = logging.getLogger("velocipy_cache")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer to a request is kept, and what is there.

    Attributes:
        path_key, record: What is kept for its path.
        names: The request headers on which it depends, as far as that is known.
        key, entry: What is kept for itself.
    """

    path_key: str
    record: PathRecord
    names: tuple[str, ...]
    key: str
    entry: Entry | None

    @property
    def lock(self) -> str:
        """The key of the lock of whoever computes the answer."""
        return f"{self.key}|lock"


class Cache:
    """The answers of one scope. Handlers have it by the annotation `Cache`, to say what has changed.

    A storage that fails is left alone for a few seconds, and told to the log `velocipy_cache`; nothing is cached then.

    Args:
        storage: Where they are kept.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._paused_until = 0.0

    async def delete(self, path: str) -> bool:
        """Forget every answer of *path*, as it is asked for ("/prices/7"), whatever its query, host and headers.

        Returns:
            Whether that was done; not if the storage cannot be reached.
        """
        try:
            await self._storage.delete(_path_key(path))
        except StorageError as error:
            self.pause(error)
            return False
        return True

    @property
    def is_paused(self) -> bool:
        """Whether the storage has failed a moment ago."""
        return time.monotonic() < self._paused_until

    def pause(self, error: StorageError) -> None:
        """Leave the storage alone for a while."""
        if not self.is_paused:
            _logger.warning("nothing is cached for %g seconds: %s", PAUSE, error)
        self._paused_until = time.monotonic() + PAUSE

    async def look_up(self, request: Request, vary: tuple[str, ...]) -> Place:
        """Return where the answer to *request* is kept, and what is there.

        Args:
            request: What is asked for.
            vary: Header names on which it depends besides those that are known.

        Raises:
            StorageError: As everything below.
        """
        path_key = _path_key(request.path)
        found = await self._storage.get(path_key)
        record = None if found is None else PathRecord.decode(found)
        if record is None:
            record = PathRecord(secrets.token_hex(8), ())
            if found is not None:
                await self._storage.delete(path_key)
            if not await self._storage.add(path_key, record.encode(), ttl=PATH_TTL):
                found = await self._storage.get(path_key)
                record = (None if found is None else PathRecord.decode(found)) or record
        names = _names({*record.vary, *vary})
        key, values = _key(request, record.stamp, names)
        data = await self._storage.get(key)
        entry = None if data is None else Entry.decode(data)
        return Place(path_key, record, names, key, entry if entry and entry.values == values else None)

    async def store(self, request: Request, place: Place, entry: Entry, vary: set[str]) -> None:
        """Keep *entry*, which depends on *vary* too; not if the path was forgotten since *place* was looked up."""
        record = PathRecord(place.record.stamp, _names({*place.names, *vary}))
        if len(record.vary) > MOST_VARY:
            return
        ttl = max(entry.stale_until - time.time(), 0.001)
        if record == place.record:
            is_known = await self._storage.touch(place.path_key, PATH_TTL + ttl)
        else:
            old, new = place.record.encode(), record.encode()
            is_known = await self._storage.replace(place.path_key, old, new, ttl=PATH_TTL + ttl)
        if is_known:
            key, values = _key(request, record.stamp, record.vary)
            kept = replace(entry, values=values)
            await self._storage.set(key, kept.encode(), ttl=ttl)

    @asynccontextmanager
    async def lock(self, place: Place, ttl: float) -> AsyncIterator[bool]:
        """Try to become the one who computes, for *ttl* seconds at most; yield whether that is so."""
        token = secrets.token_bytes(16)
        is_ours = await self._storage.add(place.lock, token, ttl=ttl)
        try:
            yield is_ours
        finally:
            if is_ours and not self.is_paused:
                try:
                    await self._storage.replace(place.lock, token, None)
                except StorageError as error:
                    self.pause(error)

    async def wait(self, request: Request, vary: tuple[str, ...], place: Place, seconds: float) -> Place:
        """Wait until another request has computed what is asked for, or has given up; return what is there then."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            await asyncio.sleep(POLL)
            is_locked = await self._storage.get(place.lock) is not None  # asked first: what comes last is the answer
            now = await self.look_up(request, vary)
            if not is_locked or (now.entry is not None and now.entry.fresh_until > time.time()):
                return now
        return place


def _path_key(path: str) -> str:
    return f"velocipy-cache|{_digest(path)}"


def _names(vary: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name.lower() for name in vary}))


def _key(request: Request, stamp: str, names: Iterable[str]) -> tuple[str, list[str]]:
    """Return the key of an answer, and the values by which it is told from others that have the same key.

    Nothing is normalised: what differs in a character is another URL (CVE-2026-25480).
    """
    values = ["\n".join(request.headers.getlist(name)) for name in names]
    variant = int(_digest(*values)[:8], 16) % VARIANTS
    url = [request.scheme, request.host, request.root_path, request.path, request.raw_path, request.query_string]
    return f"velocipy-cache|{_digest(stamp, *names, '', *url, str(variant))}", values


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
