"""Sending a streamed body: what makes the chunks, within the length that was promised, while the client is there.

A file is such a body too, where no server sends it by itself. Imported at first use.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from velocipy.concurrency import finish_in_thread, iterate_in_thread, while_there
from velocipy.errors import ClientDisconnect, VelociPyException
from velocipy.http.response import File, Stream

FILE_CHUNK = 256 * 1024  # bytes; each takes a change of threads, and is held until the client has taken it


class InvalidStream(VelociPyException):
    """A stream made more or fewer bytes than its content-length, or something that is no chunk."""


async def send_stream(
    stream: Stream, length: int | None, send: Callable[[bytes], Awaitable[None]], gone: asyncio.Future[Any]
) -> bool:
    """Send the chunks of *stream*, and close what makes them; return whether all were sent.

    When *gone* is done, or *send* raises ClientDisconnect, the client has left: what makes the chunks is cancelled
    where it waits, which is no error.

    Raises:
        InvalidStream: If the chunks are not *length* bytes in all, where that is known, or no bytes or str.
    """
    try:
        async with aclosing(_chunks(stream, length)) as chunks, while_there(gone):
            async for chunk in chunks:
                await send(chunk)
    except ClientDisconnect:
        return False
    return True


def stream_of(file: File) -> Stream:
    """Return the body that sends *file* in chunks."""
    return Stream(_chunks_of(file))


async def gather(body: Stream | File, length: int | None) -> bytes:
    """Return all of *body*, for where nothing else can be sent."""
    stream = stream_of(body) if isinstance(body, File) else body
    whole = bytearray()

    async def keep(chunk: bytes) -> None:
        whole.extend(chunk)

    try:
        await send_stream(stream, length, keep, asyncio.get_running_loop().create_future())
    finally:
        if isinstance(body, File):
            body.close()
    return bytes(whole)


async def _chunks_of(file: File) -> AsyncGenerator[bytes]:
    offset, end = file.offset, file.offset + file.count
    buffer = memoryview(bytearray(min(FILE_CHUNK, file.count)))
    while offset < end:
        count = min(FILE_CHUNK, end - offset)
        chunk = _read_cached(file, offset, buffer[:count])
        if chunk:
            await asyncio.sleep(0)  # or a client that takes everything at once would keep the loop to itself
        else:
            chunk = await finish_in_thread(file.read, offset, count)
        yield chunk
        offset += len(chunk)


def _read_cached(file: File, offset: int, buffer: memoryview) -> bytes:
    """Return what the system has in memory from *offset*, b"" if it would have to wait for the disk.

    PERF: a change of threads takes as long as copying 256 KiB.
    """
    if not hasattr(os, "RWF_NOWAIT"):  # Linux has it
        return b""
    try:
        return bytes(buffer[: os.preadv(file.descriptor, [buffer], offset, os.RWF_NOWAIT)])
    except OSError:  # the disk is needed, or its file system cannot tell
        return b""


async def _chunks(stream: Stream, length: int | None) -> AsyncGenerator[bytes]:
    """Yield the chunks as bytes, none of them empty."""
    source = stream.chunks
    iterator = source if isinstance(source, AsyncIterable) else iterate_in_thread(source)
    sent = 0
    try:
        async for chunk in iterator:
            if isinstance(chunk, str):
                chunk = chunk.encode("utf-8")
            elif not isinstance(chunk, (bytes, bytearray, memoryview)):
                raise InvalidStream(f"a chunk of a stream is bytes or str, not {type(chunk).__name__}")
            sent += len(chunk)
            if length is not None and sent > length:
                raise InvalidStream(f"the stream goes on after the {length} bytes of its content-length")
            if chunk:
                yield bytes(chunk)
        if length is not None and sent < length:
            raise InvalidStream(f"the stream ended after {sent} of the {length} bytes of its content-length")
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
