"""JSON codecs and model adapters of one route, in place of the application's."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, JSONResponse, Request, VelociPy
from velocipy.conversion.faults import Convert, Loc, refuse
from velocipy.errors import Fault
from velocipy.model_adapters import SchemaMode
from velocipy.models import Decoder, Fields, ModelField
from velocipy.serialization import JSONCodec, StdlibCodec
from velocipy.types import Selection


class Loud:
    """A codec whose JSON tells where it came from."""

    def encode(self, value: Any, /) -> bytes:
        return json.dumps({"loud": value}, indent=1).encode()

    def decode(self, data: bytes, /) -> Any:
        return ["loud", json.loads(data)]


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class MoneyAdapter:
    """An adapter for a class that no library knows."""

    name = "money"

    def supports(self, annotation: Any) -> bool:
        return annotation is Money

    def is_model(self, annotation: Any) -> bool:
        return annotation is Money

    def fields(self, annotation: Any) -> Fields:
        return Fields([ModelField("cents", ("cents",), int, True)], lambda values, loc, faults: Money(**values), False)

    def converter(self, annotation: Any, *, text: bool) -> Convert:
        def convert(value: Any, loc: Loc, faults: list[Fault]) -> Any:
            return Money(value) if isinstance(value, int) else refuse(faults, loc, "money", "Input should be cents")

        return convert

    def takes_text(self, annotation: Any) -> bool:
        return False

    def decoder(self, annotation: Any, codec: JSONCodec) -> Decoder:
        convert = self.converter(annotation, text=False)

        def explain(data: bytes, loc: Loc, faults: list[Fault]) -> Any:
            return convert(codec.decode(data), loc, faults)

        def decode(data: bytes) -> Any:
            faults: list[Fault] = []
            made = explain(data, (), faults)
            if faults:
                raise ValueError(faults)
            return made

        return Decoder(decode, (ValueError,), explain)

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        return lambda value: b'"%d.%02d"' % divmod(value.cents, 100)

    def json_schemas(
        self, wanted: Sequence[tuple[Any, SchemaMode]], reference: str, *, by_alias: bool = True
    ) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        return [{"type": "string"} for _ in wanted], {}


app = VelociPy(json_encoder=StdlibCodec())


@app.post("/plain")
async def plain(data: dict[str, Any]) -> dict[str, Any]:
    return data


@app.post("/loud", json_encoder=Loud())
async def loud(request: Request) -> dict[str, Any]:
    return {"read": await request.json()}


@app.get("/loud/response", json_encoder=Loud())
async def response() -> JSONResponse:
    return JSONResponse([1])


@app.get("/loud/refused", json_encoder=Loud())
async def refused() -> None:
    raise HTTPException(409)


@app.post("/stdlib", json_encoder=StdlibCodec())
async def fast(data: dict[str, float]) -> dict[str, float]:
    return data


@app.post("/money", model_adapters=[MoneyAdapter()])
async def money(amount: Money) -> Money:
    return Money(amount.cents * 2)


def test_a_route_has_a_codec_of_its_own(client: Client) -> None:
    assert client.post("/loud", json={"a": 1}).json() == {"loud": {"read": ["loud", {"a": 1}]}}
    assert client.get("/loud/response").content == b'{\n "loud": [\n  1\n ]\n}'
    assert client.post("/stdlib", json={"a": 0.1}).content == b'{"a":0.1}'


def test_other_routes_keep_that_of_the_application(client: Client) -> None:
    assert client.post("/plain", json={"a": "é"}).content == '{"a":"é"}'.encode()


def test_errors_are_told_by_that_of_the_application(client: Client) -> None:
    assert client.get("/loud/refused").json() == {"detail": "Conflict"}


def test_a_route_has_a_model_adapter_of_its_own(client: Client) -> None:
    assert client.post("/money", json=125).content == b'"2.50"'
    answer = client.post("/money", json="x")
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        [{"loc": ["body"], "msg": "Input should be cents", "type": "money"}],
    )


@pytest.mark.in_process
def test_a_model_is_unknown_where_its_adapter_is_not_given() -> None:
    broken = VelociPy()
    broken.add_route("/", money, ["POST"])
    with pytest.raises(ValueError, match="Money"):
        broken.freeze()
