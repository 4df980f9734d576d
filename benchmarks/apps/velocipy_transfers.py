"""VelociPy: takes large uploads to disk, by form and by stream, and sends large files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from velocipy import FileResponse, Request, UploadFile, VelociPy

FOLDER = Path(os.environ["VELOCIPY_BENCHMARK_FOLDER"])

app = VelociPy(max_content_length=None)


@app.get("/ping")
async def ping() -> dict[str, bool]:
    return {"pong": True}


@app.post("/form")
async def take_form(file: UploadFile) -> int:
    await file.seek(0)
    count = 0
    while chunk := await file.read(65536):
        count += len(chunk)
    return count


@app.post("/stream")
async def take_stream(request: Request) -> int:
    count = 0
    # Opening removes what was there before, and closing may begin to write: both take the disk its time.
    taken = await asyncio.to_thread((FOLDER / "taken").open, "wb")
    try:
        async for chunk in request.stream():
            await asyncio.to_thread(taken.write, chunk)
            count += len(chunk)
    finally:
        await asyncio.to_thread(taken.close)
    return count


@app.get("/file")
async def send_file() -> FileResponse:
    return FileResponse(FOLDER / "sent")
