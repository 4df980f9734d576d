"""What all users of redis-py have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")


def client_of(url: str, user: str, *, max_connections: int | None = None, timeout: float | None = None) -> Redis:
    """Return a client of the Redis at *url*, for one event loop; nothing is opened yet.

    Args:
        url: "redis://", "rediss://" or "unix://"; options in its query count before the others.
        user: Who needs it, for the message.
        max_connections: How many at most; who needs another waits. There is no limit by default.
        timeout: Seconds for a connection to open, and for an answer to come; without, redis-py's own. With it nothing
            is sent twice: a command that was done, and whose answer was lost, would tell that it found nothing to do.

    Raises:
        ImportError: If redis is not installed.
        ValueError: If the URL is none.
    """
    try:
        from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise ImportError(f'{user} needs redis: pip install "velocipy-core[redis]"') from None
    options: dict[str, Any] = {}
    if timeout is not None:
        options |= {"socket_timeout": timeout, "socket_connect_timeout": timeout, "retry": Retry(NoBackoff(), 0)}
    if max_connections is None:
        return Redis(connection_pool=ConnectionPool.from_url(url, **options))
    pool = BlockingConnectionPool.from_url(url, max_connections=max_connections, timeout=timeout, **options)
    return Redis(connection_pool=pool)


async def close_client(client: Redis) -> None:
    """Close a client of `client_of`, and its connections."""
    await client.aclose()
    await client.connection_pool.disconnect()


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
