"""Pages of templates: Jinja's, or those of any engine that `velocipy.template_engine` describes."""

from velocipy.templates._version import __version__
from velocipy.templates.plugin import TEMPLATES, TemplatesPlugin
from velocipy.templates.responses import TemplateResponse
from velocipy.templates.templates import ContextProcessor, Templates

__all__ = ["TEMPLATES", "ContextProcessor", "TemplateResponse", "Templates", "TemplatesPlugin", "__version__"]
