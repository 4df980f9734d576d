"""Conversions that a plan does by itself where the value is the usual one: the tests that it writes out for them."""

from __future__ import annotations

from collections.abc import Sequence

from velocipy.conversion.constraints import Constrained, Constraint
from velocipy.conversion.faults import Convert
from velocipy.conversion.scalars import anything, text_int
from velocipy.plans.bundles import Bundle

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def text_lengths(convert: Convert | Bundle) -> str | None:
    """Return the test that a text has to pass, None if it is more than its length, or *convert* makes no text."""
    if not isinstance(convert, Constrained) or convert.convert is not anything:
        return None
    signs = {"min_length": ">=", "max_length": "<="}
    if not all(name in signs for name, _ in convert.constraints):
        return None
    return " and ".join(f"len(raw) {signs[name]} {limit}" for name, limit in convert.constraints)


def int_bounds(convert: Convert | Bundle) -> str | None:
    """Return the test that an int has to pass, with "{}" for it, "" if it has none; None if *convert* makes no int."""
    constraints: Sequence[Constraint] = ()
    if isinstance(convert, Constrained):
        constraints, convert = convert.constraints, convert.convert
    if convert is not text_int or not all(name in _SIGNS and type(bound) is int for name, bound in constraints):
        return None
    match [(_SIGNS[name], bound) for name, bound in sorted(constraints)]:
        case []:
            return ""
        case [(sign, bound)]:
            return f"{{}} {sign} {bound}"
        case [((">" | ">=") as lower, least), (("<" | "<=") as upper, most)]:
            return f"{least} {lower.replace('>', '<')} {{}} {upper} {most}"
    return None
