"""What a server writes, in a temporary file that has no name where the system allows it, so that nothing is left."""

import contextlib
import os
import tempfile
from pathlib import Path


class Log:
    """
    A file that a child process writes, and we read.

    Attributes:
        sink: For the child's standard output.
    """

    def __init__(self) -> None:
        descriptor, name = tempfile.mkstemp(prefix="velocipy-server-", suffix=".log")
        self.sink = os.fdopen(descriptor, "wb")
        self._path = Path(name)
        self._source = self._path.open("rb")
        self._rest: bytes | None = None  # all of it, once it is closed
        self._unlink()  # on Windows it succeeds after the last has closed it

    @property
    def size(self) -> int:
        """How many bytes there are so far."""
        return len(self._rest) if self._rest is not None else os.fstat(self._source.fileno()).st_size

    def text(self, start: int = 0) -> str:
        """What was written after the first *start* bytes."""
        return self._read()[start:].decode(errors="replace")

    def close(self) -> None:
        """Keep what there is in memory, and let the file go."""
        self._rest = self._read()
        self.sink.close()
        self._source.close()
        self._unlink()

    def _read(self) -> bytes:
        if self._rest is not None:
            return self._rest
        self._source.seek(0)
        return self._source.read()

    def _unlink(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()
