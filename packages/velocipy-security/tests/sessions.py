"""A session for tests: in this process, by a cookie that is random and nothing else."""

import secrets
from typing import Any

from velocipy import HTTPConnection, Request, Response
from velocipy.middleware import HTTPApp


class TinySession(dict[str, Any]):
    """What tells that its id is to be another."""

    is_rotated = False

    def rotate(self) -> None:
        self.is_rotated = True


class TinySessions:
    """Keeps sessions in the memory of one process, and so tests alone."""

    def __init__(self) -> None:
        self._kept: dict[str, TinySession] = {}

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        name = request.cookies.get("tiny", "")
        session = request.state["tiny"] = self._kept.get(name, TinySession())
        response = await call_next(request)
        if session.is_rotated or name not in self._kept:
            self._kept.pop(name, None)
            session.is_rotated, name = False, secrets.token_urlsafe(16)
            response.set_cookie("tiny", name, httponly=True)
        self._kept[name] = session
        return response


def session_of(connection: HTTPConnection) -> TinySession:
    found: TinySession = connection.state["tiny"]
    return found
