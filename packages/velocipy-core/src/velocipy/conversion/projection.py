"""The declared type of an answer: what of a value may leave, and nothing else.

A handler that is declared to return a `Public` may hand over something that knows more: a subclass, a row, a dict. What
leaves has the fields of the declared type alone. Values that are exactly of their declared types are encoded as they
are, in one pass; others are cut to builtins first. Types without fields are not looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, ForwardRef, Generic, Literal, NamedTuple, TypeVar, get_args, get_origin

from velocipy.conversion.records import Record, is_record, is_typed_dict, read_output, substitute
from velocipy.conversion.scalars import DATA
from velocipy.conversion.table import LISTS, UnsupportedType, is_alias, union_members, unwrap
from velocipy.errors import Fault, VelociPyException
from velocipy.types import UNSET, Selection


class ResponseTypeError(VelociPyException):
    """A handler returned something that is not of its declared type; the client is told nothing of it."""


def invalid_response(faults: Sequence[Fault]) -> ResponseTypeError:
    """Return the error of a value that its declared type does not take; it names the places, and no value."""
    told = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults[:10])
    return ResponseTypeError(f"what the handler returned is not what it declares: {told}")


class Projection(NamedTuple):
    """What a type lets out: whether a value can leave as it is, and how it is cut to that if not.

    `flat` is the class where the type of a value alone tells whether it fits.
    """

    fits: Callable[[Any], bool]
    cut: Callable[[Any], Any]
    flat: type | None = None


Foreign = Callable[[Any, Selection], "Callable[[Any], Any] | None"]
"""Takes a class and a selection; returns what cuts a value to builtins if the class is some library's, else None."""


def read_projection(
    annotation: Any, selection: Selection, namespace: dict[str, Any] | None, foreign: Foreign = lambda *_: None
) -> Projection | None:
    """Return the projection of a type, None if no part of it has fields.

    Raises:
        UnsupportedType: If *selection* names what no outermost object has.
    """
    reader = _Reader(selection, namespace, foreign)
    projection = reader.read(annotation)
    unknown = (selection.exclude | (selection.include or frozenset())) - reader.outermost
    if unknown and projection is not None and not reader.has_foreign:
        raise UnsupportedType(f"it has no field {', '.join(map(repr, sorted(unknown)))} to include or to exclude")
    return projection


