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
    "APIKeyCookie": "velocipy.security",
    "APIKeyHeader": "velocipy.security",
    "APIKeyQuery": "velocipy.security",
    "AsyncTestClient": "velocipy.testing",
    "HTTPBasic": "velocipy.security",
    "HTTPBasicCredentials": "velocipy.security",
    "OAuth2PasswordBearer": "velocipy.security",
    "OpenAPI": "velocipy.openapi",
    "SecurityBase": "velocipy.security",
    "Session": "velocipy.sessions",
    "SessionMiddleware": "velocipy.sessions",
    "Templates": "velocipy.templates",
    "TestClient": "velocipy.testing",
}
"""Names of other distributions, by their modules. Each of these has a stand-in in `_missing`."""


def missing(module: str) -> ModuleNotFoundError:
    """Return what is raised where *module* is imported and its distribution is not installed."""
    distribution = module.replace(".", "-")
    return ModuleNotFoundError(f"{module} comes with {distribution}: pip install {distribution}", name=module)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in OURS:
        return getattr(import_module(OURS[name]), name)
    if name not in ELSEWHERE:
        raise AttributeError(f"module 'velocipy' has no attribute {name!r}")
    return getattr(import_module(ELSEWHERE[name]), name)
