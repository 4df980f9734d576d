"""
What goes wrong in a test: the application broke its protocol, or did not start.

`ProtocolError` is for what an application sends; a real server would refuse it, lose it or die of it.
Errors of the request (a body that does not match its Content-Length, a timeout) are httpx2's own exceptions.
"""

import httpx2

from velocipy import WebSocketDisconnect


class ProtocolError(RuntimeError):
    """
    The application broke ASGI or RSGI: the message says what it did, and what to do instead.

    It is raised twice: inside the application, at the call that was wrong, and to the caller of the client, so that an
    application which catches every exception cannot hide it.
    """


class LifespanError(RuntimeError):
    """
    The application said that its start-up or shutdown failed, and only said why in words.

    Attributes:
        phase: "startup" or "shutdown".
        message: What the application sent; may be empty.
    """

    def __init__(self, phase: str, message: str) -> None:
        self.phase = phase
        self.message = message
        super().__init__(f"the application's lifespan {phase} failed: {message or 'it sent no message'}")


class WebSocketDenied(WebSocketDisconnect):
    """
    The application, or its server, did not accept the handshake of a WebSocket.

    It is a `velocipy.WebSocketDisconnect`, with the code 1006: there was no close frame.

    Attributes:
        response: The answer, read already: status, headers and body.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        super().__init__(1006)

    def __str__(self) -> str:
        return f"the handshake of the WebSocket was denied with status {self.response.status_code}"


class WebSocketClosed(WebSocketDisconnect):
    """
    The WebSocket has ended, where a message was to be received or sent.

    It is a `velocipy.WebSocketDisconnect`, as on the other side.

    Attributes:
        code: Of the close frame; 1005 if it has none, 1006 if there was no close frame (RFC 6455 section 7.1.5).
        reason: Of the close frame; may be empty.
    """

    def __str__(self) -> str:
        return f"the WebSocket was closed with code {self.code} and reason {self.reason!r}"


class LoopClosedError(RuntimeError):
    """A test client was used after it was closed; make a new one."""
