"""The faults of a request: `error.errors` is a list, and `error.errors()` the same, as programs for FastAPI have it."""

from copy import copy, deepcopy
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, HTTPException, JSONResponse, Query, Request, Response, ValidationError, VelociPy
from velocipy.encoders import jsonable_encoder
from velocipy.serialization import JSONCodec, MsgspecCodec, OrjsonCodec, StdlibCodec


def with_codec(codec: JSONCodec) -> VelociPy:
    app = VelociPy(json_encoder=codec)

    @app.exception_handler(ValidationError)
    async def refused(request: Request, error: ValidationError) -> Response:
        told = {
            "errors": error.errors(),
            "plain": jsonable_encoder(error.errors()),
            "messages": [f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors()],
            "first": error.errors()[0]["loc"],
            "count": len(error.errors),
            "same": error.errors() is error.errors and error.errors() == error.detail,
        }
        return JSONResponse(told, status_code=400)

    @app.get("/items")
    async def items(n: int, size: Annotated[int, Query(ge=1)] = 1) -> None: ...

    @app.post("/items")
    async def add_items(items: Annotated[list[int], Body()]) -> None: ...

    @app.get("/raised")
    async def raised() -> None:
        raise ValidationError("it is wrong")

    @app.get("/changed")
    async def changed() -> None:
        try:
            raise ValidationError([{"loc": ["query", "secret"], "msg": "hunter2", "type": "value_error"}])
        except ValidationError as error:
            for fault in error.errors():
                fault["msg"] = "is wrong"
            error.errors().append({"loc": ["query", "more"], "msg": "is wrong", "type": "value_error"})
            raise

    return app


def stdlib() -> VelociPy:
    return with_codec(StdlibCodec())


def msgspec() -> VelociPy:
    return with_codec(MsgspecCodec())


def orjson() -> VelociPy:
    return with_codec(OrjsonCodec())


@pytest.fixture(params=["stdlib", "msgspec", "orjson"])
def each(request: pytest.FixtureRequest, client_factory: Any) -> Client:
    """A client of an application with each of our codecs."""
    if request.param != "stdlib":
        pytest.importorskip(request.param, reason="its codec is tested here")
    client: Client = client_factory(request.param)
    return client


def told(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 400
    return answer.json()


def test_a_handler_may_call_them(each: Client) -> None:
    answer = told(each, "/items?size=0")
    assert [(fault["loc"], fault["type"]) for fault in answer["errors"]] == [
        (["query", "n"], "missing"),
        (["query", "size"], "greater_than_equal"),
    ]
    assert answer["plain"] == answer["errors"]
    assert answer["messages"] == ["query.n: missing", "query.size: greater_than_equal"]
    assert (answer["first"], answer["count"], answer["same"]) == (["query", "n"], 2, True)


def test_faults_of_bodies_too(each: Client) -> None:
    answer = each.post("/items", json=[1, "x", None])
    assert [fault["loc"] for fault in answer.json()["errors"]] == [["body", 1], ["body", 2]]


def test_one_sentence_is_one_fault(each: Client) -> None:
    assert told(each, "/raised")["errors"] == [{"loc": [], "msg": "it is wrong", "type": "value_error"}]


def test_what_is_changed_is_what_is_told(each: Client) -> None:
    assert [(fault["loc"][1], fault["msg"]) for fault in told(each, "/changed")["errors"]] == [
        ("secret", "is wrong"),
        ("more", "is wrong"),
    ]


def test_they_are_a_list() -> None:
    error = ValidationError([{"loc": ["query", "n"], "msg": "no", "type": "value_error"}])
    assert isinstance(error.errors, list)
    assert error.errors == [{"loc": ["query", "n"], "msg": "no", "type": "value_error"}] == error.errors()
    assert isinstance(error, HTTPException)
    for copied in (copy(error.errors), deepcopy(error.errors)):
        assert copied() == error.errors()


def test_no_faults_are_no_reason_to_fail() -> None:
    assert ValidationError([]).errors() == []


@pytest.mark.parametrize("make", [StdlibCodec, MsgspecCodec, OrjsonCodec])
def test_every_codec_writes_them(make: type[JSONCodec]) -> None:
    if make is not StdlibCodec:
        pytest.importorskip(make.__name__.removesuffix("Codec").lower(), reason="its codec is tested here")
    faults = ValidationError("wrong").errors()
    assert StdlibCodec().decode(make().encode({"detail": faults})) == {"detail": list(faults)}
