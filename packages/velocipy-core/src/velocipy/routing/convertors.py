"""Convertors: the names after the colon in "/items/{id:int}", and the types that they stand for.

A convertor says what a value is, not whether the path matches: "/items/x" finds the route and is answered with 422.
`path` is the exception: it takes the rest of the path, slashes included, as `{name*}` does. An application adds its own
with `VelociPy(convertors={"slug": Annotated[str, Path(pattern="^[a-z-]+$")]})`: any type that a path value can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

CATCH_ALL = "path"

BUILT_IN = {
    "str": "builtins:str",
    "int": "builtins:int",
    "float": "builtins:float",
    "bool": "builtins:bool",
    "uuid": "uuid:UUID",
    "date": "datetime:date",
    CATCH_ALL: "builtins:str",
}


def convertors(added: Mapping[str, Any]) -> dict[str, Any]:
    """Return the types of all convertors, those of the application before ours."""
    built_in = {}
    for name, where in BUILT_IN.items():
        module, _, attribute = where.partition(":")
        built_in[name] = getattr(import_module(module), attribute)
    return {**built_in, **added}
