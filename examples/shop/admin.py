"""Behind the counter: products, their stock and pictures, and the way of orders. For administrators alone."""

from pathlib import Path
from typing import Annotated, Any

from sqlalchemy import select

from shop.accounts import find_admin
from shop.catalogue import product_of
from shop.database import Database, Number, Order, Product
from shop.news import OrderNews, StockNews
from shop.pages import see, templates
from shop.pictures import keep
from velocipy import Depends, Form, HTTPException, Request, Response, Router, UploadFile

Stock = Annotated[int, Form(ge=0, le=100_000)]

router = Router("/admin", include_in_schema=False, dependencies=[Depends(find_admin, scope="handler")])


@router.get("/", name="admin", response_class=templates.page("admin.html"))
async def show_admin(db: Database) -> dict[str, Any]:
    products = await db.scalars(select(Product).order_by(Product.name))
    orders = await db.scalars(select(Order).order_by(Order.id.desc()).limit(50))
    return {"products": products.all(), "orders": orders.all()}


@router.post("/products", name="add_product")
async def add_product(
    request: Request,
    db: Database,
    name: Annotated[str, Form(min_length=1, max_length=80)],
    category: Annotated[str, Form(min_length=1, max_length=40)],
    cents: Annotated[int, Form(ge=1, le=10_000_000)],
    stock: Stock,
    description: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    product = Product(name=name, category=category, price=cents, stock=stock, description=description)
    db.add(product)
    await db.commit()
    return see(request, "product", number=product.id)


@router.post("/products/{number}/stock", name="set_stock")
async def set_stock(request: Request, number: Number, stock: Stock, db: Database, news: StockNews) -> Response:
    product = await product_of(db, number)
    product.stock = stock
    await db.commit()
    news.tell(number, stock)
    return see(request, "admin")


@router.post("/products/{number}/picture", name="set_picture", max_content_length=2_000_000)  # bytes
async def set_picture(request: Request, number: Number, picture: UploadFile, db: Database) -> Response:
    product = await product_of(db, number)
    folder: Path = request.state.settings.folder / "pictures"
    product.picture = await keep(picture, folder)
    await db.commit()
    return see(request, "product", number=number)


@router.post("/orders/{number}/advance", name="advance_order")
async def advance_order(request: Request, number: Number, db: Database, news: OrderNews) -> Response:
    order = await db.get(Order, number)
    if order is None:
        raise HTTPException(404)
    if (status := order.status.next) is not None:
        order.status = status
        await db.commit()
        news.tell(number, status)
    return see(request, "admin")
