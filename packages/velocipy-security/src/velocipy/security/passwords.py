"""Passwords as they are kept: hashed slowly, by argon2id or scrypt, in threads of their own and a few at once."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from threading import BoundedSemaphore
from typing import Any, Protocol, TypeVar

from velocipy import HTTPException

Result = TypeVar("Result")

MAX_LENGTH = 4096
"""Bytes of a password. Longer ones are nobody's, but cost time."""

_SCRYPT = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)").fullmatch


class PasswordAlgorithm(Protocol):
    """What hashes passwords; the two below are such. Its methods run in threads."""

    def hash(self, password: bytes) -> str:
        """Return a hash with all that is needed to verify it."""
        ...

    def knows(self, hashed: str) -> bool:
        """Tell whether *hashed* is of this algorithm."""
        ...

    def verify(self, password: bytes, hashed: str) -> bool:
        """Tell whether *hashed* is of *password*.

        Raises:
            ValueError: If it cannot be read.
        """
        ...

    def is_current(self, hashed: str) -> bool:
        """Tell whether *hashed* was made with these settings."""
        ...


@dataclass(frozen=True, slots=True)
class Scrypt:
    """scrypt (RFC 7914), of the standard library. By default a hash takes 128 MiB for some tenths of a second.

    Attributes:
        log_n: The cost: 2 to its power is N; 10 to 20.
        r, p: Size of blocks, and parallelism; 1 to 32.
    """

    log_n: int = 17
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        if not (10 <= self.log_n <= 20 and 1 <= self.r <= 32 and 1 <= self.p <= 32):
            raise ValueError(f"{self!r} is too cheap or too dear: log_n is 10 to 20, r and p are 1 to 32")

    def hash(self, password: bytes) -> str:
        """Return the hash, in the PHC string format."""
        salt = secrets.token_bytes(16)
        return f"$scrypt$ln={self.log_n},r={self.r},p={self.p}${_encode(salt)}${_encode(self._derive(password, salt))}"

    def knows(self, hashed: str) -> bool:
        """Tell whether *hashed* is of scrypt."""
        return hashed.startswith("$scrypt$")

    def verify(self, password: bytes, hashed: str) -> bool:
        """Tell whether *hashed* is of *password*."""
        made, salt, digest = _read_scrypt(hashed)
        return hmac.compare_digest(made._derive(password, salt), digest)

    def is_current(self, hashed: str) -> bool:
        """Tell whether *hashed* was made with these settings."""
        return _read_scrypt(hashed)[0] == self

    def _derive(self, password: bytes, salt: bytes) -> bytes:
        n = 1 << self.log_n
        limit = 128 * self.r * (n + self.p + 2) + (1 << 20)
        return hashlib.scrypt(password, salt=salt, n=n, r=self.r, p=self.p, maxmem=limit, dklen=32)


class Argon2:
    """argon2id (RFC 9106), of the extra `argon2`.

    Args:
        time_cost: How often the memory is gone through.
        memory_cost: In KiB.
        parallelism: How many threads a hash takes.

    Raises:
        ModuleNotFoundError: If argon2-cffi is not installed; the message tells the command.
    """

    def __init__(self, *, time_cost: int = 3, memory_cost: int = 65536, parallelism: int = 4) -> None:
        try:
            import argon2
        except ImportError:
            raise ModuleNotFoundError(
                'Argon2 needs argon2-cffi: pip install "velocipy-security[argon2]"', name="argon2"
            ) from None
        self._hasher = argon2.PasswordHasher(time_cost, memory_cost, parallelism)
        self._errors: Any = argon2.exceptions

    def hash(self, password: bytes) -> str:
        """Return the hash, in the PHC string format."""
        return self._hasher.hash(password)

    def knows(self, hashed: str) -> bool:
        """Tell whether *hashed* is of argon2."""
        return hashed.startswith("$argon2")

    def verify(self, password: bytes, hashed: str) -> bool:
        """Tell whether *hashed* is of *password*."""
        try:
            return self._hasher.verify(hashed, password)
        except self._errors.VerifyMismatchError:
            return False
        except (self._errors.VerificationError, self._errors.InvalidHashError):
            raise ValueError("a hash of argon2 that is kept cannot be read") from None

    def is_current(self, hashed: str) -> bool:
        """Tell whether *hashed* was made with these settings."""
        return not self._hasher.check_needs_rehash(hashed)


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """What came of a password; true if it is the right one.

    Attributes:
        is_valid: Whether it is.
        new_hash: What to keep from now on, if the algorithm or its settings have changed; else None. It is left out
            of the repr.
    """

    is_valid: bool
    new_hash: str | None = field(repr=False, default=None)

    def __bool__(self) -> bool:
        return self.is_valid


