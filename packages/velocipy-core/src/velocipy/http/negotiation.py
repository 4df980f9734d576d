"""What a client prefers, by its header `accept-encoding` (RFC 9110 section 12.5.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_CODINGS = 32
"""How many codings are read; what follows them counts for nothing."""

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def preferred_codings(value: str, offered: Sequence[str]) -> list[str]:
    """Return what of *offered* the client takes rather than unencoded data, the best first, else as offered."""
    qualities: dict[str, float] = {}
    for element in value.split(",", MAX_CODINGS)[:MAX_CODINGS]:
        coding, *parameters = (part.strip(" \t").lower() for part in element.split(";", 2))
        quality = _QUALITY.fullmatch(parameters[0]) if parameters else None
        if coding and (quality is not None or not parameters):
            qualities[coding.removeprefix("x-")] = float(quality[1]) if quality else 1.0
    others = qualities.get("*", 0.0)
    least = qualities.get("identity", 0.0)
    found = [(qualities.get(coding, others), coding) for coding in offered]
    wanted = [pair for pair in found if pair[0] > 0 and pair[0] >= least]
    return [coding for _, coding in sorted(wanted, key=lambda pair: -pair[0])]
