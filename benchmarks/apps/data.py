"""The models of the scenarios as msgspec structs, for the contenders that use msgspec."""

from __future__ import annotations

from typing import Annotated

import msgspec

from benchmarks.scenarios import PRODUCTS as ROWS


class Line(msgspec.Struct):
    sku: str
    quantity: int
    price: float


class Order(msgspec.Struct):
    customer: str
    email: str
    express: bool
    total: float
    lines: list[Line]


class Signup(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(max_length=50)]
    email: str
    age: Annotated[int, msgspec.Meta(ge=18)]
    newsletter: bool


class Product(msgspec.Struct):
    id: int
    name: str
    price: float
    in_stock: bool
    tags: list[str]


PRODUCTS = msgspec.convert(ROWS, list[Product])
