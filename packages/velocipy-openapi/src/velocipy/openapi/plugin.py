"""The plugin: it adds the routes of the document and of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from velocipy import HTMLResponse, Request, Response
from velocipy.openapi.assets import find_asset, send_asset
from velocipy.openapi.document import Content
from velocipy.openapi.origins import origin_of
from velocipy.openapi.pages import REDIRECT, Page, redoc_page, render_redirect, scalar_page, swagger_page
from velocipy.openapi.refinement import check_routes
from velocipy.openapi.serving import ServedDocument
from velocipy.types import UNSET

if TYPE_CHECKING:
    from velocipy.plugin import Setup

__all__ = ["OpenAPIPlugin"]

EVERYTHING = Content()


class OpenAPIPlugin:
    """Serves the OpenAPI document of an application, or of a router, and pages that show it.

    It is there without being plugged in, as `OpenAPIPlugin()`, unless the application has both its `docs_url` and its
    `openapi_url` as None. On a router it tells of the routes of that router, below its prefix.

    Args:
        openapi_url: Where the document is served; by default what the application says, "/openapi.json" on a router.
            None for nowhere, and then there are no pages either.
        yaml_url: Where it is served as YAML; None for nowhere.
        docs_url: Where Swagger UI is served; by default what the application says, "/docs" on a router. None for
            nowhere.
        redoc_url: Where ReDoc is served; None for nowhere.
        scalar_url: Where Scalar is served; None for nowhere.
        content: What is in the document besides what the application says of itself.
        documents: Further documents of the same routes by their URLs, such as those of one version:
            {"/openapi-v1.json": Content(select=lambda route: route.version == "1")}.
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
        openapi_url: str | None = UNSET,
        yaml_url: str | None = "/openapi.yaml",
        docs_url: str | None = UNSET,
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = "/scalar",
        content: Content = EVERYTHING,
        documents: Mapping[str, Content] | None = None,
        swagger_options: Mapping[str, Any] | None = None,
        swagger_oauth: Mapping[str, Any] | None = None,
        redoc_options: Mapping[str, Any] | None = None,
        scalar_options: Mapping[str, Any] | None = None,
        connect_to: Iterable[str] = (),
    ) -> None:
        self._urls: dict[str, str | None] = {
            "openapi_url": openapi_url,
            "yaml_url": yaml_url,
            "docs_url": docs_url,
            "redoc_url": redoc_url,
            "scalar_url": scalar_url,
            **{f"documents[{url!r}]": url for url in documents or ()},
        }
        _check_urls({name: url for name, url in self._urls.items() if url is not UNSET})
        self._swagger = dict(swagger_options or {}), swagger_oauth
        self._redoc = dict(redoc_options or {})
        self._scalar = dict(scalar_options or {})
        for name, options in (
            ("swagger_options", swagger_options),
            ("swagger_oauth", swagger_oauth),
            ("redoc_options", redoc_options),
            ("scalar_options", scalar_options),
        ):
            _check_json(name, options)
        self._content = content
        self._documents = dict(documents or {})
        self._connect_to = _checked_origins(connect_to)

    def setup(self, setup: Setup) -> None:
        urls = dict(self._urls)
        if urls["openapi_url"] is UNSET:
            urls["openapi_url"] = setup.openapi_url if setup.is_application else "/openapi.json"
        if urls["docs_url"] is UNSET:
            urls["docs_url"] = setup.docs_url if setup.is_application else "/docs"
        _check_urls(urls)
        setup.add_check(check_routes)
        document = ServedDocument(setup.describe, self._content)
        url = urls["openapi_url"]
        if url is None:
            return
        setup.add_route(url, document.answer_json, include_in_schema=False)
        if urls["yaml_url"] is not None:
            setup.add_route(urls["yaml_url"], document.answer_yaml, include_in_schema=False)
        for other, content in self._documents.items():
            answer = ServedDocument(setup.describe, content).answer_json
            setup.add_route(other, answer, include_in_schema=False)
        if urls["docs_url"] is not None:
            self._add_page(setup, swagger_page(urls["docs_url"], url, *self._swagger), document)
        if urls["redoc_url"] is not None:
            self._add_page(setup, redoc_page(urls["redoc_url"], url, self._redoc), document)
        if urls["scalar_url"] is not None:
            self._add_page(setup, scalar_page(urls["scalar_url"], url, self._scalar), document)

    def _add_page(self, setup: Setup, page: Page, document: ServedDocument) -> None:
        assets, title = page.assets(), setup.title

        def show(request: Request) -> HTMLResponse:
            return page.render(title, [*document.origins(request.root_path), *self._connect_to])

        def asset(request: Request, digest: str, name: str) -> Response:
            return send_asset(request, find_asset(assets, digest, name))

        async def redirect() -> HTMLResponse:
            return render_redirect()

        below = page.url.rstrip("/")
        setup.add_route(page.url, show, include_in_schema=False)
        setup.add_route(f"{below}/assets/{{digest}}/{{name}}", asset, include_in_schema=False)
        if page.name == "Swagger UI":
            setup.add_route(f"{below}/{REDIRECT}", redirect, include_in_schema=False)


def _check_urls(urls: Mapping[str, str | None]) -> None:
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
