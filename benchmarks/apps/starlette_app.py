"""Starlette: requests read by hand, bodies validated and answers encoded by msgspec."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.apps.data import PRODUCTS, Order
from benchmarks.scenarios import REGIONS

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode


class JSON(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encode(content)


async def home(request: Request) -> Response:
    return JSON({"hello": "world"})


async def item(request: Request) -> Response:
    return JSON({"item_id": request.path_params["item_id"]})


async def search_term(request: Request) -> str:
    try:
        return request.query_params["q"].strip().lower()
    except KeyError:
        raise HTTPException(422, "q is missing") from None


def read_int(request: Request, name: str) -> int:
    try:
        return int(request.query_params[name])
    except (KeyError, ValueError):
        raise HTTPException(422, f"{name} is not an integer") from None


async def search(request: Request) -> Response:
    term = await search_term(request)
    page, size = read_int(request, "page"), read_int(request, "size")
    if page < 1 or size > 100:
        raise HTTPException(422, "page or size is out of range")
    return JSON({"term": term, "page": page, "size": size})


async def whoami(request: Request) -> Response:
    try:
        return JSON({"request_id": request.headers["x-request-id"], "session": request.cookies["session"]})
    except KeyError:
        raise HTTPException(422, "the header or the cookie is missing") from None


async def order(request: Request) -> Response:
    try:
        body = decode_order(await request.body())
    except msgspec.MsgspecError as error:
        raise HTTPException(422, str(error)) from None
    return JSON({"customer": body.customer, "total": body.total, "lines": len(body.lines)})


async def products(request: Request) -> Response:
    return JSON(PRODUCTS)


async def failed(request: Request, error: Any) -> Response:
    return JSON({"detail": error.detail}, error.status_code)


def regional_order(region: str) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        return JSON({"region": region, **request.path_params})

    return handler


app = Starlette(
    routes=[
        Route("/", home),
        Route("/items/{item_id:int}", item),
        Route("/search", search),
        Route("/whoami", whoami),
        Route("/orders", order, methods=["POST"]),
        Route("/products", products),
    ],
    exception_handlers={HTTPException: failed},
)

app500 = Starlette(
    routes=[
        Route(f"/regions/{region}/shops/{{shop_id:int}}/orders/{{order_id:int}}", regional_order(region))
        for region in REGIONS
    ],
    exception_handlers={HTTPException: failed},
)
