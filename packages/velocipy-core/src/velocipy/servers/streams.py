"""The chunks of a streamed body, whatever made them, within the length that was promised."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from velocipy.concurrency import iterate_in_thread
from velocipy.errors import VelociPyException
from velocipy.http.response import Stream


class InvalidStream(VelociPyException):
    """A stream made more or fewer bytes than its content-length, or something that is no chunk."""


async def chunks_of(stream: Stream, length: int | None) -> AsyncIterator[bytes]:
    """Yield the chunks of *stream* as bytes, none of them empty.

    Raises:
        InvalidStream: If they are not *length* bytes in all, where that is known, or of another type.
    """
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