class _Reader:
    def __init__(self, selection: Selection, namespace: dict[str, Any] | None, foreign: Foreign) -> None:
        self._selection = selection
        self._namespace = namespace
        self._foreign = foreign
        self._known: dict[tuple[Any, bool], Projection | None] = {}
        self._depth = 0
        self.outermost: set[str] = set()
        self.has_foreign = False

    def read(self, annotation: Any) -> Projection | None:
        return self._alias(annotation) if is_alias(annotation) else self._read(annotation)

    def _alias(self, annotation: Any) -> Projection | None:
        known = (annotation, self._depth == 0)
        if known not in self._known:
            # It may name itself, which has fields if any other part of it has some.
            trial = _Reader(self._selection, self._namespace, self._foreign)
            trial._known, trial._depth = {**self._known, known: None}, self._depth
            self._known[known] = None if trial._read(annotation) is None else self._later(known, self._read)
        return self._known[known]

    def _later(self, known: tuple[Any, bool], read: Callable[[Any], Projection | None]) -> Projection | None:
        """Return what *read* returns; until then something stands for it, because a type may name itself."""
        later: list[Any] = []
        self._known[known] = Projection(lambda value: later[0].fits(value), lambda value: later[0].cut(value))
        later.append(read(known[0]))
        self._known[known] = later[0]
        return self._known[known]

    def _read(self, annotation: Any) -> Projection | None:
        plain, _ = unwrap(annotation)
        if isinstance(plain, (str, ForwardRef)):
            raise UnsupportedType(f"{plain!r} is the name of a type and not the type")
        if union_members(plain):
            return self._union(union_members(plain))
        if isinstance(plain, TypeVar):
            return self.read(substitute(plain, {}))
        origin = get_origin(plain) or plain
        arguments = get_args(plain)
        if is_record(plain):
            known = (plain, self._depth == 0)
            return self._known[known] if known in self._known else self._later(known, self._record)
        if getattr(origin, "_is_protocol", False):
            raise UnsupportedType(f"{origin.__name__} is a protocol, which does not say what may leave")
        if not arguments:  # of a class of one's own, its base tells of what it is a list or dict
            foreign = self._foreign_class(plain)
            bases = [base for base in getattr(origin, "__orig_bases__", ()) if get_origin(base) is not Generic]
            return foreign if foreign is not None or not bases else self.read(bases[0])
        if isinstance(origin, type) and issubclass(origin, (Iterator, AsyncIterable)):
            if self.read(arguments[0]) is not None:
                raise UnsupportedType("a stream is of bytes or str, and not of models")
            return None
        foreign = self._foreign_class(plain)
        if foreign is not None:
            return foreign
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            return _each([self.read(argument) for argument in arguments])
        if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
            return _values(self.read(arguments[1]))
        if _is_list(origin) and arguments:
            return _many(self.read(arguments[0]), origin)
        return None

    def _foreign_class(self, plain: Any) -> Projection | None:
        cut = self._foreign(plain, self._selection_here()) if isinstance(get_origin(plain) or plain, type) else None
        if cut is None:
            return None
        self.has_foreign |= self._depth == 0
        return Projection(lambda value: False, cut)

    def _selection_here(self) -> Selection:
        return self._selection if self._depth == 0 else Selection(exclude_none=self._selection.exclude_none)

    def _record(self, annotation: Any) -> Projection:
        record = read_output(annotation, self._namespace)
        selection = self._selection_here()
        if self._depth == 0:
            self.outermost |= {field.name for field in record.fields}
        self._depth += 1
        fields = [
            _Field(field.name, field.key, field.required, self.read(field.annotation), _guard(field.annotation))
            for field in record.fields
            if field.name not in selection.exclude and (selection.include is None or field.name in selection.include)
        ]
        self._depth -= 1
        return _fields(record, get_origin(annotation) or annotation, fields, selection)

    def _union(self, members: Sequence[Any]) -> Projection | None:
        read = [(unwrap(member)[0], self.read(member)) for member in members]
        inner = [(get_origin(member) or member, projection) for member, projection in read if projection is not None]
        if not inner:
            return None
        others = [get_origin(member) or member for member, projection in read if projection is None]
        plain = tuple(type(None) if other is None else other for other in others)
        by_class = [(cls, projection) for cls, projection in inner if isinstance(cls, type) and not is_typed_dict(cls)]

        def choose(value: Any) -> Projection | None:
            """Return the projection of the member that *value* is of, None if that is a member without fields."""
            of_value = [(cls, projection) for cls, projection in by_class if isinstance(value, cls)]
            if of_value:
                order = type(value).__mro__
                return min(of_value, key=lambda item: order.index(item[0]) if item[0] in order else len(order))[1]
            if any(_may_be(value, cls) for cls in plain):
                return None
            for _, projection in inner:
                try:
                    projection.cut(value)
                except ResponseTypeError:
                    continue
                return projection
            raise ResponseTypeError(f"a {type(value).__qualname__} is none of {', '.join(map(str, members))}")

        def fits(value: Any) -> bool:
            if value is None:
                return type(None) in plain
            return any(projection.fits(value) for _, projection in inner)

        def cut(value: Any) -> Any:
            projection = choose(value)
            return value if projection is None else projection.cut(value)

        return Projection(fits, cut)


def _is_list(origin: Any) -> bool:
    """Tell whether *origin* is a class of many values that are sent as an array: an iterator is streamed."""
    return origin in LISTS or (
        isinstance(origin, type) and issubclass(origin, Iterable) and not issubclass(origin, (Iterator, Mapping))
    )


def _may_be(value: Any, member: Any) -> bool:
    """Tell whether *value* can be of a member of a union that has no fields."""
    if not isinstance(member, type):  # Any, a Literal
        return member is Any or isinstance(value, (str, bytes, int, Enum))
    return isinstance(value, (int, float) if member is float else member)


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


