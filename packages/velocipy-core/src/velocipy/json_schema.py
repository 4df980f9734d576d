"""JSON Schema (2020-12) of types: what a request may bring, and what an answer has.

`Schemas` gathers the types of a whole document. Classes become definitions, which are named when all are known: by
their own name where nobody else has it, by that of their module besides where somebody has, and with "-Input" and
"-Output" behind where requests and answers differ. Types of a library are asked of its adapter, all of them at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin
from uuid import UUID

from velocipy.conversion.constraints import read_constraints
from velocipy.conversion.records import Record, is_record, read_output, read_record, substitute
from velocipy.conversion.table import DICTS, LISTS, UnsupportedType, is_alias, union_members, unwrap
from velocipy.model_adapters import ModelAdapter, SchemaMode
from velocipy.schema_names import Definition, Schema, name_all
from velocipy.schema_selection import names_by_key, reached, selected
from velocipy.serialization import StdlibCodec
from velocipy.types import UNSET, Selection

__all__ = ["REFERENCE", "SchemaMode", "Schemas"]

REFERENCE = "#/components/schemas/{name}"
EVERYTHING = Selection()
"""Where definitions are in a document of OpenAPI."""

_CODEC = StdlibCodec()

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    UUID: {"type": "string", "format": "uuid"},
    Path: {"type": "string", "format": "path"},
    PurePath: {"type": "string", "format": "path"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    Any: {},
    object: {},
}
_DECIMAL = {"type": "string", "pattern": r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"}
_NUMBERS = ("integer", "number")
_KEYWORDS: dict[str, dict[str, str]] = {
    # By the name of the constraint, and then by the type that it is asked of.
    "gt": dict.fromkeys(_NUMBERS, "exclusiveMinimum"),
    "ge": dict.fromkeys(_NUMBERS, "minimum"),
    "lt": dict.fromkeys(_NUMBERS, "exclusiveMaximum"),
    "le": dict.fromkeys(_NUMBERS, "maximum"),
    "multiple_of": dict.fromkeys(_NUMBERS, "multipleOf"),
    "min_length": {"string": "minLength", "array": "minItems", "object": "minProperties"},
    "max_length": {"string": "maxLength", "array": "maxItems", "object": "maxProperties"},
    "pattern": {"string": "pattern"},
}


class _Foreign(NamedTuple):
    """A type of a library, what is said of it besides, and its schema when all are asked."""

    annotation: Any
    mode: SchemaMode
    metadata: list[Any]
    schema: Schema
    selection: Selection


class Schemas:
    """The schemas of a document, and the definitions that they share.

    Args:
        adapters: For the types of libraries; the first that supports one counts.
        reference: Where a definition is, by its `{name}`.
        on_unknown: Told of a type that has no JSON Schema, of which the schema is then {}, which is anything. Without
            it that is an `UnsupportedType`.
    """

    def __init__(
        self,
        adapters: Sequence[ModelAdapter] = (),
        *,
        reference: str = REFERENCE,
        on_unknown: Callable[[str], object] | None = None,
    ) -> None:
        self._adapters = tuple(adapters)
        self._on_unknown = on_unknown
        self._reference = reference
        self._definitions: dict[tuple[Hashable, SchemaMode], Definition] = {}
        self._foreign: dict[int, list[_Foreign]] = {}  # by the number of the adapter
        self._mappings: list[tuple[dict[str, str], dict[str, Schema]]] = []  # of discriminators

    def add(
        self,
        annotation: Any,
        mode: SchemaMode,
        metadata: Iterable[Any] = (),
        *,
        default: Any = UNSET,
        selection: Selection = EVERYTHING,
    ) -> Schema:
        """Return the schema of *annotation*, which is complete when `finish` was called.

        Args:
            annotation: A type.
            mode: "input" for what requests bring, "output" for what answers have.
            metadata: What constrains or describes it besides, such as a marker of its parameter.
            default: What the value is where there is none; told if it has JSON.
            selection: Which of its fields leave.

        Raises:
            UnsupportedType: If it has no JSON.
        """
        return _with_default(self._add(annotation, mode, metadata, selection), default)

    def _add(self, annotation: Any, mode: SchemaMode, metadata: Iterable[Any], selection: Selection) -> Schema:
        plain, inner = unwrap(annotation)
        said = [*inner, *metadata]
        if is_alias(annotation) and _names_itself(annotation):
            return self._described(self._named(annotation, mode), said)
        for number, adapter in enumerate(self._adapters):
            if adapter.supports(annotation):
                foreign = _Foreign(annotation, mode, list(metadata), {}, selection)
                self._foreign.setdefault(number, []).append(foreign)
                return foreign.schema
        if selection._replace(by_alias=True) != EVERYTHING:
            return self._described(self._selected(plain, mode, selection), said)
        return self._described(self._plain(plain, mode), said)

    def finish(self) -> dict[str, Schema]:
        """Return the definitions by their names, and complete all schemas."""
        taken: dict[str, Schema] = {}
        for number, wanted in self._foreign.items():
            taken |= self._ask(self._adapters[number], wanted)
        named = dict(taken)
        for definition, name in name_all(list(self._definitions.values()), set(taken)):
            named[name] = definition.schema
            for reference in definition.references:
                reference["$ref"] = self._reference.format(name=name)
        for mapping, references in self._mappings:
            mapping.update({tag: reference["$ref"] for tag, reference in references.items()})
        return dict(sorted(named.items()))

    def _ask(self, adapter: ModelAdapter, wanted: list[_Foreign]) -> dict[str, Schema]:
        """Complete the schemas of the types of a library, and return its definitions."""
        asked: list[tuple[Any, SchemaMode]] = [(item.annotation, item.mode) for item in wanted]
        try:
            schemas, definitions = adapter.json_schemas(asked, self._reference)
        except UnsupportedType:
            if self._on_unknown is None:
                raise
            return self._ask(adapter, [item for item in wanted if self._is_known(adapter, item)])
        chosen = [item for item in wanted if item.selection != EVERYTHING]
        if chosen:
            reference = self._reference.replace("{name}", "{name}-ByName")
            of_names = adapter.json_schemas(asked, reference, by_alias=False)
            by_alias = {self._reference.format(name=name): schema for name, schema in definitions.items()}
            by_name = {reference.format(name=name): schema for name, schema in of_names[1].items()}
            names = names_by_key(definitions, of_names[1])
            keys = {self._reference.format(name=name): known for name, known in names.items()}
            for number, item in enumerate(wanted):
                if not item.selection.by_alias:
                    schemas[number] = selected(of_names[0][number], by_name, item.selection, {})
                elif item.selection != EVERYTHING:
                    schemas[number] = selected(schemas[number], by_alias, item.selection, keys)
            definitions |= {f"{name}-ByName": schema for name, schema in of_names[1].items()}
            definitions = reached(schemas, definitions, self._reference)
        for item, schema in zip(wanted, schemas, strict=True):
            item.schema.update({**schema, **item.schema})  # such as a default that was told meanwhile
            self._described(item.schema, item.metadata)
        return definitions

    def _is_known(self, adapter: ModelAdapter, item: _Foreign) -> bool:
        assert self._on_unknown is not None
        try:
            adapter.json_schemas([(item.annotation, item.mode)], self._reference)
        except UnsupportedType as error:
            self._on_unknown(f"{_shown(item.annotation)}: {error}")
            return False
        return True

    # -- types -------------------------------------------------------------------------------------------------------

    def _plain(self, annotation: Any, mode: SchemaMode) -> Schema:
        if isinstance(annotation, TypeVar):
            return self.add(substitute(annotation, {}), mode)
        if isinstance(annotation, Hashable) and annotation in _SCALARS:
            return dict(_SCALARS[annotation])
        if annotation is Decimal:
            return {"anyOf": [{"type": "number"}, dict(_DECIMAL)]} if mode == "input" else dict(_DECIMAL)
        if union_members(annotation):
            return self._union(union_members(annotation), mode)
        origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
        if origin is Literal:
            return _choice([value.value if isinstance(value, Enum) else value for value in _values(annotation)])
        if isinstance(origin, type):
            if issubclass(origin, Enum) or is_record(annotation):
                return self._named(annotation, mode)
            if origin in LISTS:
                return self._array(annotation, mode)
            if origin in DICTS:
                key, value = arguments or (Any, Any)
                return self._object(key, value, mode)
        problem = f"{_shown(annotation)} has no JSON Schema"
        if self._on_unknown is None:
            raise UnsupportedType(problem)
        self._on_unknown(problem)
        return {}

    def _selected(self, annotation: Any, mode: SchemaMode, selection: Selection) -> Schema:
        """Return the schema of a type of our own of whose outermost objects only some fields leave."""
        members, arguments = union_members(annotation), get_args(annotation)
        origin = get_origin(annotation) or annotation
        if members:
            return {"anyOf": [self.add(item, mode, selection=selection) for item in members]}
        if is_record(annotation):
            names = {field.key: field.name for field in read_output(annotation).fields}
            return selected(self._record(annotation, mode), {}, selection, {"": names})
        if origin in LISTS and origin is not tuple and arguments:
            return {"type": "array", "items": self.add(arguments[0], mode, selection=selection)}
        if origin in DICTS and arguments:
            values = self.add(arguments[1], mode, selection=selection)
            return {**self._object(arguments[0], Any, mode), "additionalProperties": values}
        return self._plain(annotation, mode)

    def _union(self, members: tuple[Any, ...], mode: SchemaMode) -> Schema:
        present = [item for item in members if getattr(unwrap(item)[0], "__name__", "") != "UnsetType"]  # msgspec's
        records = [unwrap(item)[0] for item in present if unwrap(item)[0] not in (None, type(None))]
        tags = [read_record(item).tag if is_record(item) else None for item in records]
        keys = {tag[0] for tag in tags if tag is not None}
        schemas = [self.add(item, mode) for item in present]
        if len(records) > 1 and None not in tags and len(keys) == 1:
            references = [schema for schema in schemas if "$ref" in schema]
            mapping: dict[str, str] = {}
            self._mappings.append(
                (mapping, {str(tag[1]): ref for tag, ref in zip(tags, references, strict=True) if tag})
            )
            tagged: Schema = {"oneOf": references, "discriminator": {"propertyName": min(keys), "mapping": mapping}}
            nothing = [schema for schema in schemas if "$ref" not in schema]
            return {"anyOf": [tagged, *nothing]} if nothing else tagged
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _array(self, annotation: Any, mode: SchemaMode) -> Schema:
        origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
        if origin is tuple and annotation is not tuple and arguments[-1:] != (Ellipsis,):
            items = [self.add(argument, mode) for argument in arguments if argument != ()]
            fixed: Schema = {"type": "array", "minItems": len(items), "maxItems": len(items)}
            return {**fixed, "prefixItems": items} if items else fixed  # which must not be empty
        schema: Schema = {"type": "array", "items": self.add(arguments[0] if arguments else Any, mode)}
        if issubclass(origin, (set, frozenset)) or "Set" in origin.__name__:
            schema["uniqueItems"] = True
        return schema

    def _object(self, key: Any, value: Any, mode: SchemaMode) -> Schema:
        schema: Schema = {"type": "object", "additionalProperties": self.add(value, mode)}
        if key not in (str, Any):
            names = self.add(key, mode)
            if names.get("type", "string") == "string":  # numbers are text there
                schema["propertyNames"] = names
        return schema

    # -- definitions -------------------------------------------------------------------------------------------------

    def _named(self, annotation: Any, mode: SchemaMode) -> Schema:
        """Return a reference to the definition of a class or an alias, made at the first time."""
        key = (annotation, mode)
        reference: Schema = {"$ref": ""}
        known = self._definitions.get(key)
        if known is not None:
            known.references.append(reference)
            return reference
        definition = self._definitions[key] = Definition(key, [reference], {})
        plain, metadata = unwrap(annotation)
        if is_alias(annotation):
            made = self._described(self._plain(plain, mode), metadata)
        elif is_record(annotation):
            made = self._record(annotation, mode)
        else:
            made = {"title": plain.__name__, **_choice([member.value for member in plain]), **_doc(plain)}
        definition.schema.update(made)
        return reference

    def _record(self, annotation: Any, mode: SchemaMode) -> Schema:
        cls = get_origin(annotation) or annotation
        record = read_record(annotation) if mode == "input" else read_output(annotation)
        properties: dict[str, Schema] = {}
        for field in record.fields:
            try:
                properties[field.key] = self.add(field.annotation, mode, default=field.default)
            except UnsupportedType as error:
                raise UnsupportedType(f"{record.name}.{field.name}: {error}") from None
        required = [field.key for field in record.fields if field.required]
        if record.tag is not None:
            properties = {record.tag[0]: {"const": record.tag[1]}, **properties}
            required.insert(0, record.tag[0])
        made: Schema = {"title": record.name, "type": "object", **_doc(cls), "properties": properties}
        if required:
            made["required"] = required
        if record.forbids_extra:
            made["additionalProperties"] = False
        return _as_array(record, made, mode)

    # -- what is said besides ----------------------------------------------------------------------------------------

    def _described(self, schema: Schema, metadata: list[Any]) -> Schema:
        """Return *schema* with constraints and descriptions; what stands beside a reference counts as well."""
        if not metadata:
            return schema
        for name, value in read_constraints(metadata):
            for part in schema.get("anyOf", [schema]):
                keyword = _KEYWORDS.get(name, {}).get(part.get("type", ""))
                if keyword is not None:
                    part[keyword] = _number(value) if name != "pattern" else getattr(value, "pattern", value)
        for item in metadata:
            for word in ("title", "description"):
                text = getattr(item, word, None)
                if isinstance(text, str):
                    schema[word] = text
            documentation = getattr(item, "documentation", None)  # of PEP 727
            if isinstance(documentation, str):
                schema["description"] = documentation
            examples = getattr(item, "examples", None)
            if isinstance(examples, (list, tuple)):
                schema["examples"] = [_json(example) for example in examples]
            for name in ("json_schema_extra", "extra_json_schema"):
                extra = getattr(item, name, None)
                if isinstance(extra, Mapping):
                    schema.update(extra)
        return schema


def _shown(annotation: Any) -> str:
    return str(getattr(annotation, "__name__", annotation))


def _with_default(schema: Schema, default: Any) -> Schema:
    if default is not UNSET:
        with suppress(TypeError, ValueError):  # what has no JSON is not told
            schema["default"] = _json(default)
    return schema


def _json(value: Any) -> Any:
    return _CODEC.decode(_CODEC.encode(value))


def _number(value: Any) -> Any:
    return _json(value) if not isinstance(value, Decimal) else (int(value) if value == int(value) else float(value))


def _choice(values: list[Any]) -> Schema:
    """Return the schema of some values, of which JSON may know one twice."""
    told = [_json(value) for value in values]
    distinct = [value for number, value in enumerate(told) if value not in told[:number]]
    if len(distinct) == 1:
        return {"const": distinct[0], **_type_of(distinct)}
    return {"enum": distinct, **_type_of(distinct)}


def _type_of(values: list[Any]) -> Schema:
    kinds = {_TYPES.get(type(value)) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    return {"type": kind} if kind else {}


_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def _values(annotation: Any) -> list[Any]:
    found: list[Any] = []
    for value in get_args(annotation):
        found += _values(value) if get_origin(value) is Literal else [value]
    return found


def _doc(cls: Any) -> Schema:
    """Return the description of a class, unless it is one that was made for it."""
    text = inspect.getdoc(cls) if cls.__doc__ and "__doc__" in vars(cls) else None
    if not text or text.startswith(f"{cls.__name__}(") or text == "An enumeration.":
        return {}
    return {"description": text}


def _as_array(record: Record, schema: Schema, mode: SchemaMode) -> Schema:
    """Return the schema of a class that is an array in JSON: of some in requests alone, beside the object."""
    if not record.from_array:
        return schema
    items = list(schema["properties"].values())
    least = sum(field.required for field in record.fields) + (record.tag is not None)
    array = {"type": "array", "prefixItems": items, "minItems": least, "maxItems": len(items)}
    if record.from_object and mode == "input":
        return {"title": record.name, "anyOf": [schema, array]}
    return {"title": record.name, **array}


def _names_itself(alias: Any) -> bool:
    """Tell whether an alias of PEP 695 stands somewhere in what it means."""
    origin = get_origin(alias) or alias

    def stands_in(annotation: Any, seen: tuple[Any, ...]) -> bool:
        if is_alias(annotation):
            name = get_origin(annotation) or annotation
            if name is origin:
                return True
            return name not in seen and stands_in(name.__value__, (*seen, name))
        return any(stands_in(argument, seen) for argument in get_args(annotation))

    return stands_in(origin.__value__, ())
