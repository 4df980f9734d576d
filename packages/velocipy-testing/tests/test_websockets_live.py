"""
WebSockets in process as on a server: one raw application for both protocols, the same sessions, the same outcome.

It runs on whatever the command line names.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from velocipy.testing import AsyncWebSocketClient, TestClient, WebSocketClient, WebSocketClosed, WebSocketDenied
from velocipy.testing.servers import RunningServer

from .test_servers import INSTALLED, start
from .websocket_app import app

__all__ = ["app"]


@pytest.fixture
def rsgi(velocipy_target: Any) -> bool:
    """Whether the application is asked in RSGI, which lacks a few things."""
    return bool(velocipy_target.interface == "rsgi")


# On whatever the command line names


def test_a_denial_has_a_status(client: WebSocketClient) -> None:
    with pytest.raises(WebSocketDenied) as caught, client.websocket_connect("/deny"):
        pass
    assert (caught.value.response.status_code, caught.value.response.content) == (403, b"")
    assert client.get("/").text == "well"


def test_a_denial_has_status_headers_and_body(client: WebSocketClient, rsgi: bool, velocipy_target: Any) -> None:
    if velocipy_target.name == "gunicorn":
        pytest.skip("Gunicorn's own worker has no extension websocket.http.response")
    with pytest.raises(WebSocketDenied) as caught, client.websocket_connect("/deny-response"):
        pass
    response = caught.value.response
    assert response.status_code == 401
    if not rsgi:
        assert (response.content, response.headers["x-a"]) == (b"no entry", "1")


def test_an_application_that_never_answers_is_a_timeout(client: WebSocketClient) -> None:
    with (
        pytest.raises(httpx2.ReadTimeout, match="within 0.2 seconds"),
        client.websocket_connect("/never", timeout=0.2),
    ):
        pass


def test_a_message_that_does_not_come_is_a_timeout(client: WebSocketClient) -> None:
    with client.websocket_connect("/", timeout=0.2) as ws:
        with pytest.raises(httpx2.ReadTimeout, match="within 0.2 seconds"):
            ws.receive()
        ws.send_text("x")
        assert ws.receive() == "x"


def test_the_application_sees_the_handshake(client: WebSocketClient, rsgi: bool, velocipy_target: Any) -> None:
    client.cookies.set("a", "1")
    with client.websocket_connect("/a%2Fb?q=%20", ["v2", "v1"], headers={"x-a": "1", "host": "h:1"}) as ws:
        ws.send_text("tell")
        told = ws.receive_json()
        headers = dict(told.pop("headers"))
        assert told == {"path": "/a/b", "query": "q=%20"}
        assert (headers["x-a"], headers["cookie"], headers["host"]) == ("1", "a=1", "h:1")
        assert (headers["sec-websocket-protocol"], headers["sec-websocket-version"]) == ("v2, v1", "13")
        assert ws.response.status_code == 101
        if not rsgi:
            assert ws.accepted_subprotocol == "v1"
            assert ws.response.headers.get("x-b") == (None if velocipy_target.name == "granian-asgi" else "2")


def test_text_and_bytes_go_both_ways(client: WebSocketClient) -> None:
    with client.websocket_connect("/") as ws, client.websocket_connect("/") as other:
        other.send_text("first")
        for data in ("", "é" * 40_000, b"", b"\xff" * 300_000):
            if isinstance(data, str):
                ws.send_text(data)
            else:
                ws.send_bytes(data)
            assert ws.receive() == data
        assert other.receive() == "first"
    assert (ws.close_code, ws.close_reason) == (1000, "")


def test_how_the_application_closed(client: WebSocketClient, rsgi: bool) -> None:
    with client.websocket_connect("/") as ws:
        ws.send_text("close")
        assert list(ws) == ["closing"]
        with pytest.raises(WebSocketClosed) as caught:
            ws.receive()
    assert (ws.close_code, ws.close_reason) == ((1005, "") if rsgi else (4000, "é"))
    assert (caught.value.code, caught.value.reason) == (ws.close_code, ws.close_reason)


def test_how_the_client_closed(client: WebSocketClient) -> None:
    with client.websocket_connect("/") as ws:
        ws.close(4001, "why")
        with pytest.raises(WebSocketClosed):
            ws.send_text("late")
    assert (ws.close_code, ws.close_reason) == (4001, "why")


def test_an_application_that_returns_closes(client: WebSocketClient, rsgi: bool) -> None:
    with client.websocket_connect("/") as ws:
        ws.send_text("return")
        assert list(ws) == []
    assert ws.close_code in ({1005} if rsgi else {1005, 1006, 1011})


def test_what_is_too_large_closes(client: WebSocketClient, velocipy_target: Any) -> None:
    if velocipy_target.name.startswith("hypercorn"):
        pytest.skip("Hypercorn does not end the connection after a message that is too large")
    size = 80 if velocipy_target.name.startswith("granian") else 17  # MiB; others take 16, and are slow
    with client.websocket_connect("/") as ws:
        with contextlib.suppress(WebSocketClosed):  # over a network the close may come after that
            ws.send_bytes(b"x" * (size * 1024 * 1024))
        with pytest.raises(WebSocketClosed) as caught:
            ws.receive()
        assert caught.value.code in {1005, 1006, 1009}
    assert client.get("/").text == "well"


def test_an_asynchronous_client_does_the_same(
    async_client: AsyncWebSocketClient, rsgi: bool, run: Callable[[Any], Any]
) -> None:
    async def main() -> None:
        async with async_client.websocket_connect("/") as one, async_client.websocket_connect("/") as two:
            await asyncio.gather(one.send_text("1"), two.send_bytes(b"2"))
            assert (await one.receive_text(), await two.receive_bytes()) == ("1", b"2")
            await one.send_text("close")
            assert [message async for message in one] == ["closing"]
        assert one.close_code == (1005 if rsgi else 4000)
        assert two.close_code == 1000
        with pytest.raises(WebSocketDenied):
            await async_client.websocket_connect("/deny").__aenter__()

    run(main())


# Side by side


@pytest.fixture(scope="module", params=INSTALLED)
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    with start(request.param, "websocket_app:app") as running:
        yield running


def outcome(client: WebSocketClient, path: str, *messages: Any) -> Any:
    """What a client sees of a WebSocket."""
    try:
        with client.websocket_connect(path, ["v1"]) as ws:
            for message in messages:
                ws.send_text(message) if isinstance(message, str) else ws.send_bytes(message)
            received = list(ws)
    except WebSocketDenied as denied:
        return denied.response.status_code
    return received, ws.close_code, ws.close_reason, ws.accepted_subprotocol


SAME: dict[str, tuple[Any, ...]] = {
    "denied": ("/deny",),
    "closed": ("/", "close"),
    "closed after messages": ("/", "é", b"\0", "close"),
}


@pytest.mark.parametrize("steps", SAME.values(), ids=SAME)
def test_in_process_as_on_servers(server: RunningServer, steps: tuple[Any, ...]) -> None:
    with TestClient(app, interface=server.server.interface) as inside, server.client() as outside:
        assert outcome(inside, *steps) == outcome(outside, *steps)


def test_what_the_application_is_told_of_the_end(server: RunningServer) -> None:
    told = []
    model = "hypercorn" if server.server.name.startswith("hypercorn") else "uvicorn"
    inside = TestClient(app, interface=server.server.interface, websockets_like=model)
    with inside, server.client() as outside:
        for client in (inside, outside):
            with client.websocket_connect("/") as ws:
                ws.close(4001, "why")
            told.append(json.loads(client.get("/ended").text))
    assert told[0] == told[1]


def test_nobody_who_listens_is_a_connect_error(server: RunningServer) -> None:
    with start(server.server) as gone:
        client = gone.client()
    with client, pytest.raises(httpx2.ConnectError), client.websocket_connect("/"):
        pass
