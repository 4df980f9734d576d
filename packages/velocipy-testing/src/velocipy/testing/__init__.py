"""
Test clients for any ASGI or RSGI application, and servers to test on.

`TestClient` and `AsyncTestClient` are httpx2's clients over an application in this process. `velocipy.testing.servers`
starts real servers, and the pytest plugin `velocipy.testing.pytest_plugin` runs one test on all of them.
"""

from velocipy.testing._version import __version__
from velocipy.testing.bridges import AsyncThreadTransport, ThreadTransport
from velocipy.testing.clients import AsyncTestClient, TestClient
from velocipy.testing.errors import LifespanError, ProtocolError, WebSocketClosed, WebSocketDenied
from velocipy.testing.transports import ASGITransport, RSGITransport
from velocipy.testing.websocket_clients import AsyncWebSocketClient, WebSocketClient
from velocipy.testing.websocket_sessions import AsyncWebSocketSession, WebSocketSession

__all__ = [
    "ASGITransport",
    "AsyncTestClient",
    "AsyncThreadTransport",
    "AsyncWebSocketClient",
    "AsyncWebSocketSession",
    "LifespanError",
    "ProtocolError",
    "RSGITransport",
    "TestClient",
    "ThreadTransport",
    "WebSocketClient",
    "WebSocketClosed",
    "WebSocketDenied",
    "WebSocketSession",
    "__version__",
]
