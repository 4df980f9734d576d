"""That it is a good plugin: on every installed server, in every scope, with nothing left behind."""

from __future__ import annotations

from itertools import count

from velocipy import Router
from velocipy.testing import WebSocketClient
from velocipy.testing.plugins import PluginConformance

from velocipy_cache import CachePlugin, cached


class TestCache(PluginConformance):
    distribution = "velocipy-cache"

    def make(self) -> CachePlugin:
        return CachePlugin()

    def use(self, router: Router) -> None:
        numbers = count()

        @router.get("/", middleware=[cached(60)])
        async def index() -> int:
            return next(numbers)

    def check(self, client: WebSocketClient) -> None:
        first = client.get("/")
        assert client.get("/").text == first.text
        assert client.get("/", headers={"if-none-match": first.headers["etag"]}).status_code == 304
