"""Model adapters: who turns JSON bytes into a typed value, and explains what is wrong with them.

For each body the first adapter that claims its annotation is asked at start-up. Faults have one shape whoever finds
them: pydantic tells all of its own; for everything else msgspec's decoder is the fast way, and when it refuses (it
stops at the first fault) the one table of `conversion` finds them all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar, get_args, get_origin

from velocipy.conversion.constraints import read_constraints
from velocipy.conversion.faults import INVALID, MAX_FAULTS, Convert, Loc, refuse
from velocipy.conversion.projection import ResponseTypeError, read_projection
from velocipy.conversion.records import is_record, read_record
from velocipy.conversion.table import LISTS, Table, UnsupportedType, is_optional, union_members, unwrap
from velocipy.errors import Fault, ValidationError, invalid_json
from velocipy.serialization import JSONCodec
from velocipy.types import Selection

Made = TypeVar("Made")


class Decoder(NamedTuple):
    """How a body becomes a value.

    `decode(data)` returns it or raises one of `errors`; then `explain(data, loc, faults)` adds the faults and returns
    INVALID (or the value, where `decode` was stricter than the table).
    """

    decode: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...]
    explain: Convert


class ModelField(NamedTuple):
    """A field of a model: its name, the names it may have in a request, the first best, its type.

    Where `takes_text`, its class wants the text itself, and reads it by rules of its own.
    """

    name: str
    keys: tuple[str, ...]
    annotation: Any
    required: bool
    takes_text: bool = False


class Fields(NamedTuple):
    """A model as its fields, for those who have their values one by one.

    `make` takes the values by name and returns the model, or adds faults and returns INVALID.
    """

    fields: list[ModelField]
    make: Convert
    forbids_extra: bool


class ModelAdapter(Protocol):
    """Converts to the types of one library. Register it with `VelociPy(model_adapters=[...])`."""

    name: str

    def supports(self, annotation: Any) -> bool:
        """Tell whether *annotation* is this adapter's."""
        ...

    def is_model(self, annotation: Any) -> bool:
        """Tell whether *annotation* is a class with named fields, which is a body unless a marker says otherwise."""
        ...

    def fields(self, annotation: Any) -> Fields:
        """Return the fields of a model."""
        ...

    def converter(self, annotation: Any, *, text: bool) -> Convert:
        """Return the conversion of text (or of what became of it), or of JSON data.

        Raises:
            UnsupportedType: If there is none.
        """
        ...

    def takes_text(self, annotation: Any) -> bool:
        """Tell whether `converter` is to be given text as it came, even where our table could read it."""
        ...

    def decoder(self, annotation: Any, codec: JSONCodec) -> Decoder:
        """Return the conversion of JSON bytes.

        Raises:
            UnsupportedType: If there is none.
        """
        ...

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        """Return what makes JSON of a value of *annotation*, or of what has its fields; nothing else may leave.

        If it is to *check*, it raises a `ResponseTypeError` for a value that *annotation* would not take.
        """
        ...


