"""Jobs of which one runs, in one of an application's workers: schedulers, pollers, clean-ups.

Every worker asks for the lock of a job again and again. Who has it runs the job; who dies has it no more.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import stat
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction, unwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from velocipy.application import VelociPy

__all__ = ["FileLock", "Lease", "Lock"]

_logger = logging.getLogger("velocipy")

ASK_AGAIN = 1.0
"""Seconds until a worker asks again for a lock that another has."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between a failure and the next start; each is twice the last


class Lease(Protocol):
    """A lock that is held."""

    async def lost(self) -> None:
        """Return when it is held no more, which may be never."""
        ...

    async def release(self) -> None:
        """Give it back."""
        ...


class Lock(Protocol):
    """Says who runs a job: `FileLock` for the processes of one machine, `velocipy.redis_lock.RedisLock` for several."""

    async def acquire(self, name: str) -> Lease | None:
        """Return the lock of the job *name*, None if another has it; what fails is logged and tried again."""
        ...


class FileLock:
    """Locks of files, for the processes of one user on one machine. The system frees them when their holder dies.

    Args:
        directory: Where the files are; one in the temporary directory by default, which is this user's alone.
    """

    def __init__(self, directory: str | Path | None = None) -> None:
        self._directory = directory

    async def acquire(self, name: str) -> Lease | None:
        """Return the lock of the job *name*, None if another process has it.

        Raises:
            OSError: If the file cannot be opened, or another user could have made it.
            RuntimeError: On Windows, which has no such locks.
        """
        import hashlib  # here and below: 1 ms of a start, for those who need it

        try:
            import fcntl
        except ImportError:
            raise RuntimeError("a FileLock needs fcntl, which this system has not; give another lock") from None
        directory = _own_directory() if self._directory is None else Path(self._directory)
        path = directory / f"{hashlib.sha256(name.encode()).hexdigest()}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return None
            raise
        return _FileLease(descriptor)


class _FileLease:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def lost(self) -> None:
        await asyncio.get_running_loop().create_future()  # never

    async def release(self) -> None:
        os.close(self._descriptor)  # the file stays: who removed it could remove one that another has just locked


def _own_directory() -> Path:
    """Return the directory of this user in the temporary directory, where anyone may make what has that name."""
    import tempfile

    path = Path(tempfile.gettempdir()) / f"velocipy-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{path} is not a directory of this user alone; remove it, or give FileLock a directory")
    return path


class Singleton:
    """One job.

    Attributes:
        shown: What logs call it.
        function: What it runs.

    Args:
        app: The application, with whose dependencies it is called.
        function: An async function that goes on until it is cancelled.
        name: Which jobs are the same one; the file and the qualified name of the function by default.
        lock: Says who runs it; a `FileLock` by default.

    Raises:
        TypeError: If it is no async function.
    """

    def __init__(self, app: VelociPy, function: Callable[..., Any], name: str | None, lock: Lock | None) -> None:
        if not iscoroutinefunction(function):
            raise TypeError(f"a singleton is an async function, which can be cancelled, not {function!r}")
        self.shown = function.__qualname__
        self.function = function
        self._app = app
        self._name = name or f"{unwrap(function).__code__.co_filename}:{function.__qualname__}"
        self._lock = lock or FileLock()

    async def run(self) -> None:
        """Run the job whenever this process has the lock; one that is to end takes it from no other any more."""
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self._app.is_draining:
            begun = loop.time()
            try:
                await self._run_once()
                await asyncio.sleep(ASK_AGAIN)
            except Exception:
                if loop.time() - begun > LONGEST_PAUSE:  # it did well until now
                    pause = FIRST_PAUSE
                _logger.exception("the singleton %s failed; this process tries again in %g s", self.shown, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _run_once(self) -> None:
        """Return at once if another has the lock, else when it is lost; the job's own end does not give it back."""
        lease = await self._lock.acquire(self._name)
        if lease is None:
            return
        try:
            lost = asyncio.ensure_future(lease.lost())
            job = asyncio.ensure_future(self._call())
            try:
                await asyncio.wait({lost, job}, return_when=asyncio.FIRST_COMPLETED)
                if not lost.done():
                    await job  # raises what it raised
                    await asyncio.wait({lost})
                _logger.error("the singleton %s lost its lock", self.shown)
            finally:
                lost.cancel()
                job.cancel()
                await asyncio.wait({lost, job})
        finally:
            await lease.release()

    async def _call(self) -> None:
        async with self._app.scope() as scope:
            await scope.call(self.function)


def start(singletons: Iterable[Singleton]) -> set[asyncio.Task[None]]:
    """Have each of them run when it has its lock, and return the tasks of that."""
    return {asyncio.create_task(singleton.run(), name=f"singleton {singleton.shown}") for singleton in singletons}


async def stop(tasks: set[asyncio.Task[None]], seconds: float) -> None:
    """Cancel what `start` began, and wait *seconds* for its end; what has not ended then is logged."""
    for task in tasks:
        task.cancel()
    if tasks:
        _, left = await asyncio.wait(tasks, timeout=seconds)
        for task in left:
            _logger.error("the %s did not end in time", task.get_name())
