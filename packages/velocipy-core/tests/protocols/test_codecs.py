"""The JSON codec of an application: one for everything that it reads and writes, errors and explicit responses too."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Annotated, Any, NamedTuple, TypedDict
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import Body, HTTPException, JSONResponse, Request, ValidationError, VelociPy
from velocipy.serialization import JSONCodec, MsgspecCodec, OrjsonCodec, StdlibCodec

JSON = {"content-type": "application/json"}


@dataclass
class Item:
    name: str
    at: datetime | None = None


@dataclass
class Secret(Item):
    password: str = "hunter2"


class Movie(TypedDict):
    title: str


class Point(NamedTuple):
    x: int
    y: int = 0


class Marked:
    """A codec of a user: everything that it wrote can be told from what another wrote."""

    def encode(self, value: Any, /) -> bytes:
        return b" \n" + StdlibCodec().encode(value)

    def decode(self, data: bytes, /) -> Any:
        return {"read by": "ours"} if data == b"[]" else json.loads(data)


def with_codec(codec: JSONCodec) -> VelociPy:
    app = VelociPy(json_encoder=codec)

    @app.get("/values")
    async def values() -> Any:
        return {
            "items": [Item("ü", datetime(2024, 1, 2, tzinfo=UTC)), Movie(title="Up"), Point(1)],
            "set": {1},
            "decimal": Decimal("1.10"),
            "uuid": UUID(int=1),
            "bytes": b"\xff",
            "nan": float("nan"),
            "big": 2**70,
            "control": "\x00\u2028</script>💚",
            "keys": {1: 2},
        }

    @app.get("/declared")
    async def declared() -> list[Item]:
        return [Secret("a"), Item("b")]

    @app.get("/response")
    async def response() -> JSONResponse:
        return JSONResponse({"item": Item("a")}, 202)

    @app.get("/detail")
    async def detail() -> None:
        raise HTTPException(409, {"item": Item("a"), "price": Decimal("1.10")})

    @app.get("/fault")
    async def fault() -> None:
        raise ValidationError("no")

    @app.get("/divide")
    async def divide() -> float:
        return 1 / 0

    @app.exception_handler(ZeroDivisionError)
    async def divided(request: Request, error: ZeroDivisionError) -> Item:
        return Item("divided")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    @app.get("/no-json")
    async def no_json() -> Any:
        return {"a": object()}

    @app.get("/number/{n}")
    async def number(n: int) -> int:
        return n

    @app.post("/any")
    async def anything(value: Annotated[Any, Body()]) -> Any:
        return [value]

    @app.post("/request")
    async def by_request(request: Request) -> Any:
        return [await request.json()]

    @app.post("/item")
    async def item(item: Item) -> Item:
        return item

    return app


def stdlib() -> VelociPy:
    return with_codec(StdlibCodec())


def msgspec() -> VelociPy:
    return with_codec(MsgspecCodec())


def orjson() -> VelociPy:
    return with_codec(OrjsonCodec())


def marked() -> VelociPy:
    return with_codec(Marked())


@pytest.fixture(params=["stdlib", "msgspec", "orjson"])
def each(request: pytest.FixtureRequest, client_factory: Any) -> Client:
    """A client of an application with each of our codecs."""
    if request.param != "stdlib":
        pytest.importorskip(request.param, reason="its codec is tested here")
    client: Client = client_factory(request.param)
    return client


NO_JSON = {
    "half": b'{"name": ',
    "nothing": b" ",
    "two": b"{} {}",
    "nan": b'{"name": NaN}',
    "out-of-range": b'{"name": 1e400}',
    "no-utf8": b'{"name": "\xff"}',
    "byte-order-mark": b'\xef\xbb\xbf{"name": "a"}',
    "surrogate": b'{"name": "\\ud800"}',
    "too-deep": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("path", ["/any", "/request", "/item"])
@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_one_fault_of_one_shape(each: Client, path: str, name: str) -> None:
    response = each.post(path, content=NO_JSON[name], headers=JSON)
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body"], "json_invalid")
    assert fault["msg"].startswith("Invalid JSON: ")


@pytest.mark.parametrize("path", ["/any", "/request"])
@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"18446744073709551616", 2**64),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"\\u00fc\\ud83d\\ude00": "\\u0000"}', {"ü😀": "\x00"}),
        (b"[1.0, 1, -0.0, 1e-400]", [1.0, 1, -0.0, 0.0]),
        (b"null", None),
    ],
)
def test_the_same_text_is_the_same_value(each: Client, path: str, content: bytes, value: Any) -> None:
    response = each.post(path, content=content, headers=JSON)
    assert (response.status_code, response.json()) == (200, [value])


def test_the_same_value_is_the_same_text(each: Client) -> None:
    response = each.get("/values")
    assert response.headers["content-type"] == "application/json"
    assert response.content.decode() == (
        '{"items":[{"name":"ü","at":"2024-01-02T00:00:00Z"},{"title":"Up"},[1,0]],"set":[1],"decimal":"1.10",'
        '"uuid":"00000000-0000-0000-0000-000000000001","bytes":"/w==","nan":null,"big":1180591620717411303424,'
        '"control":"\\u0000\u2028</script>💚","keys":{"1":2}}'
    )


def test_what_leaves_is_what_was_declared(each: Client) -> None:
    assert each.get("/declared").json() == [{"name": "a", "at": None}, {"name": "b", "at": None}]
    item = {"name": "a", "at": "2024-01-02T03:04:05Z"}
    assert each.post("/item", json=item).json() == item


ANSWERS: list[tuple[str, int, Any]] = [
    ("/response", 202, {"item": {"name": "a", "at": None}}),
    ("/detail", 409, {"detail": {"item": {"name": "a", "at": None}, "price": "1.10"}}),
    ("/fault", 422, {"detail": [{"loc": [], "msg": "no", "type": "value_error"}]}),
    ("/divide", 200, {"name": "divided", "at": None}),
    ("/broken", 500, {"detail": "Internal Server Error"}),
    ("/no-json", 500, {"detail": "Internal Server Error"}),
    ("/nowhere", 404, {"detail": "Not Found"}),
]


@pytest.mark.parametrize(("path", "status", "content"), ANSWERS)
def test_responses_and_errors_know_the_same_values(each: Client, path: str, status: int, content: Any) -> None:
    response = each.get(path)
    assert (response.status_code, response.json()) == (status, content)


@pytest.mark.velocipy_app("marked")
@pytest.mark.parametrize("path", ["/values", "/declared", "/number/5", "/number/x", *(path for path, *_ in ANSWERS)])
def test_a_codec_of_ones_own_writes_everything(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.content.startswith(b" \n")
    assert response.headers["content-length"] == str(len(response.content))
    assert client.post(path).content.startswith(b" \n")  # a 405, if nothing else


@pytest.mark.velocipy_app("marked")
def test_a_codec_of_ones_own_reads_what_a_handler_asks_for(client: Client) -> None:
    assert client.post("/request", content=b"[]", headers=JSON).json() == [{"read by": "ours"}]
    response = client.post("/request", content=b"[", headers=JSON)
    assert (response.status_code, response.json()["detail"][0]["type"]) == (422, "json_invalid")


class Wrapping:
    """A codec whose JSON is another than that of the values."""

    def encode(self, value: Any, /) -> bytes:
        return StdlibCodec().encode({"wrapped": value})

    def decode(self, data: bytes, /) -> Any:
        return StdlibCodec().decode(data)["wrapped"]


def wrapped() -> VelociPy:
    return with_codec(Wrapping())


def test_typed_bodies_are_read_by_a_codec_of_ones_own(client_factory: Any) -> None:
    client = client_factory("wrapped")
    assert client.post("/item", json={"wrapped": {"name": "a"}}).json() == {"wrapped": {"name": "a", "at": None}}
    assert client.post("/any", json={"wrapped": 5}).json() == {"wrapped": [5]}
    response = client.post("/item", json={"wrapped": {}})
    assert response.json()["wrapped"]["detail"][0]["loc"] == ["body", "name"]
    assert client.post("/item", content=b"{", headers=JSON).status_code == 422


def wrapped_models() -> VelociPy:
    from pydantic import BaseModel

    app = VelociPy(json_encoder=Wrapping())

    class Model(BaseModel):
        name: str
        at: datetime | None = None

    @app.post("/model")
    async def model(model: Model) -> Model:
        return model

    @app.post("/models")
    async def models(one: Model, two: dict[str, Model]) -> dict[str, Model]:
        return {"one": one, **two}

    @dataclass
    class Holder:
        model: Model

    @app.post("/holder")
    async def holder(holder: Holder) -> Holder:
        return holder

    return app


@pytest.mark.skipif(find_spec("pydantic") is None, reason="its models are tested here")
def test_models_of_pydantic_are_read_and_written_by_a_codec_of_ones_own(client_factory: Any) -> None:
    client = client_factory("wrapped_models")
    sent = {"name": "a", "at": "2024-01-02T00:00:00Z"}
    assert client.post("/model", json={"wrapped": sent}).json() == {"wrapped": sent}
    body = {"one": sent, "two": {"two": sent}}
    assert client.post("/models", json={"wrapped": body}).json() == {"wrapped": {"one": sent, "two": sent}}
    assert client.post("/holder", json={"wrapped": {"model": sent}}).json() == {"wrapped": {"model": sent}}
    response = client.post("/model", json={"wrapped": {"at": "x"}})
    assert [fault["loc"] for fault in response.json()["wrapped"]["detail"]] == [["body", "name"], ["body", "at"]]
