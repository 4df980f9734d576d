"""Bounds, lengths and patterns, from whatever carries them.

The names are those of `annotated-types`: `gt ge lt le multiple_of min_length max_length pattern`, and `tz`; further
pydantic's `max_digits decimal_places`. They are read by name, so that our markers, `annotated_types` and `msgspec.Meta`
all count (pydantic looks after its own). One that does not suit its type is found when the conversion is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_origin

from velocipy.conversion.faults import INVALID, Convert, Loc, refuse
from velocipy.errors import Fault

NAMES = (
    "gt",
    "ge",
    "lt",
    "le",
    "multiple_of",
    "min_length",
    "max_length",
    "pattern",
    "tz",
    "max_digits",
    "decimal_places",
)

Constraint = tuple[str, Any]
Check = Callable[[Any], tuple[str, str] | None]
"""Takes a value; returns the type and the sentence of its fault, or None if it is well."""


def read_constraints(metadata: Iterable[Any]) -> list[Constraint]:
    """Return the constraints that the items of an `Annotated` carry. All count, also several of one name.

    Raises:
        ValueError: If an item of annotated_types is a constraint that is not known here.
    """
    found: list[Constraint] = []
    for item in metadata:
        if isinstance(item, (str, bytes, type, Mapping)):
            continue
        if isinstance(item, Iterable):  # a group, such as annotated_types.Interval
            found += read_constraints(item)
            continue
        if type(item).__module__.partition(".")[0] == "annotated_types":
            found += _of_annotated_types(item)
            continue
        for name in NAMES:
            value = getattr(item, name, None)
            if value is not None and not callable(value):
                found.append((name, value))
    return found


def _of_annotated_types(item: Any) -> list[Constraint]:
    kind = type(item).__name__
    if kind in ("Predicate", "Not"):
        return [("predicate", item.func if kind == "Predicate" else lambda value: not item.func(value))]
    if kind == "Timezone":
        if item.tz not in (None, ...):
            raise ValueError(f"{item!r} asks for one time zone; only Timezone(...) and Timezone(None) are known")
        return [("tz", item.tz is not None)]
    known = [(name, getattr(item, name)) for name in NAMES if getattr(item, name, None) is not None]
    if not known and kind not in ("Unit", "DocInfo", "MinLen", "MaxLen"):
        raise ValueError(f"the constraint {item!r} is not known")
    return known


# -- what suits a type ------------------------------------------------------------------------------------------------

_NUMBERS = (int, float, Decimal)
_BOUNDS: dict[type, tuple[type, ...]] = {
    int: _NUMBERS,
    float: _NUMBERS,
    Decimal: _NUMBERS,
    date: (date,),
    datetime: (datetime,),
    time: (time,),
    timedelta: (timedelta,),
}
_ORDERS = ("gt", "ge", "lt", "le")
_LENGTHS = ("min_length", "max_length")
_DIGITS = ("max_digits", "decimal_places")


def check_suited(types: Iterable[Any], constraints: Sequence[Constraint]) -> None:
    """Check that each constraint can be asked of each of *types*.

    Raises:
        ValueError: If one cannot, or is no constraint at all; the message names both.
    """
    for annotation in types:
        for name, value in constraints:
            if annotation is not Any and not _suits(annotation, name, value):
                shown = getattr(annotation, "__name__", str(annotation))
                raise ValueError(f"{name}={value!r} cannot be asked of {shown}")
    for name, value in constraints:
        if name == "pattern":
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"the pattern {value!r} is no regular expression: {error}") from None


def _suits(annotation: Any, name: str, value: Any) -> bool:
    origin = get_origin(annotation) or annotation
    if name in _ORDERS:
        allowed = _BOUNDS.get(origin, ())
        return isinstance(value, allowed) and not isinstance(value, bool) and _same_kind_of_time(origin, value)
    if name == "multiple_of":
        return origin in _NUMBERS and isinstance(value, _NUMBERS) and not isinstance(value, bool) and value > 0
    if name in _LENGTHS:
        sized = isinstance(origin, type) and issubclass(origin, Sized)
        return sized and isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if name in _DIGITS:
        return origin is Decimal and isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if name == "pattern":
        return origin is str and isinstance(value, (str, re.Pattern))
    return name != "tz" or origin in (datetime, time)


def _same_kind_of_time(origin: Any, value: Any) -> bool:
    return not (origin is date and isinstance(value, datetime))


# -- checks ----------------------------------------------------------------------------------------------------------


def _bound(word: str, sentence: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any], Check]:
    def make(bound: Any) -> Check:
        fault = word, f"Input should be {sentence} {bound}"
        if not isinstance(bound, (datetime, time)):
            return lambda value: None if holds(value, bound) else fault
        zone = _zone(bound.tzinfo is not None)  # times with and without a zone cannot be compared

        def check(value: Any) -> tuple[str, str] | None:
            return zone(value) or (None if holds(value, bound) else fault)

        return check

    return make


def _zone(aware: bool) -> Check:
    fault = (
        ("timezone_aware", "Input should have timezone info")
        if aware
        else ("timezone_naive", "Input should not have timezone info")
    )
    return lambda value: None if (value.tzinfo is not None) == aware else fault


def _multiple(of: Any) -> Check:
    fault = "multiple_of", f"Input should be a multiple of {of}"
    exact = Fraction(str(of))  # 0.3 is a multiple of 0.1, as written

    def check(value: Any) -> tuple[str, str] | None:
        return None if value - value == 0 and (Fraction(str(value)) / exact).denominator == 1 else fault

    return check


def _length(at: str, limit: int) -> Check:
    def check(value: Sized) -> tuple[str, str] | None:
        if len(value) >= limit if at == "least" else len(value) <= limit:
            return None
        return _length_fault(value, at, limit)

    return check


def _length_fault(value: Sized, at: str, limit: int) -> tuple[str, str]:
    end = "short" if at == "least" else "long"
    plural = "" if limit == 1 else "s"
    if isinstance(value, str):
        return f"string_too_{end}", f"String should have at {at} {limit} character{plural}"
    if isinstance(value, bytes):
        return f"bytes_too_{end}", f"Data should have at {at} {limit} byte{plural}"
    name = {"dict": "Dictionary"}.get(type(value).__name__, type(value).__name__.capitalize())
    return f"too_{end}", f"{name} should have at {at} {limit} item{plural} after validation, not {len(value)}"


def _pattern(pattern: str | re.Pattern[str]) -> Check:
    compiled = re.compile(pattern)
    fault = "string_pattern_mismatch", f"String should match pattern '{compiled.pattern}'"
    return lambda value: None if compiled.search(value) else fault


def _extent(value: Decimal) -> tuple[int, int]:
    """Return how many digits *value* has before the point, and how many after; zeros at the end do not count."""
    _, digits, exponent = value.as_tuple()
    if not value or not isinstance(exponent, int):  # which is a letter where a library let an infinity pass
        return 0, 0
    text = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(text)
    return max(len(text) + exponent, 0), max(-exponent, 0)


def _counted(type: str, limit: int, of: str, count: Callable[[Decimal], int]) -> Check:
    fault = type, f"Decimal input should have no more than {limit} {of.format('' if limit == 1 else 's')}"
    return lambda value: None if count(value) <= limit else fault


def _max_digits(limit: int) -> Check:
    return _counted("decimal_max_digits", limit, "digit{} in total", lambda value: sum(_extent(value)))


def _decimal_places(limit: int) -> Check:
    return _counted("decimal_max_places", limit, "decimal place{}", lambda value: _extent(value)[1])


def _whole_digits(limit: int) -> Check:
    return _counted("decimal_whole_digits", limit, "digit{} before the decimal point", lambda value: _extent(value)[0])


def _predicate(holds: Callable[[Any], Any]) -> Check:
    fault = "predicate_failed", f"Predicate {getattr(holds, '__name__', 'test')} failed"
    return lambda value: None if holds(value) else fault


_CHECKS: dict[str, Callable[[Any], Check]] = {
    "gt": _bound("greater_than", "greater than", lambda value, bound: value > bound),
    "ge": _bound("greater_than_equal", "greater than or equal to", lambda value, bound: value >= bound),
    "lt": _bound("less_than", "less than", lambda value, bound: value < bound),
    "le": _bound("less_than_equal", "less than or equal to", lambda value, bound: value <= bound),
    "multiple_of": _multiple,
    "min_length": lambda limit: _length("least", limit),
    "max_length": lambda limit: _length("most", limit),
    "pattern": _pattern,
    "tz": _zone,
    "predicate": _predicate,
    "max_digits": _max_digits,
    "decimal_places": _decimal_places,
    "whole_digits": _whole_digits,
}


def _implied(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return what several constraints say together: five digits, two of them after the point, leave three before it."""
    said = dict(constraints)
    if "max_digits" in said and "decimal_places" in said:
        return [("whole_digits", max(said["max_digits"] - said["decimal_places"], 0))]
    return []


class Constrained:
    """A conversion followed by the checks of its constraints; None, which an optional value may be, passes."""

    __slots__ = ("checks", "constraints", "convert")

    def __init__(self, convert: Convert, constraints: Sequence[Constraint]) -> None:
        self.convert = convert
        self.constraints = constraints
        self.checks = [_CHECKS[name](value) for name, value in (*constraints, *_implied(constraints))]

    def __call__(self, value: Any, loc: Loc, faults: list[Fault]) -> Any:
        value = self.convert(value, loc, faults)
        if value is INVALID or value is None:
            return value
        for check in self.checks:
            fault = check(value)
            if fault is not None:
                return refuse(faults, loc, *fault)
        return value


def constrain(convert: Convert, constraints: Sequence[Constraint]) -> Convert:
    """Return *convert* within *constraints*."""
    return Constrained(convert, constraints) if constraints else convert


def refuses_blank(convert: Convert) -> bool:
    """Tell whether *convert* makes nothing of "", so that an empty text is one that was left out."""
    try:
        return (convert.convert if isinstance(convert, Constrained) else convert)("", (), []) is INVALID
    except Exception:  # of a validator of the application
        return False
