"""The table: the conversion for any annotation, from text or from JSON data.

A class that some library converts by its own rules is asked of *foreign* first; everything else is converted here,
alike for every source and backend. Building a conversion finds every annotation that none could ever fill.
"""

from __future__ import annotations

import types
from collections import abc
from collections.abc import Callable, Collection
from enum import Enum
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from velocipy.conversion.constraints import check_suited, constrain, read_constraints
from velocipy.conversion.faults import INVALID, MAX_FAULTS, Convert, Loc, refuse
from velocipy.conversion.records import Record, is_record, read_record, substitute
from velocipy.conversion.scalars import DATA, TEXT, anything, choice, text_any_float
from velocipy.errors import Fault

LISTS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    tuple: tuple,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Set: set,
    abc.MutableSet: set,
}
_LIST_FAULTS = {
    list: ("list_type", "Input should be a valid list"),
    set: ("set_type", "Input should be a valid set"),
    frozenset: ("frozen_set_type", "Input should be a valid frozenset"),
    tuple: ("tuple_type", "Input should be a valid tuple"),
}
DICTS = (dict, abc.Mapping, abc.MutableMapping)
_NO_OBJECT = ("model_type", "Input should be an object")


class UnsupportedType(TypeError):
    """No value could be made of this annotation."""


def unwrap(annotation: Any) -> tuple[Any, list[Any]]:
    """Return the type below `Annotated`, `NewType` and type aliases, and what they are annotated with."""
    metadata: list[Any] = []
    while type(annotation) is not type:  # PERF: which most are, and asking on takes 2 us
        if get_origin(annotation) is Annotated:
            metadata[:0] = annotation.__metadata__
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # PEP 695; the class is younger than Python 3.11
            annotation = annotation.__value__
        elif type(get_origin(annotation)).__name__ == "TypeAliasType":
            alias = get_origin(annotation)
            annotation = substitute(
                alias.__value__, dict(zip(alias.__type_params__, get_args(annotation), strict=False))
            )
        else:
            break
    return annotation, metadata


def is_alias(annotation: Any) -> bool:
    """Tell whether *annotation* is an alias of PEP 695, which may name itself."""
    return "TypeAliasType" in (type(annotation).__name__, type(get_origin(annotation)).__name__)


def is_optional(annotation: Any) -> bool:
    """Tell whether None is among the types of *annotation*."""
    annotation, _ = unwrap(annotation)
    return annotation is None or annotation is type(None) or any(map(is_optional, union_members(annotation)))


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, () for any other type."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()


