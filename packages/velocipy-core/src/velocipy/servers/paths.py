"""The path within the application, where that is served below a prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocipy.application import VelociPy


EXACT_PATH = "velocipy.exact_path"
"""The key of an ASGI scope whose path has its root path once, as that of a mounted application."""


def local_path(app: VelociPy, path: str, root_path: str, *, exact: bool = False) -> str:
    """Return *path* without *root_path*, whether a proxy or a server took it off, left it, or put it before.

    Uvicorn puts it before every path, also before one that has it already: then it comes twice. That of an *exact* path
    comes once.
    """
    root_path = root_path.rstrip("/")
    once = _below(path, root_path)
    if exact:
        return once
    twice = _below(once, root_path)
    return twice if twice != once and not app._knows(once) else once


def _below(path: str, root_path: str) -> str:
    if path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/"):
        return path[len(root_path) :] or "/"
    return path
