"""The storage in Redis, or Valkey, which all workers share. Needs the extra `redis`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from velocipy.limiter.rules import RateLimitRule
from velocipy.limiter.storage.interface import Decision, RuleState
from velocipy.redis_client import RedisClients

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster


class _Script:
    """A script of Redis, sent whole only to a server that does not know it yet."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: Any, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        try:
            return await client.evalsha(self._digest, len(keys), *keys, *arguments)
        except _unknown_script():
            return await client.eval(self._text, len(keys), *keys, *arguments)


def _unknown_script() -> type[Exception]:
    from redis.exceptions import NoScriptError

    return NoScriptError


_DECIDE = _Script(files("velocipy.limiter.storage").joinpath("decide.lua").read_text("utf-8"))

# A sorted set of tokens by the microsecond at which they lose their place. KEYS: it. ARGV: token, ttl in ms, limit.
_ENTER = _Script("""
local parts = redis.call('TIME')
local now = parts[1] * 1000000 + parts[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
local free = ARGV[3] - redis.call('ZCARD', KEYS[1])
if free < 1 then return -1 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2] * 1000), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return free - 1
""")
_RENEW = _Script("""
local parts = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', parts[1] * 1000000 + parts[2] + ARGV[2] * 1000), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")


class RedisStorage:
    """Counts in Redis 5 or later, or Valkey: each decision is one call of one script, by the clock of the server.

    Every key expires when it counts no more. The keys of a decision share a slot of a Cluster. A server that restarts,
    or is flushed, has forgotten what was counted, and whoever was counted has the whole limit again. A replica that
    takes over may lack the latest, and lets pass again what it lacks: at most the limit once more each time.

    Args:
        url: "redis://localhost:6379/0", "rediss://..." with TLS, or "unix:///run/redis.sock"; options of redis-py in
            its query. Each event loop has connections of its own, opened when they are needed.
        redis: In the place of the URL a client of `redis.asyncio`, such as that of a Sentinel (`master_for`) or a
            `RedisCluster`, for one event loop, which stays open; or a function that makes one, called for each event
            loop. They have their own limits and retries: a decision that is sent twice is counted twice.
        timeout: Seconds for a call, with the wait for a connection.
        max_connections: Of each event loop, unless *redis* is given.

    Raises:
        ImportError: If redis is not installed.
        ValueError: If the URL is none, a number is not more than 0, or answers are decoded.
    """

    is_shared = True

    def __init__(
        self,
        url: str = "redis://localhost",
        *,
        redis: Redis | RedisCluster | Callable[[], Redis | RedisCluster] | None = None,
        timeout: float = 0.5,
        max_connections: int = 50,
    ) -> None:
        self._clients = RedisClients(
            url, "a RedisStorage", redis=redis, timeout=timeout, max_connections=max_connections
        )

    async def acquire(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        return await self._decide("take", key, rules, costs)

    async def peek(self, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        return await self._decide("peek", key, rules, costs)

    async def reset(self, key: str, rules: Sequence[RateLimitRule]) -> None:
        keys = _keys(key, rules)
        await self._clients.call(lambda client: client.delete(*keys))

    async def enter(self, key: str, limit: int, token: str, ttl: float) -> int:
        arguments = token, math.ceil(ttl * 1000), limit
        free: int = await self._clients.call(lambda client: _ENTER.run(client, [f"{{{key}}}"], arguments))
        return free

    async def renew(self, key: str, token: str, ttl: float) -> None:
        arguments = token, math.ceil(ttl * 1000)
        await self._clients.call(lambda client: _RENEW.run(client, [f"{{{key}}}"], arguments))

    async def leave(self, key: str, token: str) -> None:
        await self._clients.call(lambda client: client.zrem(f"{{{key}}}", token))

    async def close(self) -> None:
        """Close the connections of this event loop, unless the client was given; the next call opens others."""
        await self._clients.close()

    def _now(self) -> int | str:
        """Return the time of a decision; "" for that of the server."""
        return ""

    async def _decide(self, how: str, key: str, rules: Sequence[RateLimitRule], costs: Sequence[int]) -> Decision:
        arguments: list[Any] = [how, self._now()]
        for rule, cost in zip(rules, costs, strict=True):
            arguments += (rule.algorithm, rule.limit, rule.ticks, rule.most, rule.scale, cost, int(rule.block))
        keys = _keys(key, rules)
        answer: list[int] = await self._clients.call(lambda client: _DECIDE.run(client, keys, arguments))
        states = (RuleState(*answer[at : at + 3]) for at in range(2, len(answer), 3))
        return Decision(answer[0] == 1, answer[1], tuple(states))


def _keys(key: str, rules: Sequence[RateLimitRule]) -> list[str]:
    return [f"{{{key}}}:{rule.key}" for rule in rules]
