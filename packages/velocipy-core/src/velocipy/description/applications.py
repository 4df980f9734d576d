"""From an application that is frozen to its description: its routes, WebSockets and mounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from velocipy.description.answers import Answers, Errors
from velocipy.description.inputs import Inputs, describe_callable, frozen, raised_in
from velocipy.description.nouns import (
    NOTHING,
    ApplicationDescription,
    CallableDescription,
    MountDescription,
    ParameterDescription,
    RouteDescription,
    SegmentDescription,
    WebSocketDescription,
)
from velocipy.http.middleware import Middleware, OnWebSockets
from velocipy.plans.plan import Plan
from velocipy.raising import Raised
from velocipy.routing.convertors import convertors
from velocipy.routing.hosts import parse_host
from velocipy.routing.mounts import Mount
from velocipy.routing.options import Route
from velocipy.routing.path import Segment, parse_path
from velocipy.routing.router import Router

if TYPE_CHECKING:
    from velocipy.application import VelociPy
    from velocipy.routing.plugged import Plugged, Plugins


def describe_application(
    app: VelociPy,
    tell: Callable[[Route, RouteDescription | WebSocketDescription], object] = lambda route, it: None,
    *,
    scope: Plugged | None = None,
) -> ApplicationDescription:
    """Return what *app* takes and gives; `velocipy.description.describe` tells the rest.

    Args:
        app: The application.
        tell: Called with each route and WebSocket and its description, when all are described.
        scope: Of which routes, WebSockets and mounts are told; None for all.
    """
    frozen_app, plugins = app._ready(), app._plugins
    assert plugins is not None
    added = plugins.of_application.added
    describer = _Describer(app, plugins)
    routes: dict[Plan, RouteDescription] = {}
    websockets: dict[Plan, WebSocketDescription] = {}
    mounts = []
    for plan in frozen_app.plans:
        route = plan.route
        assert route is not None
        if scope is not None and scope not in route.plugged:
            continue
        if isinstance(route.handler, Mount):
            mounts.append(describer.mount(route, route.handler))
        elif route.is_websocket and not isinstance(getattr(route.handler, "__self__", None), Mount):
            websockets[plan] = describer.websocket(plan, route)
        elif not route.is_websocket:
            routes[plan] = describer.route(plan, route)
    for plan in frozen_app.plans:
        endpoint = routes.get(plan) or websockets.get(plan)
        if endpoint is not None and plan.route is not None:
            tell(plan.route, endpoint)
    return ApplicationDescription(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        terms_of_service=app.terms_of_service,
        contact=frozen(app.contact),
        license_info=frozen(app.license_info),
        servers=frozen(app.servers),
        openapi_tags=frozen(app.openapi_tags),
        docs_url=app.docs_url,
        openapi_url=app.openapi_url,
        root_path=app._default_root_path,
        problem_details=app._problem_details,
        slashes=app._slashes,
        versioned_by=() if app._versioning is None else app._versioning.vary,
        debug=app.debug,
        max_query_fields=app.max_query_fields,
        max_header_fields=app.max_header_fields,
        middleware=_names(app._asgi_middleware) + _names(Router._around_routes(app, [added])),
        json_encoder=_class_name(app._codec),
        model_adapters=describer.model_adapters,
        routes=tuple(routes.values()),
        websockets=tuple(websockets.values()),
        mounts=tuple(mounts),
    )


class _Describer:
    """Describes the routes of one application."""

    def __init__(self, app: VelociPy, plugins: Plugins) -> None:
        self._app = app
        self.model_adapters = app._ready().models.adapters
        self._convertors = convertors({**plugins.convertors, **app._convertors})
        self._functions: dict[int, CallableDescription] = {}

    def route(self, plan: Plan, route: Route) -> RouteDescription:
        """Return the description of a route of requests."""
        app = self._app
        check = app._validate_response if route.validate_response is None else route.validate_response
        inputs = self._inputs(plan, route)
        answers = Answers(plan, route, app._namespace)
        body = inputs.body(route.limits, app.multipart_max_memory_size)
        errors = self._errors(plan, route, inputs)
        errors.add_of_framework(inputs.inputs, body, route.limits.timeout, app.max_query_fields)
        if app._versioning is not None and route.version is not None:
            errors.add(Raised(406, "The request asks for no version that there is"))
        return RouteDescription(
            **self._common(plan, route, inputs),
            errors=errors.in_order(),
            methods=route.methods,
            body=body,
            responses=answers.responses(),
            response_model=answers.model,
            selection=route.selection,
            response_class=route.response_class,
            validate_response=check,
            timeout=route.limits.timeout,
            operation_id=route.operation_id,
            openapi_extra=frozen(route.openapi_extra) or NOTHING,
            openapi=frozen(route.openapi),
        )

    def websocket(self, plan: Plan, route: Route) -> WebSocketDescription:
        """Return the description of a route of WebSockets."""
        inputs = self._inputs(plan, route)
        errors = self._errors(plan, route, inputs)
        errors.add_of_framework(inputs.inputs, None, None, self._app.max_query_fields)
        if route.allowed_origins is not None:
            errors.add(Raised(403, "Origin not allowed"))
        return WebSocketDescription(
            **self._common(plan, route, inputs), errors=errors.in_order(), allowed_origins=route.allowed_origins
        )

    def mount(self, route: Route, mount: Mount) -> MountDescription:
        """Return the description of an application that is mounted."""
        own = hasattr(mount.target, "freeze")
        return MountDescription(
            path=route.path.removesuffix("/{path*}"),
            name=route.name,
            kind="velocipy" if own else mount.kind,
            target=None if own else describe_callable(mount.target),
            application=describe_application(mount.target) if own else None,
            serves_websockets=mount.kind == "asgi",
            max_content_length=route.limits.max_content_length,
            host=route.host,
            middleware=_names(route.middleware),
        )

    def _inputs(self, plan: Plan, route: Route) -> Inputs:
        assert plan.call is not None
        hosts = {name for label in self._host(route) for name, _ in label.values}
        return Inputs(plan.call, hosts, self._functions)

    def _errors(self, plan: Plan, route: Route, inputs: Inputs) -> Errors:
        errors = Errors(route, problem_details=self._app._problem_details)
        for call in inputs.calls:
            for error in raised_in(call):
                errors.add(error, inputs.function(call.call).name)
        return errors

    def _common(self, plan: Plan, route: Route, inputs: Inputs) -> dict[str, Any]:
        """Return the fields that routes and WebSockets have in common."""
        handler = inputs.function(route.handler)
        segments = parse_path(route.path, self._convertors, exact=self._app._slashes != "merge")
        host = self._host(route)
        first, _, rest = handler.documentation.partition("\n")
        parameters = inputs.parameters()
        return {
            "path": route.path,
            "template": "/" + "/".join(map(_template, segments)),
            "segments": tuple(map(_segment, segments)),
            "host": route.host,
            "host_segments": tuple(map(_segment, host)),
            "name": route.name,
            "is_named": route.is_named,
            "handler": handler,
            "owner": route.owner,
            "parameters": (*parameters, *self._untaken(segments, host, parameters)),
            "dependencies": inputs.dependencies,
            "takes": inputs.takes,
            "security": inputs.security(),
            "headers": plan.more_headers,
            "middleware": _names(route.middleware),
            "version": route.version,
            "deprecated": route.deprecated,
            "sunset": route.sunset,
            "tags": route.tags,
            "summary": route.summary or first or None,
            "description": route.description or rest.strip() or None,
            "include_in_schema": route.include_in_schema,
            "max_content_length": route.limits.max_content_length,
            "on_disconnect": route.limits.on_disconnect,
            "pool": route.limits.pool,
            "json_encoder": _class_name(route.json_encoder or self._app._codec),
            "model_adapters": (*route.model_adapters, *self.model_adapters),
        }

    def _host(self, route: Route) -> Sequence[Segment]:
        return () if route.host is None else parse_host(route.host, self._convertors).labels

    def _untaken(
        self, segments: Sequence[Segment], host: Sequence[Segment], taken: Iterable[ParameterDescription]
    ) -> list[ParameterDescription]:
        """Return the values that no parameter takes, since the handler asks the request for them."""
        known = {item.alias for item in taken if item.place in ("path", "host")}
        places: list[tuple[Literal["path", "host"], Sequence[Segment]]] = [("path", segments), ("host", host)]
        return [
            ParameterDescription(
                name=name, alias=name, place=place, annotation=self._convertors[convertor] if convertor else str
            )
            for place, parts in places
            for segment in parts
            for name, convertor in segment.values
            if name not in known
        ]


def _segment(segment: Segment) -> SegmentDescription:
    return SegmentDescription(
        text=segment.text, values=segment.values, literals=_literals(segment), catches_all=segment.catches_all
    )


def _literals(segment: Segment) -> tuple[str, ...]:
    if segment.pattern is not None:
        return segment.pattern.literals
    return (segment.text,) if segment.name is None else ("", "")


def _template(segment: Segment) -> str:
    literals = _literals(segment)
    names = (f"{{{name}}}" for name, _ in segment.values)
    return literals[0] + "".join(name + literal for name, literal in zip(names, literals[1:], strict=True))


def _names(middleware: Iterable[Middleware]) -> tuple[str, ...]:
    return tuple(_name(item.factory) for item in middleware)


def _name(factory: Any) -> str:
    function: Any = factory.dispatch_websocket if isinstance(factory, OnWebSockets) else factory
    if not hasattr(function, "__qualname__"):
        return _class_name(function)
    return f"{function.__module__}.{function.__qualname__}"


def _class_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
