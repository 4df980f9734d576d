"""The names of the front door that live in other distributions, imported at first use."""

from __future__ import annotations

from typing import Any

ELSEWHERE = {
    "AsyncTestClient": ("velocipy.testing", "velocipy-testing"),
    "TestClient": ("velocipy.testing", "velocipy-testing"),
}


def __getattr__(name: str) -> Any:
    if name not in ELSEWHERE:
        raise AttributeError(f"module 'velocipy' has no attribute {name!r}")
    from importlib import import_module

    module, distribution = ELSEWHERE[name]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"velocipy.{name} comes with {distribution}: pip install {distribution}") from None
