"""`Templates` under the name that the documentation uses; `velocipy.templates`, of velocipy-templates, holds it."""

from velocipy.templates import TemplateResponse, Templates

__all__ = ["TemplateResponse", "Templates"]
