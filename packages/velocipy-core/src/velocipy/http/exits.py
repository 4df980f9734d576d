"""What is open until a request has ended: what dependencies opened, and the files of a form."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocipy.background import BackgroundTasks
    from velocipy.http.connection import HTTPConnection


class Exits(AsyncExitStack):
    """The stack of a request, what closes before the answer is sent, and what is left to do when all is closed.

    What stands on `early` may need what stands here, and never the other way round: it is always closed first. When
    all is closed, `ends` are called, and the tasks of `background` begin.
    """

    early: AsyncExitStack | None = None
    background: BackgroundTasks | None = None
    ends: tuple[Callable[[], None], ...] = ()


def open_exits(request: HTTPConnection) -> Exits:
    """Return the stack of *request*, made at the first use."""
    if request._exits is None:
        request._exits = Exits()
    return request._exits
