"""What is written of one parameter: its markers, told apart from its type."""

from __future__ import annotations

from inspect import isroutine
from typing import Annotated, Any, NamedTuple, get_args

from velocipy.conversion.table import unwrap
from velocipy.errors import ParameterError, StartupError
from velocipy.plans.dependencies import Dependency, Depends, Security
from velocipy.plans.signature import MISSING, Parameter
from velocipy.plans.sources import Source, as_source
from velocipy.types import UNSET

_OTHERS = frozenset({"blacksheep", "fast_depends", "fastapi", "litestar", "ninja"})


class Written(NamedTuple):
    """A parameter with its markers told apart from its type."""

    parameter: Parameter
    annotation: Any  # without our markers, with everything else that it was annotated with
    source: Source | None
    dependency: Dependency | None
    default: Any


class Mistake(Exception):
    """Ends the reading of one parameter; it becomes a finding with its place."""

    def __init__(self, problem: str, remedy: str, cls: type[StartupError] = ParameterError) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.cls = cls


def tell_apart(parameter: Parameter) -> Written:
    """Tell the markers of a parameter from its type."""
    annotation = parameter.annotation
    metadata: tuple[Any, ...] = ()
    plain, every = unwrap(annotation)
    for item in (*every, parameter.default):
        _refuse_foreign(item)
    if any(as_marker(item) is not None for item in every):  # perhaps in a type alias
        annotation, metadata = plain, tuple(every)
    hidden = _hidden_marker(annotation)
    if hidden is not None:
        problem = f"the marker {hidden!r} stands inside the type."
        raise Mistake(problem, "Put it around the whole: Annotated[str | None, Header()].")
    markers = [marker for item in (*metadata, parameter.default) if (marker := as_marker(item)) is not None]
    if len(markers) > 1:
        named = " and ".join(map(repr, markers))
        raise Mistake(f"it is marked as {named}, but a value comes from one place.", "Keep one of the markers.")
    for item in metadata:
        if as_marker(item) is None:
            annotation = Annotated[annotation, item]
    marker = markers[0] if markers else None
    default = parameter.default
    if default is MISSING or default is ... or as_marker(default) is not None:
        default = UNSET
    return Written(
        parameter,
        annotation,
        marker if isinstance(marker, Source) else None,
        marker if isinstance(marker, Dependency) else None,
        default,
    )


def as_marker(item: Any) -> Source | Dependency | None:
    """Return the marker that *item* is, or stands for; None if it is none."""
    if item is Depends or item is Security:  # without a call it depends on the class in the annotation
        return Dependency(None, use_cache=True, scope="request")
    return item if isinstance(item, Dependency) else as_source(item)


def _refuse_foreign(item: Any) -> None:
    """Refuse a marker of another framework: unread, it would let a stranger's query stand where a login was meant."""
    named = item if isroutine(item) or isinstance(item, type) else type(item)
    module, name = str(getattr(named, "__module__", "")), str(getattr(named, "__name__", ""))
    if as_marker(item) is None and (module.partition(".")[0] in _OTHERS or name == Depends.__name__):
        problem = f"the marker {name} of {module} means nothing here."
        raise Mistake(
            problem, "Import it from velocipy: Depends, Security, Query, Path, Header, Cookie, Form, File, Body."
        )


def _hidden_marker(annotation: Any, seen: tuple[Any, ...] = ()) -> Source | Dependency | None:
    """Return a marker that stands within a union or a list, where it would say nothing."""
    plain, _ = unwrap(annotation)
    if any(plain is item for item in seen):  # an alias that names itself
        return None
    for argument in get_args(plain):
        for item in unwrap(argument)[1]:
            if as_marker(item) is not None:
                return as_marker(item)
        found = _hidden_marker(argument, (*seen, plain))
        if found is not None:
            return found
    return None
