"""The plugin as every plugin has to be."""

from __future__ import annotations

from velocipy import Router
from velocipy.openapi import OpenAPIPlugin
from velocipy.testing.plugins import PluginConformance
from velocipy.testing.websocket_clients import WebSocketClient


class TestOpenAPI(PluginConformance):
    distribution = "velocipy-openapi"
    first_party = True

    def make(self) -> OpenAPIPlugin:
        return OpenAPIPlugin()

    def use(self, router: Router) -> None: ...

    def check(self, client: WebSocketClient) -> None:
        for path in ("/docs", "/redoc", "/scalar"):
            assert client.get(path).status_code == 200
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
