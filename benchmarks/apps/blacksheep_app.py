"""BlackSheep: its binders for all that comes in, pydantic for bodies and forms, msgspec as its JSON implementation."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from blacksheep import (
    Application,
    FromCookie,
    FromForm,
    FromHeader,
    FromJSON,
    FromQuery,
    Request,
    Response,
    Router,
    json,
)
from blacksheep.exceptions import BadRequest, Forbidden, Unauthorized
from blacksheep.server.bindings import Binder, BoundValue
from blacksheep.settings.json import json_settings
from pydantic import BaseModel, Field

from benchmarks.apps.data import PRODUCTS
from benchmarks.apps.pydantic_data import Order
from benchmarks.scenarios import ADMINS, REGIONS, USERS

json_settings.use(loads=msgspec.json.decode, dumps=lambda value: msgspec.json.encode(value).decode())


class Signup(BaseModel):
    name: Annotated[str, Field(max_length=50)]
    email: str
    age: Annotated[int, Field(ge=18)]
    newsletter: bool


class RequestId(FromHeader[str]):
    name = "x-request-id"


class SearchTerm(BoundValue[str]):
    """The dependency: BlackSheep's way to make a value of the request, asynchronously, is a binder."""


class SearchTermBinder(Binder):
    handle = SearchTerm

    async def get_value(self, request: Request) -> str:
        given = request.query.get("q")
        if not given:
            raise BadRequest("q is missing")
        return given[0].strip().lower()


async def session_token(request: Request) -> str:
    given = request.get_first_header(b"x-token")
    if given is None:
        raise BadRequest("header x-token is missing")
    return given.decode("latin-1").strip()


async def current_user(request: Request) -> str:
    user = USERS.get(await session_token(request))
    if user is None:
        raise Unauthorized("the token is unknown")
    return user


class CurrentAdmin(BoundValue[str]):
    """The outermost of three nested dependencies; a binder knows no others, so it calls them by hand."""


class CurrentAdminBinder(Binder):
    handle = CurrentAdmin

    async def get_value(self, request: Request) -> str:
        user = await current_user(request)
        if user not in ADMINS:
            raise Forbidden("for admins only")
        return user


app = Application(router=Router())
app500 = Application(router=Router())


@app.router.get("/")
async def home() -> Response:
    return json({"hello": "world"})


@app.router.get("/items/{item_id}")
async def item(item_id: int) -> Response:
    return json({"item_id": item_id})


@app.router.get("/search")
async def search(page: FromQuery[int], size: FromQuery[int], term: SearchTerm) -> Response:
    if page.value < 1 or size.value > 100:
        raise BadRequest("page or size is out of range")
    return json({"term": term.value, "page": page.value, "size": size.value})


@app.router.get("/whoami")
async def whoami(request_id: RequestId, session: FromCookie[str]) -> Response:
    return json({"request_id": request_id.value, "session": session.value})


@app.router.get("/admin")
async def admin(admin: CurrentAdmin) -> Response:
    return json({"admin": admin.value})


@app.router.post("/orders")
@app.router.post("/pydantic/orders")
async def order(body: FromJSON[Order]) -> Response:
    given = body.value
    return json({"customer": given.customer, "total": given.total, "lines": len(given.lines)})


@app.router.post("/signups")
async def signup(form: FromForm[Signup]) -> Response:
    given = form.value
    return json({"name": given.name, "email": given.email, "age": given.age, "newsletter": given.newsletter})


@app.router.get("/products")
async def products() -> Response:
    return json(PRODUCTS)


def regional_order(region: str) -> Callable[[int, int], Awaitable[Response]]:
    async def handler(shop_id: int, order_id: int) -> Response:
        return json({"region": region, "shop_id": shop_id, "order_id": order_id})

    return handler


for _region in REGIONS:
    app500.router.get(f"/regions/{_region}/shops/{{shop_id}}/orders/{{order_id}}")(regional_order(_region))


async def not_found(application: Application, request: Request, error: Any) -> Response:
    return json({"detail": "Not Found"}, status=404)


app.exceptions_handlers[404] = not_found
app500.exceptions_handlers[404] = not_found
