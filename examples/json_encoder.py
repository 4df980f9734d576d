"""
The JSON codec: which library encodes and decodes, for an application, a route, or in a way of your own.

Serve it with `granian --interface rsgi json_encoder:app`. It needs `velocipy-core[msgspec,orjson]`.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from velocipy import VelociPy
from velocipy.serialization import MsgspecCodec, OrjsonCodec, StdlibCodec

app = VelociPy(json_encoder=OrjsonCodec())

VALUES = {
    "when": datetime(1993, 6, 11, 20, 30, tzinfo=UTC),
    "length": Decimal("2.10"),
    "tags": {"loud"},
    "name": "Blücher",
}


class Indented:
    """Any object with these two methods is a codec; this one writes for people."""

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, indent=2, sort_keys=True, default=str).encode()

    def decode(self, data: bytes) -> Any:
        return json.loads(data)


@app.get("/orjson")
async def by_orjson() -> dict[str, Any]:
    return VALUES


@app.get("/msgspec", json_encoder=MsgspecCodec())
async def by_msgspec() -> dict[str, Any]:
    return VALUES


@app.get("/stdlib", json_encoder=StdlibCodec())
async def by_stdlib() -> dict[str, Any]:
    return VALUES


@app.get("/indented", json_encoder=Indented())
async def indented() -> dict[str, Any]:
    return {"b": 1, "a": [2]}


@app.post("/echo")
async def echo(values: dict[str, Any]) -> dict[str, Any]:
    return values
