"""From the calls of a plan to what they take: parameters, the tree of dependencies, security, the body."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from velocipy.conversion.constraints import read_constraints
from velocipy.conversion.table import unwrap
from velocipy.description.nouns import (
    NOTHING,
    BodyDescription,
    CallableDescription,
    DependencyDescription,
    ParameterDescription,
    Place,
    SecurityRequirement,
)
from velocipy.http.forms import MULTIPART, URLENCODED
from velocipy.http.uploads import UploadStream
from velocipy.plans.bundles import Bundle
from velocipy.plans.compiler import is_keyed
from velocipy.plans.dependencies import SecurityScopes
from velocipy.plans.plan import Call, Given, Input
from velocipy.plans.signature import find_place, function_of
from velocipy.plans.sources import OF_BODY, Source
from velocipy.plans.uploads import can_read_multipart
from velocipy.raising import Raised, raised_by
from velocipy.routing.options import Limits
from velocipy.security_scheme import SchemeChoice, SecurityScheme
from velocipy.types import UNSET

_SIMPLE = (type(None), str, int, float, bool)


def frozen(value: Any) -> Any:
    """Return *value* with tuples for its lists and read-only mappings for its dicts."""
    if type(value) in _SIMPLE or value is UNSET:
        return value
    if type(value) in (list, tuple):
        return tuple(map(frozen, value))
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(item) for key, item in value.items()})
    return frozenset(value) if isinstance(value, set) else value


def describe_callable(call: Any) -> CallableDescription:
    """Return what *call* is, whatever it is wrapped in."""
    function = function_of(call)
    place = find_place(call)
    documentation = inspect.getdoc(call if inspect.isroutine(call) or isinstance(call, type) else function)
    return CallableDescription(
        call=call,
        name=place.handler,
        module=getattr(function, "__module__", None) or "",
        place=place.place,
        documentation=documentation or "",
    )


class Inputs:
    """Describes what a handler and all that it depends on take; several routes may depend on the same.

    Args:
        call: The handler.
        hosts: The names of the values in the host.
        known: Functions that were described before.

    Attributes:
        dependencies: What the handler depends on, as a tree.
        takes: What it is handed besides.
        calls: All that is called, each once and after what it depends on, the handler last.
        inputs: All that is taken from the request.
    """

    def __init__(self, call: Call, hosts: Collection[str], known: dict[int, CallableDescription]) -> None:
        self._call = call
        self._hosts = hosts
        self._known = known
        self._dependencies: dict[Call, DependencyDescription] = {}
        self._own: dict[Call, tuple[ParameterDescription, ...]] = {}
        self.dependencies = self._below(call)
        self.takes = _taken(call)
        self.calls: list[Call] = [*self._dependencies, call]
        self.inputs = call.inputs()

    def function(self, call: Any) -> CallableDescription:
        """Return the description of a function, made once."""
        if id(call) not in self._known:
            self._known[id(call)] = describe_callable(call)
        return self._known[id(call)]

    def _below(self, call: Call) -> tuple[DependencyDescription, ...]:
        below = [self._dependency(item, None) for item in call.before]
        for parameter, filled_by, _ in call.arguments:
            if isinstance(filled_by, Call) and filled_by.kind != "made":
                below.append(self._dependency(filled_by, parameter))
        return tuple(below)

    def _dependency(self, call: Call, parameter: str | None) -> DependencyDescription:
        if call not in self._dependencies:
            below = self._below(call)
            self._dependencies[call] = DependencyDescription(
                function=self.function(call.call),
                parameters=self.own(call),
                dependencies=below,
                takes=_taken(call),
                cached=call.cached,
                scope="handler" if call.early else "request",
                security_scopes=call.scopes,
                security=_requirement(call),
                raises=tuple(dict.fromkeys(item.status_code for item in raised_in(call))),
            )
        return replace(self._dependencies[call], parameter=parameter)

    def own(self, call: Call) -> tuple[ParameterDescription, ...]:
        """Return the parameters that *call* itself takes from the request."""
        if call not in self._own:
            self._own[call] = tuple(
                describe_input(parameter, filled_by, self._hosts)
                for parameter, filled_by, _ in call.arguments
                if isinstance(filled_by, Input)
            )
        return self._own[call]

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """Return what is taken from the head, each place and name once."""
        return tuple(item for item in self._together() if item.place not in OF_BODY)

    def security(self) -> tuple[SecurityRequirement, ...]:
        """Return what has to hold; what is asked for twice, once, with the scopes of both."""
        found: list[SecurityRequirement] = []
        for wanted in filter(None, (dependency.security for dependency in self._dependencies.values())):
            for number, known in enumerate(found):
                if known.alternatives == wanted.alternatives:
                    scopes = tuple(dict.fromkeys((*known.scopes, *wanted.scopes)))
                    found[number] = replace(known, scopes=scopes)
                    break
            else:
                found.append(wanted)
        return tuple(found)

    def body(self, limits: Limits, max_memory_size: int) -> BodyDescription | None:
        """Return the body that is read, None if none is."""
        if not self._call.needs_body:
            return None
        fields = tuple(item for item in self._together() if item.place in OF_BODY)
        if fields[0].place != "body":
            return _form(fields, self.inputs, limits, max_memory_size)
        embedded = is_keyed(self.inputs)
        return BodyDescription(
            media_types=("application/json",),
            annotation=UNSET if embedded else fields[0].annotation,
            fields=fields,
            embedded=embedded,
            required=any(item.required for item in fields),
            max_content_length=limits.max_content_length,
        )

    def _together(self) -> list[ParameterDescription]:
        """Return the parameters of all calls; where several take the same value, all that is asked of it holds."""
        found: dict[tuple[Place, str], ParameterDescription] = {}
        for call in self.calls:
            for item in self.own(call):
                key = item.place, item.alias.lower() if item.place == "header" else item.alias
                if item.fields:  # a model has no name in the request, and two of them are two
                    key = item.place, f"{item.alias} {len(found)}"
                first = found.get(key)
                found[key] = item if first is None else _both(first, item)
        return list(found.values())


def _both(first: ParameterDescription, second: ParameterDescription) -> ParameterDescription:
    if first == second:
        return first
    constraints = tuple(dict.fromkeys((*first.constraints, *second.constraints)))
    return replace(
        first if first.required or not second.required else second,
        constraints=constraints,
        include_in_schema=first.include_in_schema or second.include_in_schema,
    )


def describe_input(parameter: str, item: Input, hosts: Collection[str]) -> ParameterDescription:
    """Return what fills *parameter*."""
    source = item.source
    fields: tuple[ParameterDescription, ...] = ()
    forbids_extra = False
    if isinstance(item.convert, Bundle):
        fields, forbids_extra = _members(item.convert, item.place), item.convert.forbids_extra
    return ParameterDescription(
        name=parameter,
        alias=item.name,
        place="host" if item.place == "path" and item.name in hosts else item.place,
        annotation=item.annotation,
        constraints=_constraints(item.annotation, source),
        default=frozen(item.default),
        default_factory=source.default_factory,
        required=item.default is UNSET and source.default_factory is None,
        many=item.many and not fields,
        fields=fields,
        forbids_extra=forbids_extra,
        **_said(source),
    )


def _members(bundle: Bundle, place: Place) -> tuple[ParameterDescription, ...]:
    return tuple(
        ParameterDescription(
            name=field.name,
            alias=keys[0],
            more_aliases=keys[1:],
            place="file" if is_file else place,
            annotation=field.annotation,
            constraints=_constraints(field.annotation),
            default=frozen(field.default),
            required=field.required,
            many=many,
            **_said_of_field(field.said),
        )
        for field, keys, many, is_file in bundle.members()
    )


def _said_of_field(said: Any) -> dict[str, Any]:
    extra = getattr(said, "json_schema_extra", None)  # of pydantic, where it may be a function
    return {
        "title": getattr(said, "title", None),
        "description": getattr(said, "description", None),
        "examples": frozen(getattr(said, "examples", None)) or (),
        "json_schema_extra": frozen(extra) if isinstance(extra, Mapping) and extra else NOTHING,
        "deprecated": bool(getattr(said, "deprecated", False)),
    }


def _said(source: Source) -> dict[str, Any]:
    return {
        "title": source.title,
        "description": source.description,
        "examples": frozen(source.examples) or (),
        "openapi_examples": frozen(source.openapi_examples) or NOTHING,
        "json_schema_extra": frozen(source.json_schema_extra) or NOTHING,
        "deprecated": bool(source.deprecated),
        "include_in_schema": source.include_in_schema,
        "allow_inf_nan": bool(source.allow_inf_nan),
        "embed": bool(source.embed),
        "convert_underscores": source.convert_underscores,
    }


def _constraints(annotation: Any, *sources: Source) -> tuple[tuple[str, Any], ...]:
    _, metadata = unwrap(annotation)
    try:
        return tuple(dict.fromkeys(read_constraints((*metadata, *sources))))
    except ValueError:  # of annotated_types, and known to the library of the model alone
        return tuple(read_constraints(sources))


def raised_in(call: Call) -> tuple[Raised, ...]:
    """Return what *call* declares to raise, as far as it can happen with the scopes that are asked of it."""
    return tuple(error for error in raised_by(call.call) if call.scopes or not error.only_with_scopes)


def _taken(call: Call) -> tuple[str, ...]:
    taken = []
    for _, filled_by, _ in call.arguments:
        if isinstance(filled_by, Given):
            taken.append(filled_by.value)
        elif isinstance(filled_by, SecurityScopes):
            taken.append("scopes")
    return tuple(taken)


def _requirement(call: Call) -> SecurityRequirement | None:
    scheme = getattr(call.call, "security_scheme", None)
    if isinstance(scheme, SecurityScheme):
        return SecurityRequirement(alternatives=((scheme,),), scopes=call.scopes)
    if isinstance(scheme, SchemeChoice):
        return SecurityRequirement(alternatives=scheme.alternatives, scopes=call.scopes)
    return None


def _form(
    fields: tuple[ParameterDescription, ...], inputs: list[Input], limits: Limits, max_memory_size: int
) -> BodyDescription:
    every = [field for item in fields for field in item.fields or (item,)]
    files = [item for item in every if item.place == "file"]
    media_types = [MULTIPART] if files else [URLENCODED]
    if files and not any(item.required for item in files):
        media_types.append(URLENCODED)
    elif not files and can_read_multipart():
        media_types.append(MULTIPART)
    return BodyDescription(
        media_types=tuple(media_types),
        fields=fields,
        required=any(item.required for item in every),
        is_form=True,
        is_streamed=any(item.annotation is UploadStream for item in inputs),
        max_content_length=limits.max_content_length,
        form_limits=limits.form_limits,
        max_memory_size=max_memory_size,
    )
