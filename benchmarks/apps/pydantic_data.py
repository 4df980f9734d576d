"""The body of the scenarios as models of pydantic."""

from __future__ import annotations

from pydantic import BaseModel


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
