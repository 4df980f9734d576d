"""Server-sent events when the server stops: the generator is closed where it waits, and the answer ends whole."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from velocipy import EventSourceResponse, Response, ServerSentEvent, VelociPy

app = VelociPy()
events: list[str] = []


@app.get("/events")
async def stream() -> Response:
    async def wait() -> AsyncIterator[str]:
        try:
            yield "one"
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0.01)
            events.append("closed")

    return EventSourceResponse(wait(), shutdown_event=ServerSentEvent("bye", event="end"))


@app.get("/stop")
async def stop() -> str:
    app.begin_drain()
    return "stopping"


@app.get("/told")
async def told() -> str:
    return ",".join(events)


def test_events_end_whole_when_the_server_stops(wire: Any) -> None:
    start = wire.server.log.size
    with wire.open() as connection:
        connection.sendall(wire.head("GET", "/events"))
        received = b""
        while b"data: one\n\n" not in received:
            received += connection.recv(65536)
        assert wire.ask("GET", "/stop").status == 200
        while b"0\r\n\r\n" not in received:
            piece = connection.recv(65536)
            assert piece, received
            received += piece
    assert b"event: end\ndata: bye\n\n" in received
    assert b"closed" in wire.ask("GET", "/told").body
    assert "Traceback" not in wire.server.log.text(start)
