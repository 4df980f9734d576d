"""Paths of open files, for servers which open what they send by themselves.

The path that was checked may mean another file when the server opens it: whoever can write to the folder can put a link
in its place. On Linux `/proc/self/fd/7` means what we opened as 7, whatever becomes of the folder.

No server tells when it has opened a file, so the descriptor stays open for HOLD_SECONDS more than it could take. Then
it leads to nothing, and its number waits at the end of a queue: who comes even later finds an empty file, and no other
request's. Answers with one and the same file share a descriptor, so that there are few.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from velocipy.http.response import File

HOLD_SECONDS = 5.0
MAX_DESCRIPTORS = 128

_FOLDER = "/proc/self/fd"
_HAS_FOLDER = Path(_FOLDER).is_dir()


@dataclass(slots=True)
class _Held:
    descriptor: int
    until: float  # by time.monotonic


_lock = Lock()  # applications may run in several loops
_held: dict[tuple[int, int], _Held] = {}  # by device and inode
_free: deque[int] = deque()  # those that lead to nothing, for the longest time first


def path_of(file: File) -> str | None:
    """Return a path by which *file* can be opened within HOLD_SECONDS; None if too many others are.

    Where the system has no such paths it is that of the file.
    """
    if not _HAS_FOLDER:
        return str(Path(file.path).absolute())
    try:
        return _hold(file)
    except OSError:  # the system has no descriptor to spare
        return None


def _hold(file: File) -> str | None:
    key = (file.stat.st_dev, file.stat.st_ino)
    until = time.monotonic() + HOLD_SECONDS
    with _lock:
        _release()
        held = _held.get(key)
        if held is None:
            if len(_held) == MAX_DESCRIPTORS:
                return None
            _nothing()  # which must be there when it is needed
            if len(_held) + len(_free) == MAX_DESCRIPTORS:
                number = os.dup2(file.descriptor, _free.popleft(), inheritable=False)
            else:
                number = os.dup(file.descriptor)
            held = _held[key] = _Held(number, until)
            asyncio.get_running_loop().call_later(HOLD_SECONDS, _release_later)
        held.until = until
    return f"{_FOLDER}/{held.descriptor}"


def _release() -> None:
    """Have those that were held for long enough lead to nothing."""
    now = time.monotonic()
    for key, held in list(_held.items()):
        if held.until <= now:
            os.dup2(_nothing(), held.descriptor, inheritable=False)
            _free.append(held.descriptor)
            del _held[key]


def _release_later() -> None:
    with _lock:
        _release()
        if _held:
            asyncio.get_running_loop().call_later(HOLD_SECONDS, _release_later)


@cache
def _nothing() -> int:
    return os.open(os.devnull, os.O_RDONLY)
