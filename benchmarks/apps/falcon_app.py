"""Falcon: its converters and getters for what comes in, msgspec to validate bodies and forms and to encode answers."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from typing import Any

import falcon
import msgspec
import pydantic
from falcon.asgi import App, Request, Response

from benchmarks.apps.data import PRODUCTS, Order, Signup
from benchmarks.apps.pydantic_data import Order as PydanticOrder
from benchmarks.scenarios import ADMINS, REGIONS, USERS

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode


class Home:
    async def on_get(self, request: Request, response: Response) -> None:
        response.data = encode({"hello": "world"})


class Item:
    async def on_get(self, request: Request, response: Response, item_id: int) -> None:
        response.data = encode({"item_id": item_id})


async def search_term(request: Request) -> str:
    return request.get_param("q", required=True).strip().lower()


class Search:
    async def on_get(self, request: Request, response: Response) -> None:
        term = await search_term(request)
        page = request.get_param_as_int("page", required=True, min_value=1)
        size = request.get_param_as_int("size", required=True, max_value=100)
        response.data = encode({"term": term, "page": page, "size": size})


class Whoami:
    async def on_get(self, request: Request, response: Response) -> None:
        request_id = request.get_header("x-request-id", required=True)
        session = request.cookies.get("session")
        if session is None:
            raise falcon.HTTPUnprocessableEntity(description="cookie session is missing")
        response.data = encode({"request_id": request_id, "session": session})


async def session_token(request: Request) -> str:
    return request.get_header("x-token", required=True).strip()


async def current_user(request: Request) -> str:
    user = USERS.get(await session_token(request))
    if user is None:
        raise falcon.HTTPUnauthorized(description="the token is unknown")
    return user


async def current_admin(request: Request) -> str:
    user = await current_user(request)
    if user not in ADMINS:
        raise falcon.HTTPForbidden(description="for admins only")
    return user


class Admin:
    async def on_get(self, request: Request, response: Response) -> None:
        response.data = encode({"admin": await current_admin(request)})


class Orders:
    async def on_post(self, request: Request, response: Response) -> None:
        try:
            order = decode_order(await request.stream.read())
        except msgspec.MsgspecError as error:
            raise falcon.HTTPUnprocessableEntity(description=str(error)) from None
        response.data = encode({"customer": order.customer, "total": order.total, "lines": len(order.lines)})


class PydanticOrders:
    async def on_post(self, request: Request, response: Response) -> None:
        try:
            order = PydanticOrder.model_validate_json(await request.stream.read())
        except pydantic.ValidationError as error:
            raise falcon.HTTPUnprocessableEntity(description=str(error)) from None
        response.data = encode({"customer": order.customer, "total": order.total, "lines": len(order.lines)})


class Signups:
    async def on_post(self, request: Request, response: Response) -> None:
        try:
            form = msgspec.convert(await request.get_media(), Signup, strict=False)
        except msgspec.ValidationError as error:
            raise falcon.HTTPUnprocessableEntity(description=str(error)) from None
        response.data = encode({"name": form.name, "email": form.email, "age": form.age, "newsletter": form.newsletter})


class Products:
    async def on_get(self, request: Request, response: Response) -> None:
        response.data = encode(PRODUCTS)


class RegionalOrder:
    def __init__(self, region: str) -> None:
        self.region = region

    async def on_get(self, request: Request, response: Response, shop_id: int, order_id: int) -> None:
        response.data = encode({"region": self.region, "shop_id": shop_id, "order_id": order_id})


async def not_found(request: Request, response: Response, error: Exception, params: dict[str, Any]) -> None:
    response.status = falcon.HTTP_404
    response.data = encode({"detail": "Not Found"})


app = App()
app.add_route("/", Home())
app.add_route("/items/{item_id:int}", Item())
app.add_route("/search", Search())
app.add_route("/whoami", Whoami())
app.add_route("/admin", Admin())
app.add_route("/orders", Orders())
app.add_route("/pydantic/orders", PydanticOrders())
app.add_route("/signups", Signups())
app.add_route("/products", Products())
app.add_error_handler(falcon.HTTPRouteNotFound, not_found)

app500 = App()
for _region in REGIONS:
    app500.add_route(f"/regions/{_region}/shops/{{shop_id:int}}/orders/{{order_id:int}}", RegionalOrder(_region))
