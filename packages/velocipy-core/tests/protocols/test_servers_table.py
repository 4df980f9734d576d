"""What each server does: measured here, told in docs/servers.md by way of docs/servers.json.

Where a server has changed, run this with VELOCIPY_RECORD_SERVERS=1 and then `python docs/make_servers.py`.
"""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from velocipy import EventSourceResponse, PlainTextResponse, Request, UnsupportedByServer, VelociPy, WebSocket
from velocipy.testing import WebSocketClosed, WebSocketDenied
from velocipy.testing.servers import RunningServer, ServerError

HERE = Path(__file__)
TABLE = HERE.parents[4] / "docs" / "servers.json"
RECORDING = "VELOCIPY_RECORD_SERVERS"
BOUND = 15.0  # seconds for the end of a server

app = VelociPy()
ended: list[str] = []


@app.get("/facts")
@app.get("/facts/{name}")
async def facts(request: Request) -> dict[str, Any]:
    client = request.client
    return {"raw": request.raw_path, "scheme": request.scheme, "client": client.host if client else None}


@app.get("/slow")
async def slow() -> None:
    try:
        await asyncio.sleep(4.5)  # Gunicorn cancels after three
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise
    ended.append("finished")


@app.get("/ended")
async def tell_ended() -> list[str]:
    return ended


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[str]:
    yield "open"
    await asyncio.sleep(3600)


@app.websocket("/denied")
async def denied(websocket: WebSocket) -> None:
    await websocket.deny(PlainTextResponse("no", 418, {"x-why": "tea"}))


@app.websocket("/headers")
async def headers(websocket: WebSocket) -> None:
    await websocket.accept(headers={"x-made": "here"})


@app.websocket("/protocol")
async def protocol(websocket: WebSocket) -> None:
    await websocket.accept(websocket.subprotocols[1])


