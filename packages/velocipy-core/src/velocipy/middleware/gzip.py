"""Compression of what is sent, for clients that take it (RFC 9110 sections 8.4.1.3 and 12.5.3)."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

from velocipy.concurrency import iterate_in_thread, run_in_thread
from velocipy.http.headers import MutableHeaders
from velocipy.http.middleware import HTTPApp, own_responses
from velocipy.http.request import Request
from velocipy.http.response import Response, Stream

_COMPRESSIBLE = re.compile(
    r"text/(?!event-stream$)[^/]+"
    r"|application/(?:json|javascript|ecmascript|xml|wasm|graphql|sql|rtf|yaml|toml|x-ndjson|ndjson|jsonl|x-javascript"
    r"|x-yaml|x-sh|vnd\.ms-fontobject|json-seq)"
    r"|[^/]+/[^/]+\+(?:json|xml|yaml|text)"
    r"|font/(?:ttf|otf|collection)|image/(?:bmp|x-icon|vnd\.microsoft\.icon)|model/(?:gltf-binary|obj|stl)"
).fullmatch
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+").fullmatch  # RFC 6838 section 4.2
_ACCEPTED = re.compile(
    r"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
).fullmatch

# What says of the bytes that they are to stay as they are: they are encoded, a part, or have a digest (RFC 9530).
_AS_THEY_ARE = frozenset(
    {"content-encoding", "content-range", "content-digest", "repr-digest", "digest", "content-md5"}
)
_WITHOUT_COMPRESSION = frozenset({204, 205, 206})
_GZIP = 16 + zlib.MAX_WBITS
_LONGEST = 1000  # characters of Accept-Encoding; nobody means more, and reading it takes time
_LARGE = 32 * 1024  # bytes; from about here on compressing them takes longer than a worker thread needs to begin


class GZipMiddleware:
    """Compresses answers for clients that accept it.

    What is compressed is of a media type that gains by it: text, JSON, XML, JavaScript, SVG, WebAssembly and the like.
    Of a stream each chunk is sent when it is there; text/event-stream is left alone, and so is a file of more than
    64 KiB, for which `StaticFiles` takes what was compressed before. So is what has a content-encoding,
    content-range or digest already, or ``cache-control: no-transform``, which is how a handler says no. Every answer
    that could have been compressed has ``vary: accept-encoding``; of a compressed one a strong ETag is made weak.

    Compression tells the length of secrets that stand beside what a client sent (BREACH): leave answers alone that have
    both. Each stream that is open takes 256 KiB of memory.

    Args:
        minimum_size: How many bytes a body has at least that is compressed; a stream of unknown length always is.
        compresslevel: From 1, fastest, to 9, smallest.
        media_types: Further types that are compressed.

    Raises:
        ValueError: If an option is out of its range, or a media type is none.
        TypeError: If an option is of another type.
    """

    def __init__(self, *, minimum_size: int = 500, compresslevel: int = 5, media_types: Iterable[str] = ()) -> None:
        for name, value in (("minimum_size", minimum_size), ("compresslevel", compresslevel)):
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name}={value!r} is no int")
        if minimum_size < 0:
            raise ValueError(f"minimum_size={minimum_size} is negative; 0 compresses everything")
        if not 1 <= compresslevel <= 9:
            raise ValueError(f"compresslevel={compresslevel} is none; give 1, fastest, to 9, smallest")
        media_types = [media_types] if isinstance(media_types, str) else [*media_types]
        if not all(isinstance(item, str) for item in media_types):
            raise TypeError(f"media_types={media_types!r} is no list of texts")
        self._minimum_size = minimum_size
        self._level = compresslevel
        self._media_types = frozenset(item.lower() for item in media_types)
        for item in self._media_types:
            if _MEDIA_TYPE(item) is None or item == "text/event-stream":
                raise ValueError(f"media_types has {item!r}, which is no type/subtype that can be compressed")

    @own_responses
    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        response = await call_next(request)
        headers = response.headers
        not_modified = response.status_code == 304
        if not (not_modified or self._could_be_compressed(response)):
            return response
        headers.add_vary("Accept-Encoding")
        if not _accepts_gzip(request._header_list("accept-encoding")):
            return response
        if not_modified:
            _weaken(headers)  # as that of the answer was which the client has (RFC 9110 section 15.4.5)
        elif isinstance(response.body, Stream):
            length = headers.pop("content-length")
            chunks = _Compressed(response.body, self._level, None if length is None else int(length))
            response.body = Stream(chunks, response.body.begin)
            _tell(headers)
        elif isinstance(response.body, bytes):
            compressed = await _compress(response.body, self._level)
            if len(compressed) < len(response.body):
                response.body = compressed
                headers.pop("content-length")  # made anew when it is sent
                _tell(headers)
        return response

    def _could_be_compressed(self, response: Response) -> bool:
        """Tell whether *response* would be compressed for some client."""
        headers = response.headers
        if isinstance(response.body, bytes):
            size = len(response.body)
        elif isinstance(response.body, Stream):
            lengths = headers.getlist("content-length")
            if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,18}", value) for value in lengths):
                return False  # wrong in any case, which is told when it is sent
            size = int(lengths[0]) if lengths else self._minimum_size
        else:
            return False
        if size < self._minimum_size or response.status_code in _WITHOUT_COMPRESSION:
            return False
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if _COMPRESSIBLE(media_type) is None and media_type not in self._media_types:
            return False
        if not _AS_THEY_ARE.isdisjoint(headers):
            return False
        directives = ",".join(headers.getlist("cache-control")).lower().split(",")
        return "no-transform" not in (directive.strip() for directive in directives)


def _accepts_gzip(fields: Iterable[str]) -> bool:
    """Tell whether the client that sent these values of Accept-Encoding takes gzip, and likes nothing better."""
    weights: dict[str, float] = {}
    text = ",".join(fields)
    if len(text) > _LONGEST:
        return False
    for item in text.split(","):
        accepted = _ACCEPTED(item)
        if accepted is not None:
            coding = accepted[1].lower().removeprefix("x-")  # RFC 9110 section 8.4.1.3
            weights[coding] = min(weights.get(coding, 1.0), float(accepted[2] or 1))
    others = weights.get("*", 0.0)
    gzip = weights.get("gzip", others)
    return gzip > 0 and gzip >= weights.get("identity", others)


def _tell(headers: MutableHeaders) -> None:
    headers["content-encoding"] = "gzip"
    headers.pop("accept-ranges")  # parts would be of other bytes
    _weaken(headers)


def _weaken(headers: MutableHeaders) -> None:
    """Make the ETag weak: other bytes have the strong one (RFC 9110 section 8.8.3.3)."""
    etag = headers.get("etag", "W/")
    if not etag.startswith("W/"):
        headers["etag"] = f"W/{etag}"


async def _compress(body: bytes, level: int) -> bytes:
    if len(body) < _LARGE:
        return zlib.compress(body, level, _GZIP)
    return await run_in_thread(zlib.compress, body, level, _GZIP)


class _Compressed(AsyncIterator[bytes]):
    """The chunks of a stream, each compressed to an end, so that a client can read it when it arrives.

    No generator: one that was never begun would not close the stream, of which HEAD sends nothing.
    """

    def __init__(self, stream: Stream, level: int, length: int | None) -> None:
        self._source: Any = stream.chunks
        self._iterator: AsyncIterator[bytes | str] | None = None
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
        self._length = length
        self._received = 0
        self._ended = False

    async def __anext__(self) -> bytes:
        if self._iterator is None:
            if not isinstance(self._source, AsyncIterable):
                self._source = iterate_in_thread(self._source)
            self._iterator = aiter(self._source)
        if self._ended:
            raise StopAsyncIteration
        async for chunk in self._iterator:
            data = chunk.encode("utf-8") if isinstance(chunk, str) else chunk
            self._received += len(data)
            if data:
                return self._deflate(data) if len(data) < _LARGE else await run_in_thread(self._deflate, data)
        if self._length not in (None, self._received):  # which the client could not see in what it unpacks
            raise ValueError(f"the stream has {self._received} bytes, and a content-length of {self._length}")
        self._ended = True
        return self._compressor.flush()

    def _deflate(self, data: bytes) -> bytes:
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    async def aclose(self) -> None:
        """Close what makes the chunks."""
        if hasattr(self._source, "aclose"):
            await self._source.aclose()
        elif not isinstance(self._source, AsyncIterable) and hasattr(self._source, "close"):
            await run_in_thread(self._source.close)
