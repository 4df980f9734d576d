"""
httpx2's clients with `websocket_connect`, whatever they lead to.

`TestClient` and `AsyncTestClient` are such, and so are the clients of real servers (`servers`).
"""

import base64
import os
import re
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from velocipy.testing.websocket_sessions import AsyncWebSocketSession, WebSocketSession, WebSocketTransport

if TYPE_CHECKING:
    from httpx2._client import UseClientDefault
    from httpx2._types import CookieTypes, HeaderTypes, QueryParamTypes, TimeoutTypes

SCHEMES = {"ws": "http", "wss": "https"}
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class ThreadedWebSockets(WebSocketTransport, Protocol):
    """What opens WebSockets in a loop of its own, and waits for that loop."""

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run *coroutine* in that loop until it is done."""


class WebSocketClient(httpx2.Client):
    """A client of httpx2 that can open WebSockets too."""

    def __init__(self, *, websockets: ThreadedWebSockets, **options: Any) -> None:
        self._websockets = websockets
        super().__init__(**options)

    def websocket_connect(
        self,
        url: httpx2.URL | str,
        subprotocols: Sequence[str] | None = None,
        *,
        headers: "HeaderTypes | None" = None,
        params: "QueryParamTypes | None" = None,
        cookies: "CookieTypes | None" = None,
        timeout: "TimeoutTypes | UseClientDefault" = httpx2.USE_CLIENT_DEFAULT,
    ) -> WebSocketSession:
        """
        Open a WebSocket, when what is returned is entered with `with`; it is closed when that is left.

        Headers, query parameters, cookies and authentication of the client go with the handshake; cookies that the
        answer sets are kept. Redirects are not followed: they are denials.

        Args:
            url: Where to; joined to the client's `base_url`. The schemes http and ws are the same here, https and wss.
            subprotocols: What to offer, the best first.
            headers: Further headers of the handshake.
            params: Query parameters.
            cookies: Cookies of this handshake.
            timeout: Seconds to wait for the answer to the handshake, and for each message; the client's by default.

        Raises:
            TypeError: If *subprotocols* is a `str`.
            ValueError: If a subprotocol is no token.
        """
        request = _handshake(self, url, subprotocols, headers, params, cookies, timeout)
        websockets = self._websockets
        return WebSocketSession(websockets.wait, websockets, request, self.cookies.extract_cookies)


class AsyncWebSocketClient(httpx2.AsyncClient):
    """An asynchronous client of httpx2 that can open WebSockets too."""

    def __init__(self, *, websockets: WebSocketTransport, **options: Any) -> None:
        self._websockets = websockets
        super().__init__(**options)

    def websocket_connect(
        self,
        url: httpx2.URL | str,
        subprotocols: Sequence[str] | None = None,
        *,
        headers: "HeaderTypes | None" = None,
        params: "QueryParamTypes | None" = None,
        cookies: "CookieTypes | None" = None,
        timeout: "TimeoutTypes | UseClientDefault" = httpx2.USE_CLIENT_DEFAULT,
    ) -> AsyncWebSocketSession:
        """Open a WebSocket, when what is returned is entered with `async with`; all else as in `WebSocketClient`."""
        request = _handshake(self, url, subprotocols, headers, params, cookies, timeout)
        return AsyncWebSocketSession(self._websockets, request, self.cookies.extract_cookies)


def _handshake(
    client: httpx2.Client | httpx2.AsyncClient,
    url: httpx2.URL | str,
    subprotocols: Sequence[str] | None,
    headers: "HeaderTypes | None",
    params: "QueryParamTypes | None",
    cookies: "CookieTypes | None",
    timeout: "TimeoutTypes | UseClientDefault",
) -> httpx2.Request:
    """The request of a handshake (RFC 6455 section 4.1)."""
    url = httpx2.URL(url)
    if url.scheme in SCHEMES:
        url = url.copy_with(scheme=SCHEMES[url.scheme])
    request = client.build_request("GET", url, headers=headers, params=params, cookies=cookies, timeout=timeout)
    request.headers["connection"] = "Upgrade"
    request.headers["upgrade"] = "websocket"
    request.headers["sec-websocket-version"] = "13"
    request.headers["sec-websocket-key"] = base64.b64encode(os.urandom(16)).decode()
    if subprotocols is not None:
        request.headers["sec-websocket-protocol"] = ", ".join(_checked(subprotocols))
    if client.auth is not None:
        request = next(client.auth.auth_flow(request))
    return request


def _checked(subprotocols: Sequence[str]) -> Sequence[str]:
    if isinstance(subprotocols, str):
        raise TypeError(f"subprotocols={subprotocols!r} is one string; give a list of them")
    for name in subprotocols:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"the subprotocol {name!r} is no token (RFC 6455 section 4.1)")
    return subprotocols