@app.websocket("/closes")
async def closes(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close(4001, "why")


@app.websocket("/closed")
async def closed(websocket: WebSocket) -> None:
    await websocket.accept()
    async for _ in websocket:
        ...
    ended.append(f"{websocket.close_code} {websocket.close_reason}".strip())


def mistaken() -> VelociPy:
    broken = VelociPy()
    broken.add_route("/{a}/{a}", facts)
    return broken


# -- the facts --------------------------------------------------------------------------------------------------------


def an_encoded_slash_in_raw_path(client: Any, server: RunningServer) -> str:
    told = client.get("/facts/a%2Db").json()["raw"]
    return {"/facts/a%2Db": "as it came", "/facts/a-b": "encoded again"}[told]


def x_forwarded_for_of_a_local_proxy(client: Any, server: RunningServer) -> str:
    told = client.get("/facts", headers={"x-forwarded-for": "203.0.113.7"}).json()["client"]
    return "believed" if told == "203.0.113.7" else "no"


def x_forwarded_proto_of_a_local_proxy(client: Any, server: RunningServer) -> str:
    told = client.get("/facts", headers={"x-forwarded-proto": "https"}).json()["scheme"]
    return "believed" if told == "https" else "no"


def a_handler_whose_client_leaves(client: Any, server: RunningServer) -> str:
    before = len(client.get("/ended").json())
    with pytest.raises(Exception, match=r"time"):
        client.get("/slow", timeout=0.3)
    return str(last_of(client, before)) or "goes on"


def the_answer_to_a_refused_websocket(client: Any, server: RunningServer) -> str:
    with pytest.raises(WebSocketDenied) as refused, client.websocket_connect("/denied"):
        pass
    answer = refused.value.response
    if (answer.status_code, answer.text, answer.headers.get("x-why")) == (418, "no", "tea"):
        return "whole"
    return "its status" if answer.status_code == 418 else f"always {answer.status_code}"


def headers_of_an_accepted_websocket(client: Any, server: RunningServer) -> str:
    try:
        with client.websocket_connect("/headers") as websocket:
            return "sent" if "x-made" in websocket.response.headers else "dropped"
    except WebSocketDenied:
        return f"`{UnsupportedByServer.__name__}`"


def a_subprotocol(client: Any, server: RunningServer) -> str:
    try:
        with client.websocket_connect("/protocol", subprotocols=["a", "b"]) as websocket:
            return "sent" if websocket.accepted_subprotocol == "b" else "dropped"
    except WebSocketDenied:
        return f"`{UnsupportedByServer.__name__}`"


def a_close_code_to_the_client(client: Any, server: RunningServer) -> str:
    with client.websocket_connect("/closes") as websocket, pytest.raises(WebSocketClosed) as end:
        websocket.receive()
    if (end.value.code, end.value.reason) == (4001, "why"):
        return "sent, with the reason"
    return f"`{UnsupportedByServer.__name__}`, {end.value.code}"


def a_close_code_of_the_client(client: Any, server: RunningServer) -> str:
    before = len(client.get("/ended").json())
    with client.websocket_connect("/closed") as websocket:
        websocket.close(4002, "cya")
    told = last_of(client, before)
    return {"4002 cya": "told, with the reason", "4002": "told"}.get(told, told)


def a_mistake_in_the_program_at_start(client: Any, server: RunningServer) -> str:
    with pytest.raises(ServerError, match=r"ended with exit code") as failed:
        RunningServer.start(server.server, f"{HERE.stem}:mistaken", directory=HERE.parent, factory=True)
    code = re.search(r"exit code (-?\d+)", str(failed.value))
    return f"exit {code[1]}, with the message" if code and "/{a}/{a}" in failed.value.log else "no message"


def an_event_stream_at_sigterm(client: Any, server: RunningServer) -> str:
    own = RunningServer.start(server.server, f"{HERE.stem}:app", directory=HERE.parent, grace=BOUND)
    with own, own.client() as asker, asker.stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "data: open"
        os.kill(own.pid, signal.SIGTERM)
        try:
            assert set(lines) <= {""}
        except Exception:
            return "is cut off after 3 s"
        return "ends by itself"


def last_of(client: Any, before: int) -> str:
    """What is told next of an end; the connection of a client that has left may be older news."""
    deadline = time.monotonic() + BOUND
    while len(told := client.get("/ended").json()) == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return str(told[-1])


FACTS: dict[str, Callable[[Any, RunningServer], str]] = {
    "an encoded slash or letter in `request.raw_path`": an_encoded_slash_in_raw_path,
    "`X-Forwarded-For` of a proxy on this host, by the server itself": x_forwarded_for_of_a_local_proxy,
    "`X-Forwarded-Proto` of a proxy on this host, by the server itself": x_forwarded_proto_of_a_local_proxy,
    "a handler whose client has left (see `on_disconnect`)": a_handler_whose_client_leaves,
    "the answer to a refused WebSocket": the_answer_to_a_refused_websocket,
    "headers of `websocket.accept()`": headers_of_an_accepted_websocket,
    "the subprotocol of `websocket.accept()`": a_subprotocol,
    "code and reason of `websocket.close()`": a_close_code_to_the_client,
    "code and reason with which the client closes": a_close_code_of_the_client,
    "a mistake in the program, at start": a_mistake_in_the_program_at_start,
    "an endless stream of events, at SIGTERM": an_event_stream_at_sigterm,
}


@pytest.mark.skipif(not TABLE.exists(), reason="the table of the servers is in the repository alone")
@pytest.mark.parametrize("fact", FACTS)
def test_the_table_says_what_the_server_does(
    client: Any, live_server: RunningServer, velocipy_target: Any, fact: str
) -> None:
    found = FACTS[fact](client, live_server)
    table = json.loads(TABLE.read_text("utf-8"))
    if os.environ.get(RECORDING):
        table.setdefault(fact, {})[velocipy_target.name] = found
        TABLE.write_text(json.dumps({each: table.get(each, {}) for each in FACTS}, indent=2) + "\n", "utf-8")
    else:
        assert table[fact][velocipy_target.name] == found
