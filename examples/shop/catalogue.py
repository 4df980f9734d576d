"""What is for sale: searched, in pages, and how many are left while one looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.database import Database, Number, Product
from shop.news import StockNews
from shop.pages import templates
from velocipy import Depends, HTTPConnection, HTTPException, Query, Router, WebSocket

router = Router(include_in_schema=False)


@dataclass
class Search:
    """What is looked for."""

    q: Annotated[str, Query(max_length=80, description="a part of the name or the description")] = ""
    category: Annotated[str, Query(max_length=40)] = ""
    in_stock: Annotated[bool, Query(description="leave out what is sold out")] = False
    page: Annotated[int, Query(ge=1, le=1000)] = 1


@dataclass
class Found:
    """One page of what was found, and how many pages there are."""

    products: Sequence[Product]
    pages: int


async def page_size(connection: HTTPConnection) -> int:
    """Return how many products a page has."""
    size: int = connection.state.settings.page_size
    return size


async def find_products(
    search: Annotated[Search, Depends()], db: Database, size: Annotated[int, Depends(page_size)]
) -> Found:
    """Return a page of what fits *search*, by name."""
    query = select(Product)
    for word in search.q.split():
        query = query.where(
            Product.name.icontains(word, autoescape=True) | Product.description.icontains(word, autoescape=True)
        )
    if search.category:
        query = query.where(Product.category == search.category)
    if search.in_stock:
        query = query.where(Product.stock > 0)
    count = await db.scalar(select(func.count()).select_from(query.subquery())) or 0
    products = await db.scalars(query.order_by(Product.name).limit(size).offset((search.page - 1) * size))
    return Found(products.all(), max(1, -(-count // size)))


FoundProducts = Annotated[Found, Depends(find_products, scope="handler")]


async def product_of(db: AsyncSession, number: int) -> Product:
    """Return the product of a number, or answer 404."""
    product = await db.get(Product, number)
    if product is None:
        raise HTTPException(404, "There is no such product")
    return product


@router.get("/", name="home", response_class=templates.page("home.html"))
async def show_products(found: FoundProducts, search: Annotated[Search, Depends()], db: Database) -> dict[str, Any]:
    categories = await db.scalars(select(Product.category).distinct().order_by(Product.category))
    return {"found": found, "search": search, "categories": categories.all()}


@router.get("/products/{number}", name="product", response_class=templates.page("product.html"))
async def show_product(number: Number, db: Database) -> dict[str, Any]:
    return {"product": await product_of(db, number)}


@router.websocket("/live/stock", name="live_stock", allowed_origins=["same-origin"], on_disconnect="cancel")
async def tell_stock(websocket: WebSocket, news: StockNews) -> None:
    await websocket.accept()
    with news.listen() as listener:
        while True:
            for product, stock in (await listener.hear()).items():
                await websocket.send_json({"product": product, "stock": stock})
