"""What a model adapter is: who turns JSON bytes into values of one library's types, and such values into JSON bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from velocipy.conversion.faults import INVALID, Convert, Loc
from velocipy.conversion.projection import ResponseTypeError
from velocipy.conversion.table import UnsupportedType
from velocipy.errors import Fault, ValidationError, invalid_json
from velocipy.serialization import JSONCodec
from velocipy.types import UNSET, Selection

__all__ = [
    "INVALID",
    "Convert",
    "Decoder",
    "Fault",
    "Fields",
    "Loc",
    "ModelAdapter",
    "ModelField",
    "ResponseTypeError",
    "Selection",
    "UnsupportedType",
    "decoder_by_codec",
]


class Decoder(NamedTuple):
    """How a body becomes a value.

    `decode(data)` returns it or raises one of `errors`; then `explain(data, loc, faults)` adds the faults and returns
    INVALID (or the value, where `decode` was stricter than the table).
    """

    decode: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...]
    explain: Convert


def decoder_by_codec(convert: Convert, codec: JSONCodec) -> Decoder:
    """Return the decoder that reads by *codec* and then does *convert* of JSON data."""

    def explain(data: bytes, loc: Loc, faults: list[Fault]) -> Any:
        try:
            value = codec.decode(data)
        except (ValueError, RecursionError) as error:
            faults.append(invalid_json(error, loc))
            return INVALID
        return convert(value, loc, faults)

    def decode(data: bytes) -> Any:
        faults: list[Fault] = []
        value = explain(data, (), faults)
        if faults:
            raise ValidationError(faults)
        return value

    return Decoder(decode, (ValidationError,), explain)


class ModelField(NamedTuple):
    """A field of a model: its name, the names it may have in a request, the first best, its type.

    Where `takes_text`, its class wants the text itself, and reads it by rules of its own. `default` is what it is where
    a request has none, if that can be told; `said` has more for documents, if anything, in the attributes `title`,
    `description`, `examples`, `json_schema_extra` and `deprecated`.
    """

    name: str
    keys: tuple[str, ...]
    annotation: Any
    required: bool
    takes_text: bool = False
    default: Any = UNSET
    said: Any = None


class Fields(NamedTuple):
    """A model as its fields, for those who have their values one by one.

    `make` takes the values by name and returns the model, or adds faults, which lead to names, and returns INVALID.
    It checks the values as well where it `judges`; else they are converted before. Where the model `takes_extra`, it is
    given what stands beside the fields, too, as text or lists of text.
    """

    fields: list[ModelField]
    make: Convert
    forbids_extra: bool
    takes_extra: bool = False
    judges: bool = False


SchemaMode = Literal["input", "output"]
"""What a schema is of: what a request may bring, or what an answer has."""


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

    def json_schemas(
        self, wanted: Sequence[tuple[Any, SchemaMode]], reference: str, *, by_alias: bool = True
    ) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        """Return the JSON Schema (2020-12) of each that is *wanted*, and the definitions that they share, by name.

        Args:
            wanted: Annotations that it supports, all of a document.
            reference: Where a definition is, by its `{name}`: "#/components/schemas/{name}".
            by_alias: Whether fields have their aliases, rather than their names.

        Raises:
            UnsupportedType: If one has none.
        """
        ...
