"""Messages of a WebSocket that are read before somebody receives them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from velocipy.errors import WebSocketDisconnect

KEPT = 65_536
"""Bytes that are kept, besides the message that exceeds them, before no more is read."""


class ReadingAhead:
    """Reads in a task of its own: who does not read never learns from Hypercorn and Granian that its client has left.

    Args:
        read: Waits for a message.
        ended: Called with what *read* raises at the end, before `next` raises the same.
    """

    __slots__ = ("_came", "_ended", "_messages", "_read", "_room", "_size", "_task")

    def __init__(
        self, read: Callable[[], Awaitable[str | bytes]], ended: Callable[[WebSocketDisconnect], object]
    ) -> None:
        self._read = read
        self._ended = ended
        self._messages: deque[str | bytes] = deque()
        self._size = 0
        self._came: asyncio.Future[None] | None = None  # what `next` waits for
        self._room: asyncio.Future[None] | None = None  # what the task waits for
        self._task = asyncio.create_task(self._read_on())

    async def next(self) -> str | bytes:
        """Wait for a message. One is not lost if nobody waits any more when it comes.

        Raises:
            WebSocketDisconnect: At the end, when all messages have been received.
        """
        while not self._messages:
            if self._task.done():
                self._task.result()
            self._came = asyncio.get_running_loop().create_future()
            await asyncio.wait({self._task, self._came}, return_when=asyncio.FIRST_COMPLETED)
        message = self._messages.popleft()
        self._size -= len(message)
        if self._room is not None and self._size <= KEPT and not self._room.done():
            self._room.set_result(None)
        return message

    async def _read_on(self) -> None:
        try:
            while True:
                message = await self._read()
                self._messages.append(message)
                self._size += len(message)
                if self._came is not None and not self._came.done():
                    self._came.set_result(None)
                if self._size > KEPT:
                    self._room = asyncio.get_running_loop().create_future()
                    await self._room
        except WebSocketDisconnect as end:
            self._ended(end)
            raise

    def cancel(self) -> None:
        """Read no more."""
        if not self._task.cancel() and not self._task.cancelled():
            self._task.exception()  # nobody else looks at it
