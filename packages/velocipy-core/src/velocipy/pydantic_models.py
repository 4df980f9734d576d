"""The adapter of pydantic's models; imported when the program has imported pydantic itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError

from velocipy.conversion.faults import INVALID, MAX_FAULTS, Convert, Loc, refuse
from velocipy.conversion.projection import ResponseTypeError, as_mapping, invalid_response
from velocipy.conversion.table import LISTS, UnsupportedType, is_optional, union_members, unwrap
from velocipy.errors import Fault, invalid_json
from velocipy.http.uploads import UploadFile
from velocipy.model_adapters import Decoder, Fields, ModelField, SchemaMode, decoder_by_codec
from velocipy.serialization import JSONCodec, is_ours
from velocipy.types import UNSET, Selection

_N, _I = b"NI"


class PydanticAdapter:
    """pydantic's models and whatever else carries its schema, by `TypeAdapter`."""

    name = "pydantic"

    def __init__(self, codec: JSONCodec) -> None:
        self._encode = codec.encode

    def supports(self, annotation: Any) -> bool:
        return any(map(_has_schema, _parts(annotation)))

    def is_model(self, annotation: Any) -> bool:
        plain, _ = unwrap(annotation)
        return hasattr(get_origin(plain) or plain, "model_fields")

    def fields(self, annotation: Any) -> Fields:
        plain, _ = unwrap(annotation)
        model = get_origin(plain) or plain
        config = model.model_config
        reads_whole = any(item.info.mode != "after" for item in model.__pydantic_decorators__.model_validators.values())
        before = set(model.model_fields) if reads_whole else _reading_first(model)
        fields = []
        for name, info in model.model_fields.items():
            kind = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
            required = info.is_required() and not reads_whole  # its validator may know better
            takes_text = name in before or self.takes_text(kind)
            default = UNSET if info.is_required() or info.default_factory is not None else info.default
            fields.append(ModelField(name, _keys(name, info, config), kind, required, takes_text, default, info))
        aliases = {field.name: field.keys[0] for field in fields}
        names = {alias: name for name, alias in aliases.items()}
        adapter, error_type = self._type_adapter(annotation)

        def make(values: dict[str, Any], loc: Loc, faults: list[Fault]) -> Any:
            try:
                return adapter.validate_python({aliases.get(name, name): value for name, value in values.items()})
            except error_type as error:
                return _pydantic_faults(error, loc, faults, names)

        forbids_extra = config.get("extra") == "forbid" and not reads_whole
        takes_extra = config.get("extra") == "allow" or reads_whole
        return Fields(fields, make, forbids_extra, takes_extra, judges=True)

    def converter(self, annotation: Any, *, text: bool) -> Convert:
        adapter, error_type = self._type_adapter(annotation)
        # A strict model takes a date as text from JSON alone, so JSON data goes back to JSON.
        validate = adapter.validate_python if text else lambda value: adapter.validate_json(self._encode(value))

        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            try:
                return validate(value)
            except error_type as error:
                return _pydantic_faults(error, loc, faults)

        return convert

    def takes_text(self, annotation: Any) -> bool:
        return any(_reads_first(item) for part in _parts(annotation) for item in unwrap(part)[1])

    def decoder(self, annotation: Any, codec: JSONCodec) -> Decoder:
        for part in _parts(annotation):
            fields = getattr(unwrap(part)[0], "model_fields", {})
            if any(unwrap(inner)[0] is UploadFile for info in fields.values() for inner in _parts(info.annotation)):
                raise UnsupportedType("UploadFile cannot be made of JSON")
        if not is_ours(codec):
            return decoder_by_codec(self.converter(annotation, text=False), codec)
        adapter, error_type = self._type_adapter(annotation)
        validate = adapter.validator.validate_json  # PERF: the wrapper around it takes 0.15 us

        def decode(data: bytes) -> Any:
            # PERF: a single byte is found at once, a word in 0.2 us for each 250 bytes.
            if (_N in data and b"NaN" in data) or (_I in data and b"Infinity" in data):
                codec.decode(data)  # refuses what pydantic would take, though it is no JSON
            return validate(data)

        def explain(data: bytes, loc: Loc, faults: list[Fault]) -> Any:
            try:
                return decode(data)
            except error_type as error:
                return _pydantic_faults(error, loc, faults)
            except ValueError as error:
                faults.append(invalid_json(error, loc))
                return INVALID

        return Decoder(decode, (ValueError,), explain)

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        adapter, error_type = self._type_adapter(annotation)
        is_made = self._made_by(annotation)
        options: dict[str, Any] = {**selection._asdict(), "exclude": selection.exclude or None}
        if selection.include is not None or selection.exclude:
            (depth,) = depths if len(depths := set(_depths(annotation))) == 1 else (-1,)
            if depth < 0:
                raise UnsupportedType("include and exclude choose from one model, a list or a dict of it")
            self._check_names(annotation, selection)
            for _ in range(depth):  # of each item
                options |= {name: {"__all__": options[name]} for name in ("include", "exclude") if options[name]}
        dump = partial(adapter.dump_json, warnings="error", **options)
        optional = is_optional(annotation)

        def encode(value: Any) -> bytes:
            if value is None and not optional:  # pydantic (2.14) would write null without a warning
                raise ResponseTypeError("there is nothing where a model was declared")
            if isinstance(value, Iterator):
                value = list(value)
            try:
                if not is_made(value):  # a dict, a row: pydantic would write what is in its __dict__
                    value = adapter.validate_python(_by_keys(value), from_attributes=True, by_alias=True, by_name=True)
                encoded = bytes(dump(value))
            except (PydanticSerializationError, error_type) as error:
                raise ResponseTypeError(f"a {type(value).__qualname__} is not what was declared") from error
            if check:  # made by hand, or changed after it was made
                faults: list[Fault] = []
                fields = adapter.dump_python(value, round_trip=True, by_alias=False)
                try:
                    adapter.validate_python(fields, by_alias=False, by_name=True)
                except error_type as error:
                    _pydantic_faults(error, (), faults)
                    raise invalid_response(faults) from None
            return encoded

        return encode

    def json_schemas(
        self, wanted: Sequence[tuple[Any, SchemaMode]], reference: str, *, by_alias: bool = True
    ) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        inputs: list[tuple[Any, Literal["validation", "serialization"], Any]] = [
            (number, "validation" if mode == "input" else "serialization", self._type_adapter(item)[0])
            for number, (item, mode) in enumerate(wanted)
        ]
        try:
            template = reference.replace("{name}", "{model}")
            schemas, shared = TypeAdapter.json_schemas(inputs, by_alias=by_alias, ref_template=template)
        except PydanticUserError as error:
            raise UnsupportedType(f"pydantic has no JSON Schema for it: {error}".partition("\n")[0]) from None
        return [dict(schemas[number, mode]) for number, mode, _ in inputs], dict(shared.get("$defs", {}))

    def _made_by(self, annotation: Any, above: tuple[Any, ...] = ()) -> Callable[[Any], bool]:
        """Return the test whether a value is made of instances of the models of *annotation* and of nothing else."""
        if self.is_model(annotation):
            plain, _ = unwrap(annotation)
            return lambda value: type(value) is plain
        if annotation in above:  # an alias that names itself
            return lambda value: False
        inner, many = _containers(annotation)
        tests = [self._made_by(item, (*above, annotation)) for item in inner]
        if not many:
            optional = is_optional(annotation)
            return lambda value: (optional and value is None) or any(test(value) for test in tests)
        if len(tests) != 1:
            return lambda value: False
        (test,) = tests
        return lambda value: all(map(test, value.values() if isinstance(value, Mapping) else value))

    def _check_names(self, annotation: Any, selection: Selection) -> None:
        """Refuse to include or exclude what no model has: a misspelt name would let a secret out."""
        models = list(_innermost(annotation))
        if all(map(self.is_model, models)):
            known = {name for item in models for name in _field_names(get_origin(item) or item)}
            unknown = (selection.exclude | (selection.include or frozenset())) - known
            if unknown:
                raise UnsupportedType(f"it has no field {', '.join(map(repr, sorted(unknown)))} to include or exclude")

    def _type_adapter(self, annotation: Any) -> tuple[Any, type[Exception]]:
        try:
            adapter = TypeAdapter(annotation)
            adapter.rebuild(force=False, raise_errors=True)
        except (PydanticUserError, NameError) as error:
            reason = str(error).partition("\n")[0]
            raise UnsupportedType(f"pydantic has no schema for it: {reason}") from None
        return adapter, ValidationError


