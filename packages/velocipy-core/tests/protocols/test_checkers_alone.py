"""Names that only type checkers import: `VelociPy(namespace=...)` says what they mean, everywhere."""

from __future__ import annotations

import collections.abc
import decimal
import functools
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypedDict

import pytest

from velocipy import APIRouter, Cookie, Depends, Header, Query, Request, VelociPy
from velocipy.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from uuid import UUID

    from httpx2 import Client

    from velocipy import Request as TheRequest

    Limit = Annotated[int, Query(le=3)]

# What the names mean is decided here, for the application.
NAMESPACE = {
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "Sequence": collections.abc.Sequence,
    "TheRequest": Request,
    "Limit": Annotated[int, Query(le=3)],
}


@dataclass
class Order:
    price: Decimal
    ids: Sequence[UUID] = ()


@dataclass
class SecretOrder(Order):
    password: str = "hunter2"


class Typed(TypedDict):
    price: Decimal


class Pair(NamedTuple):
    price: Decimal
    order: Order


@dataclass
class Filter:
    price: Decimal
    id: UUID | None = None


app = VelociPy(namespace=NAMESPACE)
router = APIRouter(prefix="/router")


def amount(x: Decimal, told: TheRequest) -> Decimal:
    return x if told.method == "GET" else -x


class Paging:
    def __init__(self, limit: Limit = 2) -> None:
        self.limit = limit


class Controller:
    async def show(self, id: UUID) -> str:
        return repr(id)

    def __call__(self, id: UUID) -> str:
        return repr(id)


@app.get("/scalars/{id}")
async def scalars(
    id: UUID,
    total: Annotated[Decimal, Depends(amount)],
    paging: Annotated[Paging, Depends()],
    x_price: Annotated[Decimal | None, Header()] = None,
    ids: Annotated[Sequence[UUID], Query()] = (),
    token: Annotated[UUID | None, Cookie()] = None,
) -> list[Any]:
    return [id, total, paging.limit, x_price, [*ids], token]


@app.get("/filter")
async def filtered(filter: Annotated[Filter, Query()]) -> Filter:
    return filter


@app.post("/order")
async def order(order: Order) -> Order:
    return order


@app.post("/orders")
def orders(orders: Sequence[Order]) -> list[Order]:
    return [*orders]


@app.post("/typed")
async def typed(value: Typed) -> Typed:
    return value


@app.post("/pair")
async def pair(value: Pair) -> Pair:
    return value


@app.get("/secret")
async def secret() -> Sequence[Order]:
    return [SecretOrder(decimal.Decimal("1.10"))]


@router.post("/order")
async def of_a_router(order: Order) -> Order:
    return order


app.include_router(router)
app.add_route("/method/{id}", Controller().show)
app.add_route("/object/{id}", Controller())
app.add_route("/partial/{id}", functools.partial(Controller().show))

ID = "00000000-0000-0000-0000-000000000001"


def test_without_the_names_every_handler_is_told_what_is_missing() -> None:
    broken = VelociPy()
    broken.include_router(router)
    broken.add_route("/typed", typed, ["POST"])
    with pytest.raises(ExceptionGroup) as caught:
        broken.freeze()
    told = {error.handler: str(error) for error in caught.value.exceptions if isinstance(error, StartupError)}
    assert set(told) == {"of_a_router", "typed"}
    assert "Decimal" in told["of_a_router"]


def test_a_name_that_means_nothing_is_still_a_mistake() -> None:
    broken = VelociPy(namespace={"Other": int})
    broken.add_route("/{id}", Controller().show)
    with pytest.raises(StartupError, match="UUID"):
        broken.freeze()


def test_faults_of_such_types(client: Client) -> None:
    path = "/scalars/x?x=1_0&limit=4&ids=y"
    response = client.get(path, headers={"x-price": "z", "cookie": "token=w"})
    assert {tuple(fault["loc"]): fault["type"] for fault in response.json()["detail"]} == {
        ("path", "id"): "uuid_parsing",
        ("query", "x"): "decimal_parsing",
        ("query", "limit"): "less_than_equal",
        ("header", "x-price"): "decimal_parsing",
        ("query", "ids", 0): "uuid_parsing",
        ("cookie", "token"): "uuid_parsing",
    }
    bodies: list[tuple[str, Any, list[list[Any]]]] = [
        ("/order", {"price": "x", "ids": ["y"]}, [["price"], ["ids", 0]]),
        ("/router/order", {"price": None}, [["price"]]),
        ("/orders", [{"price": "1"}, {}], [[1, "price"]]),
        ("/typed", {"price": "x"}, [["price"]]),
        ("/pair", ["x", {"price": "y"}], [[0], [1, "price"]]),
    ]
    for path, data, locs in bodies:
        found = [fault["loc"] for fault in client.post(path, json=data).json()["detail"]]
        assert found == [["body", *loc] for loc in locs]


def test_values_of_such_types(client: Client) -> None:
    path = f"/scalars/{ID}?x=1.10&ids={ID}"
    assert client.get(path, headers={"x-price": "2", "cookie": f"token={ID}"}).json() == [
        ID,
        "1.10",
        2,
        "2",
        [ID],
        ID,
    ]
    assert client.get(f"/filter?price=1.10&id={ID}").json() == {"price": "1.10", "id": ID}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/order", {"price": "1.10", "ids": [ID]}),
        ("/router/order", {"price": "1.10", "ids": []}),
        ("/orders", [{"price": "1.10", "ids": [ID]}]),
        ("/typed", {"price": "1.10"}),
        ("/pair", ["1.10", {"price": "2", "ids": []}]),
    ],
)
def test_bodies_and_answers_of_such_types(client: Client, path: str, data: Any) -> None:
    assert client.post(path, json=data).json() == data


def test_what_leaves_is_what_was_declared(client: Client) -> None:
    assert client.get("/secret").json() == [{"price": "1.10", "ids": []}]


@pytest.mark.parametrize("kind", ["method", "object", "partial"])
def test_methods_and_objects(client: Client, kind: str) -> None:
    assert client.get(f"/{kind}/{ID}").text == f"UUID('{ID}')"
    assert client.get(f"/{kind}/x").status_code == 422
