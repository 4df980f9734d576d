"""Values of declared types, made of JSON data that comes from elsewhere than a request: of messages, tokens, rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from velocipy.errors import Fault, ValidationError
from velocipy.model_adapters import ModelAdapter
from velocipy.models import Models
from velocipy.serialization import default_codec

__all__ = ["make_decoder"]


def make_decoder(annotation: Any, model_adapters: Sequence[ModelAdapter] = ()) -> Callable[[Any], Any]:
    """Return what makes *annotation* of JSON data: of dicts, lists, text, numbers, bools and None.

    It converts as bodies are converted, and raises a `ValidationError` with all faults.

    Args:
        annotation: A model of any library, `list[int]`, a union, and so on.
        model_adapters: Asked first, for models of libraries that the core does not know.

    Raises:
        UnsupportedType: If there is no such conversion.
    """
    convert = Models(model_adapters, default_codec()).data.conversion(annotation)

    def decode(value: Any) -> Any:
        faults: list[Fault] = []
        made = convert(value, (), faults)
        if faults:
            raise ValidationError(faults)
        return made

    return decode
