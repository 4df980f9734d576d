"""What tests wait for."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 15.0  # seconds


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until *condition* holds.

    Raises:
        TimeoutError: If it never does.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)