def _by_keys(value: Any) -> Any:
    """Return *value* with dicts in the place of rows that have keys and no attributes, which pydantic does not know."""
    if type(value) in (list, tuple):
        return [_by_keys(item) for item in value]
    row = as_mapping(value)
    return value if row is None else row


def _keys(name: str, info: Any, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that a field may have in a request."""
    alias = info.validation_alias or info.alias
    if alias is None or config.get("validate_by_alias") is False:
        return (name,)
    choices = getattr(alias, "choices", [alias])
    if not all(isinstance(choice, str) for choice in choices):
        raise UnsupportedType(f"the field {name!r} has an AliasPath, and single values have no paths")
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    return tuple(dict.fromkeys([*choices, *([name] if by_name else [])]))


def _reading_first(model: Any) -> set[str]:
    """Return the fields of which a validator of the model reads the text before anybody else."""
    return {
        name
        for item in model.__pydantic_decorators__.field_validators.values()
        if item.info.mode != "after"
        for name in (model.model_fields if "*" in item.info.fields else item.info.fields)
    }


def _reads_first(item: Any) -> bool:
    return type(item).__name__ in ("BeforeValidator", "WrapValidator", "PlainValidator")


def _pydantic_faults(error: Any, loc: Loc, faults: list[Fault], names: Mapping[Any, str] | None = None) -> Any:
    """Add the faults of pydantic's *error*; *names* are those of the fields, by what it calls them."""
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[: MAX_FAULTS + 1]:
        inside: Loc = fault["loc"]
        if names and inside:
            inside = (names.get(inside[0], inside[0]), *inside[1:])
        refuse(faults, (*loc, *inside), fault["type"], fault["msg"])
    return INVALID


def _field_names(model: Any) -> set[str]:
    return {*model.model_fields, *model.model_computed_fields}


def _parts(annotation: Any, above: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield a type and all that stand within it; an alias may name itself."""
    yield annotation
    plain, _ = unwrap(annotation)
    if annotation not in above and get_origin(plain) is not Literal:
        for argument in get_args(plain):
            yield from _parts(argument, (*above, annotation))


def _has_schema(annotation: Any) -> bool:
    plain, metadata = unwrap(annotation)
    if plain is UploadFile:  # a model may hold it, but it is made by none
        return False
    if hasattr(plain, "__pydantic_validator__"):
        return True
    return any(
        type(item).__module__.partition(".")[0] == "pydantic" or hasattr(item, "__get_pydantic_core_schema__")
        for item in (plain, *metadata)
    )


def _containers(annotation: Any) -> tuple[list[Any], bool]:
    """Return what *annotation* is made of, besides None, and whether it has many of it."""
    plain, _ = unwrap(annotation)
    members = union_members(plain)
    if members:
        return [member for member in members if member not in (None, type(None))], False
    origin, arguments = get_origin(plain), get_args(plain)
    if origin in LISTS and arguments:
        return [argument for argument in arguments if argument is not Ellipsis], True
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
        return [arguments[1]], True
    return [], False


def _innermost(annotation: Any) -> Iterator[Any]:
    inner, _ = _containers(annotation)
    if not inner:
        yield unwrap(annotation)[0]
    for item in inner:
        yield from _innermost(item)


def _depths(annotation: Any, depth: int = 0) -> Iterator[int]:
    """Tell in how many lists and dicts the models of *annotation* stand."""
    inner, many = _containers(annotation)
    if not inner:
        yield depth
    for item in inner:
        yield from _depths(item, depth + many)
