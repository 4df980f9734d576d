"""Convertors: the names after the colon in "/items/{id:int}", and the types that they stand for.

A convertor says what a value is, not whether the path matches: "/items/x" finds the route and is answered with 422.
`path` is the exception: it takes the rest of the path, slashes included, as `{name*}` does.
"""

from __future__ import annotations

CATCH_ALL = "path"

CONVERTORS: dict[str, str] = {
    "str": "builtins:str",
    "int": "builtins:int",
    "float": "builtins:float",
    "bool": "builtins:bool",
    "uuid": "uuid:UUID",
    "date": "datetime:date",
    CATCH_ALL: "builtins:str",
}


def convertor_type(name: str) -> type:
    """Return the type for which a convertor stands; its module is imported at the first use."""
    from importlib import import_module

    module, _, attribute = CONVERTORS[name].partition(":")
    found: type = getattr(import_module(module), attribute)
    return found
