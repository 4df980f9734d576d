"""WebSockets as they are written for FastAPI: only what is imported has changed."""

from typing import Annotated, Any

import pytest

from velocipy import (
    APIRouter,
    Cookie,
    Depends,
    Query,
    VelociPy,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    status,
)

Client = Any

app = VelociPy()
router = APIRouter(prefix="/api")


class ConnectionManager:
    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def send_personal_message(self, message: str, websocket: WebSocket) -> None:
        await websocket.send_text(message)

    async def broadcast(self, message: str) -> None:
        for connection in self.active_connections:
            await connection.send_text(message)


manager = ConnectionManager()


@app.websocket("/ws/{client_id}")
async def chat(websocket: WebSocket, client_id: int) -> None:
    await manager.connect(websocket)
    try:
        while True:
            data = await websocket.receive_text()
            await manager.send_personal_message(f"You wrote: {data}", websocket)
            await manager.broadcast(f"Client #{client_id} says: {data}")
    except WebSocketDisconnect:
        manager.disconnect(websocket)
        await manager.broadcast(f"Client #{client_id} left the chat")


async def get_cookie_or_token(
    websocket: WebSocket,
    session: Annotated[str | None, Cookie()] = None,
    token: Annotated[str | None, Query()] = None,
) -> str:
    if session is None and token is None:
        raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
    return session or token or ""


@router.websocket("/items/{item_id}/ws")
async def item(
    *,
    websocket: WebSocket,
    item_id: str,
    q: int | None = None,
    cookie_or_token: Annotated[str, Depends(get_cookie_or_token)],
) -> None:
    await websocket.accept()
    while True:
        data = await websocket.receive_text()
        await websocket.send_text(f"Session cookie or query token value is: {cookie_or_token}")
        if q is not None:
            await websocket.send_text(f"Query parameter q is: {q}")
        await websocket.send_text(f"Message text was: {data}, for item ID: {item_id}")


app.include_router(router)


def test_two_clients_chat(client: Client) -> None:
    with client.websocket_connect("/ws/1") as one:
        with client.websocket_connect("/ws/2") as two:
            two.send_text("hello")
            assert two.receive_text() == "You wrote: hello"
            assert one.receive_text() == two.receive_text() == "Client #2 says: hello"
        assert one.receive_text() == "Client #2 left the chat"


@pytest.mark.parametrize(
    ("options", "value"),
    [({"params": {"token": "fat"}}, "fat"), ({"headers": {"cookie": "session=fake"}}, "fake")],
)
def test_a_cookie_or_a_token(client: Client, options: dict[str, Any], value: str) -> None:
    with client.websocket_connect("/api/items/foo/ws", **options) as websocket:
        websocket.send_text("Message one")
        assert websocket.receive_text() == f"Session cookie or query token value is: {value}"
        assert websocket.receive_text() == "Message text was: Message one, for item ID: foo"


def test_neither_is_refused(client: Client) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/items/foo/ws"):
        pass


def test_a_faulty_query_is_refused(client: Client) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/items/foo/ws?token=x&q=y"):
        pass
