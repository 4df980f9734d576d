"""From a handler's signature to data: where each value comes from, and what depends on what.

Every mistake is added to `faults`, and reading goes on, so that one start shows them all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from functools import partial, wraps
from inspect import isroutine
from types import MappingProxyType
from typing import Annotated, Any, get_args, get_origin

from velocipy.background import BackgroundTasks
from velocipy.conversion.constraints import read_constraints
from velocipy.conversion.scalars import TEXT
from velocipy.conversion.table import DICTS, LISTS, UnsupportedType, is_optional, union_members, unwrap
from velocipy.errors import DependencyError, StartupError
from velocipy.http.connection import HTTPConnection
from velocipy.http.forms import INSTALL_MULTIPART
from velocipy.http.headers import check_header
from velocipy.http.request import Request
from velocipy.http.response import Response
from velocipy.http.uploads import UploadStream
from velocipy.http.websocket import WebSocket
from velocipy.models import Models, shallow
from velocipy.plans.bundles import Bundle
from velocipy.plans.dependencies import Dependency, SecurityScopes
from velocipy.plans.exits import PLAIN
from velocipy.plans.markers import Mistake, Written, as_marker, tell_apart
from velocipy.plans.plan import Argument, Call, Given, Input
from velocipy.plans.signature import (
    MISSING,
    UnreadableSignature,
    call_kind,
    find_place,
    path_check,
    read_parameters,
)
from velocipy.plans.sources import OF_BODY, Place, Source
from velocipy.plans.uploads import can_read_multipart, is_upload, upload_input
from velocipy.routing.path import Segment
from velocipy.types import UNSET

_NO_MULTIPART = "files need python-multipart, which is not installed.", f"Run: {INSTALL_MULTIPART}"
_NO_SOURCE = (
    "Mark it with Query(), Header(), Cookie(), Form(), File() or Body(), give it a type that says where it is from (a "
    "model, dict or list is the body, a plain value a query parameter), make it with Depends(), or add the plugin or "
    "the middleware that makes it."
)
_BROUGHT = {cls.__name__: cls for cls in (BackgroundTasks, HTTPConnection, Request, Response, WebSocket)}


class Graph:
    """Reads one handler and all that it depends on.

    Args:
        models: The application's conversions.
        overrides: Its `dependency_overrides`.
        faults: Where mistakes go.
        segments: The path of the handler.
        namespace: Local names that its annotations may mean.
        convertors: The types of the convertors in the path.
        sources: What makes the values of parameters, by their types.
        is_websocket: Whether it talks to a WebSocket rather than answering a request.
    """

    def __init__(
        self,
        models: Models,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]],
        faults: list[StartupError],
        segments: list[Segment],
        namespace: dict[str, Any] | None,
        convertors: Mapping[str, Any] | None = None,
        *,
        sources: Mapping[Any, Callable[..., Any]] = MappingProxyType({}),
        is_websocket: bool = False,
    ) -> None:
        self._models = models
        self._sources = sources
        self._is_websocket = is_websocket
        self._convertors = convertors or {}
        self._overrides = overrides
        self._faults = faults
        self._path = {name: convertor for segment in segments for name, convertor in segment.values}
        self._namespace = namespace
        models.data.namespace = models.text.namespace = namespace
        self._calls: dict[Hashable, Call] = {}
        self._names: set[str] = set()  # of all parameters, those with a mistake too
        self._takes_request = self._takes_websocket = False

    def read(
        self, handler: Callable[..., Any], dependencies: Sequence[Dependency] = (), owner: type | None = None
    ) -> Call:
        """Return *handler* with all that fills its parameters, and *dependencies*, which run before it.

        If it is a method of the class *owner*, its first parameter is an instance, made for each request.
        """
        before = []
        for dependency in dependencies:
            try:
                marker = as_marker(dependency)
                if not isinstance(marker, Dependency):
                    problem = f"its dependencies have {dependency!r}."
                    raise Mistake(problem, "Write dependencies=[Depends(function)].", DependencyError)
                before.append(self._depend(marker, MISSING, (handler,)))
            except (Mistake, UnreadableSignature) as error:
                self._fault(handler, "", error if isinstance(error, Mistake) else _unread(error))
        try:
            call = self._read(handler, (), before, owner=owner)
            if self._is_websocket and not self._takes_websocket:
                problem = "it takes no WebSocket, and so could never accept one."
                self._fault(handler, "", Mistake(problem, "Add a parameter: websocket: WebSocket."))
            if self._is_websocket and call.kind == "plain":
                problem = "a handler of a WebSocket waits for messages, and is not declared async."
                self._fault(handler, "", Mistake(problem, "Declare it with async def."))
        except UnreadableSignature as error:
            self._fault(handler, "", Mistake(f"its parameters cannot be read: {error}.", "Wrap it in a function."))
            return Call(handler, "plain", [])
        self._check_path(call)
        self._check_body(call)
        self._check_streams(call)
        _introduce_neighbours(call)
        return call

    def _read(
        self,
        call: Callable[..., Any],
        above: tuple[Callable[..., Any], ...],
        before: Sequence[Call] = (),
        *,
        early: bool = False,
        cached: bool = True,
        scopes: tuple[str, ...] = (),
        owner: type | None = None,
    ) -> Call:
        kind = call_kind(call)
        if not above and kind == "async generator":
            call, kind = _started(call), "async"
        if not above and kind == "generator":
            kind = "items"
        if not above and kind not in ("async", "plain", "items"):
            problem = f"a handler cannot be {'an' if kind[0] == 'a' else 'a'} {kind} manager."
            self._fault(call, "", Mistake(problem, "Use it as a dependency."))
        arguments = []
        for number, parameter in enumerate(read_parameters(call, self._namespace, self._faults, self._names)):
            try:
                if owner is not None and number == 0:
                    filled_by: Input | Call | Given | SecurityScopes = self._instance(owner, call)
                else:
                    filled_by = self._fill(tell_apart(parameter), (*above, call), scopes)
            except Mistake as mistake:
                self._fault(call, parameter.name, mistake)
            except UnreadableSignature as error:
                self._fault(call, parameter.name, _unread(error))
            except UnsupportedType as error:
                self._fault(call, parameter.name, Mistake(f"{error}.", "Correct the type or the constraint."))
            except Exception as error:  # of a library that was asked about the type
                problem = f"its annotation cannot be used: {type(error).__name__}: {error}."
                self._fault(call, parameter.name, Mistake(problem, "Correct the annotation."))
            else:
                arguments.append(Argument(parameter.name, filled_by, parameter.positional))
        may_open = bool(above) and kind in ("async", "plain") and not _returns_plain(call)
        return Call(call, kind, arguments, before, early=early, may_open=may_open, cached=cached, scopes=scopes)

    def _fault(self, call: Callable[..., Any], parameter: str, mistake: Mistake) -> None:
        place = find_place(call)
        self._faults.append(mistake.cls(mistake.problem, mistake.remedy, parameter=parameter, **place._asdict()))

    # -- what only the whole handler shows ----------------------------------------------------------------------------

    def _check_path(self, handler: Call) -> None:
        taken = self._names | {item.name for item in handler.inputs() if item.place == "path"}
        left = [name for name in self._path if name not in taken]
        if self._takes_request:  # of which they are asked, as text; what their convertors say holds all the same
            typed = [name for name in left if self._convertors.get(self._path[name] or "str", str) is not str]
            if typed:
                handler.before = [*handler.before, self._read(path_check(typed), (handler.call,))]
            return
        for name in left:
            similar = get_close_matches(name, self._names - self._path.keys(), 1)
            instead = f"rename {similar[0]!r}" if similar else "take the value out of the path"
            problem = "the path has this value, but no parameter takes it."
            self._fault(handler.call, name, Mistake(problem, f"Add the parameter {name!r}, or {instead}."))

    def _check_body(self, handler: Call) -> None:
        inputs = handler.inputs()
        body = next((item for item in inputs if item.place == "body"), None)
        form = next((item for item in inputs if item.place in ("form", "file")), None)
        if body is not None and form is not None:
            problem = f"it is read from a JSON body, and {form.name!r} from a form, but a request has one body."
            mistake = Mistake(problem, "Take both from the form, or both from the JSON body.")
            self._fault(handler.call, body.name, mistake)

    def _check_streams(self, handler: Call) -> None:
        names = sorted({item.name for item in handler.inputs() if item.annotation is UploadStream})
        if len(names) > 1:
            problem = f"it is streamed, as is {names[0]!r}, but only the last part of a form can be."
            self._fault(handler.call, names[1], Mistake(problem, "Take all others as UploadFile."))

    # -- one parameter -----------------------------------------------------------------------------------------------

    def _fill(
        self, written: Written, above: tuple[Callable[..., Any], ...], scopes: tuple[str, ...]
    ) -> Input | Call | Given | SecurityScopes:
        """Return what fills a parameter."""
        name = written.parameter.name
        plain, _ = unwrap(written.annotation)
        if written.dependency is not None:
            return self._depend(written.dependency, plain, above, scopes)
        if (isinstance(plain, type) and issubclass(plain, HTTPConnection)) or (
            name in ("request", "websocket") and plain is MISSING
        ):
            return self._connection(plain)
        if plain is Response and written.source is None and not self._is_websocket:
            return Given.RESPONSE
        if plain is not Response and _only_member(plain) is Response and written.source is None:
            return Given.NO_RESPONSE if self._is_websocket else Given.RESPONSE
        if plain is BackgroundTasks:
            return Given.BACKGROUND
        if plain is SecurityScopes:
            return SecurityScopes(scopes)
        if written.source is not None:
            return self._input(written, written.source)
        if name in self._path:
            return self._input(written, Source("path"))
        if isinstance(plain, Hashable) and plain in self._sources:
            source = Dependency(self._sources[plain], use_cache=True, scope="request")
            return self._depend(source, plain, above, scopes)
        if as_marker(plain) is not None:
            raise Mistake(f"{plain!r} is a marker, no type.", f"Write Annotated[<type>, {plain!r}].")
        if plain is MISSING:
            remedy = f"Write one; that of the request is Request. {_NO_SOURCE}"
            raise Mistake("it has no annotation, so that its type is unknown.", remedy)
        if isinstance(plain, type) and issubclass(plain, Response):
            raise Mistake(f"no {plain.__name__} is handed in.", "Annotate it with Response, or make one and return it.")
        place = self._place_by_type(written.annotation)
        if place is None and isinstance(plain, type) and plain.__name__ in _BROUGHT:  # left over from another framework
            name = plain.__name__
            raise Mistake(f"no request can bring the {name} of {plain.__module__}.", f"Take velocipy.{name}.")
        if place is None:
            raise Mistake(f"no request can bring a {_type_name(plain)}.", _NO_SOURCE)
        return self._input(written, Source(place))

    def _connection(self, plain: Any) -> Given:
        """Return what is asked for with the class *plain*, which has to be one that is there."""
        wrong = Request if self._is_websocket else WebSocket
        if plain is not MISSING and issubclass(plain, wrong):
            there, taken = ("a WebSocket", "request") if self._is_websocket else ("a request", "WebSocket")
            problem = f"it takes a {taken}, but the handler answers {there}."
            raise Mistake(
                problem,
                f"Annotate it with {'WebSocket' if self._is_websocket else 'Request'}, or, for both, HTTPConnection.",
            )
        self._takes_request = True
        self._takes_websocket = self._takes_websocket or plain is MISSING or issubclass(plain, WebSocket)
        return Given.REQUEST

    def _place_by_type(self, annotation: Any) -> Place | None:
        """Return the place that a type has by itself, None for a type that says nothing."""
        places: set[Place | None] = {self._place_of_member(member) for member in _members(annotation)}
        return places.pop() if len(places) == 1 else None

    def _place_of_member(self, annotation: Any) -> Place | None:
        plain, _ = unwrap(annotation)
        origin = get_origin(plain) or plain
        if is_upload(annotation):
            return "file"
        if isinstance(origin, type) and (issubclass(origin, dict) or origin in DICTS or origin in LISTS):
            return "body"
        if self._models.is_model(annotation):
            return "body"
        if isinstance(plain, Hashable) and plain in TEXT and plain not in (object, type(None)):
            return "query"
        try:
            self._models.text.conversion(annotation)
        except UnsupportedType:
            return None
        return "query"

    # -- inputs ------------------------------------------------------------------------------------------------------

    def _input(self, written: Written, source: Source) -> Input:
        name = written.parameter.name
        if isroutine(written.default):
            problem = f"its default is the function {getattr(written.default, '__name__', written.default)}."
            raise Mistake(problem, "Have it called: write Depends(...) around it.", DependencyError)
        annotation = Any if unwrap(written.annotation)[0] is MISSING else written.annotation
        default = source.default if written.default is UNSET else written.default
        if default is not UNSET and source.default_factory is not None:
            raise Mistake("it has a default and a default_factory.", "Keep one of them.")
        if self._is_websocket and source.place in OF_BODY:
            problem = f"it is taken from the {source.place}, but the handshake of a WebSocket has no body."
            raise Mistake(
                problem, "Take it from the path, the query, a header or a cookie, or receive it as a message."
            )
        hyphens = source.place == "header" and source.convert_underscores
        public = source.alias or (name.replace("_", "-") if hyphens else name)
        _check_name(source.place, public)
        if source.place != "file" and any(map(is_upload, _members(annotation))):
            raise Mistake(f"a {source.place} has no file.", "Mark it with File(), or not at all.")
        if source.place == "path":
            annotation = self._path_type(public, annotation)
            default = UNSET  # a path without its value is another path
        elif source.place == "file":
            if not can_read_multipart():
                raise Mistake(*_NO_MULTIPART)
            return upload_input(public, annotation, default, source)
        elif source.place != "body" and annotation is Any:
            annotation = str
        model = _only_member(annotation)
        if source.place in ("query", "header", "cookie", "form") and self._models.is_model(model):
            if model is not annotation and default is UNSET and source.default_factory is None:
                raise Mistake("a model is always there, though its fields may not be.", "Give it a default.")
            fields = self._models.fields(model)
            takes_many = partial(self._takes_many, source.place)
            absent = source.default_factory if default is UNSET else partial(deepcopy, default)
            bundle = Bundle(source, fields, self._models, takes_many, absent)
            if bundle.takes_files and not can_read_multipart():
                raise Mistake(*_NO_MULTIPART)
            return Input(source.place, public, annotation, bundle, default, True, source)
        many = source.place != "body" and self._takes_many(source.place, annotation)
        table = self._models.data if source.place == "body" else self._models.text
        says_more = read_constraints([source]) or source.allow_inf_nan
        convert = table.conversion(Annotated[annotation, source] if says_more else annotation)
        if source.place == "body":
            self._models.decoder(annotation, source)  # finds what the body of this type cannot be
            convert = shallow(convert)
        return Input(source.place, public, annotation, convert, default, many, source)

    def _path_type(self, name: str, annotation: Any) -> Any:
        """Return the type of a value in the path, by its annotation and its convertor."""
        if name not in self._path:
            known = ", ".join(map(repr, self._path)) or "none"
            raise Mistake(f"the path has no value {name!r}; it has {known}.", "Put it in the path.")
        convertor = self._path[name]
        if convertor is None:
            return str if annotation is Any else annotation
        wanted = self._convertors[convertor]
        plain_wanted, _ = unwrap(wanted)
        if annotation is Any or annotation is plain_wanted:
            return wanted
        for member in _members(annotation):
            plain, _ = unwrap(member)
            if get_origin(plain) is None and isinstance(plain, type) and not issubclass(plain, plain_wanted):
                problem = f"the path says {convertor}, the annotation {_type_name(plain)}."
                raise Mistake(problem, "Make them agree, or leave the convertor out.")
        return annotation

    def _takes_many(self, place: Place, annotation: Any) -> bool:
        """Tell whether a value is a list of all that the request has under its name."""
        members = [unwrap(member)[0] for member in _members(annotation)]
        lists = [member for member in members if (get_origin(member) or member) in LISTS]
        if lists and len(lists) < len(members):
            raise Mistake("it can be a list or a single value.", "Choose one: a list may have one item.")
        if lists and place in ("path", "cookie"):
            raise Mistake(f"a {place} has one value of a name, no list.", "Take a single value.")
        inner = [argument for member in lists for argument in get_args(member) if argument is not Ellipsis]
        for member in (*members, *inner):
            if self._models.is_model(member):
                problem = f"a {_type_name(member)} cannot be made of single values of the {place}."
                raise Mistake(problem, "Take the model itself, or take it from the body.")
        return bool(lists)

    # -- dependencies ------------------------------------------------------------------------------------------------

    def _instance(self, owner: type, method: Callable[..., Any]) -> Call:
        """Return what makes the instance of which *method* is called."""
        plain = all(getattr(owner, name) is getattr(object, name) for name in ("__init__", "__new__"))
        if plain and not hasattr(owner, "__enter__") and not hasattr(owner, "__aenter__"):
            return Call(owner, "made", [])
        return self._depend(Dependency(owner, use_cache=True, scope="request"), MISSING, (method,))

    def _depend(
        self,
        dependency: Dependency,
        annotation: Any,
        above: tuple[Callable[..., Any], ...],
        scopes: tuple[str, ...] = (),
    ) -> Call:
        target: Any = annotation if dependency.call is None else dependency.call
        if target is MISSING:
            raise Mistake("Depends() says nothing, and there is no annotation.", "Name a function.", DependencyError)
        if isinstance(target, Hashable):
            overrides: Mapping[Any, Any] = self._overrides
            target = overrides.get(target, target)
        if not callable(target):
            remedy = "Give Depends() a function or a class, without calling it."
            raise Mistake(f"it depends on {target!r}, which cannot be called.", remedy, DependencyError)
        instead: Any = getattr(target, "not_a_dependency", None)
        if isinstance(instead, str):
            name = target.__name__ if isinstance(target, type) else type(target).__name__
            raise Mistake(f"it depends on {name}, which is called by something else.", instead, DependencyError)
        if isinstance(target, type) and hasattr(target, "security_scheme") and _has_calls(target):
            name = target.__name__  # an object would be made of what strangers send, and nothing asked of them
            problem = f"it depends on the class {name}, of which an object is a security scheme."
            raise Mistake(problem, f"Give Depends() an object: {name}(...).", DependencyError)
        if any(target is call for call in above):
            circle = " -> ".join(find_place(item).handler for item in (*above, target))
            raise Mistake(f"the dependency needs itself: {circle}.", "Break the circle.", DependencyError)
        key = (target if isinstance(target, Hashable) else id(target), dependency.scope)
        scopes = tuple(dict.fromkeys((*scopes, *dependency.scopes)))
        for_scopes = key, frozenset(scopes)
        if dependency.use_cache:
            found = self._calls.get(key) or self._calls.get(for_scopes)
            if found is not None:
                if scopes:
                    found.ask_for(scopes)
                return found
        made = self._read(
            target, above, early=dependency.scope == "handler", cached=dependency.use_cache, scopes=scopes
        )
        if not made.early and any(call.early for call in made.calls()):
            problem = f"{find_place(target).handler}() outlives what it depends on, which has the scope 'handler'."
            raise Mistake(problem, "Give it the scope 'handler' as well.", DependencyError)
        if dependency.use_cache:
            self._calls[for_scopes if made.takes_scopes else key] = made
        return made


def _has_calls(cls: type) -> bool:
    """Tell whether objects of *cls* can be called."""
    return any("__call__" in vars(base) for base in cls.__mro__)


def _introduce_neighbours(handler: Call) -> None:
    """Tell each model of a place what other parameters take from there."""
    inputs = handler.inputs()
    taken: dict[Place, set[str]] = {}
    for item in inputs:
        names = item.convert.names if isinstance(item.convert, Bundle) else frozenset({item.name})
        taken.setdefault("form" if item.place == "file" else item.place, set()).update(names)
    for item in inputs:
        if isinstance(item.convert, Bundle):
            item.convert.neighbours = frozenset(taken[item.place])


def _check_name(place: Place, name: str) -> None:
    """Refuse a name that no request can have."""
    try:
        if place == "header":
            check_header(name, "")
        elif place == "cookie" and (name != name.strip(" \t") or set(";=") & set(name)):
            raise ValueError(f"cookie name {name!r} has a semicolon, an equals sign or white space around it")
    except ValueError as error:
        raise Mistake(f"{error}.", "Give it an alias that a request can have.") from None


def _unread(error: UnreadableSignature) -> Mistake:
    return Mistake(f"it cannot be called: {error}.", "Wrap it in a function.", DependencyError)


def _started(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return what returns the generator that a handler makes, which is streamed as one that it would return."""

    @wraps(call)
    async def start(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    return start


def _returns_plain(call: Callable[..., Any]) -> bool:
    """Tell whether *call* is a function that declares a plain type as what it returns, itself or by its bare name.

    The annotation is taken as it is written: to resolve it would cost 0.1 ms for each dependency at start.
    """
    try:
        declared = getattr(call, "__annotations__", {}).get("return")
    except Exception:  # Python 3.14 evaluates annotations when it is asked for them
        return False
    origin = get_origin(declared) or declared
    return any(origin is cls or origin == cls.__name__ for cls in PLAIN)


def _members(annotation: Any) -> list[Any]:
    """Return the members of a union besides None, or the type itself."""
    plain, _ = unwrap(annotation)
    members = [member for member in union_members(plain) if member is not type(None)]
    return members or [annotation]


def _only_member(annotation: Any) -> Any:
    """Return what an optional type is besides None; the type itself if it is none, or of several."""
    members = _members(annotation)
    return members[0] if len(members) == 1 and is_optional(annotation) else annotation


def _type_name(annotation: Any) -> str:
    return str(annotation) if get_args(annotation) else getattr(annotation, "__name__", str(annotation))
