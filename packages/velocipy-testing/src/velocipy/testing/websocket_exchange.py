"""
One WebSocket, between an application and a client, in one event loop.

The application side takes messages (`pull`), and accepts or denies, pushes messages and ends (`accept`, `deny`, `push`,
`end`); the client side waits for the answer to its handshake (`open`), then sends, receives and closes.

`push` waits while the client has not read what was written before. What the client sends is kept until the application
asks for it, without limit, so that a test cannot lock itself out; one message is at most `MAX_MESSAGE` bytes.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import httpx2

from velocipy.testing.errors import WebSocketClosed, WebSocketDenied
from velocipy.testing.running import HIGH_WATER, ClientGoneError, Running

MAX_MESSAGE = 16 * 1024 * 1024  # bytes; the default of Uvicorn, Hypercorn and Gunicorn
MAX_REASON = 123  # bytes of UTF-8; a control frame's 125 less the code (RFC 6455 section 5.5)
NORMAL, GOING_AWAY, NO_CODE, ABNORMAL, TOO_BIG = 1000, 1001, 1005, 1006, 1009  # RFC 6455 section 7.4.1


class Ending(NamedTuple):
    """How a WebSocket ended: by whose close frame does not matter."""

    code: int
    reason: str


def is_sendable(code: object) -> bool:
    """Whether *code* may stand in a close frame (RFC 6455 section 7.4, and IANA's registry of 1012 to 1014)."""
    if not isinstance(code, int) or isinstance(code, bool):
        return False
    return code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999


class WebSocketExchange(Running):
    """
    A WebSocket of an application.

    Args:
        request: The client's handshake.
        raise_late_errors: Whether an exception that escapes the application after the end is raised, or only logged.
    """

    def __init__(self, request: httpx2.Request, *, raise_late_errors: bool) -> None:
        super().__init__(request, raise_late_errors=raise_late_errors)
        offered = request.headers.get("sec-websocket-protocol", "")
        self.subprotocols = tuple(name.strip() for name in offered.split(",") if name.strip())
        self.response: httpx2.Response | None = None  # status 101 if it was accepted
        self.ending: Ending | None = None
        self._raised = False  # what went wrong in the application, to the client
        self._incoming: deque[str | bytes] = deque()
        self._arrived = asyncio.Event()
        self._outgoing: deque[str | bytes] = deque()
        self._unread = 0  # bytes in _outgoing
        self._drained = asyncio.Event()
        self._drained.set()

    # The application's side

    @property
    def accepted(self) -> bool:
        """Whether the application has accepted the handshake."""
        return self.response is not None and self.response.status_code == 101

    async def pull(self) -> str | bytes | Ending:
        """Take the next message of the client, or how the WebSocket ended, whoever ended it."""
        while not self._incoming:
            if self.ending is not None:
                return self.ending
            self._arrived.clear()
            await self._arrived.wait()
        return self._incoming.popleft()

    def accept(self, subprotocol: str | None, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Answer the handshake with 101."""
        own = [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
        if subprotocol is not None:
            own.append((b"sec-websocket-protocol", subprotocol.encode("ascii")))
        self.response = httpx2.Response(101, headers=[*own, *headers], request=self.request)
        self._changed.set()

    def deny(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Answer the handshake with a response that is no 101."""
        self.response = httpx2.Response(status, headers=list(headers), content=body, request=self.request)
        self.end(ABNORMAL)

    async def push(self, data: str | bytes) -> None:
        """
        Give the client a message; wait while it has more than `HIGH_WATER` bytes to read.

        Raises:
            ClientGoneError: If the client closed.
        """
        if not self.disconnected.is_set():
            self._outgoing.append(data)
            self._unread += len(data)
            self._changed.set()
        if self._unread > HIGH_WATER:
            self._drained.clear()
            await self._drained.wait()
        if self.disconnected.is_set():
            await asyncio.sleep(0)  # an application that writes for ever must not stop the loop
            raise ClientGoneError

    def end(self, code: int, reason: str = "") -> None:
        """End the WebSocket from the application's side; the client still gets what was pushed."""
        if self.ending is None:
            self.ending = Ending(code, reason)
        self.complete = True
        self._arrived.set()
        self._changed.set()

    # The client's side

    async def open(self) -> None:
        """
        Wait until the application accepts.

        Raises:
            WebSocketDenied: If it does not.
            Exception: What escaped the application instead of an answer.
        """
        while self.response is None:
            self._raise_failure()
            await self._wait_for_change("an answer to the WebSocket's handshake")
        if not self.accepted:
            await self._settle()
            raise WebSocketDenied(self.response)

    async def send(self, data: str | bytes) -> None:
        """
        Send a message to the application.

        Raises:
            WebSocketClosed: If the WebSocket has ended.
        """
        self._raise_failure()
        if self.ending is None and _size(data) > MAX_MESSAGE:
            self._leave(TOO_BIG, "")  # the server does
        if self.ending is not None:
            raise WebSocketClosed(*self.ending)
        self._incoming.append(data)
        self._arrived.set()

    async def receive(self) -> str | bytes:
        """
        Wait for a message of the application.

        Raises:
            WebSocketClosed: If the application closed, or the WebSocket has ended already.
            Exception: What escaped the application.
        """
        while not self._outgoing:
            self._raise_failure()
            if self.ending is not None:
                raise WebSocketClosed(*self.ending)
            await self._wait_for_change("the next message of the WebSocket")
        data = self._outgoing.popleft()
        self._unread -= len(data)
        if self._unread <= HIGH_WATER:
            self._drained.set()
        return data

    async def close(self, code: int, reason: str) -> Ending:
        """
        Close, and give the application `LINGER` seconds to return.

        Raises:
            Exception: What escaped the application, unless `open`, `send` or `receive` have raised it already.
        """
        known = self._raised
        self._leave(code, reason)
        try:
            await self._settle()
        except BaseException:
            if not known:
                raise
        assert self.ending is not None
        return self.ending

    def abandon(self) -> None:
        """Tell the application that its client is gone, without a close frame."""
        self._leave(ABNORMAL, "")

    def _raise_failure(self) -> None:
        self._raised = self._raised or self.violation is not None or self._failure is not None
        super()._raise_failure()

    def _leave(self, code: int, reason: str) -> None:
        if self.ending is None:
            self.ending = Ending(code, reason)
        self.disconnected.set()
        self._outgoing.clear()
        self._unread = 0
        self._drained.set()
        self._arrived.set()


def _size(data: str | bytes) -> int:
    return len(data.encode()) if isinstance(data, str) else len(data)