class Models:
    """The adapters of one application, the first that supports an annotation first."""

    def __init__(self, adapters: Sequence[ModelAdapter], codec: JSONCodec) -> None:
        self._codec = codec
        self._foreign = [*adapters, *([PydanticAdapter(codec)] if _pydantic_known() else [])]
        self._made: dict[Any, Any] = {}
        self.data = Table(text=False, foreign=partial(self._foreign_conversion, text=False))
        self.text = Table(
            text=True, foreign=partial(self._foreign_conversion, text=True), takes_text=self._foreign_takes_text
        )

    def _foreign_conversion(self, annotation: Any, *, text: bool) -> Convert | None:
        for adapter in self._foreign:
            if adapter.supports(annotation):
                return adapter.converter(annotation, text=text)
        return None

    def _foreign_takes_text(self, annotation: Any) -> bool:
        return any(adapter.takes_text(annotation) for adapter in self._foreign if adapter.supports(annotation))

    def decoder(self, annotation: Any, source: Any = None) -> Decoder:
        """Return the conversion of a JSON body to *annotation* within the constraints that *source* carries.

        Raises:
            UnsupportedType: If there is none.
        """
        if read_constraints([source]):
            return _decoder_by_table(self.data, Annotated[annotation, source], self._codec)
        return self._once(self._decoder, annotation)

    def _decoder(self, annotation: Any) -> Decoder:
        for adapter in self._foreign:
            if adapter.supports(annotation):
                return adapter.decoder(annotation, self._codec)
        return _decoder_by_table(self.data, annotation, self._codec)

    def _once(self, make: Callable[..., Made], *arguments: Any) -> Made:
        """Return what *make* returns, made once for equal arguments: many routes speak of the same types."""
        key = (make, *arguments)
        if not _hashable(key):
            return make(*arguments)
        if key not in self._made:
            self._made[key] = make(*arguments)
        made: Made = self._made[key]
        return made

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes] | None:
        """Return what makes JSON of a value declared as *annotation*, None if that has no fields to look after.

        If it is to *check*, it also raises a `ResponseTypeError` for what *annotation* does not take.

        Raises:
            UnsupportedType: If *selection* asks for what the models of *annotation* do not know.
        """
        return self._once(self._encoder, annotation, selection, check)

    def _encoder(self, annotation: Any, selection: Selection, check: bool) -> Callable[[Any], bytes] | None:
        for adapter in self._foreign:
            if adapter.supports(annotation):
                return adapter.encoder(annotation, selection, check=check)
        projection = read_projection(annotation, selection, self.data.namespace, self._foreign_cut)
        if projection is None and selection != Selection():
            raise UnsupportedType("it has no fields to choose from")
        if selection.exclude_unset or selection.exclude_defaults or not selection.by_alias:
            raise UnsupportedType("only models of pydantic know by_alias, exclude_unset and exclude_defaults")
        encode: Callable[[Any], bytes] = self._codec.encode
        if projection is not None:
            fits, cut, _ = projection
            encode = partial(_encode_cut, encode, fits, cut)
        if not check:
            return encode if projection is not None else None
        whole = encode if selection == Selection() else self._encoder(annotation, Selection(), check=False)
        return self._checked(encode, whole or encode, self.decoder(annotation))

    def _checked(
        self, encode: Callable[[Any], bytes], whole: Callable[[Any], bytes], decoder: Decoder
    ) -> Callable[[Any], bytes]:
        """Return what does *encode*, after what *whole* makes has been read back without a fault."""

        def encode_checked(value: Any) -> bytes:
            data = whole(value)
            faults: list[Fault] = []
            try:
                decoder.decode(data)
            except decoder.errors:
                decoder.explain(data, (), faults)
            if faults:
                raise invalid_response(faults)
            return data if whole is encode else encode(value)

        return encode_checked

    def _foreign_cut(self, cls: Any, selection: Selection) -> Callable[[Any], Any] | None:
        """Return what makes builtins of a value of a model that is not ours and stands within what is."""
        for adapter in self._foreign:
            if adapter.is_model(cls):
                encode, decode = adapter.encoder(cls, selection), self._codec.decode
                return lambda value: decode(encode(value))
        return None

    def fields(self, annotation: Any) -> Fields:
        """Return the fields of a model, whoever owns it."""
        for adapter in self._foreign:
            if adapter.supports(annotation):
                return adapter.fields(annotation)
        record = read_record(unwrap(annotation)[0], self.data.namespace)
        fields = [ModelField(field.name, (field.key,), field.annotation, field.required) for field in record.fields]

        def make(values: dict[str, Any], loc: Loc, faults: list[Fault]) -> Any:
            try:
                return record.build(**values)
            except (ValueError, TypeError) as error:  # raised by the class itself
                return refuse(faults, loc, "value_error", f"Value error, {error}")

        return Fields(fields, make, record.forbids_extra)

    def is_model(self, annotation: Any) -> bool:
        """Tell whether *annotation* is a class with named fields, whoever owns it."""
        plain, _ = unwrap(annotation)
        return is_record(plain) or any(adapter.is_model(plain) for adapter in self._foreign)


