"""The plugin: it adds the routes of the document and of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from velocipy import HTMLResponse, Request, Response
from velocipy.openapi.assets import find_asset, send_asset
from velocipy.openapi.origins import origin_of, origins_of
from velocipy.openapi.pages import REDIRECT, Page, redoc_page, render_redirect, scalar_page, swagger_page

if TYPE_CHECKING:
    from velocipy.plugin import Setup

__all__ = ["OpenAPIPlugin"]


class OpenAPIPlugin:
    """Serves the OpenAPI document of an application, and pages that show it.

    Args:
        openapi_url: Where the document is served; None for nowhere, and then there are no pages either.
        docs_url: Where Swagger UI is served; None for nowhere.
        redoc_url: Where ReDoc is served; None for nowhere.
        scalar_url: Where Scalar is served; None for nowhere.
        swagger_options: For Swagger UI, beside or in place of those that are set here, as JSON.
        swagger_oauth: What Swagger UI's `initOAuth` takes, such as {"clientId": "docs"}.
        redoc_options: For ReDoc, likewise.
        scalar_options: For Scalar, likewise.
        connect_to: Origins that pages may ask beside their own, those of the document's servers and those of its token
            endpoints: ["https://api.example.com"].

    Raises:
        ValueError: If a URL is no path, has parameters, or is that of two; or if *connect_to* has what is no origin.
        TypeError: If *connect_to* is a text, or options cannot be told as JSON.
    """

    name = "openapi"
    interface = 1

    def __init__(
        self,
        *,
        openapi_url: str | None = "/openapi.json",
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = "/scalar",
        swagger_options: Mapping[str, Any] | None = None,
        swagger_oauth: Mapping[str, Any] | None = None,
        redoc_options: Mapping[str, Any] | None = None,
        scalar_options: Mapping[str, Any] | None = None,
        connect_to: Iterable[str] = (),
    ) -> None:
        _check_urls(openapi_url=openapi_url, docs_url=docs_url, redoc_url=redoc_url, scalar_url=scalar_url)
        for name, options in (
            ("swagger_options", swagger_options),
            ("swagger_oauth", swagger_oauth),
            ("redoc_options", redoc_options),
            ("scalar_options", scalar_options),
        ):
            _check_json(name, options)
        self.openapi_url = openapi_url
        self._connect_to = _checked_origins(connect_to)
        self._pages: list[Page] = []
        self._origins = lru_cache(16)(lambda document: origins_of(json.loads(document)))  # one for each root path
        if openapi_url is None:
            return
        if docs_url is not None:
            self._pages.append(swagger_page(docs_url, openapi_url, dict(swagger_options or {}), swagger_oauth))
        if redoc_url is not None:
            self._pages.append(redoc_page(redoc_url, openapi_url, dict(redoc_options or {})))
        if scalar_url is not None:
            self._pages.append(scalar_page(scalar_url, openapi_url, dict(scalar_options or {})))

    def setup(self, setup: Setup) -> None:
        if self.openapi_url is None:
            return

        async def openapi(request: Request) -> Response:
            return Response(self.make_document(request.root_path), media_type="application/json")

        setup.add_route(self.openapi_url, openapi, include_in_schema=False)
        for page in self._pages:
            self._add_page(setup, page)

    def make_document(self, root_path: str) -> bytes:
        """Return the document, as JSON, for those who ask below *root_path*."""
        document = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "servers": [{"url": root_path or "/"}]}
        return json.dumps({**document, "paths": {}}).encode()

    def _add_page(self, setup: Setup, page: Page) -> None:
        assets, title = page.assets(), setup.title

        async def show(request: Request) -> HTMLResponse:
            return page.render(title, [*self._origins(self.make_document(request.root_path)), *self._connect_to])

        def asset(request: Request, digest: str, name: str) -> Response:
            return send_asset(request, find_asset(assets, digest, name))

        async def redirect() -> HTMLResponse:
            return render_redirect()

        below = page.url.rstrip("/")
        setup.add_route(page.url, show, include_in_schema=False)
        setup.add_route(f"{below}/assets/{{digest}}/{{name}}", asset, include_in_schema=False)
        if page.name == "Swagger UI":
            setup.add_route(f"{below}/{REDIRECT}", redirect, include_in_schema=False)


def _check_urls(**urls: str | None) -> None:
    seen: dict[str, str] = {}
    for name, url in urls.items():
        if url is None:
            continue
        if not url.startswith("/") or "{" in url or url.startswith("//"):
            raise ValueError(f"{name}={url!r} is no path; give one such as '/docs', without parameters, or None")
        if url in seen:
            raise ValueError(f"{name} and {seen[url]} are both {url!r}; move one, or switch it off with None")
        seen[url] = name


def _check_json(name: str, options: Mapping[str, Any] | None) -> None:
    try:
        json.dumps(options, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} cannot be told as JSON: {error}") from None


def _checked_origins(origins: Iterable[str]) -> list[str]:
    if isinstance(origins, str):
        raise TypeError(f"connect_to takes several origins, such as ['https://api.example.com'], not {origins!r}")
    origins = list(origins)
    for origin in origins:
        if origin_of(origin) != origin:
            raise ValueError(f"connect_to has {origin!r}, which is no origin such as 'https://api.example.com'")
    return origins
