"""Applications as routes: what `Router.mount` takes besides handlers. Imported at first use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

from velocipy.errors import StartupError, StartupErrorGroup
from velocipy.http.request import Request
from velocipy.http.response import Response
from velocipy.http.websocket import WebSocket
from velocipy.routing.options import Route, made_route
from velocipy.routing.tree import ANY
from velocipy.types import ASGIApp

Kind = Literal["handler", "asgi", "wsgi"]

INSTALL_WSGI = 'pip install "velocipy-core[wsgi]"'


def kind_of(target: Callable[..., Any]) -> Kind:
    """Tell what *target* is by the parameters that it takes.

    Raises:
        TypeError: If they do not tell.
    """
    unclear = TypeError(f"whether {target!r} is a handler or an application is not clear; say kind='asgi', for one")
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except ValueError:  # of a builtin
        raise unclear from None
    names = [parameter.name for parameter in parameters]
    if names[:3] == ["scope", "receive", "send"]:
        return "asgi"
    if names[:2] == ["environ", "start_response"]:
        return "wsgi"
    needed = [parameter for parameter in parameters if parameter.default is parameter.empty]
    says_something = any(parameter.annotation is not parameter.empty for parameter in parameters)
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters) or (
        len(needed) in (2, 3) and not says_something and not {"path", "request"} & {*names}
    ):
        raise unclear
    return "handler"


class Mount:
    """An application at a path: what answers requests there, and by `serve` WebSockets.

    Args:
        target: The application.
        kind: "asgi" or "wsgi".

    Raises:
        ValueError: If the kind is another word.
    """

    def __init__(self, target: Any, kind: Kind) -> None:
        if kind not in ("asgi", "wsgi"):
            raise ValueError(f"kind is 'handler', 'asgi' or 'wsgi', not {kind!r}")
        self.target = target
        self.kind: Literal["asgi", "wsgi"] = "asgi" if kind == "asgi" else "wsgi"
        self._app: ASGIApp | None = target if kind == "asgi" else None
        self._is_looked_at = False

    @property
    def app(self) -> ASGIApp:
        """The application as one of ASGI.

        Raises:
            ImportError: If that takes what is not installed.
        """
        if self._app is None:
            from a2wsgi import WSGIMiddleware

            self._app = WSGIMiddleware(self.target)
        return self._app

    def routes(self, path: str, name: str | None, max_content_length: int | None) -> list[Route]:
        """Return the routes of all methods, and of WebSockets if there may be any, at *path*."""
        more: Any = {"name": name, "max_content_length": max_content_length, "include_in_schema": False}
        routes = [made_route(path, (ANY,), self, more, None, self.target)]
        if self._app is not None:  # WSGI has none
            more["name"] = None  # which leads to the other
            routes.append(made_route(path, ("GET",), self.serve, more, None, self.target, is_websocket=True))
        return routes

    async def __call__(self, request: Request, path: str) -> Response:
        """Return the answer of the application, to which *path* belongs, the end of that of the request."""
        response: Response = await request.app._pass_on(self, request, path)
        return response

    async def serve(self, websocket: WebSocket, path: str) -> None:
        """Have the application serve *websocket*."""
        await websocket.app._pass_on(self, websocket, path)

    def faults(self) -> list[StartupError]:
        """Return what keeps it from serving; asked for when the application starts."""
        try:
            self.app  # noqa: B018
        except ImportError:
            problem = "to mount a WSGI application takes a2wsgi, which is not installed."
            return [StartupError(problem, f"Run: {INSTALL_WSGI}")]
        if not hasattr(self.target, "freeze"):
            return []
        if self._is_looked_at:
            return [StartupError("an application is mounted within itself.", "Mount another.")]
        faults = []
        if self.target._root_path:
            problem = f"an application with the root_path {self.target._root_path!r} is mounted."
            faults.append(StartupError(problem, "Leave the root_path out: the mount tells it."))
        self._is_looked_at = True
        try:
            self.target.freeze()
        except StartupError as error:
            faults.append(error)
        except StartupErrorGroup as group:
            faults.extend(error for error in group.exceptions if isinstance(error, StartupError))
        finally:
            self._is_looked_at = False
        return faults
