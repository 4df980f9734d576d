"""
Tests of an application: in process, on ASGI and RSGI, and on any server.

Run them with `pytest testing.py`, and on servers with `pytest testing.py --velocipy-server granian-rsgi,uvicorn`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from velocipy import Request, VelociPy, WebSocket
from velocipy.testing import AsyncTestClient, TestClient


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, list[str]]]:
    yield {"calls": ["first"]}


app = VelociPy(lifespan=lifespan)


@app.get("/calls/{name}")
async def call(name: str, request: Request) -> list[str]:
    return [*request.state["calls"], name]


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())


def test_by_the_fixture(client: TestClient) -> None:
    """In process on both protocols, and by option on every server."""
    assert client.get("/calls/Blue").json() == ["first", "Blue"]
    assert client.get("/calls").status_code == 404


def test_a_websocket(client: TestClient) -> None:
    with client.websocket_connect("/echo") as websocket:
        websocket.send_text("clever girl")
        assert websocket.receive_text() == "CLEVER GIRL"


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_by_a_client_of_its_own(interface: str) -> None:
    with TestClient(app, interface="rsgi" if interface == "rsgi" else "asgi") as client:  # with its lifespan
        assert client.get("/calls/Delta").json() == ["first", "Delta"]


def test_in_a_loop_of_its_own() -> None:
    async def ask() -> list[str]:
        async with AsyncTestClient(app) as client:
            answers = await asyncio.gather(client.get("/calls/Blue"), client.get("/calls/Delta"))
        return [answer.json()[-1] for answer in answers]

    assert asyncio.run(ask()) == ["Blue", "Delta"]