class BadPassword(HTTPException, ValueError):
    """What is no password for a `PasswordHasher`; answered with 422, since it is the client's."""

    def __init__(self) -> None:
        super().__init__(422, f"A password has 1 to {MAX_LENGTH} bytes, and none of them is 0")


class PasswordHasher:
    """Hashes passwords and verifies them, in threads of its own; the loop goes on.

    Args:
        algorithm: What makes new hashes: `Argon2()` where argon2-cffi is installed, else `Scrypt()`. Hashes of the
            other are verified too, and made anew when their user logs in.
        max_concurrency: How many run at once; each takes memory. Two by default.
        max_waiting: How many more may wait; further ones are refused with 503.

    Raises:
        ValueError: If a number is none from 1 (0 for `max_waiting`).
    """

    def __init__(
        self, algorithm: PasswordAlgorithm | None = None, *, max_concurrency: int = 2, max_waiting: int = 64
    ) -> None:
        if not isinstance(max_concurrency, int) or max_concurrency < 1:
            raise ValueError(f"max_concurrency is {max_concurrency!r}; give a number from 1")
        if not isinstance(max_waiting, int) or max_waiting < 0:
            raise ValueError(f"max_waiting is {max_waiting!r}; give a number from 0")
        has_argon2 = find_spec("argon2") is not None
        others: list[PasswordAlgorithm] = [Argon2(), Scrypt()] if has_argon2 else [Scrypt()]
        self._algorithm = algorithm or others[0]
        self._algorithms = [self._algorithm, *others]
        self._threads = ThreadPoolExecutor(max_concurrency, thread_name_prefix="velocipy passwords")
        self._room = BoundedSemaphore(max_concurrency + max_waiting)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is kept of *password*.

        Raises:
            BadPassword: If it is empty, has more than 4096 bytes, or one that is 0.
            HTTPException: 503, if too many wait.
        """
        data = _encoded(password)
        if not _is_password(data):
            raise BadPassword
        return await self._run(partial(self._algorithm.hash, data))

    async def verify(self, password: str, hashed: str | None) -> PasswordCheck:
        """Tell whether *hashed* is of *password*.

        Args:
            password: What the caller says.
            hashed: What is kept; None if there is no such user, which takes as long as a wrong password.

        Raises:
            ValueError: If what is kept is of no known algorithm, or cannot be read.
            HTTPException: 503, if too many wait.
        """
        return await self._run(partial(self._verify, _encoded(password), hashed))

    def _verify(self, password: bytes, hashed: str | None) -> PasswordCheck:
        if self._nobody is None:  # at the first call of all, so that no unknown user takes longer
            self._nobody = self._algorithm.hash(secrets.token_bytes(16))
        is_possible = hashed is not None and _is_password(password)
        hashed = self._nobody if hashed is None else hashed
        algorithm = next((known for known in self._algorithms if known.knows(hashed)), None)
        if algorithm is None:
            hint = "" if find_spec("argon2") else '; for argon2, pip install "velocipy-security[argon2]"'
            raise ValueError(f"a hash of a password that is kept is of no known algorithm{hint}")
        if not (algorithm.verify(password[:MAX_LENGTH], hashed) and is_possible):
            return PasswordCheck(False)
        if algorithm is self._algorithm and algorithm.is_current(hashed):
            return PasswordCheck(True)
        return PasswordCheck(True, self._algorithm.hash(password))

    async def _run(self, call: partial[Result]) -> Result:
        # Given back when the thread is done: it goes on when the caller leaves.
        if not self._room.acquire(blocking=False):
            raise HTTPException(503, "Too many logins at once", {"Retry-After": "5"})
        future = self._threads.submit(call)
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)


def _is_password(password: bytes) -> bool:
    # scrypt takes zeros at the end for none: HMAC fills its key up with them (RFC 2104 section 2).
    return 0 < len(password) <= MAX_LENGTH and 0 not in password


def _read_scrypt(hashed: str) -> tuple[Scrypt, bytes, bytes]:
    match = _SCRYPT(hashed)
    if match is None:
        raise ValueError("a hash of scrypt that is kept cannot be read")
    try:
        return Scrypt(int(match[1]), int(match[2]), int(match[3])), _decode(match[4]), _decode(match[5])
    except (ValueError, binascii.Error):
        raise ValueError("a hash of scrypt that is kept cannot be read") from None


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
