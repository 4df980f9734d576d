"""What a storage is, and the checks that all of them make."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from velocipy.plugin import Key

LONGEST_TTL = 100 * 365 * 86400.0  # seconds; what is to stay longer needs no time


class Storage(Protocol):
    """Bytes under keys, each of which may expire. `velocipy.testing.storage` has the tests that prove one.

    A key is any text, told apart character by character: no length, case, separator or encoding makes two the same.
    Each call is one step: no other call, of any task, thread or process that has the same storage, comes in between.
    One object serves several event loops, each in a thread of its own, at once.

    Times to live are seconds, of which fractions count; None is for ever. A storage that is full may drop what has not
    expired, as its documentation says.

    A class may name this one as its base, and then has `async with`; it need not.

    Raises:
        StorageError: By every call, if the storage cannot be reached, does not answer in time, or fails. Whether what
            was asked for has been done is not known then.
        TypeError: If a key is no str or a value no bytes.
        ValueError: If a time to live is not more than 0 and at most a hundred years.
    """

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None if there is none, or it has expired."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store *value* in the place of what is there, and of its time to live."""
        ...

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        """Store *value* if nothing is there; return whether it was stored. Of several at once, one does."""
        ...

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        """Store *value*, or delete if it is None, if *expected* is there; return whether it was."""
        ...

    async def touch(self, key: str, ttl: float) -> bool:
        """Let what is there live for *ttl* seconds from now; return whether something is there."""
        ...

    async def delete(self, key: str) -> bool:
        """Delete what is there; return whether something was."""
        ...

    async def close(self) -> None:
        """Close the connections of this event loop. What is stored stays, and the next call opens them again."""
        ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


STORAGE = Key[Storage]("velocipy.storage")
"""Under this key a program provides the storage of a scope, and plugins find it."""


def check_item(key: str, value: bytes = b"", ttl: float | None = None) -> None:
    """Refuse what no storage takes: a key that is no str, a value that is no bytes, a time to live that is none.

    Raises:
        TypeError: If the key or the value is of another type.
        ValueError: If the time is not more than 0 and at most a hundred years.
    """
    if not isinstance(key, str):
        raise TypeError(f"a key of a storage is a str, not {type(key).__name__}")
    if not isinstance(value, bytes):
        raise TypeError(f"a value of a storage is bytes, not {type(value).__name__}")
    if ttl is not None and not 0 < ttl <= LONGEST_TTL:
        raise ValueError(f"ttl is {ttl}; give seconds, more than 0 and at most a hundred years, or None for ever")