def _encode_cut(
    encode: Callable[[Any], bytes], fits: Callable[[Any], bool], cut: Callable[[Any], Any], value: Any
) -> bytes:
    return encode(value if fits(value) else cut(value))


def invalid_response(faults: Sequence[Fault]) -> ResponseTypeError:
    """Return the error of a value that its declared type does not take; it names the places, and no value."""
    told = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults[:10])
    return ResponseTypeError(f"what the handler returned is not what it declares: {told}")


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _decoder_by_table(table: Table, annotation: Any, codec: JSONCodec) -> Decoder:
    """Return the conversion to what the table knows, by msgspec's decoder where that is installed and agrees."""
    convert = shallow(table.conversion(annotation))

    def explain(data: bytes, loc: Loc, faults: list[Fault]) -> Any:
        try:
            value = codec.decode(data)
        except (ValueError, RecursionError) as error:
            faults.append(invalid_json(error, loc))
            return INVALID
        return convert(value, loc, faults)

    decode = _msgspec_decode(annotation, table.namespace)
    if decode is not None:
        return Decoder(decode, (ValueError, RecursionError), explain)

    def decode_and_convert(data: bytes) -> Any:
        faults: list[Fault] = []
        value = explain(data, (), faults)
        if faults:
            raise ValidationError(faults)
        return value

    return Decoder(decode_and_convert, (ValidationError,), explain)


def shallow(convert: Convert) -> Convert:
    """Return *convert* of JSON data, with a fault where the data are nested too deeply for it."""

    def guarded(value: Any, loc: Loc, faults: list[Fault]) -> Any:
        try:
            return convert(value, loc, faults)
        except RecursionError as error:
            faults.append(invalid_json(error, loc))
            return INVALID

    return guarded


def _msgspec_decode(annotation: Any, namespace: dict[str, Any] | None) -> Callable[[bytes], Any] | None:
    """Return msgspec's decoder, None if msgspec is not installed or does not know the type."""
    try:
        import msgspec
    except ImportError:
        return None
    if _needs_table(annotation, namespace):
        return None
    try:
        return msgspec.json.Decoder(annotation).decode
    except (TypeError, NameError):  # a type, or a local name, that it does not know
        return None


def _needs_table(annotation: Any, namespace: dict[str, Any] | None, seen: tuple[Any, ...] = ()) -> bool:
    """Tell whether msgspec would convert something in *annotation* otherwise than the table.

    It knows no constraints but those of its own `Meta`, and no aliases of attrs; it takes "1_0" for a Decimal; and
    (0.22) it leaves a default of a dataclass to the class, so that `vars()`, `copy` and its own encoder miss the field.
    """
    plain, metadata = unwrap(annotation)
    if any(type(item).__module__.partition(".")[0] != "msgspec" for item in metadata):
        return True
    cls = get_origin(plain) or plain
    if getattr(cls, "__name__", "") == "Decimal":
        return True
    if is_record(plain) and hasattr(cls, "__dataclass_fields__"):
        return True
    if any(field.alias != field.name for field in getattr(cls, "__attrs_attrs__", ())):
        return True
    if plain in seen:
        return False
    seen = (*seen, plain)
    fields = read_record(plain, namespace).fields if is_record(plain) else []
    inner = [field.annotation for field in fields] or get_args(plain)
    return any(_needs_table(item, namespace, seen) for item in inner if not isinstance(item, (str, int, bytes)))


def _pydantic_known() -> bool:
    """Tell whether the program has imported pydantic; if not, no annotation of it can be one of pydantic's."""
    return "pydantic" in sys.modules


