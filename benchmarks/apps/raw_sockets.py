"""The limit for idle WebSockets: accepts each and sends back what it gets, by hand on both protocols."""

from __future__ import annotations

from typing import Any

from benchmarks.apps.raw_asgi import lifespan
from benchmarks.types import AsgiScope, Receive, Send


class App:
    """One application for both protocols."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        transport = await protocol.accept()
        while (message := await transport.receive()).kind:
            await transport.send_str(message.data)


app = App()
