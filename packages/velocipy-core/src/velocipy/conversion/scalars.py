"""Single values: how each type is read from text (query, path, header, cookie, form) and from JSON data.

Text is what a stranger typed: numbers are ASCII digits and nothing else, never "1_0", " 5" or "nan". JSON data is
read strictly as well: no number is made of a string, and no bool of a number. Times are those of RFC 3339, durations
those of ISO 8601.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from velocipy.conversion.faults import Convert, Loc, refuse
from velocipy.errors import Fault

_INT = re.compile(r"[+-]?[0-9]+").fullmatch
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE | re.ASCII).fullmatch
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}").fullmatch
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6}[0-9]*)?)?(?:[Zz]|[+-][0-9]{2}:?[0-5][0-9])?"
_IS_DATE = re.compile(_DATE).fullmatch
_IS_TIME = re.compile(_TIME).fullmatch
_IS_DATETIME = re.compile(f"{_DATE}[Tt ]{_TIME}").fullmatch
_LONG_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")
_DURATION = re.compile(
    r"([+-])?P(?=.)(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=.)(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?",
    re.IGNORECASE,
).fullmatch

MAX_EXPONENT = 400
"""How far from zero, in powers of ten, a Decimal may be: beyond any float, and far from what costs time to compute."""

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def anything(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    return value


# -- from text -------------------------------------------------------------------------------------------------------


def text_int(value: str, loc: Loc, faults: list[Fault]) -> Any:
    if len(value) < 19 and value.isascii() and value.isdigit():  # PERF: what nearly every request has
        return int(value)
    if _INT(value) is None:
        return refuse(
            faults, loc, "int_parsing", "Input should be a valid integer, unable to parse string as an integer"
        )
    try:
        return int(value)
    except ValueError:  # over sys.get_int_max_str_digits() (CVE-2020-10735)
        message = "Unable to parse input string as an integer, exceeded maximum size"
        return refuse(faults, loc, "int_parsing_size", message)


def text_float(value: str, loc: Loc, faults: list[Fault]) -> Any:
    if _FLOAT(value) is None:
        if value.strip("+-").lower() in ("nan", "inf", "infinity"):
            return refuse(faults, loc, "finite_number", "Input should be a finite number")
        return refuse(
            faults, loc, "float_parsing", "Input should be a valid number, unable to parse string as a number"
        )
    return _finite(float(value), loc, faults)


def text_any_float(value: str, loc: Loc, faults: list[Fault]) -> Any:
    return float(value) if _NO_NUMBER(value) is not None else text_float(value, loc, faults)


def text_bool(value: str, loc: Loc, faults: list[Fault]) -> Any:
    word = value.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    return refuse(faults, loc, "bool_parsing", "Input should be a valid boolean, unable to interpret input")


def text_bytes(value: str, loc: Loc, faults: list[Fault]) -> Any:
    return value.encode("utf-8", "surrogateescape")


def text_decimal(value: str, loc: Loc, faults: list[Fault]) -> Any:
    try:
        if _FLOAT(value) is not None:
            number = Decimal(value)
            if abs(number.adjusted()) <= MAX_EXPONENT:
                return number
    except InvalidOperation:  # an exponent beyond every limit
        pass
    return refuse(faults, loc, "decimal_parsing", "Input should be a valid decimal")


def text_none(value: str, loc: Loc, faults: list[Fault]) -> Any:
    return None if value == "null" else refuse(faults, loc, "none_required", "Input should be null")


# -- from text and from JSON strings ----------------------------------------------------------------------------------


def _uuid(value: str, loc: Loc, faults: list[Fault]) -> Any:
    if _UUID(value) is None:
        return refuse(faults, loc, "uuid_parsing", "Input should be a valid UUID")
    return UUID(value)


def _path(value: str, loc: Loc, faults: list[Fault]) -> Any:
    if "\0" in value:
        return refuse(faults, loc, "path_parsing", "Input should be a path, which has no NUL")
    return Path(value)


def _iso(matches: Callable[[str], object], read: Callable[[str], Any], type_word: str, msg: str) -> Convert:
    """Return the conversion by *read* of text that *matches*, with fractions cut to the microseconds that it knows."""

    def convert(value: str, loc: Loc, faults: list[Fault]) -> Any:
        try:
            if matches(value) is not None:
                return read(_LONG_FRACTION.sub(r"\1", value.upper()))
        except ValueError:
            pass
        return refuse(faults, loc, type_word, msg)

    return convert


_date = _iso(
    _IS_DATE,
    date.fromisoformat,
    "date_parsing",
    "Input should be a valid date in the format YYYY-MM-DD",
)
_datetime = _iso(
    _IS_DATETIME, datetime.fromisoformat, "datetime_parsing", "Input should be a valid datetime (RFC 3339)"
)
_time = _iso(_IS_TIME, time.fromisoformat, "time_parsing", "Input should be in a valid time format (RFC 3339)")


def _timedelta(value: str, loc: Loc, faults: list[Fault]) -> Any:
    match = _DURATION(value)
    if match is None:
        return refuse(
            faults, loc, "time_delta_parsing", "Input should be a valid timedelta (ISO 8601, such as PT1H30M)"
        )
    sign, weeks, days, hours, minutes, seconds = match.groups(default="0")
    try:
        delta = timedelta(
            weeks=int(weeks), days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds)
        )
        return -delta if sign == "-" else delta
    except OverflowError:
        return refuse(faults, loc, "time_delta_parsing", "Input should be a timedelta of at most 999999999 days")


# -- from JSON data --------------------------------------------------------------------------------------------------


def data_int(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    if type(value) is int:
        return value
    return refuse(faults, loc, "int_type", "Input should be a valid integer")


def data_float(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    if type(value) is float or type(value) is int:
        try:
            return _finite(float(value), loc, faults)
        except OverflowError:
            return refuse(faults, loc, "finite_number", "Input should be a finite number")
    return refuse(faults, loc, "float_type", "Input should be a valid number")


def data_bool(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    return value if type(value) is bool else refuse(faults, loc, "bool_type", "Input should be a valid boolean")


def data_str(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    return value if type(value) is str else refuse(faults, loc, "string_type", "Input should be a valid string")


def data_bytes(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    try:
        if type(value) is str:
            return b64decode(value, validate=True)
    except ValueError:
        pass
    return refuse(faults, loc, "bytes_type", "Input should be valid bytes, as a base64 string")


def data_decimal(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    if type(value) is str:
        return text_decimal(value, loc, faults)
    if type(value) is float and isfinite(value):
        return Decimal(str(value))
    if type(value) is int and abs(value) < 10**MAX_EXPONENT:
        return Decimal(value)
    return refuse(faults, loc, "decimal_type", "Decimal input should be a number or a string")


def data_none(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    return None if value is None else refuse(faults, loc, "none_required", "Input should be null")


def _finite(value: float, loc: Loc, faults: list[Fault]) -> Any:
    return value if isfinite(value) else refuse(faults, loc, "finite_number", "Input should be a finite number")


def _from_string(read: Convert, type_word: str, msg: str) -> Convert:
    def data(value: Any, loc: Loc, faults: list[Fault]) -> Any:
        return read(value, loc, faults) if type(value) is str else refuse(faults, loc, type_word, msg)

    return data


# -- the table -------------------------------------------------------------------------------------------------------

TEXT: dict[Any, Convert] = {
    str: anything,
    int: text_int,
    float: text_float,
    bool: text_bool,
    bytes: text_bytes,
    Decimal: text_decimal,
    UUID: _uuid,
    Path: _path,
    PurePath: _path,
    date: _date,
    datetime: _datetime,
    time: _time,
    timedelta: _timedelta,
    type(None): text_none,
    Any: anything,
    object: anything,
}

DATA: dict[Any, Convert] = {
    str: data_str,
    int: data_int,
    float: data_float,
    bool: data_bool,
    bytes: data_bytes,
    Decimal: data_decimal,
    UUID: _from_string(_uuid, "uuid_type", "UUID input should be a string"),
    Path: _from_string(_path, "path_type", "Input should be a string that is a path"),
    PurePath: _from_string(_path, "path_type", "Input should be a string that is a path"),
    date: _from_string(_date, "date_type", "Input should be a valid date"),
    datetime: _from_string(_datetime, "datetime_type", "Input should be a valid datetime"),
    time: _from_string(_time, "time_type", "Input should be a valid time"),
    timedelta: _from_string(_timedelta, "time_delta_type", "Input should be a valid timedelta"),
    type(None): data_none,
    Any: anything,
    object: anything,
}


def choice(pairs: list[tuple[Any, Any]], type_word: str, *, text: bool) -> Convert:
    """Return the conversion to one of some values, Enum members or Literals, each with what stands for it before it."""
    shown = [repr(key) for key, _ in pairs]
    expected = " or ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
    by_key = {_as_text(key) if text else (type(key), key): value for key, value in pairs}

    def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
        try:
            return by_key[value if text else (type(value), value)]
        except (KeyError, TypeError):  # TypeError: an array or object, which is no key
            return refuse(faults, loc, type_word, f"Input should be {expected}")

    return convert


def _as_text(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
