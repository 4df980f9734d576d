"""The end of a server while handlers run: those that are to finish do, and their dependencies close."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from velocipy import Depends, EventSourceResponse, VelociPy
from velocipy.testing.servers import RunningServer

HERE = Path(__file__)


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    yield
    print("TOLD lifespan ended\n", end="", flush=True)


app = VelociPy(lifespan=lifespan)


async def resource() -> AsyncIterator[str]:
    yield "open"
    await asyncio.sleep(0)  # as a commit waits
    print(
        "TOLD resource closed\n", end="", flush=True
    )  # also where the server cancels a request whose answer is sent: Hypercorn


@app.get("/finish", on_disconnect="finish")
async def finish(resource: str = Depends(resource)) -> str:
    print("TOLD begun\n", end="", flush=True)
    await asyncio.sleep(1)
    print("TOLD finished\n", end="", flush=True)
    return "finished"


@app.get("/events", response_class=EventSourceResponse)
async def events(resource: str = Depends(resource)) -> AsyncIterator[str]:
    print("TOLD begun\n", end="", flush=True)
    try:
        yield "one"
        await asyncio.sleep(1000)
    finally:
        print("TOLD finished\n", end="", flush=True)


def told_when_stopped(live_server: Any, wire: Any, path: str) -> list[str]:
    """Stop a server while it answers *path* to a client that stays, and return what was told."""
    with RunningServer.start(
        live_server.server, f"{HERE.stem}:app", directory=HERE.parent, arguments=(), grace=15
    ) as server:
        connection = type(wire)(server).open()
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        deadline = time.monotonic() + 10
        while "TOLD begun" not in server.log.text() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(server.pid, signal.SIGTERM)
        while server.exit_code is None and time.monotonic() < deadline:
            time.sleep(0.02)
        connection.close()
        return [line[line.index("TOLD") + 5 :] for line in server.log.text().splitlines() if "TOLD" in line]


def test_a_handler_that_is_to_finish_does_before_the_lifespan_ends(live_server: Any, wire: Any) -> None:
    told = told_when_stopped(live_server, wire, "/finish")
    assert told == ["begun", "finished", "resource closed", "lifespan ended"]


def test_events_end_before_the_lifespan_does(live_server: Any, wire: Any) -> None:
    told = told_when_stopped(live_server, wire, "/events")
    assert told == ["begun", "finished", "resource closed", "lifespan ended"]
