"""How many workers there are, as far as a worker can know."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence

_VARIABLES = ("WEB_CONCURRENCY", "GRANIAN_WORKERS")
_OPTION = re.compile(r"(?:--workers|-w)(?:=|$)(\d*)|-w(\d+)")


def declared_workers(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Return how many workers the command line of a server, or its environment, asks for; 1 if neither tells.

    Granian, Uvicorn, Hypercorn and Gunicorn have the option ``--workers``, of which some say ``-w``.
    """
    arguments = sys.argv if arguments is None else arguments
    environment = os.environ if environment is None else environment
    for number, argument in enumerate(arguments):
        match = _OPTION.fullmatch(argument)
        if match is not None:
            found = match[1] or match[2] or "".join(arguments[number + 1 : number + 2])
            return int(found) if found.isdecimal() and int(found) > 0 else 1
    for name in _VARIABLES:
        value = environment.get(name, "")
        if value.isdecimal() and int(value) > 0:
            return int(value)
    return 1