class Table:
    """Conversions from one kind of source; each annotation is built once.

    Args:
        text: Whether values come as text (lists of text where a type has many), else as JSON data.
        foreign: Returns the conversion of a type that a library converts by its own rules, else None.
        takes_text: Tells whether that library wants the text itself, which else is read by our rules before.
        judged: Whether a library looks at what was read, so that its own constraints are left to it.
        allow_inf_nan: Whether text may mean a float that is no number, or has no end.
    """

    def __init__(
        self,
        *,
        text: bool,
        foreign: Callable[[Any], Convert | None] = lambda annotation: None,
        takes_text: Callable[[Any], bool] = lambda annotation: False,
        judged: bool = False,
        allow_inf_nan: bool = False,
    ) -> None:
        self.text = text
        self.namespace: dict[str, Any] | None = None
        """Local names that the annotations of fields may mean, for the conversions that are built next."""
        self._foreign = foreign
        self._takes_text = takes_text
        self._judged = judged
        self._allow_inf_nan = allow_inf_nan
        self._scalars = DATA if not text else {**TEXT, float: text_any_float} if allow_inf_nan else TEXT
        self._named: dict[Any, Convert] = {}

    def conversion(self, annotation: Any) -> Convert:
        """Return the conversion to *annotation*.

        Raises:
            UnsupportedType: If there is none.
        """
        return self._once(self._conversion, annotation) if is_alias(annotation) else self._conversion(annotation)

    def _once(self, make: Callable[[Any], Convert], annotation: Any) -> Convert:
        """Return what *make* makes of a class or an alias, which may name itself."""
        known = self._named.get(annotation)
        if known is not None:
            return known
        built: list[Convert] = []
        self._named[annotation] = lambda value, loc, faults: built[0](value, loc, faults)
        try:
            built.append(make(annotation))
        except BaseException:
            del self._named[annotation]
            raise
        self._named[annotation] = built[0]
        return built[0]

    def _conversion(self, annotation: Any) -> Convert:
        plain, metadata = unwrap(annotation)
        if self.text and not self._allow_inf_nan and _allows_inf_nan(metadata):
            table = Table(
                text=True,
                foreign=self._foreign,
                takes_text=self._takes_text,
                judged=self._judged,
                allow_inf_nan=True,
            )
            return table.conversion(annotation)
        foreign = self._foreign(annotation)
        if foreign is not None or self._judged:
            metadata = [item for item in metadata if not _is_foreign(item)]
        try:
            constraints = read_constraints(metadata)
            check_suited(_present(plain), constraints if foreign is None else ())
        except ValueError as error:
            raise UnsupportedType(str(error)) from None
        if foreign is None:
            return constrain(self._plain(plain), constraints)
        return constrain(_judged(self.reading(annotation), foreign), constraints)

    def reading(self, annotation: Any) -> Convert:
        """Return the conversion for a library that will judge what comes of it: text is read by our rules alone.

        It is `anything` where the library wants the text itself, or we have no rules for it.

        Raises:
            UnsupportedType: If the library has nothing to do with *annotation*, and we have no rules either.
        """
        if self._foreign(annotation) is None:
            return self.conversion(annotation)
        if not self.text or self._takes_text(annotation):
            return anything
        plain, metadata = unwrap(annotation)
        allow_inf_nan = self._allow_inf_nan or _allows_inf_nan(metadata)
        try:
            # What stands within is the library's as well, and would be judged twice.
            return Table(text=True, judged=True, allow_inf_nan=allow_inf_nan).conversion(plain)
        except UnsupportedType:
            return anything

    def _plain(self, annotation: Any) -> Convert:
        if annotation is None:
            annotation = type(None)
        if isinstance(annotation, TypeVar):
            return self.conversion(substitute(annotation, {}))
        try:
            scalar = self._scalars.get(annotation)
        except TypeError:
            raise UnsupportedType(f"{annotation!r} is no type") from None
        if scalar is not None:
            return scalar
        if union_members(annotation):
            return self._union(union_members(annotation))
        origin = get_origin(annotation) or annotation
        if origin is Literal:
            return choice(_literals(annotation), "literal_error", text=self.text)
        if isinstance(origin, type):
            if issubclass(origin, Enum):
                return self._enum(origin)
            if annotation == tuple[()]:
                return self._tuple([])
            if origin in LISTS:
                return self._list(origin, get_args(annotation))
            if not self.text:
                if origin in DICTS:
                    return self._dict(*(get_args(annotation) or (Any, Any)))
                if is_record(annotation):
                    return self._once(self._record, annotation)
        shown = getattr(annotation, "__name__", None) or repr(annotation)
        raise UnsupportedType(f"{shown} cannot be made of {'text' if self.text else 'JSON'}")

    def _enum(self, enum: type[Enum]) -> Convert:
        members = [(member.value, member) for member in enum.__members__.values()]  # aliases too
        if not members or not all(isinstance(value, (str, int, float, bytes)) for value, _ in members):
            raise UnsupportedType(f"{enum.__name__} has no members whose values are text or numbers")
        known = choice(members, "enum", text=self.text)
        ask: Any = enum._missing_
        if ask.__module__ == "enum":  # it knows of nothing, or adds the members of a Flag up
            return known
        types_of_values = {type(value) for value, _ in members}
        read = TEXT[int] if self.text and types_of_values == {int} else anything

        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            refused: list[Fault] = []
            member = known(value, loc, refused)
            if member is not INVALID:
                return member
            asked = read(value, loc, [])
            try:
                member = ask(asked) if type(asked) in types_of_values else None
            except Exception:  # of any kind: it looks for the value in its own way, and has not found it
                member = None
            if isinstance(member, enum):
                return member
            faults += refused
            return INVALID

        return convert

    # -- unions ------------------------------------------------------------------------------------------------------

    def _union(self, members: tuple[Any, ...]) -> Convert:
        present = [member for member in members if not _stands_for_nothing(member)]
        optional = any(unwrap(member)[0] in (None, type(None)) for member in members)
        if self.text and optional and present:
            return self._union_of(present)  # no text stands for None
        convert = self._union_of(present) if present else self._scalars[type(None)]

        def maybe(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            return None if value is None else convert(value, loc, faults)

        return maybe if optional else convert

    def _union_of(self, members: list[Any]) -> Convert:
        if len(members) == 1:
            return self.conversion(members[0])
        tagged = self._tagged_union(members)
        if tagged is not None:
            return tagged
        choices = [(self.conversion(member), _name(member)) for member in members]

        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            refused: list[Fault] = []
            for member, name in choices:
                result = member(value, (*loc, name), refused)
                if result is not INVALID:
                    return result
            faults.extend(refused)
            return INVALID

        return convert

    def _tagged_union(self, members: list[Any]) -> Convert | None:
        """Return the union of classes that name themselves in the data, None if any of them does not."""
        if not all(is_record(member) for member in members):
            return None
        tags = {read_record(member, self.namespace).tag: member for member in members}
        if None in tags or len({key for key, _ in filter(None, tags)}) != 1:
            return None
        (key,) = {key for key, _ in filter(None, tags)}
        by_tag = {value: self.conversion(member) for (_, value), member in tags.items()}  # type: ignore[misc]
        expected = ", ".join(map(repr, by_tag))

        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            if not isinstance(value, dict):
                return refuse(faults, loc, *_NO_OBJECT)
            if key not in value:
                return refuse(faults, loc, "union_tag_not_found", f"Unable to extract tag using discriminator {key!r}")
            tag = value[key]
            member = by_tag.get(tag) if isinstance(tag, (str, int)) else None
            if member is None:
                message = f"Input tag {tag!r} found using {key!r} does not match any of the expected tags: {expected}"
                return refuse(faults, loc, "union_tag_invalid", message)
            return member(value, loc, faults)

        return convert

    # -- arrays and objects ------------------------------------------------------------------------------------------

    def _list(self, origin: Any, arguments: tuple[Any, ...]) -> Convert:
        build = LISTS[origin]
        fault = _LIST_FAULTS[build]  # type: ignore[index]
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            return self._tuple([self.conversion(argument) for argument in arguments if argument != ()])
        item_type = unwrap(arguments[0] if arguments else Any)[0]
        if self.text and (get_origin(item_type) or item_type) in LISTS:
            raise UnsupportedType("a list of lists cannot be made of text")
        item = self.conversion(arguments[0] if arguments else Any)

        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            if not isinstance(value, list):
                return refuse(faults, loc, *fault)
            before = len(faults)
            items = []
            for index, element in enumerate(value):
                items.append(item(element, (*loc, index), faults))
                if len(faults) > MAX_FAULTS:
                    break
            if len(faults) > before:
                return INVALID
            try:
                return build(items)
            except TypeError:  # a set of what cannot be hashed
                return refuse(faults, loc, *fault)

        return convert

    def _tuple(self, items: Collection[Convert]) -> Convert:
        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            if not isinstance(value, list):
                return refuse(faults, loc, *_LIST_FAULTS[tuple])
            if len(value) != len(items):
                word, bound = ("too_short", "least") if len(value) < len(items) else ("too_long", "most")
                message = f"Tuple should have at {bound} {len(items)} items after validation, not {len(value)}"
                return refuse(faults, loc, word, message)
            before = len(faults)
            pairs = enumerate(zip(items, value, strict=True))
            result = tuple([item(element, (*loc, index), faults) for index, (item, element) in pairs])
            return INVALID if len(faults) > before else result

        return convert

    def _dict(self, key_type: Any, value_type: Any) -> Convert:
        for member in union_members(unwrap(key_type)[0]) or (key_type,):
            plain, _ = unwrap(member)
            if (get_origin(plain) or plain) in LISTS:
                raise UnsupportedType("the keys of JSON are text, and no lists")
        # The keys of JSON are text.
        key_text = Table(text=True, foreign=self._foreign, takes_text=self._takes_text).conversion(key_type)
        item = self.conversion(value_type)

        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            if not isinstance(value, dict):
                return refuse(faults, loc, "dict_type", "Input should be a valid dictionary")
            before = len(faults)
            result = {}
            for key, element in value.items():
                result[key_text(key, (*loc, key, "[key]"), faults)] = item(element, (*loc, key), faults)
                if len(faults) > MAX_FAULTS:
                    break
            return INVALID if len(faults) > before else result

        return convert

    def _record(self, annotation: Any) -> Convert:
        try:
            record = read_record(annotation, self.namespace)
        except NameError as error:
            raise UnsupportedType(f"{_name(annotation)} has a field whose type cannot be resolved: {error}") from None
        fields = []
        for field in record.fields:
            try:
                fields.append((field.name, field.key, field.required, self.conversion(field.annotation)))
            except UnsupportedType as error:
                raise UnsupportedType(f"{record.name}.{field.name}: {error}") from None
        return _record_conversion(record, fields)


def _record_conversion(record: Record, fields: list[tuple[str, str, bool, Convert]]) -> Convert:
    keys = {key for _, key, _, _ in fields} | ({record.tag[0]} if record.tag else set())

    def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
        places: dict[str, str | int] = {}
        if record.from_array and isinstance(value, list) and len(value) <= len(fields):
            places = {key: index for index, (_, key, _, _) in enumerate(fields)}
            value = {key: element for (_, key, _, _), element in zip(fields, value, strict=False)}
        elif not isinstance(value, dict) or not record.from_object:
            return refuse(faults, loc, *(_NO_OBJECT if record.from_object else _LIST_FAULTS[list]))
        before = len(faults)
        arguments: dict[str, Any] = {}
        for name, key, required, field in fields:
            if key in value:
                arguments[name] = field(value[key], (*loc, places.get(key, key)), faults)
            elif required:
                refuse(faults, (*loc, places.get(key, key)), "missing", "Field required")
        if record.forbids_extra:
            for key in value.keys() - keys:
                refuse(faults, (*loc, key), "extra_forbidden", "Extra inputs are not permitted")
        if record.tag is not None and value.get(record.tag[0], record.tag[1]) != record.tag[1]:
            refuse(faults, (*loc, record.tag[0]), "literal_error", f"Input should be {record.tag[1]!r}")
        if len(faults) > before:
            return INVALID
        try:
            return record.build(**arguments)
        except (ValueError, TypeError) as error:  # raised by the class itself, in __post_init__ or a validator
            return refuse(faults, loc, "value_error", f"Value error, {error}")

    return convert


def _judged(read: Convert, judge: Convert) -> Convert:
    if read is anything:
        return judge

    def read_and_judge(value: Any, loc: Loc, faults: list[Fault]) -> Any:
        value = read(value, loc, faults)
        return value if value is INVALID else judge(value, loc, faults)

    return read_and_judge


def _present(annotation: Any) -> list[Any]:
    """Return the types that a value can have, besides None."""
    members = [unwrap(member)[0] for member in union_members(annotation) if not _stands_for_nothing(member)]
    return members or [annotation]


def _stands_for_nothing(annotation: Any) -> bool:
    plain, _ = unwrap(annotation)
    return plain is None or plain is type(None) or getattr(plain, "__name__", "") == "UnsetType"  # msgspec's


def _allows_inf_nan(metadata: list[Any]) -> bool:
    return any(getattr(item, "allow_inf_nan", None) is True for item in metadata)


def _is_foreign(item: Any) -> bool:
    """Tell whether pydantic has looked after what a type is annotated with."""
    return type(item).__module__.partition(".")[0] in ("pydantic", "annotated_types")


def _literals(annotation: Any) -> list[tuple[Any, Any]]:
    values: list[tuple[Any, Any]] = []
    for value in get_args(annotation):
        if get_origin(value) is Literal:
            values += _literals(value)
        else:
            values.append((value.value if isinstance(value, Enum) else value, value))
    return values


def _name(annotation: Any) -> str:
    plain, _ = unwrap(annotation)
    return str(getattr(plain, "__name__", None) or plain)
