"""WebSockets on ASGI (the ASGI specification's "HTTP & WebSocket", 2.3 and later)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from velocipy.errors import UnsupportedByServer, WebSocketDisconnect
from velocipy.http.response import File, Response, Stream
from velocipy.http.websocket import WebSocket
from velocipy.servers.asgi import ASGIHead
from velocipy.servers.outgoing import declared_length, settle
from velocipy.servers.paths import EXACT_PATH, local_path
from velocipy.servers.streams import gather
from velocipy.servers.websockets import converse
from velocipy.types import Receive, Scope, Send

if TYPE_CHECKING:
    from velocipy.application import VelociPy


async def serve_websocket(app: VelociPy, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket."""
    if (await receive())["type"] != "websocket.connect":  # the client has left already
        return
    websocket = ASGIWebSocket()
    websocket.app = app
    websocket.method = "GET"
    websocket._scope = scope
    websocket.path = local_path(app, scope["path"], websocket._read_root_path(), exact=EXACT_PATH in scope)
    websocket._receive_message = receive
    websocket._send_message = send
    websocket._headers = websocket._cookies = websocket._fields = websocket._state = websocket._exits = None
    websocket._replaced = None
    websocket._begin()
    await converse(app, websocket, app._find_websocket(websocket.path))


class ASGIWebSocket(ASGIHead, WebSocket):
    """A WebSocket that came as an ASGI scope."""

    __slots__ = ("_receive_message", "_scope", "_send_message")

    _receive_message: Receive
    _send_message: Send

    async def _accept(self, subprotocol: str | None, pairs: list[tuple[str, str]]) -> None:
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in pairs]
        await self._tell({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})

    async def _refuse(self, response: Response) -> None:
        if "websocket.http.response" not in (self._scope.get("extensions") or ()):
            await self._tell({"type": "websocket.close", "code": 1008, "reason": ""})  # servers answer 403
            return
        response, pairs, body = await settle(self, response)
        headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in pairs]
        start = {"type": "websocket.http.response.start", "status": response.status_code, "headers": headers}
        whole = await gather(body, declared_length(pairs)) if isinstance(body, (File, Stream)) else body or b""
        await self._tell(start)
        await self._tell({"type": "websocket.http.response.body", "body": whole})  # of several Granian takes one

    async def _read(self) -> str | bytes:
        message = await self._receive_message()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005, message.get("reason"))
        text = message.get("text")  # Hypercorn gives both keys, one of them None
        data: str | bytes = message["bytes"] if text is None else text
        return data

    async def _write(self, data: str | bytes) -> None:
        key = "text" if isinstance(data, str) else "bytes"
        await self._tell({"type": "websocket.send", key: data})

    async def _shut(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect):
            await self._tell({"type": "websocket.close", "code": code, "reason": reason})

    async def _tell(self, message: dict[str, Any]) -> None:
        try:
            await self._send_message(message)
        except UnsupportedByServer:  # of a server of RSGI, around which ASGI middleware stands
            raise
        except Exception as error:  # each server has its own class for a client that has left
            raise WebSocketDisconnect(1006) from error
