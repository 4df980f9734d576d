"""Where sessions are between two requests: what every place for them does, and the first of them, the cookie."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import time
from typing import Protocol

from velocipy.sessions.content import Content, decode
from velocipy.sessions.sealing import Seal
from velocipy.sessions.session import Session

logger = logging.getLogger("velocipy.sessions")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long sessions live.

    Attributes:
        max_age: Seconds without use, or without a change where they are in their cookies; None for no end.
        lifetime: Seconds from the beginning; None for no end.
    """

    max_age: int | None
    lifetime: int | None

    def is_unchanged_for_long(self, content: Content, now: float) -> bool:
        """Tell whether *content* was written too long ago."""
        return self.max_age is not None and now - content.written >= self.max_age

    def is_too_old(self, content: Content, now: float) -> bool:
        """Tell whether *content* began too long ago."""
        return self.lifetime is not None and now - content.created >= self.lifetime


@dataclass(frozen=True, slots=True)
class Told:
    """What the client is to be told.

    Attributes:
        value: Of the cookie; None to delete it.
        is_needed: Whether anything depends on it; else it lets the browser keep the cookie for longer, or tidies up.
    """

    value: str | None
    is_needed: bool = True


class Keeper(Protocol):
    """Keeps sessions. One serves all requests of an application.

    Attributes:
        can_end: Whether sessions can be ended from outside.
    """

    can_end: bool

    async def load(self, session: Session, cookie: str | None, name: str) -> None:
        """Have *session* know what the cookie *name* stands for."""
        ...

    async def keep(self, session: Session, cookie: str | None, name: str) -> Told | None:
        """Store what has become of *session*; return what the client is to know, None for nothing."""
        ...


class CookieKeeper:
    """Keeps sessions in their cookies. They are read when somebody asks, so that others cost nothing.

    Args:
        seals: For each name of the cookie.
        limits: How long they live.
    """

    can_end = False

    def __init__(self, seals: dict[str, Seal], limits: Limits) -> None:
        self._seals = seals
        self._limits = limits

    async def load(self, session: Session, cookie: str | None, name: str) -> None:
        if cookie:
            session._read = lambda session: self._opened(session, cookie, name)

    def _opened(self, session: Session, cookie: str, name: str) -> Content:
        now = int(time())
        payload = self._seals[name].open(cookie)
        content = None if payload is None else decode(payload)
        limits = self._limits
        if content is None or limits.is_unchanged_for_long(content, now) or limits.is_too_old(content, now):
            return Content(now, now)
        session._base = payload
        return content

    async def keep(self, session: Session, cookie: str | None, name: str) -> Told | None:
        if not session._has_changed():
            return None
        content = session._open()
        if content.is_empty:
            return Told(None) if cookie is not None else None
        return Told(self._seals[name].close(content.encode(int(time()))))
