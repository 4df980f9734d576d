"""FastAPI: pydantic models in and out, return annotations as response models, no OpenAPI routes."""

# Peers are not installed where the type checkers run.
# mypy: ignore-errors
# pyright: reportMissingImports=false

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, Header, Query
from pydantic import BaseModel, TypeAdapter

from benchmarks.scenarios import PRODUCTS as ROWS
from benchmarks.scenarios import REGIONS


class Line(BaseModel):
    sku: str
    quantity: int
    price: float


class Order(BaseModel):
    customer: str
    email: str
    express: bool
    total: float
    lines: list[Line]


class Product(BaseModel):
    id: int
    name: str
    price: float
    in_stock: bool
    tags: list[str]


PRODUCTS = TypeAdapter(list[Product]).validate_python(ROWS)

app = FastAPI(openapi_url=None)


@app.get("/")
async def home() -> dict[str, str]:
    return {"hello": "world"}


@app.get("/items/{item_id}")
async def item(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


async def search_term(q: str) -> str:
    return q.strip().lower()


@app.get("/search")
async def search(
    page: Annotated[int, Query(ge=1)],
    size: Annotated[int, Query(le=100)],
    term: Annotated[str, Depends(search_term)],
) -> dict[str, Any]:
    return {"term": term, "page": page, "size": size}


@app.get("/whoami")
async def whoami(x_request_id: Annotated[str, Header()], session: Annotated[str, Cookie()]) -> dict[str, str]:
    return {"request_id": x_request_id, "session": session}


@app.post("/orders")
async def order(body: Order) -> dict[str, Any]:
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


@app.get("/products")
async def products() -> list[Product]:
    return PRODUCTS


def regional_order(region: str) -> Callable[[int, int], Awaitable[dict[str, Any]]]:
    async def handler(shop_id: int, order_id: int) -> dict[str, Any]:
        return {"region": region, "shop_id": shop_id, "order_id": order_id}

    return handler


app500 = FastAPI(openapi_url=None)
for _region in REGIONS:
    app500.get(f"/regions/{_region}/shops/{{shop_id}}/orders/{{order_id}}")(regional_order(_region))
