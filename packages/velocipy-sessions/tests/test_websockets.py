"""Sessions of WebSockets: read at any time, changed before the handshake is answered."""

from typing import Any

import pytest

from velocipy import HTTPException, WebSocket
from velocipy.sessions import Session
from velocipy.testing import WebSocketDenied

from . import shelf

signed = shelf.make(secret_key=shelf.KEY)
stored = shelf.in_memory()

for app in (signed, stored):

    @app.websocket("/read")
    async def read(websocket: WebSocket, session: Session) -> None:
        await websocket.accept()
        await websocket.send_json([dict(session), session is websocket.session])

    @app.websocket("/read-late")
    async def read_late(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json(dict(websocket.session))

    @app.websocket("/write")
    async def write(websocket: WebSocket, session: Session) -> None:
        session["n"] = session.get("n", 0) + 1
        await websocket.accept()
        await websocket.send_json(dict(session))

    @app.websocket("/write-late")
    async def write_late(websocket: WebSocket, session: Session) -> None:
        await websocket.accept()
        try:
            session["n"] = 1
        except RuntimeError as error:
            await websocket.send_text(str(error))

    @app.websocket("/refuse")
    async def refuse(websocket: WebSocket, session: Session) -> None:
        session["refused"] = True
        raise HTTPException(403, "no")


@pytest.fixture(params=["signed", "stored"])
def client(client_factory: Any, request: pytest.FixtureRequest) -> Any:
    return client_factory(request.param)


def test_a_websocket_reads_the_session(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    with client.websocket_connect("/read") as ws:
        assert ws.receive_json() == [{"name": "Blue"}, True]
    with client.websocket_connect("/read-late") as ws:
        assert ws.receive_json() == {"name": "Blue"}


def test_a_websocket_without_a_session_has_an_empty_one(client: Any) -> None:
    with client.websocket_connect("/read-late") as ws:
        assert ws.receive_json() == {}


def test_a_change_after_the_handshake_is_an_error(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    with client.websocket_connect("/write-late") as ws:
        assert ws.receive_text().endswith("change it before accept()")
    assert client.get("/all").json() == {"name": "Blue"}


def test_a_new_session_is_told_with_the_handshake(client: Any, velocipy_target: Any) -> None:
    if velocipy_target.interface == "rsgi":  # where no header of a handshake arrives, which is an error, not a loss
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/write"):
            pass
        assert denied.value.response.status_code == 500
        return
    with client.websocket_connect("/write") as ws:
        assert ws.receive_json() == {"n": 1}
        if velocipy_target.name == "granian-asgi":
            return  # which drops the headers of handshakes
        cookie = shelf.cookie_of(ws.response)
    assert shelf.all_of(client, cookie) == {"n": 1}


def test_a_stored_session_is_changed_on_every_server(client_factory: Any) -> None:
    client = client_factory("stored")
    client.post("/set", json={"name": "Blue"})
    for number in (1, 2):
        with client.websocket_connect("/write") as ws:
            assert ws.receive_json() == {"name": "Blue", "n": number}
    assert client.get("/all").json() == {"name": "Blue", "n": 2}


def test_changes_before_a_refusal_are_kept(client: Any, velocipy_target: Any, client_factory: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/refuse"):
        pass
    assert denied.value.response.status_code == 403
    kept = client.get("/all").json()
    cookie_arrives = velocipy_target.interface == "asgi" and velocipy_target.name != "gunicorn"
    if "set-cookie" in denied.value.response.headers:  # of a session that is in its cookie
        assert cookie_arrives
        kept = shelf.all_of(client, shelf.cookie_of(denied.value.response))
    elif kept == {"name": "Blue"}:
        assert not cookie_arrives
        return
    assert kept == {"name": "Blue", "refused": True}
