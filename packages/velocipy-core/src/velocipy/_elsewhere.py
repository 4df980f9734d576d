"""The names of the front door that are imported at first use: not every program has, or needs, their modules."""

from __future__ import annotations

from typing import Any

OURS = {
    "APIVersion": "velocipy.routing.versions",
    "Config": "velocipy.config.config",
    "EventSourceResponse": "velocipy.http.items",
    "JSONLinesResponse": "velocipy.http.items",
    "MemoryStorage": "velocipy.storage",
    "RedisStorage": "velocipy.storage",
    "Security": "velocipy.plans.dependencies",
    "SecurityScopes": "velocipy.plans.dependencies",
    "ServerSentEvent": "velocipy.http.items",
    "StaticFiles": "velocipy.files.static",
    "Storage": "velocipy.storage",
    "UploadFile": "velocipy.http.uploads",
    "UploadStream": "velocipy.http.uploads",
    "WebSocket": "velocipy.http.websocket",
    "raises": "velocipy.raising",
}
ELSEWHERE = {
    "AsyncTestClient": ("velocipy.testing", "velocipy-testing"),
    "TestClient": ("velocipy.testing", "velocipy-testing"),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in OURS:
        return getattr(import_module(OURS[name]), name)
    if name not in ELSEWHERE:
        raise AttributeError(f"module 'velocipy' has no attribute {name!r}")
    module, distribution = ELSEWHERE[name]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"velocipy.{name} comes with {distribution}: pip install {distribution}") from None
