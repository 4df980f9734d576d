"""How a conversion refuses a value: it adds a fault and returns INVALID, so that all faults are found at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from velocipy.errors import Fault, ValidationError

Loc = tuple[str | int, ...]
Convert = Callable[[Any, Loc, list[Fault]], Any]
"""Takes a value, its place and the faults found so far; returns the converted value, or adds faults and INVALID."""


class _Invalid:
    """The result of a conversion that failed; it never reaches a handler."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = _Invalid()

MAX_FAULTS = 100
"""How many faults of one request are told; there is no use in more, and a stranger could ask for millions."""


def refuse(faults: list[Fault], loc: Loc, type: str, msg: str) -> Any:
    """Add a fault and return INVALID. The words of `type` are those of pydantic, which FastAPI made known."""
    faults.append({"loc": list(loc), "msg": msg, "type": type})
    return INVALID


def refusal(faults: list[Fault]) -> ValidationError:
    """Return the exception that tells *faults*: each once, and no more than MAX_FAULTS."""
    distinct = {(*fault["loc"], fault["type"], fault["msg"]): fault for fault in faults[: 2 * MAX_FAULTS]}
    return ValidationError(list(distinct.values())[:MAX_FAULTS])
