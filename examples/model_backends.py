"""
Models of any library: dataclasses, msgspec, pydantic, and a type of your own by an adapter.

Serve it with `granian --interface rsgi model_backends:app`. It needs `velocipy-core[msgspec,pydantic]`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from velocipy import VelociPy
from velocipy.model_adapters import (
    INVALID,
    Convert,
    Decoder,
    Fault,
    Fields,
    Loc,
    Selection,
    UnsupportedType,
    decoder_by_codec,
)
from velocipy.serialization import JSONCodec


class Colour:
    def __init__(self, red: int, green: int, blue: int) -> None:
        self.parts = red, green, blue


class ColourAdapter:
    """Reads and writes colours as "#ff8800"."""

    name = "colours"

    def supports(self, annotation: Any) -> bool:
        return annotation is Colour

    def is_model(self, annotation: Any) -> bool:
        return False  # it is one value, and has no fields

    def fields(self, annotation: Any) -> Fields:
        raise UnsupportedType("a colour has no fields")

    def converter(self, annotation: Any, *, text: bool) -> Convert:
        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            if isinstance(value, str) and re.fullmatch("#[0-9a-f]{6}", value):
                return Colour(*bytes.fromhex(value[1:]))
            faults.append({"loc": [*loc], "msg": "Input should be a colour such as #ff8800", "type": "colour"})
            return INVALID

        return convert

    def takes_text(self, annotation: Any) -> bool:
        return True

    def decoder(self, annotation: Any, codec: JSONCodec) -> Decoder:
        return decoder_by_codec(self.converter(annotation, text=False), codec)

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        return lambda colour: f'"#{bytes(colour.parts).hex()}"'.encode()

    def json_schemas(
        self, wanted: Sequence[Any], reference: str, *, by_alias: bool = True
    ) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        return [{"type": "string", "pattern": "^#[0-9a-f]{6}$"} for _ in wanted], {}


app = VelociPy(model_adapters=[ColourAdapter()])


@dataclass
class Egg:
    weight: float
    colour: Colour


class Nest(msgspec.Struct):
    name: str
    height: Annotated[int, msgspec.Meta(ge=0)] = 0


class Keeper(BaseModel):
    name: str = Field(min_length=2)
    age: int


@app.post("/eggs")
async def lay(egg: Egg) -> Colour:
    return egg.colour


@app.post("/nests")
async def build(nest: Nest) -> Nest:
    return nest


@app.post("/keepers")
async def hire(keeper: Keeper) -> Keeper:
    return keeper


@app.get("/colours/{colour}")
async def mix(colour: Colour) -> Colour:
    return Colour(*(255 - part for part in colour.parts))
