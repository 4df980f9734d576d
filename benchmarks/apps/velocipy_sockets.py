"""VelociPy: accepts each WebSocket and sends back what it gets."""

from __future__ import annotations

from velocipy import VelociPy, WebSocket

app = VelociPy()


@app.websocket("/")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)
