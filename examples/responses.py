"""
What a handler may return: data, responses of every kind, streams.

Serve it with `granian --interface rsgi responses:app`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from velocipy import (
    EventSourceResponse,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    ServerSentEvent,
    StreamingResponse,
    VelociPy,
)

app = VelociPy()


@dataclass
class Raptor:
    name: str
    age: int


@app.get("/raptor")
async def raptor() -> Raptor:
    return Raptor("Blue", 4)


@app.get("/page")
async def page() -> HTMLResponse:
    return HTMLResponse("<h1>Clever girl</h1>", headers={"Cache-Control": "no-store"})


@app.get("/teapot")
async def teapot() -> JSONResponse:
    return JSONResponse({"tea": False}, status_code=418)


@app.post("/login")
async def login() -> PlainTextResponse:
    response = PlainTextResponse("welcome")
    response.set_cookie("sid", "a1b2", max_age=3600, httponly=True)
    return response


@app.get("/old")
async def old() -> RedirectResponse:
    return RedirectResponse("/page", status_code=308)


@app.get("/source")
async def source() -> FileResponse:
    return FileResponse(Path(__file__), media_type="text/plain", filename="responses.py")


@app.get("/numbers")
async def numbers() -> StreamingResponse:
    return StreamingResponse((f"{number},1\n" for number in range(3)), media_type="text/csv")


@app.get("/lines")
async def lines() -> AsyncIterator[Raptor]:  # a line of JSON for each
    for name in ("Blue", "Delta"):
        yield Raptor(name, 4)


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent({"gate": "open"}, event="gate")


class XMLResponse(Response):
    media_type = "application/xml"


@app.get("/xml", response_class=XMLResponse)
async def xml() -> str:
    return "<raptor/>"