def _each(items: list[Projection | None]) -> Projection | None:
    """Return the projection of a tuple in which each place has its own type."""
    if not any(items):
        return None

    def cut_each(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(items):
            raise ResponseTypeError(f"a {type(value).__qualname__} is no tuple of {len(items)}")
        pairs = zip(items, value, strict=True)
        return [element if item is None else item.cut(element) for item, element in pairs]

    return Projection(lambda value: False, cut_each)


def _values(item: Projection | None) -> Projection | None:
    if item is None:
        return None
    fits, cut, _ = item

    def cut_all(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ResponseTypeError(f"a {type(value).__qualname__} is no dict")
        return {key: cut(element) for key, element in value.items()}

    return Projection(lambda value: type(value) is dict and all(map(fits, value.values())), cut_all)


def _guard(annotation: Any) -> Callable[[Any], Any]:
    """Return what refuses a value with fields where a type without fields was declared."""
    members = [unwrap(member)[0] for member in union_members(unwrap(annotation)[0]) or (annotation,)]
    if all(map(_is_scalar, members)):
        return _without_fields
    origin, arguments = get_origin(members[0]), get_args(members[0])
    if len(members) > 1 or not _is_list(origin) or len({*arguments} - {Ellipsis}) != 1:
        return _as_it_is
    many = _many(Projection(lambda value: False, _guard(arguments[0])), origin)
    return many.cut if many else _as_it_is


def _is_scalar(plain: Any) -> bool:
    if get_origin(plain) is Literal or (isinstance(plain, type) and issubclass(plain, Enum)):
        return True
    return plain is None or (isinstance(plain, type) and plain is not object and plain in DATA)


def _as_it_is(value: Any) -> Any:
    return value


def _without_fields(value: Any) -> Any:
    if isinstance(value, (Mapping, list, tuple, set)) or is_record(type(value)) or hasattr(type(value), "model_dump"):
        raise ResponseTypeError(f"a {type(value).__qualname__} stands where a plain value was declared")
    return value


class _Field(NamedTuple):
    name: str
    key: str
    required: bool
    projection: Projection | None
    guard: Callable[[Any], Any]


def _fields(record: Record, cls: Any, fields: list[_Field], selection: Selection) -> Projection:
    inner = [(field.name, field.projection.fits) for field in fields if field.projection is not None]
    cuts = [
        (field.name, field.key, field.required, field.projection.cut if field.projection else field.guard)
        for field in fields
    ]
    keys = {field.key for field in fields}
    needed = {field.key for field in fields if field.required}
    whole = selection.include is None and not selection.exclude and not selection.exclude_none and record.as_it_is
    as_array = record.from_array

    def fits(value: Any) -> bool:
        if not whole:
            return False
        if record.build is dict:  # a TypedDict
            return (
                type(value) is dict
                and needed <= value.keys() <= keys
                and all(fit(value[name]) for name, fit in inner if name in value)
            )
        return type(value) is cls and all(fit(getattr(value, name)) for name, fit in inner)

    def cut(value: Any) -> Any:
        if value is None or isinstance(value, (str, bytes, int, float, list, set)):
            raise ResponseTypeError(f"a {type(value).__qualname__} is no {record.name}")
        row = as_mapping(value)
        found: dict[str, Any] = {}
        if record.tag is not None:
            found[record.tag[0]] = record.tag[1]
            if row is not None and row.get(*record.tag) != record.tag[1]:
                raise ResponseTypeError(f"a {row[record.tag[0]]!r} is no {record.name}")
        for name, key, required, cut_field in cuts:
            if row is not None:
                element = row[key] if key in row else row.get(name, UNSET)
            else:
                element = getattr(value, name, UNSET)
            if element is UNSET or type(element).__name__ == "UnsetType":  # ours, or msgspec's
                if required:
                    raise ResponseTypeError(f"a {type(value).__qualname__} lacks {name!r}, which {record.name} demands")
                if as_array:  # the place of a value says which it is
                    found[key] = None
            elif element is not None or not selection.exclude_none or as_array:
                found[key] = cut_field(element)
        return list(found.values()) if as_array else found

    return Projection(fits, cut, cls if whole and not inner and record.build is not dict else None)


def as_mapping(value: Any) -> Mapping[str, Any] | None:
    """Return *value* by its keys, None if it has attributes instead: rows of databases have keys and are no Mapping."""
    if isinstance(value, Mapping):
        return value
    cls = type(value)
    if hasattr(cls, "keys") and hasattr(cls, "__getitem__"):
        return {key: value[key] for key in value.keys()}  # noqa: SIM118
    return None
