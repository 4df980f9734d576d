"""Litestar: msgspec structs in and out, parameters declared, no OpenAPI, no logging set-up."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from typing import Annotated, Any

from litestar import Litestar, Request, Response, get, post
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from benchmarks.apps.data import PRODUCTS, Order, Product
from benchmarks.scenarios import REGIONS


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


@post("/orders", status_code=200)
async def order(data: Order) -> dict[str, Any]:
    return {"customer": data.customer, "total": data.total, "lines": len(data.lines)}


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


app = _application(home, item, search, whoami, order, products)
app500 = _application(*(regional_order(region) for region in REGIONS))
