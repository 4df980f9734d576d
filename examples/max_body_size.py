"""
Limits of bodies: for all routes, and others for some.

Serve it with `granian --interface rsgi max_body_size:app`.
"""

from velocipy import HTTPException, JSONResponse, Request, VelociPy

app = VelociPy(max_content_length=1000)  # bytes; 16 MiB unless it is said, None for any number


@app.post("/notes", status_code=201)
async def add_note(note: dict[str, str]) -> dict[str, int]:
    return {"fields": len(note)}


@app.post("/names", max_content_length=10)
async def add_name(request: Request) -> int:
    return len(await request.body())


@app.post("/films", max_content_length=None)
async def add_film(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@app.exception_handler(413)
async def on_too_large(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"detail": "that is too much", "path": request.path}, 413)
