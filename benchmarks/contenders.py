"""Who is measured: where each application stands, which protocols it speaks, which environment it lives in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.types import ProtocolName

RAW = "raw"
EMPTY = "empty"
VELOCIPY = "velocipy"
PEERS = "peers"  # the environment that holds every peer: they resolve together


@dataclass(frozen=True, slots=True)
class Contender:
    """`modules` names, per protocol, the module that holds `app` and `app500`."""

    name: str
    modules: Mapping[ProtocolName, str]

    @property
    def is_peer(self) -> bool:
        return self.name not in (RAW, EMPTY, VELOCIPY)

    @property
    def environment(self) -> str:
        return PEERS if self.is_peer else VELOCIPY


def _both(module: str) -> dict[ProtocolName, str]:
    return {"rsgi": f"benchmarks.apps.{module}", "asgi": f"benchmarks.apps.{module}"}


def _asgi(module: str) -> dict[ProtocolName, str]:
    return {"asgi": f"benchmarks.apps.{module}"}


CONTENDERS = (
    Contender(EMPTY, {"rsgi": "benchmarks.apps.empty_rsgi", "asgi": "benchmarks.apps.empty_asgi"}),
    Contender(RAW, {"rsgi": "benchmarks.apps.raw_rsgi", "asgi": "benchmarks.apps.raw_asgi"}),
    Contender(VELOCIPY, _both("velocipy_app")),
    Contender("blacksheep", _asgi("blacksheep_app")),
    Contender("emmett55", _both("emmett55_app")),
    Contender("falcon", _asgi("falcon_app")),
    Contender("fastapi", _asgi("fastapi_app")),
    Contender("litestar", _asgi("litestar_app")),
    Contender("starlette", _asgi("starlette_app")),
)

BY_NAME = {contender.name: contender for contender in CONTENDERS}
