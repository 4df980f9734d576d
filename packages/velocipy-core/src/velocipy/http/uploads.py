"""Uploads: the files of a form, kept in memory or on disk, or handed on as they come."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from velocipy.concurrency import run_in_thread
from velocipy.http.headers import Headers

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK = 65_536
"""How many bytes go to disk, or through the parser, at once."""


def base_name(filename: str) -> str:
    """Return the last part of a file name, "" if that names a directory.

    Clients may send a whole path, of any system, and RFC 7578 section 4.2 wants none of it used.
    """
    name = re.sub(r"\A(?:[A-Za-z]:)+", "", re.split(r"[/\\]", filename)[-1])
    return "" if name in (".", "..") else name


class UploadFile:
    """A file that came with a form. It is closed when the request has ended.

    Attributes:
        file: The open file itself: a `BytesIO`, or a temporary file that has no name. What blocks on it blocks the
            loop; the methods here do not.
        filename: As the client named it, without directories; "" if it did not. Anybody may send any name: show it, and
            never open it.
        size: In bytes.
        headers: The header fields of the part.
    """

    __slots__ = ("file", "filename", "headers", "size")

    def __init__(
        self, file: BinaryIO, filename: str = "", *, headers: Headers | None = None, size: int | None = None
    ) -> None:
        self.file = file
        self.filename = filename
        self.headers = Headers() if headers is None else headers
        self.size = _size_of(file) if size is None else size

    @property
    def content_type(self) -> str:
        """What the client says that it is, "" if it says nothing; to be believed as little as the name."""
        return self.headers.get("content-type", "")

    async def read(self, size: int = -1) -> bytes:
        """Read up to *size* bytes from where the last reading ended, or the rest.

        Raises:
            ValueError: If it is closed.
        """
        return self.file.read(size) if isinstance(self.file, BytesIO) else await run_in_thread(self.file.read, size)

    async def seek(self, offset: int) -> None:
        """Have the next reading start *offset* bytes from the beginning.

        Raises:
            ValueError: If it is closed, or *offset* is negative.
        """
        if isinstance(self.file, BytesIO):
            self.file.seek(offset)
        else:
            await run_in_thread(self.file.seek, offset)

    async def close(self) -> None:
        """Give up the memory or the disk that it takes. Closing twice is harmless."""
        await close_files([self.file])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let it be a field of models of pydantic, as it is."""
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(cls)

    async def _contents(self) -> bytes:
        """Return all bytes, wherever reading stands, and leave it there."""
        return self.file.getvalue() if isinstance(self.file, BytesIO) else await run_in_thread(_contents, self.file)

    def __repr__(self) -> str:
        return f"<UploadFile {self.filename!r}, {self.size} bytes>"


class UploadStream:
    """A file of a form that is handed on as it comes, and stored nowhere: `async for chunk in stream`, once.

    It is the last part of its form, because what comes after it could only be known when it has been read. Its end has
    come, and the whole form was in order, when the iteration ends without an error.

    Attributes:
        filename, headers: As those of `UploadFile`.
    """

    __slots__ = ("_chunks", "filename", "headers")

    def __init__(self, chunks: AsyncIterator[bytes], filename: str = "", *, headers: Headers | None = None) -> None:
        self._chunks = chunks
        self.filename = filename
        self.headers = Headers() if headers is None else headers

    @property
    def content_type(self) -> str:
        """What the client says that it is, "" if it says nothing."""
        return self.headers.get("content-type", "")

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes in chunks, none of them empty.

        Raises:
            HTTPException: 413, 400 or 422, if the rest of the form is too large or not in order.
            ClientDisconnect: If the client leaves before its end.
        """
        return self._chunks

    def __repr__(self) -> str:
        return f"<UploadStream {self.filename!r}>"


class Spool:
    """The bytes of one file while they come: in memory, until they are told to go to disk.

    Attributes:
        size: How many there are.
        complete: Whether all have come.
    """

    __slots__ = ("_disk", "_memory", "_ready", "complete", "size")

    def __init__(self) -> None:
        self._memory = BytesIO()
        self._disk: BinaryIO | None = None
        self._ready = False
        self.size = 0
        self.complete = False

    def write(self, data: bytes) -> None:
        self._memory.write(data)
        self.size += len(data)

    @property
    def held(self) -> int:
        """How many bytes are in memory."""
        return self._memory.tell()

    @property
    def on_disk(self) -> bool:
        """Whether it was moved to disk; what came since is held until it is a block."""
        return self._disk is not None

    @property
    def wants_disk(self) -> bool:
        """Whether there is work to be done on disk."""
        return self._disk is not None and (self.held >= BLOCK or (self.complete and not self._ready))

    def to_disk(self) -> None:
        """Move to disk what is in memory. It blocks."""
        if self._disk is None:
            from tempfile import TemporaryFile  # dear to import

            self._disk = TemporaryFile()  # noqa: SIM115
        with self._memory.getbuffer() as held:
            self._disk.write(held)
        self._memory = BytesIO()
        if self.complete:
            self._disk.seek(0)
            self._ready = True

    def finish(self) -> BinaryIO:
        """Return the complete file, at its beginning."""
        if self._disk is not None:
            return self._disk
        self._memory.seek(0)
        return self._memory

    def files(self) -> list[BinaryIO]:
        """Return all that is to be closed."""
        return [self._memory] if self._disk is None else [self._memory, self._disk]


async def close_files(files: Iterable[BinaryIO]) -> None:
    """Close *files*, those on disk in a worker thread: there it takes time to give up what is large."""
    on_disk = []
    for file in files:
        if isinstance(file, BytesIO):
            file.close()
        elif not file.closed:
            on_disk.append(file)
    if on_disk:
        await run_in_thread(_close_all, on_disk)


def _close_all(files: list[BinaryIO]) -> None:
    with ExitStack() as stack:  # each, although one fails: what is still to be written may find the disk full
        for file in files:
            stack.callback(file.close)


def _contents(file: BinaryIO) -> bytes:
    position = file.tell()
    file.seek(0)
    contents = file.read()
    file.seek(position)
    return contents


def _size_of(file: BinaryIO) -> int:
    position = file.tell()
    size = file.seek(0, 2)
    file.seek(position)
    return size
