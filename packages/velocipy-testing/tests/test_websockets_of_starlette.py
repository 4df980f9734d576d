"""WebSockets of applications of Starlette and FastAPI, which know other servers than ours."""

from typing import Any

import pytest

from velocipy.testing import TestClient, WebSocketClosed, WebSocketDenied

starlette = pytest.importorskip("starlette.applications", reason="Starlette is not installed")


@pytest.fixture(scope="module")
def app() -> Any:
    from starlette.responses import JSONResponse
    from starlette.routing import WebSocketRoute
    from starlette.websockets import WebSocket

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=websocket.scope["subprotocols"][0], headers=[(b"x-a", b"1")])
        async for text in websocket.iter_text():
            if text == "enough":
                await websocket.close(4000, "as you say")
                return
            await websocket.send_json({"said": text, "cookie": websocket.cookies.get("n")})

    async def refuse(websocket: WebSocket) -> None:
        await websocket.send_denial_response(JSONResponse({"no": "entry"}, 401, headers={"x-a": "1"}))

    return starlette.Starlette(routes=[WebSocketRoute("/echo", echo), WebSocketRoute("/refuse", refuse)])


def test_a_path_without_a_route_is_denied(app: Any) -> None:
    with TestClient(app) as client, pytest.raises(WebSocketDenied, match="403"), client.websocket_connect("/nowhere"):
        pass


def test_a_denial_response_arrives(app: Any) -> None:
    with (
        TestClient(app) as client,
        pytest.raises(WebSocketDenied) as caught,
        client.websocket_connect("/refuse"),
    ):
        pass
    response = caught.value.response
    assert (response.status_code, response.json(), response.headers["x-a"]) == (401, {"no": "entry"}, "1")


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_an_echo_until_the_application_closes(app: Any, server: str) -> None:
    with (
        TestClient(app, websockets_like=server, raise_server_exceptions=True, cookies={"n": "1"}) as client,
        client.websocket_connect("/echo", ["v1"]) as ws,
    ):
        assert (ws.accepted_subprotocol, ws.response.headers["x-a"]) == ("v1", "1")
        ws.send_text("hello")
        assert ws.receive_json() == {"said": "hello", "cookie": "1"}
        ws.send_text("enough")
        with pytest.raises(WebSocketClosed):
            ws.receive()
    assert (ws.close_code, ws.close_reason) == (4000, "as you say")


def test_an_echo_until_the_client_closes(app: Any) -> None:
    with TestClient(app, raise_server_exceptions=True) as client, client.websocket_connect("/echo", ["v1"]) as ws:
        ws.send_text("hello")
    assert ws.close_code == 1000


def test_fastapi_validates_before_the_handshake() -> None:
    fastapi = pytest.importorskip("fastapi", reason="FastAPI is not installed")
    from starlette.websockets import WebSocket

    app = fastapi.FastAPI()

    @app.websocket("/items/{number}")  # type: ignore[untyped-decorator]
    async def items(websocket: WebSocket, number: int) -> None:
        await websocket.accept()
        await websocket.send_json(number + 1)
        await websocket.close()

    with TestClient(app) as client:
        with client.websocket_connect("/items/1") as ws:
            assert list(ws) == ["2"]
        with pytest.raises(WebSocketDenied, match="403"), client.websocket_connect("/items/x"):
            pass
