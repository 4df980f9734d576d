"""The document: all operations of an application, or of a part of it, as OpenAPI 3.1."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from velocipy.description import ApplicationDescription, RouteDescription, WebSocketDescription
from velocipy.json_schema import Schemas
from velocipy.openapi.operation_ids import OperationId, by_handler, name_operations
from velocipy.openapi.operations import Object, Operations, merged, titled
from velocipy.openapi.refinement import Bodies, OpenAPI
from velocipy.openapi.security import Security

_logger = logging.getLogger("velocipy")

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

    A type that has no JSON Schema is told as anything, and warned of on the log.

    Raises:
        DuplicateOperationId: If two routes have one `operation_id`.
    """
    adapters = {id(item): item for item in described.model_adapters}
    for route in (*described.routes, *described.websockets):
        adapters |= {id(item): item for item in route.model_adapters}
    unknown: dict[str, str] = {}  # where each was met first
    schemas = Schemas(list(adapters.values()), on_unknown=lambda problem: unknown.setdefault(problem, operations.place))
    security = Security()
    operations = Operations(schemas, security)
    webhooks = [route for route in content.webhooks.routes if route.include_in_schema] if content.webhooks else []
    chosen = [route for route in described.routes if route.include_in_schema and content.select(route)]
    listed = [(route, method) for route in (*chosen, *webhooks) for method in route.methods]
    names = name_operations(listed, content.operation_ids)
    told = _operations(chosen, operations, names, lambda route: route.template or "/")
    told_hooks = _operations(webhooks, operations, names, lambda route: route.template.strip("/"))
    chosen_sockets = [item for item in described.websockets if item.include_in_schema and content.select(item)]
    sockets = {item.template: _websocket(item, operations, security) for item in chosen_sockets}
    operations.place = ""
    definitions = schemas.finish()  # from here on, schemas may be copied
    operations.finish()
    for problem, place in unknown.items():
        _logger.warning("%sthe OpenAPI document tells nothing of a type: %s", place and f"{place}: ", problem)
    made: Object = {"openapi": OPENAPI, "info": _info(described, content)}
    if content.external_docs:
        made["externalDocs"] = dict(content.external_docs)
    if described.servers:
        made["servers"] = [merged({}, server) for server in described.servers]
    made["paths"] = {path: _path_item(item) for path, item in told.items()}
    if told_hooks:
        made["webhooks"] = {name: _path_item(item) for name, item in told_hooks.items()}
    if sockets:
        made["x-websockets"] = sockets
    tags = _tags(described, chosen)
    if tags:
        made["tags"] = tags
    if content.security:
        made["security"] = [dict(item) for item in content.security]
    components = {"schemas": definitions, "securitySchemes": security.components()}
    if any(components.values()):
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


class _Told(NamedTuple):
    """An operation, and what its route says besides, for when the schemas are complete."""

    operation: Object
    route: RouteDescription
    bodies: Bodies | None


def _operations(
    routes: Iterable[RouteDescription],
    operations: Operations,
    names: Mapping[tuple[int, str], str],
    path_of: Callable[[RouteDescription], str],
) -> dict[str, dict[str, _Told]]:
    """Return the operations by path and method; where hosts or versions share both, the first is told."""
    made: dict[str, dict[str, _Told]] = {}
    for route in routes:
        item = made.setdefault(path_of(route), {})
        for method in route.methods:
            if method not in item:
                operation = operations.operation(route, names[id(route), method])
                said = route.openapi
                bodies = said.add_to(operations.schemas) if isinstance(said, OpenAPI) else None
                item[method] = _Told(operation, route, bodies)
    return made


def _path_item(told: Mapping[str, _Told]) -> Object:
    """Return a Path Item Object."""
    made: Object = {}
    for method, operation in told.items():
        if method in METHODS:
            made[method.lower()] = _refined(*operation)
        else:
            made.setdefault("x-methods", {})[method] = _refined(*operation)
    return made


def _refined(operation: Object, route: RouteDescription, bodies: Bodies | None) -> Object:
    made = merged(operation, route.openapi_extra)
    if bodies is not None:
        made = route.openapi.refine(made, bodies)
    elif route.openapi is not None:
        made = merged(made, route.openapi)
    if "responses" in made:
        made["responses"] = dict(sorted(made["responses"].items()))
    return made


def _websocket(socket: WebSocketDescription, operations: Operations, security: Security) -> Object:
    made: Object = {"summary": socket.summary or titled(socket.handler.name)}
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
