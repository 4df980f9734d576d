"""Requests that came over plain HTTP are sent to the same URL with https."""

from __future__ import annotations

import re

from velocipy.http.connection import HTTPConnection
from velocipy.http.middleware import HTTPApp, WebSocketApp
from velocipy.http.request import Request
from velocipy.http.response import PlainTextResponse, RedirectResponse, Response
from velocipy.http.websocket import WebSocket


class HTTPSRedirectMiddleware:
    """Redirects what came over plain HTTP to the https URL of the host that was asked for.

    The port of plain HTTP, 80, is left out, another is kept. A request that names no host cannot be redirected, and is
    answered with 400: the address on which the server listens is nobody's business. Headers of proxies are not looked
    at; put `ForwardedMiddleware` around this where a proxy speaks https for you.

    Args:
        permanent: Whether clients may remember it: 308 if so, 307 if not. The method and the body stay either way.
    """

    def __init__(self, permanent: bool = True) -> None:
        if not isinstance(permanent, bool):
            raise TypeError(f"permanent is True or False, not {permanent!r}")
        self._status = 308 if permanent else 307

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Redirect, or have the request answered."""
        if request.scheme == "https":
            return await call_next(request)
        return self._redirect(request, "https")

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Redirect to wss, which few clients follow, or have the WebSocket served."""
        if websocket.scheme == "wss":
            await call_next(websocket)
        else:
            await websocket.deny(self._redirect(websocket, "wss"))

    def _redirect(self, connection: HTTPConnection, scheme: str) -> Response:
        host = connection._named_host()
        if host is None:
            return PlainTextResponse("Invalid host header", 400)
        host = re.sub(r":(?:80|443)$", "", host)
        _, _, rest = connection.url.removeprefix(f"{connection.scheme}://").partition("/")
        return RedirectResponse(f"{scheme}://{host}/{rest}", self._status)
