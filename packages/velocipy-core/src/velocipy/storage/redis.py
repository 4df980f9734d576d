"""The storage in Redis, or Valkey, which all workers share. Needs the extra `redis`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from velocipy.redis_client import RedisClients
from velocipy.storage.interface import Storage, check_item

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

# KEYS: the key. ARGV: the expected value, then the new one, if there is one, then its milliseconds, if it expires.
_REPLACE = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if #ARGV == 1 then redis.call('del', KEYS[1])
elseif #ARGV == 2 then redis.call('set', KEYS[1], ARGV[2])
else redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3]) end
return 1
"""


class RedisStorage(Storage):
    """A storage in Redis. Each call is one command, or one script; Redis counts the times to live.

    The keys there are the prefix, "|", and the key, in UTF-8. Without an answer a call ends with a StorageError after
    *timeout* seconds; the first call after Redis is back finds it. What Redis drops when its memory is full is said by
    its own setting `maxmemory-policy`; its replicas may lag, and one that takes over may lack the latest values.

    Args:
        url: "redis://localhost:6379/0", "rediss://..." with TLS, or "unix:///run/redis.sock". Each event loop has
            connections of its own, opened when they are needed.
        prefix: Keeps storages apart that share one Redis: any text without "|".
        redis: A client of `redis.asyncio` in the place of the URL, such as that of a Sentinel (`master_for`) or a
            `RedisCluster`, for one event loop; it stays open. Or a function that makes one, called for each event loop;
            they are closed. They have their own limits and retries: a command which is sent twice may tell that it has
            done nothing.
        timeout: Seconds for a call, with the wait for a connection.
        max_connections: Of each event loop, unless *redis* is given.

    Raises:
        ImportError: If redis is not installed.
        ValueError: If the URL is none, the prefix has a "|", a number is not more than 0, or answers are decoded.
    """

    def __init__(
        self,
        url: str = "redis://localhost",
        *,
        prefix: str = "",
        redis: Redis | RedisCluster | Callable[[], Redis | RedisCluster] | None = None,
        timeout: float = 2.0,
        max_connections: int = 50,
    ) -> None:
        if "|" in prefix:
            raise ValueError(f'the prefix {prefix!r} has a "|", which stands between it and the key')
        self._clients = RedisClients(
            url, "a RedisStorage", redis=redis, timeout=timeout, max_connections=max_connections
        )
        self._prefix = _encoded(prefix + "|")

    async def get(self, key: str) -> bytes | None:
        value: bytes | None = await self._call("get", self._key(key))
        return value

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        check_item(key, value, ttl)
        await self._call("set", self._key(key), value, px=_milliseconds(ttl))

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        check_item(key, value, ttl)
        return bool(await self._call("set", self._key(key), value, px=_milliseconds(ttl), nx=True))

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        check_item(key, expected, ttl)
        arguments: list[bytes | int] = [expected]
        if value is not None:
            check_item(key, value, ttl)
            milliseconds = _milliseconds(ttl)
            arguments += [value] if milliseconds is None else [value, milliseconds]
        return bool(await self._call("eval", _REPLACE, 1, self._key(key), *arguments))

    async def touch(self, key: str, ttl: float) -> bool:
        check_item(key, ttl=ttl)
        return bool(await self._call("pexpire", self._key(key), _milliseconds(ttl)))

    async def delete(self, key: str) -> bool:
        return bool(await self._call("delete", self._key(key)))

    async def close(self) -> None:
        """Close the connections of this event loop; calls that are waiting for Redis there end with a StorageError."""
        await self._clients.close()

    def _key(self, key: str) -> bytes:
        check_item(key)
        return self._prefix + _encoded(key)

    async def _call(self, command: str, *arguments: Any, **options: Any) -> Any:
        return await self._clients.call(lambda client: getattr(client, command)(*arguments, **options))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # of any text, and of no two the same


def _milliseconds(ttl: float | None) -> int | None:
    return None if ttl is None else math.ceil(ttl * 1000)
