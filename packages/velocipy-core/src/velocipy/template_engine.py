"""What renders templates: the interface of template engines. `velocipy-templates` has one of Jinja."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from velocipy.errors import VelociPyException
from velocipy.plugin import Key

__all__ = ["TEMPLATE_ENGINE", "TemplateEngine", "TemplateError"]


class TemplateError(VelociPyException):
    """A template is missing, cannot be read, or failed while it was rendered.

    Attributes:
        template: The name of the template.
        line: Where in it, from 1; None if that is not known.
    """

    def __init__(self, problem: str, template: str, line: int | None = None) -> None:
        super().__init__(problem, template, line)
        self.problem = problem
        self.template = template
        self.line = line

    def __str__(self) -> str:
        place = self.template if self.line is None else f"{self.template}:{self.line}"
        return f"{place}: {self.problem}"


class TemplateEngine(Protocol):
    """Makes text of a template and a context. What it puts into HTML it escapes, unless the template says otherwise.

    It is used by many requests at once, from any loop. What blocks it does in a thread.
    """

    async def render(self, name: str, context: Mapping[str, Any], *, block: str | None = None) -> str:
        """Return the template *name* rendered with *context*, or of it the block (fragment) of that name alone.

        Raises:
            TemplateError: If there is no such template or block, or it fails.
        """
        ...

    def stream(self, name: str, context: Mapping[str, Any]) -> AsyncIterator[str]:
        """Yield the same in pieces, as they are made.

        Raises:
            TemplateError: Likewise, perhaps after the first piece.
        """
        ...


TEMPLATE_ENGINE = Key[TemplateEngine]("velocipy.template_engine")
"""Under this key plugins provide the engine of a scope, and find it."""
