"""The shop for programs: JSON, keys in the place of logins, and a document at /docs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta
from sqlalchemy import select

from shop.cart import MOST
from shop.catalogue import FoundProducts, product_of
from shop.database import LARGEST, Database, Number, Order, Product, Status, User
from shop.news import StockNews
from shop.orders import order_of, place
from velocipy import Body, Depends, HTTPException, Router, raises
from velocipy.security import APIKeyHeader, hash_api_key

ProductNumber = Annotated[int, Meta(ge=1, le=LARGEST)]

router = Router("/api", tags=["shop"])
key = APIKeyHeader("X-API-Key", description="Made on the page of your account")


@dataclass
class ProductView:
    id: int
    name: str
    description: str
    category: str
    price: int  # in cents
    stock: int


@dataclass
class LineView:
    product_id: int
    name: str
    price: int
    quantity: int


@dataclass
class OrderView:
    id: int
    status: Status
    placed_at: datetime
    total: int
    lines: list[LineView]


@raises(401, "There is no such key")
async def find_owner(api_key: Annotated[str, Depends(key)], db: Database) -> User:
    """Return whose key it is."""
    user = await db.scalar(select(User).where(User.api_key_hash == hash_api_key(api_key)))
    if user is None:
        raise HTTPException(401, "There is no such key", {"WWW-Authenticate": "APIKey"})
    return user


Owner = Annotated[User, Depends(find_owner, scope="handler")]


@router.get("/products", response_model=list[ProductView])
async def search_products(found: FoundProducts) -> Sequence[Product]:
    """Search the catalogue."""
    return found.products


@router.get("/products/{number}", response_model=ProductView)
@raises(404, "There is no such product")
async def read_product(number: Number, db: Database) -> Product:
    """Read a product."""
    return await product_of(db, number)


@router.get("/orders", response_model=list[OrderView])
async def list_orders(owner: Owner, db: Database) -> Sequence[Order]:
    """List your orders, the last first."""
    return (await db.scalars(select(Order).where(Order.user_id == owner.id).order_by(Order.id.desc()))).all()


@router.get("/orders/{number}", response_model=OrderView)
@raises(404, "You have no such order")
async def read_order(number: Number, owner: Owner, db: Database) -> Order:
    """Read one of your orders."""
    return await order_of(db, owner, number)


@router.post("/orders", status_code=201, response_model=OrderView)
@raises(409, "There is too little of a product")
async def order(
    quantities: Annotated[dict[ProductNumber, Annotated[int, Meta(ge=1, le=MOST)]], Body(min_length=1, max_length=50)],
    owner: Owner,
    db: Database,
    news: StockNews,
) -> Order:
    """Order products: the quantity of each, by its number."""
    return await place(db, owner, quantities, news)
