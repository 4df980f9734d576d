"""
Uploads: a file, several, beside fields, and one that is read as it comes.

Serve it with `granian --interface rsgi uploads:app`, and send a file with `curl -F photo=@egg.png -F title=Egg
http://127.0.0.1:8000/photos`. It needs `velocipy-core[multipart]`.
"""

from hashlib import sha256
from typing import Annotated

from velocipy import Form, FormLimits, UploadFile, UploadStream, VelociPy

app = VelociPy(max_content_length=20_000_000, form_limits=FormLimits(max_files=5))


@app.post("/photos", status_code=201)
async def add_photo(photo: UploadFile, title: Annotated[str, Form(max_length=80)] = "") -> dict[str, str | int]:
    content = await photo.read()  # it is in memory, or in a file that is gone with the request
    return {"title": title, "name": photo.filename, "type": photo.content_type, "bytes": len(content)}


@app.post("/albums", status_code=201)
async def add_album(photos: list[UploadFile], cover: UploadFile | None = None) -> dict[str, object]:
    return {"photos": [photo.filename for photo in photos], "cover": cover.filename if cover else None}


@app.post("/films", status_code=201)
async def add_film(title: Annotated[str, Form()], film: UploadStream) -> dict[str, str | int]:
    digest, length = sha256(), 0
    async for chunk in film:  # nothing of it is kept, so that it may be of any size
        digest.update(chunk)
        length += len(chunk)
    return {"title": title, "bytes": length, "sha256": digest.hexdigest()}
