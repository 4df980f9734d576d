"""The OpenAPI document of an application, and the pages that show it: Swagger UI, ReDoc and Scalar."""

from velocipy.openapi._version import __version__
from velocipy.openapi.document import Content, build_document
from velocipy.openapi.operation_ids import by_handler, by_path, by_route_name
from velocipy.openapi.plugin import OpenAPIPlugin
from velocipy.openapi.refinement import OpenAPI

__all__ = [
    "Content",
    "OpenAPI",
    "OpenAPIPlugin",
    "__version__",
    "build_document",
    "by_handler",
    "by_path",
    "by_route_name",
]
