"""
WebSockets: an echo, a room for many with values of the path, and moves that are checked.

Serve it with `granian --interface rsgi websocket:app`.
"""

from dataclasses import dataclass
from typing import Annotated

from velocipy import Depends, Header, HTTPException, VelociPy, WebSocket

app = VelociPy()
rooms: dict[str, set[WebSocket]] = {}


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():  # until the client leaves
        await websocket.send_text(text)


async def who_asks(x_user: Annotated[str | None, Header()] = None) -> str:
    if x_user is None:
        raise HTTPException(401, "who is it?")  # the answer to the handshake
    return x_user


@app.websocket("/rooms/{room}", allowed_origins=["https://game.example"])
async def talk(websocket: WebSocket, room: str, user: Annotated[str, Depends(who_asks)]) -> None:
    await websocket.accept()
    here = rooms.setdefault(room, set())
    here.add(websocket)
    try:
        await websocket.send_text(f"welcome to {room}, {user}")
        async for text in websocket.iter_text():
            for other in here.copy():
                await other.send_text(f"{user}: {text}")
    finally:
        here.discard(websocket)


@dataclass
class Move:
    x: int
    y: int


@app.websocket("/moves")
async def play(websocket: WebSocket) -> None:
    await websocket.accept()
    async for move in websocket.iter_json(Move):  # what is no move closes the WebSocket
        await websocket.send_json({"at": [move.x, move.y]})
