"""The OpenAPI document of an application, and the pages that show it: Swagger UI, ReDoc and Scalar."""

from velocipy.openapi._version import __version__
from velocipy.openapi.plugin import OpenAPIPlugin

__all__ = ["OpenAPIPlugin", "__version__"]
