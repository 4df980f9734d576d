"""The WebSockets of an application: their own tree, their middleware, and where pages may connect from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from velocipy.errors import HTTPException, StartupError
from velocipy.plans.choices import Places
from velocipy.plans.layers import Layers, lay_around_websocket, routed_websocket, served
from velocipy.plans.plan import Plan
from velocipy.plans.signature import find_place
from velocipy.routing.tree import Tree

if TYPE_CHECKING:
    from velocipy.http.middleware import Middleware
    from velocipy.http.websocket import WebSocket
    from velocipy.routing.options import Route
    from velocipy.routing.versions import APIVersion

Match = tuple[Plan, Sequence[str]]
SAME_ORIGIN = "same-origin"
_PORTS = {"http": 80, "https": 443}


class Sockets:
    """Gathers the routes of WebSockets.

    Args:
        not_found: What answers requests where there is no route.
        exact: Whether slashes at the end or in a row make another path.
    """

    def __init__(self, not_found: Plan, *, exact: bool) -> None:
        self._unknown = copy(not_found)
        self._unknown.run = _refuse
        self.places = Places()
        self.tree: Tree[Plan] = Tree(self._unknown, lambda method: self._unknown, exact=exact)

    def guard(self, plan: Plan, route: Route, layers: Layers, faults: list[StartupError]) -> None:
        """Have *plan* look at the origin first, and lay the middleware of *route* around it."""
        if route.allowed_origins is not None:
            try:
                allowed = frozenset(map(_read_origin, route.allowed_origins))
            except ValueError as error:
                problem = f"the allowed_origins of {route.path} have {error}."
                remedy = f'Write "https://example.com", or "{SAME_ORIGIN}".'
                faults.append(StartupError(problem, remedy, **find_place(route.handler)._asdict()))
                return
            plan.run = _check_origin(allowed, plan.run)
        if route.middleware:
            place = route.path, "websocket"
            app = layers.around_websocket(partial(served, copy(plan)), route.middleware, faults, place)
            lay_around_websocket(plan, app)

    def entry(
        self, middleware: Sequence[Middleware], layers: Layers, faults: list[StartupError]
    ) -> Callable[[str], Match]:
        """Return what finds the plan for a path, with the *middleware* of the application around them all."""
        find = partial(self.tree.find, "GET")
        if not middleware:
            return find
        plan = copy(self._unknown)
        lay_around_websocket(plan, layers.around_websocket(routed_websocket(find), middleware, faults))
        match: Match = plan, ()
        return lambda path: match

    def plant(self, versioning: APIVersion | None) -> None:
        """Put all routes where they are found."""
        self.places.plant(self.tree, versioning, self._unknown)


async def _refuse(websocket: WebSocket, values: Sequence[str]) -> None:
    raise HTTPException(404)


def _check_origin(allowed: frozenset[str], run: Callable[[Any, Sequence[str]], Awaitable[Any]]) -> Any:
    async def check_then_run(websocket: WebSocket, values: Sequence[str]) -> Any:
        if not _is_allowed(websocket, allowed):
            raise HTTPException(403, "Origin not allowed")
        return await run(websocket, values)

    return check_then_run


def _is_allowed(websocket: WebSocket, allowed: frozenset[str]) -> bool:
    named = websocket._header_list("origin")
    if len(named) != 1:
        return False
    try:
        origin = _read_origin(named[0])
    except ValueError:  # "null" too: a page without an origin
        return False
    if origin in allowed:
        return True
    scheme = "https" if websocket.scheme == "wss" else "http"
    host = websocket._named_host()
    return SAME_ORIGIN in allowed and host is not None and origin == _read_origin(f"{scheme}://{host}")


def _read_origin(text: str) -> str:
    """Return an origin (RFC 6454 section 7) in lower case and without the port that is its scheme's anyway.

    Raises:
        ValueError: If it is none.
    """
    if text == SAME_ORIGIN:
        return text
    parts = urlsplit(text)
    if not parts.scheme or not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{text!r}, which is no origin")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{port}"
