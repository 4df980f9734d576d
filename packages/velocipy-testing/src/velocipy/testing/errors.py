"""
What goes wrong in a test: the application broke its protocol, or did not start.

`ProtocolError` is for what an application sends; a real server would refuse it, lose it or die of it.
Errors of the request (a body that does not match its Content-Length, a timeout) are httpx2's own exceptions.
"""


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


class LoopClosedError(RuntimeError):
    """A test client was used after it was closed; make a new one."""
