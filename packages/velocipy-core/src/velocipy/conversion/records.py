"""Classes with named fields, told alike: dataclass, TypedDict, NamedTuple, msgspec.Struct, attrs.

Nothing here imports msgspec or attrs: a class of theirs is known by what it carries, and has imported them itself.
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, NamedTuple, TypeVar, Union, get_args, get_origin

from velocipy.types import UNSET


class Field(NamedTuple):
    """One field: its name in the class, its key in the data, its type, whether data must have it, and its default.

    The default is UNSET where there is none, or it is made for each instance.
    """

    name: str
    key: str
    annotation: Any
    required: bool
    default: Any = UNSET


class Record(NamedTuple):
    """A class as its fields, and `build`, which makes an instance of a dict of them."""

    name: str
    fields: list[Field]
    build: Callable[..., Any]
    tag: tuple[str, Any] | None = None  # the key and value by which a union knows its member
    forbids_extra: bool = False
    from_array: bool = False  # whether data may be an array of the fields in order
    from_object: bool = True
    as_it_is: bool = True  # whether every codec writes an instance with these fields and no other


def is_record(annotation: Any) -> bool:
    """Tell whether *annotation* is one of the classes that `read_record` knows."""
    return _reader(get_origin(annotation) or annotation) is not None


def read_record(annotation: Any, namespace: dict[str, Any] | None = None) -> Record:
    """Return the fields of a class or of a generic class with its arguments.

    Args:
        annotation: The class.
        namespace: Local names that its annotations may mean, besides those of its module.

    Raises:
        NameError: If an annotation of a field cannot be resolved.
    """
    cls = get_origin(annotation) or annotation
    reader = _reader(cls)
    if reader is None:
        raise TypeError(f"{annotation!r} has no fields")
    return reader(cls, _hints(cls, annotation, namespace))


def read_output(annotation: Any, namespace: dict[str, Any] | None = None) -> Record:
    """Return the fields with which an instance is written, where they are others than those that it is made of."""
    record = read_record(annotation, namespace)
    cls: Any = get_origin(annotation) or annotation
    if dataclasses.is_dataclass(cls) and not hasattr(cls, "__struct_fields__"):
        hints = _hints(cls, annotation, namespace)
        known = {field.name: field for field in record.fields}
        every = dataclasses.fields(cls)
        fields = [known.get(field.name, Field(field.name, field.name, hints[field.name], False)) for field in every]
        return record._replace(fields=fields, as_it_is=all(field.init for field in every))
    attributes = getattr(cls, "__attrs_attrs__", None)
    if attributes is not None:
        hints = _hints(cls, annotation, namespace)
        of_input = {field.name: field for field in record.fields}
        fields = [
            of_input[field.alias]._replace(name=field.name, key=field.name)
            if field.alias in of_input
            else Field(field.name, field.name, _attrs_type(field, hints), False)
            for field in attributes
            if field.name[0] != "_"
        ]
        # msgspec (0.22) writes whatever is in the dict of an instance.
        return record._replace(fields=fields, as_it_is=not _has_dict(cls))
    return record


def _has_dict(cls: Any) -> bool:
    """Tell whether instances may have attributes that no field names."""
    return bool(cls.__dictoffset__)


def _hints(cls: Any, annotation: Any, namespace: dict[str, Any] | None) -> dict[str, Any]:
    """Return the types of the fields, with what each type variable stands for in the class that declares them."""
    hints = {name: _type_of_field(hint) for name, hint in _resolved(cls, namespace).items()}
    if not any(map(_variables, hints.values())):
        return hints
    if _has_lost_bases(cls):
        raise TypeError(f"before Python 3.12 nobody knows what the type variables in the bases of {cls.__name__} mean")
    classes = list(_with_arguments(annotation, {}))
    declared = [(_resolved(base, namespace), given) for base, given in classes]
    return {
        # The same variable may mean something else in each class, so that the one most below counts.
        name: substitute(hint, [given for known, given in declared if _type_of_field(known.get(name)) == hint][-1])
        for name, hint in hints.items()
    }


def _type_of_field(hint: Any) -> Any:
    """Return *hint* without Final and InitVar, which say nothing about a value."""
    if isinstance(hint, dataclasses.InitVar):
        return hint.type
    if get_origin(hint) is Final:
        return get_args(hint)[0]
    return Any if hint in (Final, dataclasses.InitVar) else hint


def _resolved(cls: Any, namespace: dict[str, Any] | None) -> dict[str, Any]:
    if not (3, 12) <= sys.version_info < (3, 12, 4):
        return typing.get_type_hints(cls, localns=namespace, include_extras=True)
    hints: dict[str, Any] = {}  # the type parameters of each class, of which typing knows nothing yet
    known = dict(namespace or {})
    for base in reversed(cls.__mro__):
        known |= {parameter.__name__: parameter for parameter in getattr(base, "__type_params__", ())}
        found = typing.get_type_hints(base, localns=known, include_extras=True)
        hints |= {name: found[name] for name in vars(base).get("__annotations__", ())}
    return hints


def _has_lost_bases(cls: Any) -> bool:
    """Tell whether *cls* is a TypedDict of which Python 3.11 forgot the bases: none of them had arguments."""
    return hasattr(cls, "__required_keys__") and "__orig_bases__" not in vars(cls)


def substitute(annotation: Any, arguments: Mapping[Any, Any]) -> Any:
    """Put *arguments* in the place of the type variables of *annotation*, and their bounds where there are none."""
    parameters = _variables(annotation)
    given = tuple(
        arguments[parameter] if parameter in arguments else _unbound(parameter, arguments) for parameter in parameters
    )
    if isinstance(annotation, TypeVar):
        return given[0]
    return annotation[given] if given and get_args(annotation) else annotation


def _variables(annotation: Any) -> tuple[Any, ...]:
    return (annotation,) if isinstance(annotation, TypeVar) else getattr(annotation, "__parameters__", ())


def _unbound(variable: Any, arguments: Mapping[Any, Any]) -> Any:
    """Return what stands for a variable that has no argument: its default, its bound, or one of its constraints."""
    if has_default(variable):
        return substitute(variable.__default__, arguments)
    if getattr(variable, "__constraints__", ()):
        return Union[variable.__constraints__]  # noqa: UP007
    bound = getattr(variable, "__bound__", None)
    return Any if bound is None else bound


def has_default(variable: Any) -> bool:
    """Tell whether a type variable has a default (PEP 696), of Python 3.13 or of typing_extensions."""
    return hasattr(variable, "has_default") and bool(variable.has_default())


def _with_arguments(annotation: Any, arguments: Mapping[Any, Any]) -> Iterator[tuple[Any, dict[Any, Any]]]:
    """Yield a class and, further and further below, its bases, each with what its type variables stand for."""
    cls = get_origin(annotation) or annotation
    given = [substitute(argument, arguments) for argument in get_args(annotation)]
    own = dict(zip(getattr(cls, "__parameters__", ()), given, strict=False))
    if isinstance(cls, type) and cls not in (object, dict, tuple, typing.Generic):
        yield cls, own
        for base in vars(cls).get("__orig_bases__", cls.__bases__):  # a TypedDict has no bases but these
            yield from _with_arguments(base, own)


def _reader(cls: Any) -> Callable[[Any, dict[str, Any]], Record] | None:
    if not isinstance(cls, type):
        return None
    if hasattr(cls, "__struct_fields__"):
        return _struct
    if dataclasses.is_dataclass(cls):
        return _dataclass
    if hasattr(cls, "__attrs_attrs__"):
        return _attrs
    if is_typed_dict(cls):
        return _typed_dict
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _named_tuple
    return None


def _struct(cls: Any, hints: dict[str, Any]) -> Record:
    config = cls.__struct_config__
    tag = None if config.tag is None else (config.tag_field, config.tag)
    names = cls.__struct_fields__
    without = sys.modules["msgspec"].NODEFAULT
    defaults = [without] * (len(names) - len(cls.__struct_defaults__)) + [*cls.__struct_defaults__]
    fields = [
        Field(name, key, hints[name], default is without, _value(default))
        for name, key, default in zip(names, cls.__struct_encode_fields__, defaults, strict=True)
    ]
    return Record(
        cls.__name__, fields, cls, tag, config.forbid_unknown_fields, config.array_like, not config.array_like
    )


def _dataclass(cls: Any, hints: dict[str, Any]) -> Record:
    fields = [
        Field(
            field.name,
            field.name,
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            UNSET if field.default is dataclasses.MISSING else field.default,
        )
        for field in cls.__dataclass_fields__.values()  # those of InitVar too
        if field.init and ClassVar not in (hints[field.name], get_origin(hints[field.name]))
    ]
    return Record(cls.__name__, fields, cls)


def _attrs(cls: Any, hints: dict[str, Any]) -> Record:
    nothing = sys.modules["attr"].NOTHING
    fields = [
        Field(field.alias, field.alias, _attrs_type(field, hints), field.default is nothing, _value(field.default))
        for field in cls.__attrs_attrs__
        if field.init
    ]
    return Record(cls.__name__, fields, cls)


def _value(default: Any) -> Any:
    """Return a default of msgspec or attrs, UNSET if it is none or made for each instance."""
    return UNSET if type(default).__module__.partition(".")[0] in ("msgspec", "attr") else default


def _attrs_type(field: Any, hints: dict[str, Any]) -> Any:
    return hints.get(field.name, Any if field.type is None else field.type)


def is_typed_dict(cls: Any) -> bool:
    """Tell whether *cls* is a TypedDict of typing, or of typing_extensions, which Python 3.11 does not know."""
    return isinstance(cls, type) and issubclass(cls, dict) and hasattr(cls, "__required_keys__")


def _typed_dict(cls: Any, hints: dict[str, Any]) -> Record:
    fields = []
    for name, hint in hints.items():
        annotation, qualifiers = _without_qualifiers(hint)
        # Python does not see those that are text.
        required = "Required" in qualifiers or (name in cls.__required_keys__ and "NotRequired" not in qualifiers)
        fields.append(Field(name, name, annotation, required))
    return Record(cls.__name__, fields, dict)


def _without_qualifiers(hint: Any) -> tuple[Any, list[str]]:
    """Return *hint* without Required, NotRequired and ReadOnly, which are no types, and the names of those it has."""
    origin = get_origin(hint)
    if origin is Annotated:
        annotation, qualifiers = _without_qualifiers(hint.__origin__)
        return (Annotated[annotation, *hint.__metadata__] if qualifiers else hint), qualifiers
    name = getattr(origin, "_name", None)
    if name not in ("Required", "NotRequired", "ReadOnly"):
        return hint, []
    annotation, qualifiers = _without_qualifiers(get_args(hint)[0])
    return annotation, [name, *qualifiers]


def _named_tuple(cls: Any, hints: dict[str, Any]) -> Record:
    defaults = cls._field_defaults
    fields = [
        Field(name, name, hints.get(name, Any), name not in defaults, defaults.get(name, UNSET)) for name in cls._fields
    ]
    return Record(cls.__name__, fields, cls, from_array=True)
