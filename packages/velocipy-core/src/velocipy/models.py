"""The models of an application: each type is asked of the first adapter that claims it, else of our own table.

Faults have one shape whoever finds them: pydantic tells all of its own; for everything else msgspec's decoder is the
fast way, and when it refuses (it stops at the first fault) the one table of `conversion` finds them all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from enum import Flag
from functools import partial
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from velocipy.conversion.constraints import read_constraints
from velocipy.conversion.faults import INVALID, Convert, Loc, refusal, refuse
from velocipy.conversion.projection import invalid_response, read_projection
from velocipy.conversion.records import has_default, is_record, read_record
from velocipy.conversion.table import DICTS, Table, UnsupportedType, union_members, unwrap
from velocipy.errors import Fault, invalid_json
from velocipy.model_adapters import Decoder, Fields, ModelAdapter, ModelField, decoder_by_codec
from velocipy.serialization import JSONCodec, default_codec, has_json, is_ours
from velocipy.types import Selection

__all__ = [
    "INVALID",
    "Convert",
    "Decoder",
    "Fields",
    "ModelAdapter",
    "ModelField",
    "Models",
    "decoder_by_codec",
    "refuse",
    "shallow",
]

Made = TypeVar("Made")


class Models:
    """The adapters of one application, the first that supports an annotation first.

    Attributes:
        adapters: All of them: those that were given, and pydantic's if the program has imported pydantic.
    """

    def __init__(self, adapters: Sequence[ModelAdapter], codec: JSONCodec) -> None:
        self._codec = codec
        self._json = codec if is_ours(codec) else default_codec()  # for what stays between us and the adapters
        self.adapters = (*adapters, *_adapters_of_what_is_loaded(self._json))
        self._made: dict[Any, Any] = {}
        self.data = Table(text=False, foreign=partial(self._foreign_conversion, text=False))
        self.text = Table(
            text=True, foreign=partial(self._foreign_conversion, text=True), takes_text=self._foreign_takes_text
        )

    def _foreign_conversion(self, annotation: Any, *, text: bool) -> Convert | None:
        for adapter in self.adapters:
            if adapter.supports(annotation):
                return adapter.converter(annotation, text=text)
        return None

    def _foreign_takes_text(self, annotation: Any) -> bool:
        return any(adapter.takes_text(annotation) for adapter in self.adapters if adapter.supports(annotation))

    def decoder(self, annotation: Any, source: Any = None) -> Decoder:
        """Return the conversion of a JSON body to *annotation* within the constraints that *source* carries.

        Raises:
            UnsupportedType: If there is none.
        """
        if read_constraints([source]):
            return _decoder_by_table(self.data, Annotated[annotation, source], self._codec)
        return self._once(self._decoder, annotation)

    def decode(self, annotation: Any, body: bytes, loc: Loc) -> Any:
        """Convert the JSON in *body*.

        Raises:
            ValidationError: If it is none, or not what *annotation* says; faults stand below *loc*.
            UnsupportedType: If there is no such conversion.
        """
        decode, errors, explain = self.decoder(annotation)
        try:
            return decode(body)
        except errors:
            faults: list[Fault] = []
            value = explain(body, loc, faults)
            if faults:
                raise refusal(faults) from None
            return value

    def _decoder(self, annotation: Any) -> Decoder:
        for adapter in self.adapters:
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
        for adapter in self.adapters:
            if adapter.supports(annotation):
                encode_model = adapter.encoder(annotation, selection, check=check)
                if is_ours(self._codec):
                    return encode_model
                return lambda value: self._codec.encode(self._json.decode(encode_model(value)))
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
        """Return what makes builtins of a value that an adapter knows, and that stands within what is ours."""
        for adapter in self.adapters:
            if adapter.is_model(cls) or (not has_json(get_origin(cls) or cls) and adapter.supports(cls)):
                encode, decode = adapter.encoder(cls, selection), self._json.decode
                return lambda value: decode(encode(value))
        return None

    def fields(self, annotation: Any) -> Fields:
        """Return the fields of a model, whoever owns it."""
        for adapter in self.adapters:
            if adapter.supports(annotation):
                return adapter.fields(annotation)
        record = read_record(unwrap(annotation)[0], self.data.namespace)
        fields = [
            ModelField(field.name, (field.key,), field.annotation, field.required, default=field.default)
            for field in record.fields
        ]

        def make(values: dict[str, Any], loc: Loc, faults: list[Fault]) -> Any:
            try:
                return record.build(**values)
            except (ValueError, TypeError) as error:  # raised by the class itself
                return refuse(faults, loc, "value_error", f"Value error, {error}")

        return Fields(fields, make, record.forbids_extra)

    def is_model(self, annotation: Any) -> bool:
        """Tell whether *annotation* is a class with named fields, whoever owns it."""
        plain, _ = unwrap(annotation)
        return is_record(plain) or any(adapter.is_model(plain) for adapter in self.adapters)


def _encode_cut(
    encode: Callable[[Any], bytes], fits: Callable[[Any], bool], cut: Callable[[Any], Any], value: Any
) -> bytes:
    return encode(value if fits(value) else cut(value))


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _decoder_by_table(table: Table, annotation: Any, codec: JSONCodec) -> Decoder:
    """Return the conversion to what the table knows, by msgspec's decoder where that is installed and agrees."""
    convert = shallow(table.conversion(annotation))

    decoder = decoder_by_codec(convert, codec)
    decode = _msgspec_decode(annotation, table.namespace) if is_ours(codec) else None
    # A TypeError of msgspec is about a set of what cannot be hashed.
    return decoder if decode is None else Decoder(decode, (ValueError, RecursionError, TypeError), decoder.explain)


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
    except Exception:  # of any kind, for a type or a local name that it does not know
        return None


