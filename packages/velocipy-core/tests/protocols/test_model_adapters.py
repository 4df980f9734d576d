"""Models of a library that nobody here knows: an adapter makes them bodies, fields of bodies, and answers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Header, Query, VelociPy
from velocipy.conversion.faults import INVALID, Convert
from velocipy.errors import Fault
from velocipy.model_adapters import SchemaMode
from velocipy.models import Decoder, Fields, ModelField
from velocipy.serialization import JSONCodec
from velocipy.testing import TestClient
from velocipy.types import Selection


class Money:
    """A model of the library: no dataclass, nothing that is known by itself."""

    def __init__(self, amount: int, currency: str = "EUR") -> None:
        self.amount = amount
        self.currency = currency
        self.secret = "hunter2"

    def __repr__(self) -> str:
        return f"{self.amount} {self.currency}"


class Adapter:
    name = "money"

    def supports(self, annotation: Any) -> bool:
        return annotation is Money

    def is_model(self, annotation: Any) -> bool:
        return annotation is Money

    def fields(self, annotation: Any) -> Fields:
        def make(values: dict[str, Any], loc: tuple[str | int, ...], faults: list[Fault]) -> Any:
            if values["amount"] >= 0:
                return Money(**values)
            faults.append({"loc": [*loc], "msg": "Money is never negative", "type": "negative"})
            return INVALID

        amount = ModelField("amount", ("amount",), int, True)
        return Fields([amount, ModelField("currency", ("currency",), str, False)], make, True)

    def converter(self, annotation: Any, *, text: bool) -> Convert:
        def convert(value: Any, loc: tuple[str | int, ...], faults: list[Fault]) -> Any:
            if isinstance(value, dict) and type(value.get("amount")) is int:
                return Money(**value)
            faults.append({"loc": [*loc], "msg": "Input should be money", "type": "money"})
            return INVALID

        return convert

    def takes_text(self, annotation: Any) -> bool:
        return False

    def decoder(self, annotation: Any, codec: JSONCodec) -> Decoder:
        convert = self.converter(annotation, text=False)

        def explain(data: bytes, loc: tuple[str | int, ...], faults: list[Fault]) -> Any:
            try:
                value = codec.decode(data)
            except ValueError:
                faults.append({"loc": [*loc], "msg": "Input should be JSON", "type": "json_invalid"})
                return INVALID
            return convert(value, loc, faults)

        def decode(data: bytes) -> Any:
            faults: list[Fault] = []
            value = explain(data, (), faults)
            if faults:
                raise ValueError
            return value

        return Decoder(decode, (ValueError,), explain)

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        return lambda money: json.dumps({"amount": money.amount, "currency": money.currency}).encode()

    def json_schemas(
        self, wanted: Sequence[tuple[Any, SchemaMode]], reference: str, *, by_alias: bool = True
    ) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        schema = {"type": "object", "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}}}
        return [{"$ref": reference.format(name="Money")} for _ in wanted], {"Money": schema}


@dataclass
class Order:
    id: int
    price: Money
    discounts: list[Money] | None = None


app = VelociPy(model_adapters=[Adapter()])
MODELS: dict[str, Any] = {
    "alone": Money,
    "optional": Money | None,
    "list": list[Money],
    "dict": dict[str, Money],
    "field": Order,
    "annotated": Annotated[Money, Body()],
}


def declare(name: str, annotation: Any) -> None:
    async def read(value: Any) -> str:
        return repr(value)

    async def among_others(value: Any, other: Annotated[int, Body()]) -> str:
        return repr(value)

    async def echo(value: Any) -> Any:
        return value

    read.__annotations__["value"] = among_others.__annotations__["value"] = annotation
    echo.__annotations__ |= {"value": annotation, "return": Money if name == "annotated" else annotation}
    app.add_route(f"/read/{name}", read, ["POST"])
    app.add_route(f"/keyed/{name}", among_others, ["POST"])
    app.add_route(f"/echo/{name}", echo, ["POST"])


for _name, _annotation in MODELS.items():
    declare(_name, _annotation)


@app.get("/query")
async def of_a_query(money: Annotated[Money, Query()]) -> Money:
    return money


@app.get("/header")
async def of_headers(money: Annotated[Money, Header()]) -> Money:
    return money


ONE = {"amount": 1, "currency": "USD"}
REFUSED: list[tuple[str, Any, list[Any]]] = [
    ("alone", {"currency": "EUR"}, []),
    ("alone", [ONE], []),
    ("optional", 5, []),
    ("list", [ONE, 5], [1]),
    ("dict", {"a": {"amount": "1"}}, ["a"]),
    ("field", {"id": 1, "price": 5}, ["price"]),
    ("field", {"id": 1, "price": ONE, "discounts": [ONE, None]}, ["discounts", 1]),
    ("annotated", "1 EUR", []),
]


@pytest.mark.parametrize(("name", "data", "loc"), REFUSED)
def test_its_faults_have_their_place(client: Client, name: str, data: Any, loc: list[Any]) -> None:
    for path, body, start in (("read", data, ["body"]), ("keyed", {"value": data, "other": 1}, ["body", "value"])):
        response = client.post(f"/{path}/{name}", json=body)
        assert response.status_code == 422
        assert response.json()["detail"] == [{"loc": [*start, *loc], "msg": "Input should be money", "type": "money"}]


def test_its_faults_stand_beside_those_of_others(client: Client) -> None:
    response = client.post("/keyed/alone", json={"value": 5, "other": "x"})
    assert [fault["type"] for fault in response.json()["detail"]] == ["money", "int_type"]
    response = client.post("/read/field", json={"id": "x", "price": 5})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "id"], ["body", "price"]]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
def test_what_is_no_json_is_told_by_the_adapter(client: Client, content: bytes) -> None:
    response = client.post("/read/alone", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body"], "json_invalid" if content else "missing")


def test_fields_of_one_place_are_read_as_anywhere_else(client: Client) -> None:
    response = client.get("/query?amount=1_0&other=1")
    assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [
        (["query", "amount"], "int_parsing"),
        (["query", "other"], "extra_forbidden"),
    ]
    assert client.get("/query?amount=-1").json()["detail"] == [
        {"loc": ["query"], "msg": "Money is never negative", "type": "negative"}
    ]
    assert client.get("/header", headers={"currency": "USD"}).json()["detail"][0]["loc"] == ["header", "amount"]


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("alone", ONE, "1 USD"),
        ("optional", ONE, "1 USD"),
        ("list", [ONE, {"amount": 2}], "[1 USD, 2 EUR]"),
        ("dict", {"a": ONE}, "{'a': 1 USD}"),
        ("field", {"id": 1, "price": ONE}, "Order(id=1, price=1 USD, discounts=None)"),
        ("annotated", ONE, "1 USD"),
    ],
)
def test_a_model_is_made_of_the_body(client: Client, name: str, data: Any, text: str) -> None:
    assert client.post(f"/read/{name}", json=data).text == text
    assert client.post(f"/keyed/{name}", json={"value": data, "other": 1}).text == text


@pytest.mark.parametrize(
    ("name", "data", "answer"),
    [
        ("alone", ONE, ONE),
        ("optional", ONE, ONE),
        ("list", [ONE], [ONE]),
        ("dict", {"a": ONE}, {"a": ONE}),
        (
            "field",
            {"id": 1, "price": ONE, "discounts": [ONE]},
            {"id": 1, "price": ONE, "discounts": [ONE]},
        ),
    ],
)
def test_an_answer_is_written_by_the_adapter(client: Client, name: str, data: Any, answer: Any) -> None:
    response = client.post(f"/echo/{name}", json=data)
    assert (response.status_code, response.json()) == (200, answer)


def test_a_model_of_one_place_is_made(client: Client) -> None:
    assert client.get("/query?amount=3").json() == {"amount": 3, "currency": "EUR"}
    assert client.get("/header", headers={"Amount": "4", "Currency": "USD"}).json() == {"amount": 4, "currency": "USD"}


class ScalarAdapter(Adapter):
    """Has money for a plain value, and none of its fields."""

    def is_model(self, annotation: Any) -> bool:
        return False

    def encoder(self, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        return lambda money: json.dumps(repr(money)).encode()


SCALARS: list[tuple[Any, Any, Any]] = [
    (Money, Money(1), "1 EUR"),
    (Money | None, None, None),
    (list[Money], [Money(1), Money(2)], ["1 EUR", "2 EUR"]),
    (dict[str, Money], {"a": Money(1)}, {"a": "1 EUR"}),
    (tuple[int, Money], (1, Money(2)), [1, "2 EUR"]),
    (Order, Order(1, Money(1), [Money(2)]), {"id": 1, "price": "1 EUR", "discounts": ["2 EUR"]}),
    (list[Order], [Order(1, Money(1))], [{"id": 1, "price": "1 EUR", "discounts": None}]),
]


@pytest.mark.in_process
@pytest.mark.parametrize(("annotation", "value", "answer"), SCALARS)
def test_a_plain_value_of_a_library_leaves_from_wherever_it_stands(
    velocipy_target: Any, annotation: Any, value: Any, answer: Any
) -> None:
    async def give() -> Any:
        return value

    give.__annotations__["return"] = annotation
    scalars = VelociPy(model_adapters=[ScalarAdapter()])
    scalars.add_route("/", give)
    with TestClient(scalars, interface=velocipy_target.interface) as client:
        response = client.get("/")
    assert (response.status_code, response.json()) == (200, answer)


def test_another_application_does_not_know_the_library() -> None:
    other = VelociPy()
    other.add_route("/", of_a_query)
    with pytest.raises(ValueError, match="Money"):
        other.freeze()
