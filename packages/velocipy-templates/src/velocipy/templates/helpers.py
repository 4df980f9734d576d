"""What templates may call: URLs, and the nonce of the page's policy. They know the request that is being answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from velocipy import StaticFiles

if TYPE_CHECKING:
    from velocipy import HTTPConnection, VelociPy

current: ContextVar[HTTPConnection | None] = ContextVar("velocipy.templates.current", default=None)
"""The request for which a template is rendered. Macros that are imported without context have no other way to it."""

_folders: WeakKeyDictionary[VelociPy, dict[str, str]] = WeakKeyDictionary()


def url_for(name: str, /, **values: Any) -> str:
    """Return the path of the route *name*, below the root path; further values become the query.

    Of a route that has a host it is the whole URL, as `request.url_for` makes of every route.

    Raises:
        KeyError: If there is no such route, or a value of its path is missing.
        ValueError: If a value of its path is empty.
    """
    request = _request("url_for")
    path = request.app.url_for(name, **values)
    return request.url_for(name, **values) if path.startswith("//") else request.root_path + path


def static_url(path: str, /, *, name: str = "static") -> str:
    """Return the path of a file of `StaticFiles`, with a hash of its content as the query.

    So what a browser keeps of it may be kept for ever: another content has another URL.

    Args:
        path: Below the folder, such as "app.css".
        name: Under which the folder is mounted: `app.mount("/static", StaticFiles("static"), name="static")`.

    Raises:
        LookupError: If no folder is mounted under that name.
        FileNotFoundError: If there is no such file in it.
    """
    request = _request("static_url")
    folder = Path(_folder(request.app, name)).resolve()
    file = folder.joinpath(path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise FileNotFoundError(f"there is no file {path!r} in {folder}")
    found = file.stat()
    return url_for(name, path=path, v=_digest(str(file), found.st_mtime_ns, found.st_size))


def csp_nonce() -> str:
    """Return the nonce of the page's Content-Security-Policy, for `<script nonce="{{ csp_nonce() }}">`.

    It is that of `SecurityHeadersMiddleware`, whose policy has `NONCE` in it; "" without such a policy.
    """
    return str(_request("csp_nonce").state.get("csp_nonce", ""))


HELPERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"url_for": url_for, "static_url": static_url, "csp_nonce": csp_nonce}
)


def _request(helper: str) -> HTTPConnection:
    request = current.get()
    if request is None:
        raise RuntimeError(f"{helper}() needs a request, and none is answered here; say render(..., request=request)")
    return request


def _folder(app: VelociPy, name: str) -> str:
    folders = _folders.get(app, {})
    if name not in folders:  # not yet, or not at all
        handlers = {route.name: route.handler for route in app.routes}
        folders = {key: found.directory for key, found in handlers.items() if isinstance(found, StaticFiles)}
        _folders[app] = folders
    if name not in folders:
        remedy = f"say app.mount('/static', StaticFiles(folder), name={name!r})"
        raise LookupError(f"no StaticFiles is mounted under the name {name!r}; {remedy}")
    return folders[name]


@lru_cache(maxsize=4096)
def _digest(file: str, changed: int, size: int) -> str:
    """Return a hash of the content of *file*, which is read again when it has *changed*."""
    return blake2b(Path(file).read_bytes(), digest_size=8).hexdigest()
