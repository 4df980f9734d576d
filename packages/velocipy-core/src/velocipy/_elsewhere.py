"""The names of the front door that are imported at first use: not every program has, or needs, their modules."""

from __future__ import annotations

from typing import Any

ELSEWHERE = {
    "AsyncTestClient": ("velocipy.testing", "velocipy-testing"),
    "EventSourceResponse": ("velocipy.http.items", "velocipy-core"),
    "JSONLinesResponse": ("velocipy.http.items", "velocipy-core"),
    "ServerSentEvent": ("velocipy.http.items", "velocipy-core"),
    "TestClient": ("velocipy.testing", "velocipy-testing"),
}


def __getattr__(name: str) -> Any:
    if name not in ELSEWHERE:
        raise AttributeError(f"module 'velocipy' has no attribute {name!r}")
    from importlib import import_module

    module, distribution = ELSEWHERE[name]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"velocipy.{name} comes with {distribution}: pip install {distribution}") from None
