"""Orders: placed in one transaction, and followed until they arrive."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shop.accounts import Customer
from shop.cart import wanted
from shop.database import Database, Number, Order, OrderLine, Product, Sessions, Status, User
from shop.news import News, OrderNews, StockNews
from shop.pages import see, templates
from velocipy import EventSourceResponse, HTTPException, JSONResponse, Request, Response, Router, ServerSentEvent
from velocipy.sessions import Session

router = Router("/orders", include_in_schema=False)


class OutOfStock(Exception):
    """There are fewer of a product than somebody wants."""


async def place(db: AsyncSession, user: User, quantities: Mapping[int, int], news: News[int]) -> Order:
    """Take all of *quantities* out of stock and commit the order, or take nothing.

    Raises:
        OutOfStock: If there is too little of a product.
    """
    order = Order(user_id=user.id, lines=[])
    left: dict[int, int] = {}
    for number, quantity in sorted(quantities.items()):
        # One statement looks and takes, so that nobody comes between; what was taken before goes back with the rest.
        taken = await db.execute(
            update(Product)
            .where(Product.id == number, Product.stock >= quantity)
            .values(stock=Product.stock - quantity)
            .returning(Product.name, Product.price, Product.stock)
        )
        row = taken.one_or_none()
        if row is None:
            product = await db.get(Product, number)
            raise OutOfStock(f"{product.name}: only {product.stock} left." if product else "A product is gone.")
        order.lines.append(OrderLine(product_id=number, name=row.name, price=row.price, quantity=quantity))
        left[number] = row.stock
    db.add(order)
    await db.commit()
    for number, stock in left.items():
        news.tell(number, stock)
    return order


async def tell_out_of_stock(request: Request, error: OutOfStock) -> Response:
    """Answer an OutOfStock: with the cart, where the quantity can be changed."""
    if request.path.startswith("/api/"):
        return JSONResponse({"detail": str(error)}, 409)
    request.session.flash(str(error), "bad")
    return see(request, "cart")


async def order_of(db: AsyncSession, user: User, number: int) -> Order:
    """Return an order of this user, or answer 404: that there is one of somebody else is nobody's business."""
    order = await db.scalar(select(Order).where(Order.id == number, Order.user_id == user.id))
    if order is None:
        raise HTTPException(404, "There is no such order")
    return order


@router.post("/", name="place_order")
async def place_order(request: Request, user: Customer, session: Session, db: Database, news: StockNews) -> Response:
    quantities = wanted(session)
    if not quantities:
        return see(request, "cart")
    order = await place(db, user, quantities, news)
    del session["cart"]
    session.flash("Thank you for your order!", "good")
    return see(request, "order", number=order.id)


@router.get("/", name="orders", response_class=templates.page("orders.html"))
async def show_orders(user: Customer, db: Database) -> dict[str, Any]:
    orders = await db.scalars(select(Order).where(Order.user_id == user.id).order_by(Order.id.desc()))
    return {"orders": orders.all()}


@router.get("/{number}", name="order", response_class=templates.page("order.html"))
async def show_order(number: Number, user: Customer, db: Database) -> dict[str, Any]:
    return {"order": await order_of(db, user, number), "statuses": list(Status)}


@router.get("/{number}/events", name="order_events")
async def follow_order(number: Number, user: Customer, db: Database, request: Request, news: OrderNews) -> Response:
    await order_of(db, user, number)
    return EventSourceResponse(statuses(request.state.sessions, news, number))


async def statuses(sessions: Sessions, news: News[Status], number: int) -> AsyncIterator[ServerSentEvent]:
    """Yield the status that an order has, and each that it gets, until it is sent; no connection is held meanwhile."""
    with news.listen() as listener:  # before it is read, so that nothing is missed between
        async with sessions() as db:
            status = await db.scalar(select(Order.status).where(Order.id == number))
        while status is not None:
            yield ServerSentEvent(status, event="status")
            if status == Status.SENT:
                return
            while (heard := await listener.hear()).get(number) is None:
                pass
            status = heard[number]
