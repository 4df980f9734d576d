"""The cart, which is in the session: how many of which product."""

from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import select

from shop.catalogue import product_of
from shop.database import Database, Number, Product
from shop.pages import see, templates
from velocipy import Form, Request, Response, Router
from velocipy.sessions import Session

MOST = 20
"""Pieces of one product in one order."""

router = Router("/cart", include_in_schema=False)


@dataclass
class Item:
    """A product in the cart."""

    product: Product
    quantity: int

    @property
    def price(self) -> int:
        return self.product.price * self.quantity


def wanted(session: Session) -> dict[int, int]:
    """Return the quantity of each product by its number; the keys of a session are text."""
    cart: dict[str, int] = session.get("cart", {})
    return {int(number): quantity for number, quantity in cart.items()}


@router.get("/", name="cart", response_class=templates.page("cart.html"))
async def show_cart(session: Session, db: Database) -> dict[str, Any]:
    quantities = wanted(session)
    products = await db.scalars(select(Product).where(Product.id.in_(quantities)).order_by(Product.name))
    items = [Item(product, quantities[product.id]) for product in products]
    return {"items": items, "total": sum(item.price for item in items), "most": MOST}


@router.post("/{number}", name="put_into_cart")
async def put_into_cart(
    request: Request, number: Number, session: Session, db: Database, quantity: Annotated[int, Form(ge=1, le=MOST)] = 1
) -> Response:
    product = await product_of(db, number)
    cart = session.setdefault("cart", {})
    cart[str(number)] = min(MOST, cart.get(str(number), 0) + quantity)
    session.flash(f"{product.name} is in your cart.", "good")
    return see(request, "cart")


@router.post("/{number}/quantity", name="change_cart")
async def change_cart(
    request: Request, number: Number, session: Session, quantity: Annotated[int, Form(ge=0, le=MOST)]
) -> Response:
    cart = session.setdefault("cart", {})
    if quantity:
        cart[str(number)] = quantity
    else:
        cart.pop(str(number), None)
    return see(request, "cart")
