"""Freezing: from what was declared to what answers, with every mistake found on the way.

Imported when the first application freezes, so that `import velocipy` pays for none of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from velocipy.concurrency import WorkerPool
from velocipy.conversion.table import UnsupportedType, union_members
from velocipy.errors import (
    HTTPException,
    ParameterError,
    PathError,
    RouteConflictError,
    StartupError,
    StartupErrorGroup,
)
from velocipy.files.static import StaticFiles
from velocipy.http.middleware import Middleware
from velocipy.http.request import Request
from velocipy.http.response import DeferredResponse, Response
from velocipy.http.retirement import retirement_headers
from velocipy.models import ModelAdapter, Models
from velocipy.plans.choices import Candidate, Places
from velocipy.plans.compiler import Compiled, compile_plan
from velocipy.plans.failures import Failures
from velocipy.plans.graph import Graph
from velocipy.plans.layers import Layers, answered, lay_around, read_sources, routed
from velocipy.plans.misses import Misses, Slashes
from velocipy.plans.plan import Plan
from velocipy.plans.policies import has_policies, lay_policies
from velocipy.plans.results import Results
from velocipy.plans.signature import MISSING, find_place, read_return
from velocipy.plans.sockets import Sockets
from velocipy.plans.streams import is_text, item_encoding, streamed_type
from velocipy.routing.convertors import convertors
from velocipy.routing.hosts import parse_host
from velocipy.routing.mounts import Mount
from velocipy.routing.options import Limits, Route
from velocipy.routing.path import Segment, parse_path
from velocipy.routing.urls import Template
from velocipy.routing.versions import APIVersion, is_version
from velocipy.serialization import JSONCodec
from velocipy.types import UNSET, ASGIApp, ExceptionHandler, Handler, Selection

if TYPE_CHECKING:
    from velocipy.plugin import OnException
    from velocipy.routing.plugged import Owner

Match = tuple[Plan, Sequence[str]]


class Settings(NamedTuple):
    """What of an application decides how its requests are answered, besides its routes."""

    codec: JSONCodec
    model_adapters: Sequence[ModelAdapter]
    overrides: Mapping[Handler, Handler]
    exception_handlers: Mapping[int | type[Exception], ExceptionHandler]
    limits: Limits
    debug: bool
    problem_details: bool
    namespace: Mapping[str, Any]
    convertors: Mapping[str, Any]
    slashes: Slashes
    versioning: APIVersion | None
    validate_response: bool
    middleware: Sequence[Middleware]
    asgi_middleware: Sequence[Middleware]
    within_asgi: ASGIApp
    layers: Layers
    worker_pools: Mapping[str, WorkerPool]
    on_exception: Sequence[tuple[Owner, OnException]]


class Frozen(NamedTuple):
    """What answers the requests of an application.

    Where there is middleware of ASGI, all goes to `asgi` first.
    """

    find: Callable[[str, str], Match]
    find_websocket: Callable[[str], Match]
    knows: Callable[[str], bool]
    asgi: ASGIApp
    miss: Plan
    failures: Failures
    plans: tuple[Plan, ...]
    names: Mapping[str, Template]
    models: Models
    mounts: Sequence[Route]


def freeze(routes: Iterable[Route], settings: Settings, faults: list[StartupError]) -> Frozen:
    """Compile every route.

    Args:
        routes: With what they have from the routers around.
        settings: Those of the application.
        faults: What is wrong already.

    Raises:
        StartupError: The one mistake that was found.
        StartupErrorGroup: All of them, if there are several.
    """
    _check_codec(settings.codec, faults)
    encode, decode = settings.codec.encode, settings.codec.decode
    results = Results(encode)
    failures = Failures(
        settings.exception_handlers,
        results,
        debug=settings.debug,
        problem_details=settings.problem_details,
        pool=settings.worker_pools["default"],
        on_exception=settings.on_exception,
    )
    misses = Misses(
        encode,
        decode,
        is_handled=not failures.answers_plainly(HTTPException(404)),
        limits=settings.limits,
        slashes=settings.slashes,
    )
    models = Models(settings.model_adapters, settings.codec)
    settings = settings._replace(convertors=convertors(settings.convertors))
    plans = []
    names: dict[str, Template] = {}
    named: dict[str, Route] = {}
    places, sockets = Places(), Sockets(misses.not_found, exact=settings.slashes != "merge")
    for route in routes:
        template = _read_template(route, settings, faults)
        plan = _make_plan(route, template, settings, models, results, failures, faults)
        place = route.path, route.methods
        if route.is_websocket:
            sockets.guard(plan, route, settings.layers, faults)
        elif route.middleware:
            lay_around(plan, settings.layers.around(partial(answered, copy(plan)), route.middleware, faults, place))
        plans.append(plan)
        names.setdefault(route.name, template)
        first = named.setdefault(route.name, route) if route.is_named else route
        declared = first.owner or first.handler
        if first.path != route.path and declared is not (route.owner or route.handler):  # else a router included twice
            faults.append(_same_name(route, named[route.name]))
        if template.is_guessed:
            continue
        version = None if settings.versioning is None else route.version
        conflicts: dict[Plan, list[str]] = {}
        for method in route.methods:
            taken = (sockets.places if route.is_websocket else places).add(
                template.segments, method, Candidate(plan, template.host, version)
            )
            if taken is not None:
                conflicts.setdefault(taken, []).append(method)
        faults += [_conflict(methods, route, taken.route) for taken, methods in conflicts.items() if taken.route]
    find: Callable[[str, str], Match] = misses.tree.find
    find_websocket = sockets.entry(settings.middleware, settings.layers, faults)
    if settings.middleware:
        entry = copy(misses.not_found)
        lay_around(entry, settings.layers.around(routed(find), settings.middleware, faults))
        find = _find_always(entry)
    asgi = settings.layers.around_asgi(settings.within_asgi, settings.asgi_middleware, faults)
    distinct = list({str(fault): fault for fault in faults}.values())  # a shared dependency is read for each route
    if len(distinct) == 1:
        raise distinct[0]
    if distinct:
        lines = "".join(f"\n  {number}. {fault}" for number, fault in enumerate(distinct, 1))
        raise StartupErrorGroup(f"{len(distinct)} mistakes keep the application from starting:{lines}", distinct)
    for name, route in named.items():  # a name that was given counts before that of a function
        names[name] = _read_template(route, settings, faults)
    places.add_heads()
    places.plant(misses.tree, settings.versioning, misses.refused)
    sockets.plant(settings.versioning)

    def knows(path: str) -> bool:
        return bool(misses.tree.matches(path) or sockets.tree.matches(path))

    mounts = [plan.route for plan in plans if plan.route is not None and isinstance(plan.route.handler, Mount)]
    return Frozen(find, find_websocket, knows, asgi, misses.not_found, failures, tuple(plans), names, models, mounts)


def _check_codec(codec: JSONCodec, faults: list[StartupError]) -> None:
    """Try the codec; one that does something else would be found by the first error that it has to tell."""
    try:
        encoded: Any = codec.encode({"detail": ["a", 1]})
        if isinstance(encoded, bytes) and codec.decode(encoded) is not None:
            return
        problem = f"the json_encoder {codec!r} encodes to a {type(encoded).__name__}, not to bytes."
    except Exception as error:
        problem = f"the json_encoder {codec!r} cannot be used: {type(error).__name__}: {error}."
    faults.append(StartupError(problem, "Give an object with encode(value) -> bytes and decode(bytes)."))


def _find_always(plan: Plan) -> Callable[[str, str], Match]:
    match: Match = plan, ()
    return lambda method, path: match


def _read_template(route: Route, settings: Settings, faults: list[StartupError]) -> Template:
    """Return where *route* stands; what can be guessed of it, and faults, if that cannot be read."""
    place = find_place(route.handler)._asdict()
    host = None
    try:
        host = None if route.host is None else parse_host(route.host, settings.convertors)
        segments = parse_path(route.path, settings.convertors, exact=settings.slashes != "merge")
        is_mount = isinstance(route.handler, (StaticFiles, Mount))
        template = Template(segments, host, is_websocket=route.is_websocket, is_mount=is_mount)
    except PathError as error:
        faults.append(PathError(error.problem, error.remedy, **place))
        # The handler's own mistakes are found as well.
        guessed = re.findall(r"{(\w+)", f"{route.path} {route.host or ''}")
        return Template([Segment(name, name) for name in guessed], None, is_guessed=True)
    for name in template.names:
        if template.names.count(name) > 1:
            problem = f"the path {route.path!r} and the host {route.host!r} both name {name!r}."
            faults.append(PathError(problem, "Give each value a name of its own.", **place))
    if route.version is not None and is_version(route.version) is None:
        problem = f"the version {route.version!r} of {route.path} is none."
        faults.append(StartupError(problem, "Give letters, digits, dots, hyphens and underscores.", **place))
    return template


def _make_plan(
    route: Route,
    template: Template,
    settings: Settings,
    models: Models,
    results: Results,
    failures: Failures,
    faults: list[StartupError],
) -> Plan:
    """Return the plan of *route*; one that cannot run, and faults, if there are any."""
    status = route.status_code
    before = len(faults)
    if status is not None and not (isinstance(status, int) and 200 <= status <= 599):
        problem = f"the status_code {status!r} of {route.path} is no status of a response."
        faults.append(StartupError(problem, "Give one of 200 to 599.", **find_place(route.handler)._asdict()))
    stands_apart = route.is_websocket or has_policies(route.limits)
    guard = failures if (settings.middleware or route.middleware) and not stands_apart else None
    codec = route.json_encoder or settings.codec
    if route.json_encoder is not None:
        _check_codec(codec, faults)
    if route.json_encoder is not None or route.model_adapters:
        models = Models((*route.model_adapters, *settings.model_adapters), codec)
        results = Results(codec.encode)
    pool = settings.worker_pools.get(route.limits.pool)
    if pool is None:
        problem = f"the pool {route.limits.pool!r} of {route.path} is none of {', '.join(settings.worker_pools)}."
        remedy = f"Say how many threads it has: VelociPy(worker_pools={{{route.limits.pool!r}: 2}})."
        faults.append(StartupError(problem, remedy, **find_place(route.handler)._asdict()))
    if isinstance(route.handler, (StaticFiles, Mount)):
        faults += route.handler.faults()
    if route.response_class is not None and issubclass(route.response_class, DeferredResponse):
        for problem, remedy in route.response_class.faults():
            faults.append(StartupError(problem, remedy, **find_place(route.handler)._asdict()))
    graph = Graph(
        models,
        settings.overrides,
        faults,
        template.values,
        _namespace(route, settings),
        settings.convertors,
        sources={
            **{key: call for plugged in reversed(route.plugged) for key, call in plugged.sources.items()},
            **read_sources((*settings.middleware, *route.middleware), faults),
        },
        is_websocket=route.is_websocket,
    )
    call = graph.read(route.handler, route.dependencies, route.owner)
    if not route.is_websocket:
        results = _results(route, settings, models, results, faults)
    compiled = Compiled(_cannot_run, results, takes_request=False, source="")
    if len(faults) == before and pool is not None:
        compiled = compile_plan(call, template.names, status, models, pool, results, guard)
    plan = Plan(
        compiled.run,
        compiled.results,
        takes_request=compiled.takes_request,
        answers_errors=guard is not None,
        decode=codec.decode,
        status=status if isinstance(status, int) else 200,
        path_names=template.names,
        limits=route.limits,
        route=route,
        call=call,
        models=models,
        source_text=compiled.source,
    )
    if has_policies(route.limits):
        lay_policies(plan)
    try:
        plan.add_headers(retirement_headers(route.deprecated, route.sunset))
    except ValueError as error:
        problem = f"the retirement of {route.path} cannot be told: {error}."
        faults.append(StartupError(problem, "Correct it.", **find_place(route.handler)._asdict()))
    return plan


def _namespace(route: Route, settings: Settings) -> dict[str, Any] | None:
    return {**settings.namespace, **(route.namespace or {})} or None


def _results(route: Route, settings: Settings, models: Models, results: Results, faults: list[StartupError]) -> Results:
    """Return what makes an answer of what the handler of *route* returns: *results*, unless something was declared."""
    declared, response_class = route.response_model, route.response_class
    encode = encode_item = checked = None
    try:
        if declared is UNSET:
            declared = _without_responses(read_return(route.handler, _namespace(route, settings)))
        check = settings.validate_response if route.validate_response is None else route.validate_response
        item = streamed_type(declared, route.handler)
        if item is not None and (response_class is not None or not is_text(item)):
            response_class, encode_item = item_encoding(item, response_class, models, route.selection, check=check)
        elif declared is not None and (item is None or route.selection != Selection()):  # of text there is no encoder
            encode = models.encoder(declared, route.selection)
            if check and declared not in (Any, object):
                checked = models.encoder(declared, route.selection, check=True)
            if encode is not None:  # a type without fields is checked, and answers as it would anyway
                encode, checked = checked or encode, None
        elif route.selection != Selection():
            raise UnsupportedType("nothing is declared to choose fields from")
    except Exception as error:  # of a library that was asked about the type too
        problem = f"the type that it returns cannot be used: {error}."
        remedy = "Correct it, or say response_model=None."
        faults.append(ParameterError(problem, remedy, **find_place(route.handler)._asdict()))
        return results
    if encode is None and checked is None and response_class is None and route.status_code is None:
        return results
    return Results(
        results.encode,
        status=route.status_code,
        declared=encode,
        response_class=response_class,
        decode=(route.json_encoder or settings.codec).decode,
        encode_item=encode_item,
        check=checked,
    )


def _without_responses(annotation: Any) -> Any:
    """Return the type that a handler returns besides responses, None if there is no other."""
    members = union_members(annotation) or (annotation,)
    others = [item for item in members if not (isinstance(item, type) and issubclass(item, Response))]
    if not others or others[0] is MISSING:
        return None
    return annotation if len(others) == len(members) else Union[tuple(others)]  # noqa: UP007


async def _cannot_run(request: Request, path: Sequence[str]) -> Response:
    raise AssertionError("a plan with faults never runs")


def _conflict(methods: list[str], route: Route, taken: Route) -> RouteConflictError:
    place, first = find_place(route.handler), find_place(taken.handler)
    asked = f"{'WebSocket' if route.is_websocket else ' and '.join(methods)} {route.path}"
    remedy = "Change the path or the method of one, or remove it."
    if any(str(getattr(item.handler, "__module__", "")).startswith("velocipy.openapi") for item in (route, taken)):
        remedy = "Say where documents are: by docs_url= and openapi_url= of VelociPy, or the options of OpenAPIPlugin."
    return RouteConflictError(
        f"{asked} is already answered by {first.handler}() at {first.place} ({taken.path}).",
        remedy,
        place=place.place,
        handler=place.handler,
    )


def _same_name(route: Route, taken: Route) -> StartupError:
    place, first = find_place(route.handler), find_place(taken.handler)
    return StartupError(
        f"the name {route.name!r} is that of {first.handler}() at {first.place} already.",
        "Give each route a name of its own.",
        place=place.place,
        handler=place.handler,
    )
