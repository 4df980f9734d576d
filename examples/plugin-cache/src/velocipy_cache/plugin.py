"""The plugin: its options, and what it adds to a scope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from velocipy import Config
from velocipy.plugin import Lifespan, Setup
from velocipy.storage import STORAGE, MemoryStorage, RedisStorage, Storage

from velocipy_cache.cache import Cache
from velocipy_cache.middleware import ScopeMiddleware
from velocipy_cache.rules import Policy


class CachePlugin:
    """Caches the answers of a scope, an application or a router; or only those of routes that have `cached(...)`.

    Args:
        ttl: Seconds for which answers of the whole scope are fresh, unless they say it themselves. None leaves it to
            the routes.
        stale, vary, cookies, max_size, wait: As in `Policy`, for the whole scope.
        storage: Where answers are kept. Else it is Redis, or what is provided under `STORAGE`, or 64 MiB of the memory
            of each process.
        redis: The URL of a Redis, which all processes share.

    Raises:
        ValueError: If a number is out of its range, or both a storage and a Redis are given.
    """

    name = "cache"
    interface = 1

    def __init__(
        self,
        *,
        ttl: float | None = None,
        stale: float = 0.0,
        vary: tuple[str, ...] = (),
        cookies: bool = False,
        max_size: int = 1024 * 1024,
        wait: float = 5.0,
        storage: Storage | None = None,
        redis: str | None = None,
    ) -> None:
        if storage is not None and redis is not None:
            raise ValueError("a storage and a Redis are given; leave one of them out")
        self._policy = Policy(ttl=ttl, stale=stale, vary=vary, cookies=cookies, max_size=max_size, wait=wait)
        self._storage = storage
        self._redis = redis

    def setup(self, setup: Setup) -> None:
        storage = self._storage or (None if self._redis else setup.find(STORAGE))
        if storage is None:
            storage = RedisStorage(self._redis, prefix="velocipy-cache") if self._redis else MemoryStorage()
            setup.add_lifespan(_closing(storage))
        cache = Cache(storage)
        policy = None if self._policy.ttl is None else self._policy
        setup.add_middleware(ScopeMiddleware, cache=cache, policy=policy)
        setup.add_source(Cache, lambda: cache)


def _closing(storage: Storage) -> Lifespan:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        await storage.close()

    return lifespan


class CacheConfig(Config, env_prefix="CACHE_"):
    """The options, where the plugin is plugged in by name: keywords first, then the environment."""

    ttl: float | None = None
    stale: float = 0.0
    vary: tuple[str, ...] = ()
    cookies: bool = False
    max_size: int = 1024 * 1024
    wait: float = 5.0
    redis: str | None = None


def from_config(**options: Any) -> CachePlugin:
    """Make the plugin for `plugins=["cache"]` and `app.plug("cache", ttl=60)`.

    Raises:
        ConfigError: If a value in the environment is wrong.
        TypeError: If there is no such option.
    """
    return CachePlugin(**CacheConfig(**options).as_dict())
