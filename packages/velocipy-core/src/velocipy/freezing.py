"""Freezing: from what was declared to what answers, with every mistake found on the way.

Imported when the first application freezes, so that `import velocipy` pays for none of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Union

from velocipy.conversion.table import UnsupportedType, union_members
from velocipy.errors import (
    HTTPException,
    ParameterError,
    PathError,
    RouteConflictError,
    StartupError,
    StartupErrorGroup,
)
from velocipy.http.request import Request
from velocipy.http.response import Response
from velocipy.models import ModelAdapter, Models
from velocipy.plans.compiler import compile_plan
from velocipy.plans.failures import Failures
from velocipy.plans.graph import Graph
from velocipy.plans.plan import Plan, Run
from velocipy.plans.results import Results, without_body
from velocipy.plans.signature import MISSING, find_place, read_return
from velocipy.routing.convertors import convertors
from velocipy.routing.path import Segment, parse_path
from velocipy.routing.router import Route
from velocipy.routing.tree import Tree
from velocipy.serialization import JSONCodec
from velocipy.types import UNSET, ExceptionHandler, Handler, Selection

Match = tuple[Plan, Sequence[str]]


class Settings(NamedTuple):
    """What of an application decides how its requests are answered, besides its routes."""

    codec: JSONCodec
    model_adapters: Sequence[ModelAdapter]
    overrides: Mapping[Handler, Handler]
    exception_handlers: Mapping[int | type[Exception], ExceptionHandler]
    max_content_length: int | None
    debug: bool
    problem_details: bool
    namespace: Mapping[str, Any]
    convertors: Mapping[str, Any]


class Frozen(NamedTuple):
    """What answers the requests of an application."""

    find: Callable[[str, str], Match]
    failures: Failures
    plans: tuple[Plan, ...]
    names: Mapping[str, Sequence[Segment]]
    models: Models


def freeze(routes: Iterable[Route], settings: Settings) -> Frozen:
    """Compile every route.

    Raises:
        StartupError: The one mistake that was found.
        StartupErrorGroup: All of them, if there are several.
    """
    faults: list[StartupError] = []
    results = Results(settings.codec.encode)
    failures = Failures(
        settings.exception_handlers, results, debug=settings.debug, problem_details=settings.problem_details
    )
    misses = _Misses(results, failures, settings.max_content_length)
    tree = Tree(misses.not_found, misses.refused)
    misses.methods = tree.methods
    models = Models(settings.model_adapters, settings.codec)
    settings = settings._replace(convertors=convertors(settings.convertors))
    plans = []
    names: dict[str, list[Segment]] = {}
    named: dict[str, Route] = {}
    heads: list[tuple[list[Segment], Plan]] = []
    for route in routes:
        try:
            segments = parse_path(route.path, settings.convertors)
        except PathError as error:
            place = find_place(route.handler)
            faults.append(PathError(error.problem, error.remedy, place=place.place, handler=place.handler))
            # The handler's own mistakes are found as well.
            guessed = [Segment(name, name) for name in re.findall(r"{(\w+)", route.path)]
            _make_plan(route, guessed, settings, models, results, faults)
            continue
        plan = _make_plan(route, segments, settings, models, results, faults)
        plans.append(plan)
        names.setdefault(route.name, segments)
        if route.is_named and named.setdefault(route.name, route) is not route:
            faults.append(_same_name(route, named[route.name]))
        conflicts: dict[Plan, list[str]] = {}
        for method in route.methods:
            taken = tree.add(segments, method, plan)
            if taken is not None:
                conflicts.setdefault(taken, []).append(method)
        faults += [_conflict(methods, route, taken.route) for taken, methods in conflicts.items() if taken.route]
        if "GET" in route.methods:
            heads.append((segments, _head(plan)))
    for segments, plan in heads:
        tree.add(segments, "HEAD", plan)  # where a HEAD route was declared, that one stays
    distinct = list({str(fault): fault for fault in faults}.values())  # a shared dependency is read for each route
    if len(distinct) == 1:
        raise distinct[0]
    if distinct:
        lines = "".join(f"\n  {number}. {fault}" for number, fault in enumerate(distinct, 1))
        raise StartupErrorGroup(f"{len(distinct)} mistakes keep the application from starting:{lines}", distinct)
    for name, route in named.items():  # a name that was given counts before that of a function
        names[name] = parse_path(route.path, settings.convertors)
    return Frozen(tree.find, failures, tuple(plans), names, models)


def _make_plan(
    route: Route,
    segments: list[Segment],
    settings: Settings,
    models: Models,
    results: Results,
    faults: list[StartupError],
) -> Plan:
    """Return the plan of *route*; one that cannot run, and faults, if there are any."""
    path_names = tuple(name for segment in segments for name, _ in segment.values)
    status = route.status_code
    before = len(faults)
    if status is not None and not (isinstance(status, int) and 200 <= status <= 599):
        problem = f"the status_code {status!r} of {route.path} is no status of a response."
        faults.append(StartupError(problem, "Give one of 200 to 599.", **find_place(route.handler)._asdict()))
    graph = Graph(models, settings.overrides, faults, segments, _namespace(route, settings), settings.convertors)
    call = graph.read(route.handler, route.dependencies)
    answers = _answers(route, settings, models, results, faults)
    run: Run = _cannot_run
    source = ""
    if len(faults) == before:
        run, source = compile_plan(call, path_names, status, models, answers)
    return Plan(
        run,
        status=status if isinstance(status, int) else 200,
        path_names=path_names,
        max_content_length=settings.max_content_length,
        route=route,
        call=call,
        source_text=source,
    )


def _namespace(route: Route, settings: Settings) -> dict[str, Any] | None:
    return {**settings.namespace, **(route.namespace or {})} or None


def _answers(route: Route, settings: Settings, models: Models, results: Results, faults: list[StartupError]) -> Results:
    """Return what makes an answer of what the handler of *route* returns."""
    declared = route.response_model
    encode = None
    try:
        if declared is UNSET:
            declared = _without_responses(read_return(route.handler, _namespace(route, settings)))
        if declared is not None:
            encode = models.encoder(declared, route.selection)
        elif route.selection != Selection():
            raise UnsupportedType("nothing is declared to choose fields from")
    except Exception as error:  # of a library that was asked about the type too
        problem = f"the type that it returns cannot be used: {error}."
        remedy = "Correct it, or say response_model=None."
        faults.append(ParameterError(problem, remedy, **find_place(route.handler)._asdict()))
        return results
    if encode is None and route.response_class is None:
        return results
    return Results(results.encode, declared=encode, response_class=route.response_class, decode=settings.codec.decode)


def _without_responses(annotation: Any) -> Any:
    """Return the type that a handler returns besides responses, None if there is no other."""
    members = union_members(annotation) or (annotation,)
    others = [item for item in members if not (isinstance(item, type) and issubclass(item, Response))]
    if not others or others[0] is MISSING:
        return None
    return annotation if len(others) == len(members) else Union[tuple(others)]  # noqa: UP007


async def _cannot_run(request: Request) -> Response:
    raise AssertionError("a plan with faults never runs")


def _head(plan: Plan) -> Plan:
    """Return the plan that answers HEAD from that of GET."""
    return Plan(
        without_body(plan.run, plan.status),
        status=plan.status,
        path_names=plan.path_names,
        max_content_length=plan.max_content_length,
        route=plan.route,
        call=plan.call,
        source_text=plan.source_text,
    )


def _conflict(methods: list[str], route: Route, taken: Route) -> RouteConflictError:
    place, first = find_place(route.handler), find_place(taken.handler)
    asked = f"{' and '.join(methods)} {route.path}"
    return RouteConflictError(
        f"{asked} is already answered by {first.handler}() at {first.place} ({taken.path}).",
        "Change the path or the method of one, or remove it.",
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


class _Misses:
    """Answers what no route does: 404, 405 with `Allow`, and OPTIONS (RFC 9110 sections 9.3.7, 15.5.5 and 15.5.6)."""

    methods: Callable[[str], set[str]]

    def __init__(self, results: Results, failures: Failures, max_content_length: int | None) -> None:
        self._encode = results.encode
        handled = failures.handles(HTTPException(404))
        self.not_found = Plan(
            self._raise_not_found if handled else self._answer_not_found,
            status=404,
            max_content_length=max_content_length,
        )
        self._not_allowed = Plan(self._raise_not_allowed, max_content_length=max_content_length)
        self._options = Plan(self._answer_options, max_content_length=max_content_length)

    def refused(self, method: str) -> Plan:
        """Return what answers *method* at a path where other methods are answered."""
        return self._options if method == "OPTIONS" else self._not_allowed

    async def _answer_not_found(self, request: Request) -> bytes | Response:
        # PERF: what raising would come to, while nobody has registered a handler for it.
        body = self._encode({"detail": "Not Found"})
        return Response(body, 404, media_type="application/json") if request.method == "HEAD" else body

    async def _raise_not_found(self, request: Request) -> Response:
        raise HTTPException(404)

    async def _raise_not_allowed(self, request: Request) -> Response:
        raise HTTPException(405, headers={"allow": self._allow(request.path)})

    async def _answer_options(self, request: Request) -> Response:
        return Response(None, 200, {"allow": self._allow(request.path)})

    def _allow(self, path: str) -> str:
        return ", ".join(sorted({*self.methods(path), "OPTIONS"}))
