"""JSON codecs: values to bytes and back.

A codec is any object with `encode` and `decode`. What each codec does not know by itself, `to_builtins` turns into what
it knows, so that a value means the same JSON whichever codec is used: times in RFC 3339, durations in ISO 8601,
decimals and UUIDs as strings, bytes in base64, sets as arrays, models and dataclasses as objects, NaN as null. (Keys
that are None or bool are the exception: msgspec refuses the one and writes the other as a number.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from velocipy.types import Secret

__all__ = ["JSONCodec", "MsgspecCodec", "OrjsonCodec", "StdlibCodec"]


class JSONCodec(Protocol):
    """Encodes values as JSON and decodes JSON to dicts, lists, strings, numbers, bools and None."""

    def encode(self, value: Any, /) -> bytes:
        """Return *value* as UTF-8 JSON.

        Raises:
            TypeError: If a part of it has no JSON.
        """
        ...

    def decode(self, data: bytes, /) -> Any:
        """Return the value of *data*.

        Raises:
            ValueError: If it is no JSON (RFC 8259) or no UTF-8.
        """
        ...


class StdlibCodec:
    """The codec of the standard library."""

    def __init__(self) -> None:
        import json

        self._encode = json.JSONEncoder(
            ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=to_builtins
        ).encode
        self._decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).decode

    def encode(self, value: Any, /) -> bytes:
        try:
            return self._encode(value).encode("utf-8")
        except (ValueError, TypeError):  # a NaN, or a key that is no text: seldom, so only then looked for
            return self._encode(_plain(value)).encode("utf-8")

    def decode(self, data: bytes, /) -> Any:
        text = data.decode("utf-8")
        value = self._decode(text)
        if "\\u" in text:  # half of a surrogate pair is no text, and could not be sent back
            self._encode(value).encode("utf-8")
        return value


class MsgspecCodec:
    """The codec of msgspec; needs `velocipy-core[msgspec]`."""

    def __init__(self) -> None:
        try:
            import msgspec
        except ImportError:
            raise _missing("msgspec") from None

        self.encode: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=to_builtins).encode
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode


class OrjsonCodec:
    """The codec of orjson; needs `velocipy-core[orjson]`."""

    def __init__(self) -> None:
        try:
            import orjson
        except ImportError:
            raise _missing("orjson") from None

        self._dumps = orjson.dumps
        self._options = (
            orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
        )
        self._loads = orjson.loads
        self._has_long_number = re.compile(rb"[0-9]{19}").search
        self._stdlib = StdlibCodec()

    def encode(self, value: Any, /) -> bytes:
        try:
            return self._dumps(value, to_builtins, self._options)
        except TypeError:  # an int of more than 64 bits, or a key that is no str
            return self._stdlib.encode(value)

    def decode(self, data: bytes, /) -> Any:
        # orjson makes a float of an int of more than 64 bits, which is another number.
        return (self._stdlib.decode if self._has_long_number(data) else self._loads)(data)


def default_codec() -> JSONCodec:
    """Return the codec of msgspec if it is installed, else that of the standard library."""
    try:
        return MsgspecCodec()
    except ImportError:
        return StdlibCodec()


def is_ours(codec: JSONCodec) -> bool:
    """Tell whether *codec* is one of these, so that others may read and write the same JSON in its place."""
    return type(codec) in (StdlibCodec, MsgspecCodec, OrjsonCodec)


def to_builtins(value: Any) -> Any:
    """Return *value* as something plainer that a codec can encode.

    Raises:
        TypeError: If nothing is known of its type.
    """
    dump = getattr(type(value), "model_dump", None)
    if dump is not None:  # pydantic
        return dump(value, mode="json", by_alias=True)
    for cls in type(value).__mro__:
        convert = _converters().get(cls)
        if convert is not None:
            return convert(value)
    if hasattr(value, "__struct_fields__"):  # msgspec, met by another codec
        import msgspec

        return msgspec.to_builtins(value, enc_hook=to_builtins)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        from dataclasses import fields

        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "__attrs_attrs__") and not isinstance(value, type):
        # Without the private ones, as msgspec has it.
        return {field.name: getattr(value, field.name) for field in value.__attrs_attrs__ if field.name[0] != "_"}
    if _is_text_of_pydantic(type(value)):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"a {type(value).__qualname__} has no JSON; {_what_to_return(type(value))}")


def _what_to_return(cls: type) -> str:
    from velocipy.http.response import Response

    if issubclass(cls, Response):
        return "return it alone, not within a tuple or the like; its status_code and headers are arguments of it"
    if "Response" in cls.__name__:  # of another framework
        return f"it is of {cls.__module__}; return a Response of velocipy, or the data itself"
    return "return a model, a dict, a list or a plain value, or a Response"


def has_json(cls: type) -> bool:
    """Tell whether values of *cls* have JSON by themselves."""
    return issubclass(cls, (*_converters(), Mapping, Iterable, type(None))) or _is_text_of_pydantic(cls)


def _is_text_of_pydantic(cls: type) -> bool:
    """Tell whether it is a URL, a secret (which hides itself) or the like; its errors and fields are none."""
    own = any(base.__module__.partition(".")[0] in ("pydantic", "pydantic_core") for base in cls.__mro__)
    return own and (hasattr(cls, "__get_pydantic_core_schema__") or hasattr(cls, "unicode_string"))


_CONVERTERS: dict[type, Callable[[Any], Any]] = {}


def _converters() -> dict[type, Callable[[Any], Any]]:
    """Return the conversions by type; made at first use, because these modules are dear to import."""
    if not _CONVERTERS:
        from base64 import b64encode
        from collections import UserString
        from datetime import date, datetime, time, timedelta
        from decimal import Decimal
        from enum import Enum
        from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
        from pathlib import PurePath
        from uuid import UUID

        def with_z(value: datetime | time) -> str:
            return value.isoformat().removesuffix("+00:00") + "Z" * (str(value).endswith("+00:00"))

        def encode_bytes(value: bytes) -> str:
            return b64encode(value).decode("ascii")

        _CONVERTERS.update(
            {
                datetime: with_z,
                date: date.isoformat,
                time: with_z,
                timedelta: format_duration,
                Decimal: str,
                UUID: str,
                Enum: lambda value: value.value,
                bytes: encode_bytes,
                bytearray: encode_bytes,
                memoryview: encode_bytes,
                PurePath: str,
                re.Pattern: lambda value: value.pattern,
                IPv4Address: str,
                IPv4Network: str,
                IPv6Address: str,
                IPv6Network: str,
                UserString: str,
                Secret: str,
                str: lambda value: str.__str__(value),
                int: int.__int__,
                float: float.__float__,
                dict: dict,
                list: list,
                tuple: list,
            }
        )
    return _CONVERTERS


def format_duration(value: Any) -> str:
    """Return a timedelta as an ISO 8601 duration: "P1DT2.5S"."""
    sign = ""
    if value.days < 0:
        sign, value = "-", -value
    days = f"{value.days}D" if value.days else ""
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    seconds = f"T{value.seconds}{fraction}S" if value.seconds or fraction else ""
    return f"{sign}P{days}{seconds}" if days or seconds else "P0D"


def _missing(extra: str) -> ImportError:
    return ImportError(f'{extra} is not installed: pip install "velocipy-core[{extra}]"')


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError(f"{text} is out of range")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _plain(value: Any) -> Any:
    """Return a copy of *value* in which NaN and infinities are None and keys are text."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {_key(key): _plain(element) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(element) for element in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return _plain(to_builtins(value))


def _key(key: Any) -> Any:
    if key is None or isinstance(key, (str, bool, int)):
        return key
    return key if isinstance(key, float) else _key(to_builtins(key))
