"""What the example promises, on every server."""

import pytest
from websocket import app as websocket_app

from velocipy import VelociPy
from velocipy.testing import TestClient, WebSocketClosed, WebSocketDenied

ORIGIN = {"Origin": "https://game.example"}


@pytest.fixture
def app() -> VelociPy:
    return websocket_app


def test_what_is_said_comes_back(client: TestClient) -> None:
    with client.websocket_connect("/echo") as websocket:
        for text in ("clever", "girl"):
            websocket.send_text(text)
            assert websocket.receive_text() == text


def test_all_in_a_room_hear_each_other(client: TestClient) -> None:
    with (
        client.websocket_connect("/rooms/red", headers={**ORIGIN, "X-User": "Ian"}) as ian,
        client.websocket_connect("/rooms/red", headers={**ORIGIN, "X-User": "Ellie"}) as ellie,
    ):
        assert ian.receive_text() == "welcome to red, Ian"
        assert ellie.receive_text() == "welcome to red, Ellie"
        ian.send_text("hello")
        assert ian.receive_text() == ellie.receive_text() == "Ian: hello"


@pytest.mark.parametrize("headers", [ORIGIN, {"X-User": "Ian", "Origin": "https://evil.example"}])
def test_strangers_and_other_pages_stay_outside(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDenied), client.websocket_connect("/rooms/red", headers=headers):
        pass


def test_a_move_is_checked(client: TestClient) -> None:
    with client.websocket_connect("/moves") as websocket:
        websocket.send_json({"x": 1, "y": 2})
        assert websocket.receive_json() == {"at": [1, 2]}
        websocket.send_json({"x": "left"})
        with pytest.raises(WebSocketClosed):
            websocket.receive_json()
