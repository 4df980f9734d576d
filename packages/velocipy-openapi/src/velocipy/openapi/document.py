"""The document: all operations of an application, or of a part of it, as OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from velocipy.description import ApplicationDescription, RouteDescription, WebSocketDescription
from velocipy.json_schema import Schemas
from velocipy.openapi.operation_ids import OperationId, by_handler, name_operations
from velocipy.openapi.operations import Object, Operations, merged
from velocipy.openapi.refinement import OpenAPI
from velocipy.openapi.security import Security

OPENAPI = "3.1.0"
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
"""Those that a Path Item Object of 3.1 has; others stand beside them under `x-methods`."""

Select = Callable[[RouteDescription | WebSocketDescription], bool]


def everything(route: RouteDescription | WebSocketDescription) -> bool:
    """Choose all that is to be in documents."""
    return True


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is to be in a document besides what the application says of itself.

    Attributes:
        title, version, description: In the place of the application's.
        select: Which routes and WebSockets; all that are not left out by `include_in_schema`.
        webhooks: The description of an application whose routes are requests that this application sends; the paths are
            their names.
        operation_ids: How operations are called that have no `operation_id`.
        external_docs: Where more is written: an External Documentation Object.
        security: What every operation asks for that says nothing itself: Security Requirement Objects.
        extra: Merged into the document at the end: extensions, components.
    """

    title: str | None = None
    version: str | None = None
    description: str | None = None
    select: Select = everything
    webhooks: ApplicationDescription | None = None
    operation_ids: OperationId = by_handler
    external_docs: Mapping[str, Any] | None = None
    security: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def build_document(described: ApplicationDescription, content: Content = Content()) -> Object:
    """Return the document of an application, the same for every start.

    Raises:
        DuplicateOperationId: If two routes have one `operation_id`.
        UnsupportedType: If a type has no JSON Schema.
    """
    adapters = {id(item): item for item in described.model_adapters}
    for route in (*described.routes, *described.websockets):
        adapters |= {id(item): item for item in route.model_adapters}
    schemas, security = Schemas(list(adapters.values())), Security()
    operations = Operations(schemas, security)
    webhooks = content.webhooks.routes if content.webhooks else ()
    chosen = [route for route in described.routes if route.include_in_schema and content.select(route)]
    listed = [(route, method) for route in (*chosen, *webhooks) for method in route.methods]
    names = name_operations(listed, content.operation_ids)
    paths = _paths(chosen, operations, names, lambda route: route.template or "/")
    hooks = _paths(webhooks, operations, names, lambda route: route.template.strip("/"))
    sockets = [item for item in described.websockets if item.include_in_schema and content.select(item)]
    made: Object = {"openapi": OPENAPI, "info": _info(described, content)}
    if content.external_docs:
        made["externalDocs"] = dict(content.external_docs)
    if described.servers:
        made["servers"] = [merged({}, server) for server in described.servers]
    made["paths"] = paths
    if hooks:
        made["webhooks"] = hooks
    if sockets:
        made["x-websockets"] = {item.template: _websocket(item, operations, security) for item in sockets}
    tags = _tags(described, chosen)
    if tags:
        made["tags"] = tags
    if content.security:
        made["security"] = [dict(item) for item in content.security]
    components = {"schemas": schemas.finish(), "securitySchemes": security.components()}
    made["components"] = {name: part for name, part in components.items() if part}
    return merged(made, content.extra)


def _info(described: ApplicationDescription, content: Content) -> Object:
    made: Object = {"title": content.title or described.title, "version": content.version or described.version}
    told = {
        "summary": described.summary,
        "description": content.description or described.description,
        "termsOfService": described.terms_of_service,
        "contact": described.contact,
        "license": described.license_info,
    }
    return merged(made, {name: value for name, value in told.items() if value})


def _paths(
    routes: Iterable[RouteDescription],
    operations: Operations,
    names: Mapping[tuple[int, str], str],
    path_of: Callable[[RouteDescription], str],
) -> Object:
    """Return the Path Item Objects; where hosts or versions share a path and a method, the first is told."""
    made: dict[str, Object] = {}
    for route in routes:
        item = made.setdefault(path_of(route), {})
        for method in route.methods:
            made_operation = merged(operations.operation(route, names[id(route), method]), route.openapi_extra)
            said = route.openapi
            refined = (
                said.refine(made_operation, operations.schemas)
                if isinstance(said, OpenAPI)
                else merged(made_operation, said or {})
            )
            if method in METHODS:
                item.setdefault(method.lower(), refined)
            else:
                item.setdefault("x-methods", {}).setdefault(method, refined)
    return made


def _websocket(socket: WebSocketDescription, operations: Operations, security: Security) -> Object:
    made: Object = {"summary": socket.summary or socket.handler.name}
    if socket.description:
        made["description"] = socket.description
    if socket.tags:
        made["tags"] = list(dict.fromkeys(socket.tags))
    parameters = operations.parameters(socket)
    if parameters:
        made["parameters"] = parameters
    required = security.requirements(socket.security)
    if required:
        made["security"] = required
    if socket.deprecated:
        made["deprecated"] = True
    return made


def _tags(described: ApplicationDescription, routes: Iterable[RouteDescription]) -> list[Object]:
    """Return the tags that the application describes, and then those that routes have besides."""
    told = {str(tag["name"]): merged({}, tag) for tag in described.openapi_tags}
    used = dict.fromkeys(tag for route in routes for tag in route.tags)
    return [*told.values(), *({"name": tag} for tag in used if tag not in told)]
