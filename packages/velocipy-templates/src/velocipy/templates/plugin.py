"""The plugin: templates for handlers by their annotation, and for other plugins by a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from velocipy.plugin import Key
from velocipy.template_engine import TEMPLATE_ENGINE
from velocipy.templates.templates import Directory, Templates

if TYPE_CHECKING:
    from velocipy.plugin import Setup

TEMPLATES = Key[Templates]("velocipy.templates")
"""Under this key plugins find the `Templates` of their scope, to add globals, filters, loaders and the like."""


class TemplatesPlugin:
    """Hands `Templates` to handlers that take them, and to other plugins.

    Args:
        templates: What is handed out; or where templates are. By default the folder "templates", or what renders with
            the engine that the program or another plugin provides.
    """

    name = "templates"
    interface = 1

    def __init__(self, templates: Templates | Directory | Iterable[Directory] | None = None) -> None:
        self._templates = templates

    def setup(self, setup: Setup) -> None:
        templates = self._made(setup)
        if setup.find(TEMPLATE_ENGINE) is not templates.engine:
            setup.provide(TEMPLATE_ENGINE, templates.engine)
        setup.provide(TEMPLATES, templates)
        setup.add_source(Templates, lambda: templates)

    def _made(self, setup: Setup) -> Templates:
        if isinstance(self._templates, Templates):
            return self._templates
        if self._templates is not None:
            return Templates(self._templates)
        engine = setup.find(TEMPLATE_ENGINE)
        return Templates("templates") if engine is None else Templates(engine=engine)