class PydanticAdapter:
    """pydantic's models and whatever else carries its schema, by `TypeAdapter`."""

    name = "pydantic"

    def __init__(self, codec: JSONCodec) -> None:
        self._encode = codec.encode

    def supports(self, annotation: Any) -> bool:
        plain, metadata = unwrap(annotation)
        if any(type(item).__module__.partition(".")[0] == "pydantic" for item in (plain, *metadata)):
            return True
        if hasattr(plain, "__pydantic_validator__"):
            return True
        if any(hasattr(item, "__get_pydantic_core_schema__") for item in (plain, *metadata)):
            return True
        return any(self.supports(argument) for argument in get_args(plain) if not isinstance(argument, (str, int)))

    def is_model(self, annotation: Any) -> bool:
        plain, _ = unwrap(annotation)
        return hasattr(get_origin(plain) or plain, "model_fields")

    def fields(self, annotation: Any) -> Fields:
        plain, _ = unwrap(annotation)
        model = get_origin(plain) or plain
        config = model.model_config
        by_name = config.get("populate_by_name") or config.get("validate_by_name")
        before = _reading_first(model)
        fields = []
        for name, info in model.model_fields.items():
            keys = _keys(name, info, by_name=bool(by_name))
            kind = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
            fields.append(ModelField(name, keys, kind, info.is_required(), name in before))
        by_alias = {field.name: field.keys[0] for field in fields}
        adapter, error_type = self._type_adapter(annotation)

        def make(values: dict[str, Any], loc: Loc, faults: list[Fault]) -> Any:
            try:
                return adapter.validate_python({by_alias[name]: value for name, value in values.items()})
            except error_type as error:
                return _pydantic_faults(error, loc, faults)

        return Fields(fields, make, config.get("extra") == "forbid")

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
        return _reads_first(unwrap(annotation)[1])

    def decoder(self, annotation: Any, codec: JSONCodec) -> Decoder:
        adapter, error_type = self._type_adapter(annotation)

        def decode(data: bytes) -> Any:
            if b"NaN" in data or b"Infinity" in data:
                codec.decode(data)  # refuses what pydantic would take, though it is no JSON
            return adapter.validate_json(data)

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
        from pydantic_core import PydanticSerializationError

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
                    value = adapter.validate_python(value, from_attributes=True)
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

    def _made_by(self, annotation: Any) -> Callable[[Any], bool]:
        """Return the test whether a value is made of instances of the models of *annotation* and of nothing else."""
        if self.is_model(annotation):
            plain, _ = unwrap(annotation)
            return lambda value: type(value) is plain
        inner, many = _containers(annotation)
        tests = [self._made_by(item) for item in inner]
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
        from pydantic import TypeAdapter, ValidationError
        from pydantic.errors import PydanticUserError

        try:
            adapter = TypeAdapter(annotation)
            adapter.rebuild(force=False, raise_errors=True)
        except (PydanticUserError, NameError) as error:
            reason = str(error).partition("\n")[0]
            raise UnsupportedType(f"pydantic has no schema for it: {reason}") from None
        return adapter, ValidationError


def _keys(name: str, info: Any, *, by_name: bool) -> tuple[str, ...]:
    """Return the names that a field of pydantic may have in a request."""
    alias = info.validation_alias or info.alias
    choices = alias.choices if hasattr(alias, "choices") else [alias] if alias else [name]
    if not all(isinstance(choice, str) for choice in choices):
        raise UnsupportedType(f"the field {name!r} has an AliasPath, and single values have no paths")
    return tuple(dict.fromkeys([*choices, *([name] if by_name else [])]))


def _reading_first(model: Any) -> set[str]:
    """Return the fields of a model of pydantic that a validator of its own reads before anybody else."""
    decorators = model.__pydantic_decorators__
    if any(item.info.mode != "after" for item in decorators.model_validators.values()):
        return set(model.model_fields)
    found = {
        name
        for item in decorators.field_validators.values()
        if item.info.mode != "after"
        for name in (model.model_fields if "*" in item.info.fields else item.info.fields)
    }
    return found | {name for name, info in model.model_fields.items() if _reads_first(info.metadata)}


def _reads_first(metadata: Sequence[Any]) -> bool:
    return any(type(item).__name__ in ("BeforeValidator", "WrapValidator", "PlainValidator") for item in metadata)


def _pydantic_faults(error: Any, loc: Loc, faults: list[Fault]) -> Any:
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[: MAX_FAULTS + 1]:
        refuse(faults, (*loc, *fault["loc"]), fault["type"], fault["msg"])
    return INVALID


def _field_names(model: Any) -> set[str]:
    return {*model.model_fields, *model.model_computed_fields}


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
