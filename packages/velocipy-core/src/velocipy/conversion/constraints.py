"""Bounds, lengths and patterns, from whatever carries them.

The names are those of `annotated-types`: `gt ge lt le multiple_of min_length max_length pattern`. They are read by
name, so that our markers, `annotated_types`, `msgspec.Meta` and pydantic's `Field` all count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from decimal import Decimal
from fractions import Fraction
from typing import Any

from velocipy.conversion.faults import INVALID, Convert, Loc, refuse
from velocipy.errors import Fault

NAMES = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")

Check = Callable[[Any], tuple[str, str] | None]
"""Takes a value; returns the type and the sentence of its fault, or None if it is well."""


Constraint = tuple[str, Any]


def read_constraints(metadata: Iterable[Any]) -> list[Constraint]:
    """Return the constraints that the items of an `Annotated` carry. All count, also several of one name."""
    found: list[Constraint] = []
    for item in metadata:
        if isinstance(item, (str, bytes, type, Mapping)):
            continue
        inner = getattr(item, "metadata", None)  # pydantic's Field keeps its constraints here
        if isinstance(inner, list):
            found += read_constraints(inner)
        elif isinstance(item, Iterable):  # a group, such as annotated_types.Interval
            found += read_constraints(item)
        for name in NAMES:
            value = getattr(item, name, None)
            if value is not None and not callable(value):
                found.append((name, value))
    return found


def _greater(bound: Any) -> Check:
    fault = "greater_than", f"Input should be greater than {bound}"
    return lambda value: None if value > bound else fault


def _greater_equal(bound: Any) -> Check:
    fault = "greater_than_equal", f"Input should be greater than or equal to {bound}"
    return lambda value: None if value >= bound else fault


def _less(bound: Any) -> Check:
    fault = "less_than", f"Input should be less than {bound}"
    return lambda value: None if value < bound else fault


def _less_equal(bound: Any) -> Check:
    fault = "less_than_equal", f"Input should be less than or equal to {bound}"
    return lambda value: None if value <= bound else fault


def _multiple(of: Any) -> Check:
    fault = "multiple_of", f"Input should be a multiple of {of}"

    def check(value: Any) -> tuple[str, str] | None:
        if isinstance(value, float) or isinstance(of, float):  # 0.3 is a multiple of 0.1, as written
            exact = Fraction(Decimal(str(value))) / Fraction(Decimal(str(of)))
            return None if exact.denominator == 1 else fault
        return fault if value % of else None

    return check


def _long(value: Sized, at: str, limit: int) -> tuple[str, str]:
    if isinstance(value, (str, bytes)):
        unit = "character" if isinstance(value, str) else "byte"
        kind, name = ("string", "String") if isinstance(value, str) else ("bytes", "Data")
        word = f"{kind}_too_short" if at == "least" else f"{kind}_too_long"
        return word, f"{name} should have at {at} {limit} {unit}{'' if limit == 1 else 's'}"
    name = {"dict": "Dictionary", "list": "List"}.get(type(value).__name__, type(value).__name__.capitalize())
    word = "too_short" if at == "least" else "too_long"
    items = f"{limit} item{'' if limit == 1 else 's'}"
    return word, f"{name} should have at {at} {items} after validation, not {len(value)}"


def _min_length(limit: int) -> Check:
    return lambda value: None if len(value) >= limit else _long(value, "least", limit)


def _max_length(limit: int) -> Check:
    return lambda value: None if len(value) <= limit else _long(value, "most", limit)


def _pattern(pattern: str | re.Pattern[str]) -> Check:
    compiled = re.compile(pattern)
    fault = "string_pattern_mismatch", f"String should match pattern '{compiled.pattern}'"
    return lambda value: None if compiled.search(value) else fault


_CHECKS: dict[str, Callable[[Any], Check]] = {
    "gt": _greater,
    "ge": _greater_equal,
    "lt": _less,
    "le": _less_equal,
    "multiple_of": _multiple,
    "min_length": _min_length,
    "max_length": _max_length,
    "pattern": _pattern,
}


def constrain(convert: Convert, constraints: Sequence[Constraint]) -> Convert:
    """Return *convert* followed by the checks of *constraints*; None, which an optional value may be, passes.

    Raises:
        re.error: If a pattern is none.
    """
    checks = [_CHECKS[name](value) for name, value in constraints]
    if not checks:
        return convert

    def constrained(value: Any, loc: Loc, faults: list[Fault]) -> Any:
        value = convert(value, loc, faults)
        if value is INVALID or value is None:
            return value
        for check in checks:
            fault = check(value)
            if fault is not None:
                return refuse(faults, loc, *fault)
        return value

    return constrained
