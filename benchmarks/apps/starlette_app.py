"""Starlette: requests read by hand, bodies and forms validated and answers encoded by msgspec."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pydantic
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.apps.data import PRODUCTS, Order, Signup
from benchmarks.apps.pydantic_data import Order as PydanticOrder
from benchmarks.scenarios import ADMINS, REGIONS, USERS

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


async def session_token(request: Request) -> str:
    try:
        return request.headers["x-token"].strip()
    except KeyError:
        raise HTTPException(422, "header x-token is missing") from None


async def current_user(request: Request) -> str:
    user = USERS.get(await session_token(request))
    if user is None:
        raise HTTPException(401, "the token is unknown")
    return user


async def current_admin(request: Request) -> str:
    user = await current_user(request)
    if user not in ADMINS:
        raise HTTPException(403, "for admins only")
    return user


async def admin(request: Request) -> Response:
    return JSON({"admin": await current_admin(request)})


async def order(request: Request) -> Response:
    try:
        body = decode_order(await request.body())
    except msgspec.MsgspecError as error:
        raise HTTPException(422, str(error)) from None
    return JSON({"customer": body.customer, "total": body.total, "lines": len(body.lines)})


async def pydantic_order(request: Request) -> Response:
    try:
        body = PydanticOrder.model_validate_json(await request.body())
    except pydantic.ValidationError as error:
        raise HTTPException(422, str(error)) from None
    return JSON({"customer": body.customer, "total": body.total, "lines": len(body.lines)})


async def signup(request: Request) -> Response:
    try:
        form = msgspec.convert(dict(await request.form()), Signup, strict=False)
    except msgspec.ValidationError as error:
        raise HTTPException(422, str(error)) from None
    return JSON({"name": form.name, "email": form.email, "age": form.age, "newsletter": form.newsletter})


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
        Route("/admin", admin),
        Route("/orders", order, methods=["POST"]),
        Route("/pydantic/orders", pydantic_order, methods=["POST"]),
        Route("/signups", signup, methods=["POST"]),
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
