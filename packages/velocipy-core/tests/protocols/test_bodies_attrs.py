"""Bodies that are classes of attrs."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import VelociPy

attrs = pytest.importorskip("attrs", reason="its classes are tested here")

app = VelociPy()


@attrs.define
class Part:
    name: str
    weight: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class Order:
    id: int
    parts: list[Part] = attrs.field(factory=list)
    _note: str = ""
    total: int = attrs.field(init=False, default=0)


@app.post("/order")
async def order(order: Order) -> Any:
    return order


@app.post("/repr")
async def told(order: Order) -> str:
    return repr(order)


def test_an_attrs_class_is_made_of_the_body(client: Client) -> None:
    data = {"id": 1, "parts": [{"name": "a"}], "note": "n"}
    expected = "Order(id=1, parts=[Part(name='a', weight=1.0)], _note='n', total=0)"
    assert client.post("/repr", json=data).text == expected


def test_an_attrs_class_is_sent_as_json(client: Client) -> None:
    answer = client.post("/order", json={"id": 1, "parts": [{"name": "a"}]}).json()
    assert answer["id"] == 1
    assert answer["parts"] == [{"name": "a", "weight": 1.0}]


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({}, [(["body", "id"], "missing")]),
        (
            {"id": "1", "parts": [{"weight": 1}]},
            [(["body", "id"], "int_type"), (["body", "parts", 0, "name"], "missing")],
        ),
        ({"id": 1, "parts": [{"name": "a", "weight": -1}]}, [(["body", "parts", 0], "value_error")]),
        ([], [(["body"], "model_type")]),
    ],
)
def test_every_fault_is_told_with_its_place(client: Client, data: Any, faults: Any) -> None:
    response = client.post("/order", json=data)
    assert response.status_code == 422
    assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == faults
