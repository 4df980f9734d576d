"""An application of WebSockets for both protocols, without a framework."""

import asyncio
import json
from typing import Any


class WebSocketApp:
    """Echoes; the texts "tell", "close" and "return" do what they say. HTTP tells how the last one ended, or "well"."""

    def __init__(self) -> None:
        self.ended: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": self.answer(scope["path"])})
        else:
            await receive()
            await self.asgi(scope, receive, send)

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path == "/never":
            await asyncio.Event().wait()
        if path == "/deny":
            await send({"type": "websocket.close"})
            return
        if path == "/deny-response":
            headers = [(b"x-a", b"1"), (b"content-length", b"8")]
            await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b"no entry"})
            return
        chosen = scope["subprotocols"][-1] if scope["subprotocols"] else None
        await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-b", b"2")]})
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                await send({"type": "websocket.send", "bytes": message["bytes"]})
            elif text == "close":
                await send({"type": "websocket.send", "text": "closing"})
                await send({"type": "websocket.close", "code": 4000, "reason": "é"})
                return
            elif text == "return":
                return
            elif text == "tell":
                fields = [[name.decode(), value.decode()] for name, value in scope["headers"]]
                await send({"type": "websocket.send", "text": told(path, scope["query_string"].decode(), fields)})
            else:
                await send({"type": "websocket.send", "text": text})
        self.ended.append(message["code"])

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        path = scope.path
        if scope.proto == "http":
            protocol.response_bytes(200, [], self.answer(path))
            return
        if path == "/never":
            await asyncio.Event().wait()
        if path == "/deny":
            protocol.close()
            return
        if path == "/deny-response":
            protocol.close(401)
            return
        transport = await protocol.accept()
        while (message := await transport.receive()).kind:
            if message.kind == 1:
                await transport.send_bytes(message.data)
            elif message.data == "close":
                await transport.send_str("closing")
                protocol.close()
                return
            elif message.data == "return":
                return
            elif message.data == "tell":
                fields = [list(pair) for pair in scope.headers.items()]
                await transport.send_str(told(path, scope.query_string, fields))
            else:
                await transport.send_str(message.data)
        self.ended.append(message.kind)

    def answer(self, path: str) -> bytes:
        return json.dumps(self.ended.pop()).encode() if path == "/ended" else b"well"


def told(path: str, query: str, headers: list[list[str]]) -> str:
    return json.dumps({"path": path, "query": query, "headers": headers})


app = WebSocketApp()
