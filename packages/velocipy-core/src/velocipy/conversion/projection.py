"""The declared type of an answer: what of a value may leave, and nothing else.

A handler that is declared to return a `Public` may hand over something that knows more: a subclass, a row, a dict. What
leaves has the fields of the declared type alone. Values that are exactly of their declared types are encoded as they
are, in one pass; others are cut to builtins first. Types without fields are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, get_args, get_origin

from velocipy.conversion.records import Record, is_record, read_record
from velocipy.conversion.table import LISTS, union_members, unwrap
from velocipy.errors import VelociPyException
from velocipy.types import Selection


class ResponseTypeError(VelociPyException):
    """A handler returned something that is not of its declared type; the client is told nothing of it."""


class Projection(NamedTuple):
    """What a type lets out: whether a value can leave as it is, and how it is cut to that if not.

    `flat` is the class where the type of a value alone tells whether it fits.
    """

    fits: Callable[[Any], bool]
    cut: Callable[[Any], Any]
    flat: type | None = None


def read_projection(annotation: Any, selection: Selection, namespace: dict[str, Any] | None) -> Projection | None:
    """Return the projection of a type, None if no part of it has fields."""
    return _Reader(selection, namespace).read(annotation)


class _Reader:
    def __init__(self, selection: Selection, namespace: dict[str, Any] | None) -> None:
        self._selection = selection
        self._namespace = namespace
        self._known: dict[Any, Projection] = {}
        self._depth = 0

    def read(self, annotation: Any) -> Projection | None:
        plain, _ = unwrap(annotation)
        if union_members(plain):
            return self._union([unwrap(member)[0] for member in union_members(plain)])
        origin = get_origin(plain) or plain
        arguments = get_args(plain)
        if is_record(plain):
            return self._record(plain)
        if origin in LISTS and arguments:
            return _many(self.read(arguments[0]), origin)
        if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
            return _values(self.read(arguments[1]))
        return None

    def _record(self, annotation: Any) -> Projection:
        if annotation in self._known:
            return self._known[annotation]
        later: list[Projection] = []
        # A class may name itself in its fields: until it is read, this stands for it.
        self._known[annotation] = Projection(lambda value: later[0].fits(value), lambda value: later[0].cut(value))
        record = read_record(annotation, self._namespace)
        selection = self._selection if self._depth == 0 else Selection(exclude_none=self._selection.exclude_none)
        self._depth += 1
        fields = [
            (field.name, field.key, field.required, self.read(field.annotation))
            for field in record.fields
            if field.name not in selection.exclude and (selection.include is None or field.name in selection.include)
        ]
        self._depth -= 1
        later.append(_fields(record, get_origin(annotation) or annotation, fields, selection))
        self._known[annotation] = later[0]
        return later[0]

    def _union(self, members: list[Any]) -> Projection | None:
        inner = [(member, projection) for member in members if (projection := self.read(member)) is not None]
        if not inner:
            return None
        if len(inner) == 1:
            fits, cut, _ = inner[0][1]
            return Projection(
                lambda value: not _has_fields(value) or fits(value),
                lambda value: cut(value) if _has_fields(value) else value,
            )

        def choose(value: Any) -> Projection:
            for member, projection in inner:
                if isinstance(value, get_origin(member) or member):
                    return projection
            for _, projection in inner:
                try:
                    projection.cut(value)
                except ResponseTypeError:
                    continue
                return projection
            raise ResponseTypeError(f"a {type(value).__qualname__} is none of {', '.join(map(str, members))}")

        return Projection(
            lambda value: not _has_fields(value) or any(projection.fits(value) for _, projection in inner),
            lambda value: choose(value).cut(value) if _has_fields(value) else value,
        )


def _has_fields(value: Any) -> bool:
    return value is not None and not isinstance(value, (str, bytes, int, float))


def _many(item: Projection | None, origin: Any) -> Projection | None:
    if item is None:
        return None
    fits, cut, flat = item

    def fit_all(value: Any) -> bool:
        if not isinstance(value, (list, tuple)):
            return False
        return set(map(type, value)) <= {flat} if flat is not None else all(map(fits, value))

    def cut_all(value: Any) -> Any:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise ResponseTypeError(f"a {type(value).__qualname__} is no {getattr(origin, '__name__', origin)}")
        return [cut(element) for element in value]

    return Projection(fit_all, cut_all)


def _values(item: Projection | None) -> Projection | None:
    if item is None:
        return None
    fits, cut, _ = item

    def cut_all(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ResponseTypeError(f"a {type(value).__qualname__} is no dict")
        return {key: cut(element) for key, element in value.items()}

    return Projection(lambda value: type(value) is dict and all(map(fits, value.values())), cut_all)


def _fields(
    record: Record, cls: Any, fields: list[tuple[str, str, bool, Projection | None]], selection: Selection
) -> Projection:
    inner = [(name, projection.fits) for name, _, _, projection in fields if projection is not None]
    keys = {key for _, key, _, _ in fields}
    whole = selection.include is None and not selection.exclude and not selection.exclude_none

    def fits(value: Any) -> bool:
        if not whole:
            return False
        if record.build is dict:  # a TypedDict
            return type(value) is dict and value.keys() <= keys and all(fit(value[name]) for name, fit in inner)
        return type(value) is cls and all(fit(getattr(value, name)) for name, fit in inner)

    def cut(value: Any) -> dict[str, Any]:
        from_mapping = isinstance(value, Mapping)
        found: dict[str, Any] = {}
        for name, key, required, projection in fields:
            if from_mapping:
                present = key in value or name in value
                element = value.get(key, value.get(name))
            else:
                present = hasattr(value, name)
                element = getattr(value, name, None)
            if present and not (element is None and selection.exclude_none):
                found[key] = element if projection is None else projection.cut(element)
            elif required and not present:
                raise ResponseTypeError(f"a {type(value).__qualname__} has no {name!r}, which {record.name} demands")
        if record.tag is not None:
            found[record.tag[0]] = record.tag[1]
        return found

    return Projection(fits, cut, cls if whole and not inner and record.build is not dict else None)
