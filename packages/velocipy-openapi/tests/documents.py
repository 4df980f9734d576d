"""What the tests ask of documents."""

from typing import Any

from velocipy import VelociPy
from velocipy.description import describe
from velocipy.openapi.document import Content, build_document


def document_of(app: VelociPy, content: Content | None = None) -> dict[str, Any]:
    """Return the document of *app*."""
    return build_document(describe(app), content or Content())


def operation_of(app: VelociPy, path: str, method: str = "get") -> dict[str, Any]:
    """Return one operation of *app*."""
    found: dict[str, Any] = document_of(app)["paths"][path][method]
    return found


def parameters_of(app: VelociPy, path: str = "/") -> dict[str, Any]:
    """Return the parameters of the GET operation at *path*, by name."""
    return {item["name"]: item for item in operation_of(app, path)["parameters"]}


def schema_of(part: dict[str, Any], media_type: str = "application/json") -> Any:
    """Return the schema of a body or a response."""
    return part["content"][media_type]["schema"]
