"""The models of the scenarios as msgspec structs, for the contenders that use msgspec."""

from __future__ import annotations

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


class Product(msgspec.Struct):
    id: int
    name: str
    price: float
    in_stock: bool
    tags: list[str]


PRODUCTS = msgspec.convert(ROWS, list[Product])
