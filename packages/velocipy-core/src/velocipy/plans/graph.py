"""From a handler's signature to data: where each value comes from, and what depends on what.

Every mistake is added to `faults`, and reading goes on, so that one start shows them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from velocipy.conversion.constraints import constrain, read_constraints
from velocipy.conversion.records import is_record
from velocipy.conversion.scalars import TEXT
from velocipy.conversion.table import UnsupportedType, union_members, unwrap
from velocipy.errors import DependencyError, ParameterError, StartupError
from velocipy.http.request import Request
from velocipy.models import Models
from velocipy.plans.dependencies import Dependency
from velocipy.plans.plan import Argument, Call, Input
from velocipy.plans.signature import MISSING, Parameter, call_kind, find_place, read_parameters
from velocipy.plans.sources import UNSET, Place, Source, as_source
from velocipy.routing.convertors import convertor_type
from velocipy.routing.path import Segment

_LIST_ORIGINS = (list, set, frozenset, tuple)
_NO_SOURCE = "Mark it with Query(), Header(), Cookie(), Form() or Body(), or give it a type that says where it is from."


class _Written(NamedTuple):
    """A parameter with its markers told apart from its type."""

    parameter: Parameter
    annotation: Any  # without our markers, with everything else that it was annotated with
    sources: list[Source]
    dependency: Dependency | None
    default: Any


class Graph:
    """Reads the handlers of one application.

    Args:
        models: Its conversions.
        overrides: `VelociPy.dependency_overrides`.
        faults: Where mistakes go.
    """

    def __init__(
        self, models: Models, overrides: Mapping[Callable[..., Any], Callable[..., Any]], faults: list[StartupError]
    ) -> None:
        self._models = models
        self._overrides = overrides
        self._faults = faults

    def read(self, handler: Callable[..., Any], segments: list[Segment], namespace: dict[str, Any] | None) -> Call:
        """Return *handler* with all that fills its parameters."""
        path = {segment.name: segment for segment in segments if segment.name is not None}
        reading = _Reading(self._models, self._overrides, self._faults, path, namespace)
        before = len(self._faults)
        call = reading.call(handler, ())
        if len(self._faults) == before:
            reading.check_whole(call)
        return call


class _Reading:
    """One handler being read: what its dependencies share."""

    def __init__(
        self,
        models: Models,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]],
        faults: list[StartupError],
        path: dict[str, Segment],
        namespace: dict[str, Any] | None,
    ) -> None:
        self._models = models
        self._overrides = overrides
        self._faults = faults
        self._path = path
        self._namespace = namespace
        self._calls: dict[Callable[..., Any], Call] = {}
        self._takes_request = False

    def call(self, call: Callable[..., Any], above: tuple[Callable[..., Any], ...]) -> Call:
        kind = call_kind(call)
        if not above and kind not in ("async", "plain"):
            self._fault(
                ParameterError,
                call,
                None,
                f"a handler cannot be a {kind}.",
                "Return a StreamingResponse of it, or use it as a dependency.",
            )
        arguments = []
        for parameter in read_parameters(call, self._namespace, self._faults) or ():
            written = self._written(call, parameter)
            filled_by = self._fill(call, written, (*above, call)) if written is not None else UNSET
            if filled_by is not UNSET:
                arguments.append(Argument(parameter.name, filled_by, parameter.positional))
        return Call(call, kind, arguments)

    def check_whole(self, handler: Call) -> None:
        """Find what only the whole handler shows: path values that nobody takes, two kinds of body."""
        inputs = handler.inputs()
        taken = {item.name for item in inputs if item.place == "path"}
        for name in self._path:
            if name not in taken and not self._takes_request:
                self._fault(
                    ParameterError,
                    handler.call,
                    name,
                    "the path has this value, but no parameter takes it.",
                    f"Add the parameter {name!r}, or take the value out of the path.",
                )
        body = next((item for item in inputs if item.place == "body"), None)
        form = next((item for item in inputs if item.place == "form"), None)
        if body is not None and form is not None:
            self._fault(
                ParameterError,
                handler.call,
                body.name,
                f"it is read from a JSON body, and {form.name!r} from a form, but a request has one body.",
                "Take both from the form, or both from the JSON body.",
            )

    # -- one parameter -----------------------------------------------------------------------------------------------

    def _written(self, call: Callable[..., Any], parameter: Parameter) -> _Written | None:
        """Tell the markers of a parameter from its type; None, with a fault, if they contradict each other."""
        sources: list[Source] = []
        dependencies: list[Dependency] = []
        annotation = parameter.annotation
        metadata: list[Any] = []
        if get_origin(annotation) is Annotated:
            metadata = [*annotation.__metadata__]
            annotation = annotation.__origin__
        others = []
        for item in (*metadata, parameter.default):
            source = as_source(item)
            if source is not None:
                sources.append(source)
            elif isinstance(item, Dependency):
                dependencies.append(item)
            elif item is not parameter.default:
                others.append(item)
        for item in others:
            annotation = Annotated[annotation, item]
        marked = as_source(parameter.default) is not None or isinstance(parameter.default, Dependency)
        default = UNSET if marked or parameter.default in (MISSING, ...) else parameter.default
        if len(sources) + len(dependencies) > 1:
            named = " and ".join(map(repr, (*sources, *dependencies)))
            self._fault(
                ParameterError,
                call,
                parameter.name,
                f"it is marked as {named}, but a value comes from one place.",
                "Keep one of the markers.",
            )
            return None
        return _Written(parameter, annotation, sources, dependencies[0] if dependencies else None, default)

    def _fill(self, call: Callable[..., Any], written: _Written, above: tuple[Callable[..., Any], ...]) -> Any:
        """Return what fills a parameter, UNSET if a fault was found."""
        name = written.parameter.name
        plain, _ = unwrap(written.annotation)
        if written.dependency is not None:
            return self._depend(call, written, above)
        if (isinstance(plain, type) and issubclass(plain, Request)) or (name == "request" and plain is MISSING):
            self._takes_request = True
            return None
        if written.sources:
            return self._input(call, written, written.sources[0])
        if name in self._path:
            return self._input(call, written, Source("path"))
        if plain is MISSING:
            return self._fault(
                ParameterError,
                call,
                name,
                "it has no annotation, so that its type is unknown.",
                f"Write one. {_NO_SOURCE}",
            )
        place = self._place_by_type(written.annotation)
        if place is None:
            if written.default is not UNSET:
                return self._fault(
                    ParameterError,
                    call,
                    name,
                    f"no request can bring a {_type_name(plain)}.",
                    "Take it as a dependency with Depends(), or close over it.",
                )
            return self._fault(ParameterError, call, name, f"no request can bring a {_type_name(plain)}.", _NO_SOURCE)
        return self._input(call, written, Source(place))

    def _place_by_type(self, annotation: Any) -> Place | None:
        """Return the place that a type has by itself, None for a type that says nothing."""
        plain, _ = unwrap(annotation)
        members = [member for member in union_members(plain) if member is not type(None)] or [plain]
        places: set[Place | None] = {self._place_of_member(member) for member in members}
        return places.pop() if len(places) == 1 else None

    def _place_of_member(self, annotation: Any) -> Place | None:
        plain, _ = unwrap(annotation)
        origin = get_origin(plain) or plain
        if isinstance(origin, type) and (issubclass(origin, (dict, *_LIST_ORIGINS)) or is_record(plain)):
            return "body"
        if self._models.is_model(annotation):
            return "body"
        if plain in TEXT and plain not in (object, type(None)):
            return "query"
        try:
            self._models.text.conversion(plain)
        except UnsupportedType:
            return None
        return "query"  # Enum, Literal

    # -- inputs ------------------------------------------------------------------------------------------------------

    def _input(self, call: Callable[..., Any], written: _Written, source: Source) -> Any:
        name = written.parameter.name
        annotation = Any if unwrap(written.annotation)[0] is MISSING else written.annotation
        default = source.default if written.default is UNSET else written.default
        if source.place == "path":
            if name not in self._path and source.alias not in self._path:
                known = ", ".join(map(repr, self._path)) or "none"
                return self._fault(
                    ParameterError, call, name, f"the path has no such value; it has {known}.", "Put it in the path."
                )
            convertor = self._path[source.alias or name].convertor
            if convertor is not None:
                _, metadata = unwrap(annotation)
                annotation = convertor_type(convertor)
                for item in metadata:
                    annotation = Annotated[annotation, item]
            elif annotation is Any:
                annotation = str
            default = UNSET  # a path without its value is another path
        public = source.alias or (name.replace("_", "-") if source.place == "header" else name)
        many = source.place not in ("path", "body", "cookie") and _takes_many(annotation)
        table = self._models.data if source.place == "body" else self._models.text
        if annotation is Any and source.place != "body":
            annotation = str
        try:
            convert = constrain(table.conversion(annotation), read_constraints([source]))
        except UnsupportedType as error:
            return self._fault(ParameterError, call, name, f"{error}.", "Use a type that the request can bring.")
        if default is UNSET and source.place != "path" and source.default is not UNSET:
            default = source.default
        return Input(source.place, public, annotation, convert, default, many, source)

    # -- dependencies ------------------------------------------------------------------------------------------------

    def _depend(self, call: Callable[..., Any], written: _Written, above: tuple[Callable[..., Any], ...]) -> Any:
        dependency = written.dependency
        assert dependency is not None
        name = written.parameter.name
        target = dependency.call
        if target is None:
            target = unwrap(written.annotation)[0]
        if not callable(target) or target is MISSING:
            shown = "nothing" if target is MISSING else repr(target)
            return self._fault(
                DependencyError,
                call,
                name,
                f"it depends on {shown}, which cannot be called.",
                "Give Depends() a function or a class, without calling it.",
            )
        target = self._overrides.get(target, target)
        if target in above:
            circle = " -> ".join(find_place(item).handler for item in (*above[above.index(target) :], target))
            return self._fault(
                DependencyError, call, name, f"the dependency needs itself: {circle}.", "Break the circle."
            )
        if dependency.use_cache and target in self._calls:
            return self._calls[target]
        made = self.call(target, above)
        if dependency.use_cache:
            self._calls[target] = made
        return made

    def _fault(
        self, cls: type[StartupError], call: Callable[..., Any], parameter: str | None, problem: str, remedy: str
    ) -> Any:
        place = find_place(call)
        self._faults.append(cls(problem, remedy, place=place.place, handler=place.handler, parameter=parameter or ""))
        return UNSET


def _takes_many(annotation: Any) -> bool:
    plain, _ = unwrap(annotation)
    members = [member for member in union_members(plain) if member is not type(None)] or [plain]
    origins = [get_origin(unwrap(member)[0]) or unwrap(member)[0] for member in members]
    return all(isinstance(origin, type) and issubclass(origin, _LIST_ORIGINS) for origin in origins)


def _type_name(annotation: Any) -> str:
    return str(annotation) if get_args(annotation) else getattr(annotation, "__name__", str(annotation))
