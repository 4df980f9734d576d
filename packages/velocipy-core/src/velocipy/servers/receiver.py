"""What two share of an ASGI request while its answer is streamed: who reads the body, and who watches for the client.

Both learn what they wait for from the same messages. Imported at first use.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from velocipy.types import Receive

KEPT = 64 * 1024
"""From how many bytes on that nobody has read the server is not asked for more."""


class Receiver:
    """A `receive` for who reads the body of a request, while `watch` waits for the client to leave.

    The messages of the body are kept until they are read. A client that leaves is seen as long as what it sent has been
    read but for `KEPT` bytes: a server that is to hold back a sender does not look further.

    Args:
        receive: That of the server.
        ended: Whether the body was read to its end before.
    """

    def __init__(self, receive: Receive, *, ended: bool) -> None:
        self._receive = receive
        self._ended = ended
        self._kept: deque[Any] = deque()
        self._size = 0  # bytes of what is kept
        self._closed = self._released = self._has_left = False
        self._changed = asyncio.Event()  # for one at a time: nobody waits for room where there is nothing to read

    async def __call__(self) -> Any:
        """Return the next message of the body; "http.disconnect" where the client has left, or the answer has ended."""
        while not self._kept:
            if self._closed:
                return {"type": "http.disconnect"}
            if self._released:
                return await self._receive()
            await self._wait()
        message = self._kept.popleft()
        self._size -= len(message.get("body", b""))
        self._changed.set()
        return message

    async def watch(self) -> None:
        """Keep what comes of the body; return when the client has left."""
        try:
            while (message := await self._receive())["type"] != "http.disconnect":
                if self._ended:
                    continue
                self._ended = not message.get("more_body", False)
                self._kept.append(message)
                self._size += len(message.get("body", b""))
                self._changed.set()
                while self._size > KEPT and not self._ended:
                    await self._wait()
            self._has_left = True
        finally:
            self._closed = True
            self._changed.set()

    def release(self) -> None:
        """Have who reads ask the server again, when nobody watches any more."""
        self._released, self._closed = True, self._has_left

    async def drain(self) -> None:
        """Take the rest of the body, which nobody reads."""
        while not (self._ended or self._closed):
            self._kept.clear()
            self._size = 0
            self._changed.set()
            await self._wait()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()
