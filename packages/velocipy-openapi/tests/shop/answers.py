"""Answers of every kind: models, parts of models, text, bytes, nothing, streams, and other statuses."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

from velocipy import (
    APIRouter,
    EventSourceResponse,
    HTMLResponse,
    HTTPException,
    PlainTextResponse,
    Query,
    RedirectResponse,
    Response,
    StreamingResponse,
    raises,
)
from velocipy.openapi.refinement import OpenAPI

from .models import Account, Circle, Product, Secretive, Square

router = APIRouter(prefix="/answers", tags=["answers"])


@router.get("/text")
async def text() -> str:
    return "text"


@router.get("/bytes")
async def some_bytes() -> bytes:
    return b"\x00\xff"


@router.delete("/nothing")
async def nothing() -> None: ...


@router.post("/created", status_code=201, response_description="It was made")
async def created() -> Product:
    return Product("a")


@router.get("/optional")
async def optional(there: bool = True) -> Product | None:
    return Product("a") if there else None


@router.get("/union")
async def union(round: bool = True) -> Circle | Square:
    return Circle(kind="circle", radius=1) if round else Square(kind="square", side=1)


@router.get("/html", response_class=HTMLResponse)
async def html() -> str:
    return "<p>html</p>"


@router.get("/plain")
async def plain() -> PlainTextResponse:
    return PlainTextResponse("plain")


@router.get("/redirect")
async def redirect() -> RedirectResponse:
    return RedirectResponse("/answers/text")


@router.get("/either")
async def either(text: bool = False) -> Product | PlainTextResponse:
    return PlainTextResponse("plain") if text else Product("a")


@router.get("/without-key", response_model_exclude={"key"})
async def without_key() -> Secretive:
    return Secretive()


@router.get("/name-alone", response_model_include={"name"})
async def name_alone() -> list[Secretive]:
    return [Secretive()]


@router.get("/without-none", response_model_exclude_none=True)
async def without_none() -> Secretive:
    return Secretive()


def account_of_robert() -> Account:
    """Return what never set a password and an age."""
    return Account.model_validate({"userName": "robert"})


@router.get("/account")
async def account() -> Account:
    return account_of_robert()


@router.get("/account/by-name", response_model_by_alias=False)
async def account_by_name() -> Account:
    return account_of_robert()


@router.get("/account/without", response_model_exclude={"greeting"}, response_model_exclude_unset=True)
async def account_without() -> Account:
    return account_of_robert()


@router.get("/model", response_model=Product)
async def by_model() -> Any:
    return {"name": "a", "more": 1}


@router.get("/anything")
async def anything() -> Any:
    return {"a": [1]}


@router.get("/lines")
async def lines() -> AsyncIterator[Product]:
    for name in "ab":
        yield Product(name)


@router.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[Product]:
    yield Product("a")


@router.get("/pieces")
def pieces() -> Iterator[str]:
    yield "a"
    yield "b"


@router.get("/streamed")
async def streamed() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"

    return StreamingResponse(chunks(), media_type="application/octet-stream")


@router.get(
    "/image",
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
    response_class=Response,
)
async def image() -> Response:
    return Response(b"png", media_type="image/png")


@router.get("/declared", responses={404: {"description": "It is not there", "model": Secretive}, 410: "It is gone"})
async def declared(gone: bool = False, there: bool = True) -> Product:
    if gone:
        raise HTTPException(410)
    return Product("a")


@router.get("/header", responses={200: {"headers": {"X-Count": {"schema": {"type": "integer"}, "required": True}}}})
async def header(response: Response) -> int:
    response.headers["x-count"] = "3"
    return 3


@router.get("/teapot")
@raises(418, "It is a teapot", headers={"X-Tea": "Which"})
async def teapot(hot: bool = False) -> str:
    if hot:
        raise HTTPException(418, headers={"X-Tea": "green"})
    return "coffee"


@router.get("/deprecated", deprecated=True)
async def deprecated() -> int:
    return 1


@router.get("/old", deprecated=date(2024, 1, 1), sunset=date(2099, 1, 1))
async def old() -> int:
    return 1


@router.get(
    "/refined",
    openapi=OpenAPI(
        summary="Refined",
        description="It says more.",
        tags=["more"],
        responses={404: Secretive, "5XX": {"description": "A mishap"}},
        examples={200: {"one": {"value": 1}}, 404: {"name": "b", "key": "k", "note": None}},
        external_docs={"url": "https://example.com/more"},
        extra={"x-cost": 3, "servers": []},
    ),
)
async def refined(number: Annotated[int, Query(ge=0)] = 1) -> int:
    return number


@router.get("/extra", openapi_extra={"x-internal": True}, openapi={"externalDocs": {"url": "https://example.com"}})
async def extra() -> int:
    return 1


@router.post(
    "/subscribe",
    openapi=OpenAPI(
        extra={
            "callbacks": {
                "told": {"{$request.query.url}": {"post": {"responses": {"200": {"description": "It was taken"}}}}}
            }
        }
    ),
)
async def subscribe(url: str) -> None: ...


@router.route("/several", methods=["GET", "PUT", "DELETE"])
async def several() -> int:
    return 1


@router.route("/query", methods=["QUERY"])
async def by_query() -> int:
    return 1


@router.get("/hidden", include_in_schema=False)
async def hidden() -> int:
    return 1


@router.get("/now", summary="The time")
async def now() -> datetime:
    return datetime.now(UTC)
