"""The plugin: it adds the routes of the document and of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocipy.plugin import Setup

__all__ = ["OpenAPIPlugin"]


class OpenAPIPlugin:
    """Serves the OpenAPI document of an application."""

    name = "openapi"
    interface = 1

    def setup(self, setup: Setup) -> None: ...
