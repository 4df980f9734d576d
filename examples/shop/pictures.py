"""Pictures of products, as strangers send them: what they are is seen by their bytes, and their names are made here."""

import asyncio
from pathlib import Path
from uuid import uuid4

from velocipy import HTTPException, UploadFile


def ending_of(start: bytes) -> str | None:
    """Return the ending for a picture by its first 12 bytes; None if it is none that we take."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if start.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ".webp"
    return None  # of SVG above all, in which scripts may stand


async def keep(upload: UploadFile, folder: Path) -> str:
    """Write a picture into *folder*, and return the name that it has there.

    Raises:
        HTTPException: 415, if it is none that we take.
    """
    data = await upload.read()
    ending = ending_of(data[:12])
    if ending is None:
        raise HTTPException(415, "Pictures are PNG, JPEG or WebP")
    name = f"{uuid4().hex}{ending}"  # nothing of what the client calls it
    await asyncio.to_thread((folder / name).write_bytes, data)
    return name
