"""From the name of a file to its media type."""

from __future__ import annotations

from functools import lru_cache
from mimetypes import guess_type

# What the web is made of does not depend on the system's table, which may know less or say something else.
_KNOWN = {
    "avif": "image/avif",
    "css": "text/css",
    "csv": "text/csv",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "json": "application/json",
    "map": "application/json",
    "md": "text/markdown",
    "mjs": "text/javascript",
    "mp4": "video/mp4",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": "text/plain",
    "wasm": "application/wasm",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
}
_UNKNOWN = "application/octet-stream"
_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def media_type_of(name: str) -> str:
    """Return the content type of a file by its name; application/octet-stream if it is unknown.

    A compressed file is of the type of its compression: what is inside comes to light when it is unpacked.
    """
    _, dot, ending = name.rpartition(".")
    return _by_ending(ending.lower()) if dot else _UNKNOWN


@lru_cache(256)
def _by_ending(ending: str) -> str:
    media_type = _KNOWN.get(ending)
    if media_type is None:
        media_type, encoding = guess_type(f"file.{ending}")  # not of what is a URL, and so whatever it says
        if encoding is not None:
            media_type = _COMPRESSED.get(encoding)
    if media_type is None:
        return _UNKNOWN
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
