"""A server that is told to stop while it works: what was begun is finished, and then the lifespan is left, once."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from velocipy import BackgroundTasks, EventSourceResponse, VelociPy, WebSocket, WebSocketDisconnect
from velocipy.testing.servers import RunningServer

HERE = Path(__file__)
BOUND = 15.0  # seconds for the end of the server
TOLD = re.compile("DONE (?:events|talk|background|detached)|LIFESPAN ended")  # the server writes between our lines
CODES = {  # of what closes a WebSocket, where it is not ours that arrives
    "granian-rsgi": {1005, 1006},  # RSGI has no codes, and Granian may drop connections before close frames have left
    "granian-asgi": {1001, 1006},
    "hypercorn": {1012},  # its workers get no signal: it closes by itself after 3 seconds
    "hypercorn-h2": {1012},
}


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    yield
    print("LIFESPAN ended\n", end="", flush=True)


app = VelociPy(lifespan=lifespan)


async def work(name: str) -> None:
    await asyncio.sleep(1.5)
    print(f"DONE {name}\n", end="", flush=True)


@app.get("/slow")
async def slow() -> str:
    print("SLOW began\n", end="", flush=True)
    await asyncio.sleep(1)
    return "finished"


@app.post("/later")
async def later(tasks: BackgroundTasks) -> None:
    tasks.add_task(work, "background")
    app.add_task(work, "detached")


@app.websocket("/talk")
async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    try:
        async for _ in websocket:
            pass
    finally:  # Hypercorn cancels
        print("DONE talk\n", end="", flush=True)


@app.websocket("/wait", on_disconnect="cancel")
async def wait(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    try:
        await asyncio.sleep(3600)
    finally:
        print("DONE talk\n", end="", flush=True)


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[str]:
    try:
        yield "open"
        await asyncio.sleep(3600)
    finally:
        print("DONE events\n", end="", flush=True)


@pytest.mark.parametrize("path", ["/talk", "/wait"])
def test_at_sigterm_streams_and_sockets_end_by_themselves(live_server: Any, velocipy_target: Any, path: str) -> None:
    server = RunningServer.start(live_server.server, f"{HERE.stem}:app", directory=HERE.parent, grace=BOUND)
    with server, ExitStack() as opened:
        client = opened.enter_context(server.client())
        sockets = [opened.enter_context(client.websocket_connect(path)) for _ in range(5)]
        assert {socket.receive_text() for socket in sockets} == {"open"}
        lines = opened.enter_context(client.stream("GET", "/events")).iter_lines()
        assert next(lines) == "data: open"
        os.kill(server.pid, signal.SIGTERM)
        for socket in sockets:
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive()
            assert closed.value.code in CODES.get(velocipy_target.name, {1001})
        if "hypercorn" in velocipy_target.name:  # whose workers get no signal, so that it cuts them off
            with pytest.raises(httpx2.HTTPError):
                set(lines)
        else:
            assert set(lines) == {""}  # to a whole end: an answer that broke off raises
        opened.close()
        assert_ended(server)
        told = TOLD.findall(server.log.text())
    assert sorted(told) == ["DONE events", *["DONE talk"] * 5, "LIFESPAN ended"]
    assert told[-1] == "LIFESPAN ended"


def test_at_sigterm_what_was_begun_is_finished_and_the_lifespan_left_once(live_server: Any) -> None:
    server = RunningServer.start(live_server.server, f"{HERE.stem}:app", directory=HERE.parent, grace=BOUND)
    with server, ThreadPoolExecutor(8) as pool, server.client() as client:

        def ask(_: int) -> tuple[int, str]:
            with server.client() as own:
                answer = own.get("/slow")
            return answer.status_code, answer.text

        assert client.post("/later").status_code == 204
        answers = [pool.submit(ask, number) for number in range(8)]
        wait_for(server, "SLOW began", 8)
        os.kill(server.pid, signal.SIGTERM)
        assert {answer.result() for answer in answers} == {(200, "finished")}
        client.close()  # an idle connection, for which some servers would wait
        assert_ended(server)
        told = TOLD.findall(server.log.text())
    assert sorted(told) == ["DONE background", "DONE detached", "LIFESPAN ended"]
    assert told[-1] == "LIFESPAN ended"


def assert_ended(server: RunningServer) -> None:
    deadline = time.monotonic() + BOUND
    while server.exit_code is None:
        assert time.monotonic() < deadline, server.log.text()
        time.sleep(0.05)


def wait_for(server: RunningServer, text: str, count: int) -> None:
    deadline = time.monotonic() + BOUND
    while server.log.text().count(text) < count:
        assert time.monotonic() < deadline, server.log.text()
        time.sleep(0.02)
