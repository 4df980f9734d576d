"""
The two test clients: httpx2's clients over an application in this process.

They add nothing to httpx2's interface but `app`, `interface` and `websocket_connect`; what happens to a request is told
in `transports`, what a WebSocket offers in `websocket_sessions`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx2

from velocipy.testing.bridges import AsyncThreadTransport, ThreadTransport
from velocipy.testing.transports import CLIENT, ASGITransport, RSGITransport
from velocipy.testing.websocket_clients import AsyncWebSocketClient, WebSocketClient

if TYPE_CHECKING:
    from httpx2._types import AuthTypes, CookieTypes, HeaderTypes, QueryParamTypes, TimeoutTypes

TIMEOUT = 30.0  # seconds an application may take for the head of its response, and for each chunk


class TestClient(WebSocketClient):
    """
    Sends requests to an application in this process, and waits for the responses.

    The application runs in an event loop in a daemon thread of the client's own, so that the client can be used
    anywhere, inside a running loop too. With `with`, the application is started and stopped; without, it is not started
    and answers all the same. Use `close()` when there is no `with`; a client that is collected leaves no thread behind.

    Args:
        app: An ASGI 3 application for the interface "asgi", an RSGI application for "rsgi"; any framework's.
        base_url: What relative URLs start with; its scheme, host and port are the server's in the scope.
        interface: "asgi" or "rsgi".
        cookies: Cookies to start with; those that responses set are kept.
        headers: Headers of every request.
        params: Query parameters of every request.
        auth: As in httpx2.
        root_path: Where the application is mounted, for the scope; ASGI only, RSGI has no such thing.
        client: Address and port of the client, for the scope; None as over a Unix socket.
        raise_server_exceptions: An exception that escapes the application before its response is complete is always
            raised; this one decides about others, those of handlers that VelociPy answers with 500, of background tasks
            and the like: True raises them, False logs them, as a server does.
        follow_redirects: Whether redirects are followed.
        timeout: Seconds to wait for the head of a response and for each chunk of its body, or an `httpx2.Timeout`;
            None waits for ever.
        event_hooks: As in httpx2.
        websockets_like: The server, "uvicorn" or "hypercorn", that WebSockets follow where servers differ; ASGI only.

    Raises:
        ValueError: For another interface or *websockets_like*, and for a *root_path* with "rsgi".
        TypeError: If *app* is no application of that interface.

    Example:
        with TestClient(app, interface="rsgi") as client:
            assert client.get("/").json() == {"ok": True}
    """

    __test__ = False  # pytest, this is no class of tests

    def __init__(
        self,
        app: Any,
        base_url: httpx2.URL | str = "http://testserver",
        *,
        interface: str = "asgi",
        cookies: "CookieTypes | None" = None,
        headers: "HeaderTypes | None" = None,
        params: "QueryParamTypes | None" = None,
        auth: "AuthTypes | None" = None,
        root_path: str = "",
        client: tuple[str, int] | None = CLIENT,
        raise_server_exceptions: bool = False,
        follow_redirects: bool = False,
        timeout: "TimeoutTypes" = TIMEOUT,
        event_hooks: Mapping[str, list[Any]] | None = None,
        websockets_like: str = "uvicorn",
    ) -> None:
        inner = make_transport(app, interface, root_path, client, raise_server_exceptions, websockets_like)
        transport = ThreadTransport(inner)
        self.app = app
        self.interface = interface
        super().__init__(
            websockets=transport,
            base_url=base_url,
            cookies=cookies,
            headers=headers,
            params=params,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            event_hooks=event_hooks,
            trust_env=False,  # no .netrc of the machine
            transport=transport,
        )


class AsyncTestClient(AsyncWebSocketClient):
    """
    Sends requests to an application in this process, from a coroutine.

    On ASGI the application runs in the running loop, so that a test can share tasks, events and pools with it. On RSGI
    it runs in a loop in a daemon thread of the client's own, since RSGI's `__rsgi_init__` is called while the loop does
    not run: what belongs to the test's loop cannot be awaited there. The loop is asyncio's; trio has none.

    Args, errors and the rest are those of `TestClient`, with `async with` and `aclose()`.
    """

    __test__ = False

    def __init__(
        self,
        app: Any,
        base_url: httpx2.URL | str = "http://testserver",
        *,
        interface: str = "asgi",
        cookies: "CookieTypes | None" = None,
        headers: "HeaderTypes | None" = None,
        params: "QueryParamTypes | None" = None,
        auth: "AuthTypes | None" = None,
        root_path: str = "",
        client: tuple[str, int] | None = CLIENT,
        raise_server_exceptions: bool = False,
        follow_redirects: bool = False,
        timeout: "TimeoutTypes" = TIMEOUT,
        event_hooks: Mapping[str, list[Any]] | None = None,
        websockets_like: str = "uvicorn",
    ) -> None:
        inner = make_transport(app, interface, root_path, client, raise_server_exceptions, websockets_like)
        transport = AsyncThreadTransport(inner) if isinstance(inner, RSGITransport) else inner
        self.app = app
        self.interface = interface
        super().__init__(
            websockets=transport,
            base_url=base_url,
            cookies=cookies,
            headers=headers,
            params=params,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            event_hooks=event_hooks,
            trust_env=False,
            transport=transport,
        )


def make_transport(
    app: Any,
    interface: str,
    root_path: str = "",
    client: tuple[str, int] | None = CLIENT,
    raise_server_exceptions: bool = False,
    websockets_like: str = "uvicorn",
) -> ASGITransport | RSGITransport:
    """The transport to *app*, for a loop where it may run; arguments and errors as in `TestClient`."""
    if interface == "asgi":
        return ASGITransport(
            app,
            root_path=root_path,
            client=client,
            raise_server_exceptions=raise_server_exceptions,
            websockets_like=websockets_like,
        )
    if interface != "rsgi":
        raise ValueError(f"interface={interface!r} is not one that a test client speaks; choose 'asgi' or 'rsgi'")
    if root_path:
        raise ValueError(
            f"root_path={root_path!r}: RSGI's scope has no root path; tell the application itself, "
            "or use interface='asgi'"
        )
    return RSGITransport(app, client=client, raise_server_exceptions=raise_server_exceptions)
