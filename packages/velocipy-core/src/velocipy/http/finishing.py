"""What tells plugins that a request is over. Only where one asks for it; imported then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from velocipy.http.connection import HTTPConnection
from velocipy.http.exits import open_exits
from velocipy.http.middleware import HTTPApp, WebSocketApp, own_responses
from velocipy.http.request import Request
from velocipy.http.response import Response

if TYPE_CHECKING:
    from velocipy.http.websocket import WebSocket

_logger = logging.getLogger("velocipy")


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """What became of a request, or of a WebSocket, when all of it was over.

    Attributes:
        route: The path of the route as it was declared, with all prefixes; None where there is none.
        status: Of the answer; 101 for a WebSocket that was accepted. None if there was none: the client left before,
            or the handshake failed.
        close_code: Of a WebSocket, as far as it is known.
        duration: Seconds from the first middleware to the end, with the sending of the body.
    """

    route: str | None
    status: int | None
    close_code: int | None
    duration: float


OnRequestFinished = Callable[[HTTPConnection, RequestFinished], object]


class Finishing:
    """The middleware that calls *hook*, of a plugin of that name, when all of a request is over."""

    def __init__(self, plugin: str, hook: OnRequestFinished) -> None:
        self._plugin = plugin
        self._hook = hook

    @own_responses
    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        begun = perf_counter()
        try:
            response = await call_next(request)
        except BaseException:  # cancelled: who asked has left
            self._tell(request, begun, None, None)
            raise
        open_exits(request).ends += (partial(self._tell, request, begun, response.status_code, None),)
        return response

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        open_exits(websocket).ends += (partial(self._tell_websocket, websocket, perf_counter()),)
        await call_next(websocket)

    def _tell_websocket(self, websocket: WebSocket, begun: float) -> None:
        self._tell(websocket, begun, 101 if websocket.accepted else None, websocket.close_code)

    def _tell(self, connection: HTTPConnection, begun: float, status: int | None, close_code: int | None) -> None:
        route = connection._plan.route
        told = RequestFinished(route.path if route else None, status, close_code, perf_counter() - begun)
        try:
            self._hook(connection, told)
        except Exception:
            asked = f"{connection.method} {connection.path!r}"
            _logger.exception("on_request_finished of the plugin %r failed after %s", self._plugin, asked)
