"""Litestar: msgspec structs in and out, parameters declared, no OpenAPI, no logging set-up."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from typing import Annotated, Any

from litestar import Litestar, Request, Response, get, post
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, Parameter

from benchmarks.apps.data import PRODUCTS, Order, Product, Signup
from benchmarks.apps.pydantic_data import Order as PydanticOrder
from benchmarks.scenarios import ADMINS, REGIONS, USERS


@get("/")
async def home() -> dict[str, str]:
    return {"hello": "world"}


@get("/items/{item_id:int}")
async def item(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


async def search_term(q: str) -> str:
    return q.strip().lower()


@get("/search", dependencies={"term": Provide(search_term)})
async def search(
    page: Annotated[int, Parameter(ge=1)], size: Annotated[int, Parameter(le=100)], term: str
) -> dict[str, Any]:
    return {"term": term, "page": page, "size": size}


@get("/whoami")
async def whoami(
    request_id: Annotated[str, Parameter(header="x-request-id")], session: Annotated[str, Parameter(cookie="session")]
) -> dict[str, str]:
    return {"request_id": request_id, "session": session}


async def session_token(x_token: Annotated[str, Parameter(header="x-token")]) -> str:
    return x_token.strip()


async def current_user(token: str) -> str:
    user = USERS.get(token)
    if user is None:
        raise NotAuthorizedException("the token is unknown")
    return user


async def current_admin(user: str) -> str:
    if user not in ADMINS:
        raise PermissionDeniedException("for admins only")
    return user


@get(
    "/admin",
    dependencies={"token": Provide(session_token), "user": Provide(current_user), "admin": Provide(current_admin)},
)
async def admin_only(admin: str) -> dict[str, str]:
    return {"admin": admin}


@post("/orders", status_code=200)
async def order(data: Order) -> dict[str, Any]:
    return {"customer": data.customer, "total": data.total, "lines": len(data.lines)}


@post("/pydantic/orders", status_code=200)
async def pydantic_order(data: PydanticOrder) -> dict[str, Any]:
    return {"customer": data.customer, "total": data.total, "lines": len(data.lines)}


@post("/signups", status_code=200)
async def signup(data: Annotated[Signup, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> dict[str, Any]:
    return {"name": data.name, "email": data.email, "age": data.age, "newsletter": data.newsletter}


@get("/products")
async def products() -> list[Product]:
    return PRODUCTS


def failed(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, str]]:
    return Response({"detail": error.detail}, status_code=error.status_code)


def regional_order(region: str) -> HTTPRouteHandler:
    @get(f"/regions/{region}/shops/{{shop_id:int}}/orders/{{order_id:int}}")
    async def handler(shop_id: int, order_id: int) -> dict[str, Any]:
        return {"region": region, "shop_id": shop_id, "order_id": order_id}

    return handler


def _application(*handlers: HTTPRouteHandler) -> Litestar:
    return Litestar(
        route_handlers=handlers, exception_handlers={HTTPException: failed}, openapi_config=None, logging_config=None
    )


app = _application(home, item, search, whoami, admin_only, order, pydantic_order, signup, products)
app500 = _application(*(regional_order(region) for region in REGIONS))
