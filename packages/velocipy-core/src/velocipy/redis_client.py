"""What all users of redis-py have in common: clients of every event loop, and calls that end in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from velocipy.errors import StorageError

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

__all__ = ["RedisClients", "client_of", "close_client", "completed"]

T = TypeVar("T")


def client_of(url: str, user: str, *, timeout: float | None = None) -> Redis:
    """Return a client of the Redis at *url*, for one event loop; nothing is opened yet.

    Args:
        url: "redis://", "rediss://" or "unix://"; options in its query count before the others.
        user: Who needs it, for the message.
        timeout: Seconds for a connection to open, and for an answer to come; without, redis-py's own. With it nothing
            is sent twice: a command that was done, and whose answer was lost, would tell that it found nothing to do.

    Raises:
        ImportError: If redis is not installed.
        ValueError: If the URL is none.
    """
    try:
        from redis.asyncio import ConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise ImportError(f'{user} needs redis: pip install "velocipy-core[redis]"') from None
    options: dict[str, Any] = {}
    if timeout is not None:
        options |= {"socket_timeout": timeout, "socket_connect_timeout": timeout, "retry": Retry(NoBackoff(), 0)}
    return Redis(connection_pool=ConnectionPool.from_url(url, **options))


async def close_client(client: Redis | RedisCluster) -> None:
    """Close a client of `client_of`, or of a cluster, and its connections."""
    await client.aclose()
    pool = getattr(client, "connection_pool", None)  # a cluster has one for each node, and closes them
    if pool is not None:
        await pool.disconnect()


async def completed(call: Awaitable[T]) -> T:
    """Await *call*, a command of redis-py, and raise the cancellation that it may have kept to itself.

    redis-py calls `asyncio.wait_for`, which before CPython 3.12 returns when it is cancelled as it ends (gh-86296).
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()  # who is cancelled already may still have something to put away
    result = await call
    if task.cancelling() > before:
        raise asyncio.CancelledError
    return result


class RedisClients:
    """The clients of one user of Redis, for each event loop its own, with calls that end in time.

    Args:
        url: As for `client_of`.
        user: Who needs it, for messages, as in "a RedisStorage".
        redis: In the place of the URL a client of `redis.asyncio`, such as that of a Sentinel (`master_for`) or a
            `RedisCluster`, which serves one event loop and stays open; or a function without arguments that makes one,
            which is called once for each event loop, and whose clients are closed. They have their own limits.
        timeout: Seconds for a call, with the wait for a connection.
        max_connections: Of each event loop, unless *redis* is given.

    Raises:
        ImportError: If redis is not installed.
        ValueError: If the URL is none, a number is not more than 0, or the client decodes answers.
    """

    def __init__(
        self,
        url: str,
        user: str,
        *,
        redis: Redis | RedisCluster | Callable[[], Redis | RedisCluster] | None = None,
        timeout: float = 2.0,
        max_connections: int = 50,
    ) -> None:
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout}; give seconds, more than 0")
        if max_connections < 1:
            raise ValueError(f"max_connections is {max_connections}; give 1 or more")
        self._timeout = timeout
        self._max_connections: int | None = None
        self._given: Any = None
        self._make: Callable[[], Any]
        if redis is None:
            self._make = lambda: client_of(url, user, timeout=timeout)
            self._max_connections = max_connections
            _with_bytes(self._make(), user)
        elif callable(redis):
            self._make = lambda: _with_bytes(redis(), user)
        else:
            self._given = _with_bytes(redis, user)
        self._clients: dict[asyncio.AbstractEventLoop, tuple[Any, asyncio.Semaphore | None]] = {}
        self._readying: dict[Any, asyncio.Task[Any]] = {}  # clusters that nobody has asked yet
        self._ready: set[int] = set()
        self._lock = threading.Lock()  # held for no await, around `_clients`

    async def call(self, command: Callable[[Any], Awaitable[T]]) -> T:
        """Await what *command* returns, which is called with the client of this event loop.

        Raises:
            StorageError: If Redis cannot be reached, does not answer in time, or with an error. Its text has no value
                of the call, which may be a secret.
        """
        if self._given is not None:
            client, places = self._given, None
        else:
            loop = asyncio.get_running_loop()
            client, places = self._clients.get(loop) or self._client_of(loop)
        if hasattr(client, "get_nodes") and id(client) not in self._ready:
            await self._in_time(partial(self._get_ready, client))
        try:
            async with asyncio.timeout(self._timeout):
                if places is None:
                    return await completed(command(client))
                async with places:
                    return await completed(command(client))
        except _failures() as error:
            raise StorageError(f"Redis failed: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections of this event loop, unless the client was given; the next call opens others."""
        with self._lock:
            client, _ = self._clients.pop(asyncio.get_running_loop(), (None, None))
            self._ready.discard(id(client))
        if client is not None:
            await self._in_time(partial(close_client, client))

    async def _in_time(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                return await completed(call())
        except _failures() as error:
            raise StorageError(f"Redis failed: {error or type(error).__name__}") from error

    async def _get_ready(self, client: Any) -> None:
        """Have a cluster learn its nodes, once: many first calls at a time trip over each other (redis-py 5 to 8)."""
        task = self._readying.get(client)
        if task is None:
            task = self._readying[client] = asyncio.create_task(client.initialize())
            task.add_done_callback(lambda done: self._note_ready(client, done))
        await asyncio.shield(task)

    def _note_ready(self, client: Any, done: asyncio.Task[Any]) -> None:
        del self._readying[client]
        if not done.cancelled() and done.exception() is None:
            self._ready.add(id(client))

    def _client_of(self, loop: asyncio.AbstractEventLoop) -> tuple[Any, asyncio.Semaphore | None]:
        client, places = self._make(), None
        if self._max_connections is not None:
            # PERF: a semaphore takes 7 us less than the pool of redis-py that has whoever needs a connection wait.
            places = asyncio.Semaphore(min(self._max_connections, client.connection_pool.max_connections))
        with self._lock:
            self._clients = {other: found for other, found in self._clients.items() if not other.is_closed()}
            self._clients[loop] = client, places
        return client, places


def _failures() -> tuple[type[Exception], ...]:
    """Return what Redis fails with; asked for when something was raised, so that others need no redis."""
    from redis.exceptions import RedisClusterException, RedisError

    return RedisError, RedisClusterException, OSError  # a TimeoutError is an OSError


def _with_bytes(client: Any, user: str) -> Any:
    if client.get_encoder().decode_responses:
        raise ValueError(f"the client decodes what it gets; {user} has bytes: leave decode_responses out")
    return client
