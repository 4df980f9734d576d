"""The lock of a singleton in Redis, for workers on several machines. Needs the extra `redis`."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from velocipy.redis_client import client_of, close_client, completed

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from velocipy.singletons import Lease

__all__ = ["RedisLock"]

_logger = logging.getLogger("velocipy")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between attempts while Redis does not answer; each is twice the last

# Both touch the key only while it is ours: by then another may have it.
_RENEW = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2]) or 0"
_RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"


class RedisLock:
    """Locks that are keys of one Redis, which expire when their holder does not renew them.

    They are renewed three times in *ttl*. A holder that could not renew one for two thirds of it stops its job, which
    has the last third to end before another starts it. A Redis that started less than *ttl* ago gives none: it may have
    forgotten who has it. A replica that takes over may have as well, and is not found out.

    Args:
        redis: The URL, such as "redis://localhost:6379/0", or a client of `redis.asyncio`, which stays open.
        prefix: Put before the names of the jobs.
        ttl: Seconds after which another worker may have what a dead one had.

    Raises:
        ImportError: If redis is not installed.
        ValueError: If the URL is none, or the time is no second.
    """

    def __init__(self, redis: str | Redis, *, prefix: str = "velocipy:singleton:", ttl: float = 15.0) -> None:
        if not ttl >= 1:
            raise ValueError(f"ttl is {ttl}; give seconds from 1")
        self._redis = redis
        self._prefix = prefix
        self._ttl = ttl
        self._pause = 0.0  # 0 as long as Redis answers
        if isinstance(redis, str):
            client_of(redis, "a RedisLock")

    async def acquire(self, name: str) -> Lease | None:
        """Return the lock of the job *name*; None if another has it, or Redis does not answer, which is logged once.

        Raises:
            redis.exceptions.RedisError: If Redis answers with an error.
        """
        from redis.exceptions import ConnectionError, TimeoutError

        client = client_of(self._redis, "a RedisLock") if isinstance(self._redis, str) else self._redis
        lease = _RedisLease(client, self._prefix + name, self._ttl, owns_client=isinstance(self._redis, str))
        is_held = False
        try:
            async with asyncio.timeout(self._ttl / 3):
                is_held = await lease.begin()
            self._pause = 0.0
        except (ConnectionError, TimeoutError, OSError) as error:  # of asyncio too
            if not self._pause:
                _logger.error("Redis does not answer, and no singleton starts until it does: %s", error or "timeout")
            self._pause = min(2 * self._pause or FIRST_PAUSE, LONGEST_PAUSE)
            await asyncio.sleep(self._pause)
        finally:
            if not is_held:
                await lease.release()
        return lease if is_held else None


class _RedisLease:
    def __init__(self, client: Any, key: str, ttl: float, *, owns_client: bool) -> None:
        self._client = client
        self._key = key
        self._token = secrets.token_hex(16)
        self._ttl = ttl
        self._milliseconds = int(ttl * 1000)
        self._asked = 0.0  # when what holds now was asked for: Redis counts from a moment after that
        self._owns_client = owns_client

    async def begin(self) -> bool:
        """Take the key, and tell whether it is ours and Redis remembers who could have it."""
        self._asked = asyncio.get_running_loop().time()
        if not await completed(self._client.set(self._key, self._token, nx=True, px=self._milliseconds)):
            return False
        uptime = (await completed(self._client.info("server")))["uptime_in_seconds"]
        return bool(uptime > self._ttl + 1)  # it counts whole seconds

    async def lost(self) -> None:
        """Renew it, and return when it is another's, or was not renewed for two thirds of its time."""
        from redis.exceptions import RedisError

        loop = asyncio.get_running_loop()
        pause = self._ttl / 3
        while True:
            await asyncio.sleep(pause)
            asked = loop.time()
            try:
                async with asyncio.timeout_at(self._asked + self._ttl * 2 / 3):
                    call = self._client.eval(_RENEW, 1, self._key, self._token, self._milliseconds)
                    renewed = await completed(call)
            except (RedisError, OSError) as error:
                if loop.time() >= self._asked + self._ttl * 2 / 3:
                    return
                _logger.warning("the lock %s was not renewed: %s", self._key, error)
                pause = self._ttl / 15
                continue
            if not renewed:
                return
            self._asked, pause = asked, self._ttl / 3

    async def release(self) -> None:
        """Delete the key if it is still ours; without Redis it expires by itself."""
        from redis.exceptions import RedisError

        try:
            with suppress(RedisError, OSError):
                async with asyncio.timeout(self._ttl / 3):
                    await self._client.eval(_RELEASE, 1, self._key, self._token)
        finally:
            if self._owns_client:
                with suppress(RedisError, OSError):
                    await close_client(self._client)
