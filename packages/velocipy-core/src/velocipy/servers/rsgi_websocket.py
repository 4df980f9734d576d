"""WebSockets on RSGI (1.5 and later), which carries no subprotocol, no headers of the handshake, and no close codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocipy.errors import UnsupportedByServer, WebSocketDisconnect
from velocipy.http.response import Response
from velocipy.http.websocket import WebSocket
from velocipy.servers.outgoing import close_unsent, settle
from velocipy.servers.paths import local_path
from velocipy.servers.rsgi import RSGIHead
from velocipy.servers.websockets import converse

if TYPE_CHECKING:
    from velocipy.application import VelociPy

_CLOSE = 0  # the kind of a message that is the end
_INSTEAD = "serve the application by ASGI where clients need it (granian --interface asgi)"


async def serve_websocket(app: VelociPy, scope: Any, proto: Any) -> None:
    """Serve one WebSocket."""
    websocket = RSGIWebSocket()
    websocket.app = app
    websocket.method = "GET"
    root_path = app._default_root_path
    websocket.path = local_path(app, scope.path, root_path) if root_path else scope.path
    websocket._scope = scope
    websocket._proto = proto
    websocket._transport = None
    websocket._raw_headers = websocket._headers = websocket._cookies = websocket._fields = None
    websocket._state = websocket._exits = websocket._replaced = None
    websocket._begin()
    match = app._bridged() if app._asgi_middleware else app._find_websocket(websocket.path)
    await converse(app, websocket, match)


class RSGIWebSocket(RSGIHead, WebSocket):
    """A WebSocket that came as an RSGI scope."""

    __slots__ = ("_proto", "_raw_headers", "_scope", "_transport")

    _proto: Any
    _transport: Any

    async def _accept(self, subprotocol: str | None, pairs: list[tuple[str, str]]) -> None:
        if subprotocol is not None:
            raise UnsupportedByServer(f"RSGI cannot tell a client its subprotocol ({subprotocol!r}); {_INSTEAD}")
        if pairs:
            raise UnsupportedByServer(f"RSGI cannot send headers with a handshake ({pairs[0][0]}); {_INSTEAD}")
        try:
            self._transport = await self._proto.accept()
        except Exception as error:  # the server's own class, which RSGI does not name
            raise WebSocketDisconnect(1006) from error

    async def _refuse(self, response: Response) -> None:
        response, _, _ = await settle(self, response)
        await close_unsent(response)
        self._proto.close(response.status_code)  # before it is accepted, a WebSocket is closed with an HTTP status

    async def _read(self) -> str | bytes:
        try:
            message = await self._transport.receive()
        except Exception as error:
            raise WebSocketDisconnect(1006) from error
        if message.kind == _CLOSE:
            raise WebSocketDisconnect(1005)
        data: str | bytes = message.data
        return data

    async def _write(self, data: str | bytes) -> None:
        try:
            await (self._transport.send_str(data) if isinstance(data, str) else self._transport.send_bytes(data))
        except Exception as error:
            raise WebSocketDisconnect(1006) from error

    async def _shut(self, code: int, reason: str) -> None:
        self._proto.close(None)
        self._transport = None  # Granian tells the client when nothing holds it any more

    def _check_close(self, code: int, reason: str) -> None:
        if code != 1000 or reason:
            raise UnsupportedByServer(f"RSGI cannot tell a client why it closes ({code}); {_INSTEAD}")