def _needs_table(annotation: Any, namespace: dict[str, Any] | None, seen: tuple[Any, ...] = ()) -> bool:
    """Tell whether msgspec would convert something in *annotation* otherwise than the table.

    It knows no constraints but those of its own `Meta`, no aliases of attrs, and of type variables their bounds alone,
    and those not through the bases of a TypedDict. It takes "1_0" for a Decimal, "PT1.5H" for a timedelta, "nan" for a
    key that is a float, whatever can be iterated for an Iterable, and sums of the members of a Flag. And (0.22) it
    leaves a default of a dataclass to the class, so that `vars()`, `copy` and its own encoder miss the field.
    """
    plain, metadata = unwrap(annotation)
    if any(type(item).__module__.partition(".")[0] != "msgspec" for item in metadata):
        return True
    cls = get_origin(plain) or plain
    if getattr(cls, "__name__", "") in ("Decimal", "timedelta") or cls is Iterable:
        return True
    if isinstance(cls, type) and issubclass(cls, Flag):
        return True
    if cls in DICTS and float in [
        unwrap(item)[0] for key in get_args(plain)[:1] for item in union_members(key) or [key]
    ]:
        return True
    if is_record(plain) and (hasattr(cls, "__dataclass_fields__") or _is_beyond_msgspec(cls)):
        return True
    if any(field.alias != field.name for field in getattr(cls, "__attrs_attrs__", ())):
        return True
    if plain in seen:
        return False
    seen = (*seen, plain)
    fields = read_record(plain, namespace).fields if is_record(plain) else []
    inner = [field.annotation for field in fields] or get_args(plain)
    return any(_needs_table(item, namespace, seen) for item in inner if not isinstance(item, (str, int, bytes)))


def _is_beyond_msgspec(cls: Any) -> bool:
    """Tell whether *cls* is a generic TypedDict, or has a type variable that can be something else than its bound."""
    variables = [item for base in cls.__mro__ for item in getattr(base, "__parameters__", ())]
    wide = any(getattr(item, "__constraints__", ()) or has_default(item) for item in variables)
    return wide or (hasattr(cls, "__required_keys__") and Generic in cls.__mro__)


def _adapters_of_what_is_loaded(codec: JSONCodec) -> list[ModelAdapter]:
    """Return pydantic's adapter if the program has imported pydantic; if not, no annotation of it can be pydantic's."""
    if sys.modules.get("pydantic") is None:
        return []
    from velocipy.pydantic_models import PydanticAdapter

    return [PydanticAdapter(codec)]
