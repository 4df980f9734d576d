"""Emmett55, on RSGI and ASGI: its JSON service with orjson, pipes for dependencies, msgspec for bodies and forms.

It has no declared parameters: query, headers and cookies are read and checked by hand.
"""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false, reportReturnType=false, reportPossiblyUnboundVariable=false
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pydantic
from emmett55 import App, Pipe, abort, request, response
from emmett55.tools import service

from benchmarks.apps.data import Order, Signup
from benchmarks.apps.pydantic_data import Order as PydanticOrder
from benchmarks.scenarios import ADMINS, REGIONS, USERS
from benchmarks.scenarios import PRODUCTS as ROWS

decode_order = msgspec.json.Decoder(Order).decode

# An application makes folders for logs and static files beside itself; here they live as long as the process.
_folder = TemporaryDirectory()

app = App(__name__, root_path=_folder.name)
app.config.handle_static = False
app500 = App(__name__, root_path=_folder.name)
app500.config.handle_static = False


@dataclass
class Product:
    """A dataclass without slots, because orjson is fastest with those."""

    id: int
    name: str
    price: float
    in_stock: bool
    tags: list[str]


PRODUCTS = [Product(**row) for row in ROWS]


@app.route("/", methods="get")
@service.json
async def home() -> dict[str, str]:
    return {"hello": "world"}


@app.route("/items/<int:item_id>", methods="get")
@service.json
async def item(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


class SearchTerm(Pipe):
    async def pipe(self, next_pipe: Callable[..., Awaitable[Any]], **kwargs: Any) -> Any:
        given = request.query_params.q
        if given is None:
            abort(422)
        return await next_pipe(term=given.strip().lower(), **kwargs)


def read_int(name: str) -> int:
    try:
        return int(request.query_params[name])
    except (TypeError, ValueError):
        abort(422)


@app.route("/search", methods="get", pipeline=[SearchTerm()])
@service.json
async def search(term: str) -> dict[str, Any]:
    page, size = read_int("page"), read_int("size")
    if page < 1 or size > 100:
        abort(422)
    return {"term": term, "page": page, "size": size}


@app.route("/whoami", methods="get")
@service.json
async def whoami() -> dict[str, str]:
    request_id, session = request.headers.get("x-request-id"), request.cookies.get("session")
    if request_id is None or session is None:
        abort(422)
    return {"request_id": request_id, "session": session.value}


class SessionToken(Pipe):
    async def pipe(self, next_pipe: Callable[..., Awaitable[Any]], **kwargs: Any) -> Any:
        given = request.headers.get("x-token")
        if given is None:
            abort(422)
        return await next_pipe(token=given.strip(), **kwargs)


class CurrentUser(Pipe):
    async def pipe(self, next_pipe: Callable[..., Awaitable[Any]], token: str, **kwargs: Any) -> Any:
        user = USERS.get(token)
        if user is None:
            abort(401)
        return await next_pipe(user=user, **kwargs)


class CurrentAdmin(Pipe):
    async def pipe(self, next_pipe: Callable[..., Awaitable[Any]], user: str, **kwargs: Any) -> Any:
        if user not in ADMINS:
            abort(403)
        return await next_pipe(admin=user, **kwargs)


@app.route("/admin", methods="get", pipeline=[SessionToken(), CurrentUser(), CurrentAdmin()])
@service.json
async def admin_only(admin: str) -> dict[str, str]:
    return {"admin": admin}


@app.route("/orders", methods="post")
@service.json
async def order() -> dict[str, Any]:
    try:
        body = decode_order(await request.body)
    except msgspec.MsgspecError:
        abort(422)
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


@app.route("/pydantic/orders", methods="post")
@service.json
async def pydantic_order() -> dict[str, Any]:
    try:
        body = PydanticOrder.model_validate_json(await request.body)
    except pydantic.ValidationError:
        abort(422)
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


@app.route("/signups", methods="post")
@service.json
async def signup() -> dict[str, Any]:
    try:
        form = msgspec.convert(await request.body_params, Signup, strict=False)
    except msgspec.ValidationError:
        abort(422)
    return {"name": form.name, "email": form.email, "age": form.age, "newsletter": form.newsletter}


@app.route("/products", methods="get")
@service.json
async def products() -> list[Product]:
    return PRODUCTS


def regional_order(region: str) -> Callable[..., Awaitable[dict[str, Any]]]:
    async def handler(shop_id: int, order_id: int) -> dict[str, Any]:
        return {"region": region, "shop_id": shop_id, "order_id": order_id}

    return handler


for _region in REGIONS:
    app500.route(
        f"/regions/{_region}/shops/<int:shop_id>/orders/<int:order_id>", name=f"order_{_region}", methods="get"
    )(service.json(regional_order(_region)))


async def not_found() -> str:
    response.headers["content-type"] = "application/json"
    return '{"detail": "Not Found"}'


app.on_error(404)(not_found)
app500.on_error(404)(not_found)
