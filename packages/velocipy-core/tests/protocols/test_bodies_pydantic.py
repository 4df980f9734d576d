"""Bodies that are pydantic's: models, strict ones, discriminated unions, its types as scalars of the query."""

from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from httpx2 import Client

from velocipy import Body, VelociPy

pydantic = pytest.importorskip("pydantic", reason="its models are tested here")
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, field_validator, model_validator  # noqa: E402

app = VelociPy()

Element = TypeVar("Element")


class Item(BaseModel):
    name: str = Field(min_length=1)
    price: float = Field(gt=0)
    tags: set[str] = set()


class Aliased(BaseModel):
    model_config = ConfigDict(extra="forbid")
    item_id: int = Field(alias="itemId")


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    on: date
    tags: set[str] = set()


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool


class Page(BaseModel, Generic[Element]):
    items: list[Element]


class Range(BaseModel):
    low: int
    high: int

    @field_validator("low")
    @classmethod
    def even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("low is odd")
        return value

    @model_validator(mode="after")
    def ordered(self) -> "Range":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


@pydantic.dataclasses.dataclass
class Point:
    x: int
    y: int = 0


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]

MODELS: dict[str, Any] = {
    "item": Item,
    "items": list[Item],
    "some": Annotated[list[Item], Field(min_length=1)],
    "by-name": dict[str, Item],
    "aliased": Aliased,
    "strict": Strict,
    "pet": Annotated[Pet, Body()],
    "page": Page[Item],
    "range": Range,
    "point": Point,
    "optional": Item | None,
}


def declare(name: str, annotation: Any) -> None:
    async def alone(value: Any) -> str:
        return repr(value)

    async def among_others(value: Any, other: Annotated[int, Body()]) -> str:
        return repr(value)

    alone.__annotations__["value"] = among_others.__annotations__["value"] = annotation
    app.add_route(f"/alone/{name}", alone, ["POST"])
    app.add_route(f"/keyed/{name}", among_others, ["POST"])


for _name, _annotation in MODELS.items():
    declare(_name, _annotation)


@app.get("/scalars")
async def scalars(url: HttpUrl, secret: SecretStr = SecretStr("-")) -> list[str]:  # noqa: B008
    return [str(url), secret.get_secret_value()]


@app.post("/echo")
async def echo(item: Item) -> Item:
    return item


@app.post("/echo-alias")
async def echo_alias(item: Aliased) -> list[Aliased]:
    return [item]


ITEM = "Item(name='a', price=2.0, tags=set())"
TAKEN: list[tuple[str, Any, str]] = [
    ("item", {"name": "a", "price": 2}, ITEM),
    ("items", [{"name": "a", "price": 2}], f"[{ITEM}]"),
    ("by-name", {"a": {"name": "a", "price": 2}}, f"{{'a': {ITEM}}}"),
    ("aliased", {"itemId": 1}, "Aliased(item_id=1)"),
    ("strict", {"on": "2024-01-02", "tags": ["a"]}, "Strict(on=datetime.date(2024, 1, 2), tags={'a'})"),
    ("pet", {"kind": "dog", "good": True}, "Dog(kind='dog', good=True)"),
    ("page", {"items": [{"name": "a", "price": 2}]}, f"Page[Item](items=[{ITEM}])"),
    ("range", {"low": 2, "high": 3}, "Range(low=2, high=3)"),
    ("point", {"x": 1}, "Point(x=1, y=0)"),
    ("optional", {"name": "a", "price": 2}, ITEM),
]
REFUSED: list[tuple[str, Any, list[tuple[list[Any], str]]]] = [
    ("item", {}, [(["name"], "missing"), (["price"], "missing")]),
    ("item", {"name": "", "price": 0}, [(["name"], "string_too_short"), (["price"], "greater_than")]),
    ("items", [{"name": "a", "price": 2}, {"name": "a"}], [([1, "price"], "missing")]),
    ("some", [], [([], "too_short")]),
    ("by-name", {"a": {"name": "a"}}, [(["a", "price"], "missing")]),
    ("aliased", {"item_id": 1}, [(["itemId"], "missing"), (["item_id"], "extra_forbidden")]),
    ("strict", {"on": 5}, [(["on"], "date_type")]),
    ("pet", {"kind": "cow"}, [([], "union_tag_invalid")]),
    ("pet", {"kind": "dog"}, [(["dog", "good"], "missing")]),
    ("page", {"items": [{"name": "a", "price": -1}]}, [(["items", 0, "price"], "greater_than")]),
    ("range", {"low": 1, "high": 2}, [(["low"], "value_error")]),
    ("range", {"low": 4, "high": 2}, [([], "value_error")]),
    ("point", {"x": "a"}, [(["x"], "int_parsing")]),
]


@pytest.mark.parametrize(("name", "data", "answer"), TAKEN)
def test_a_model_is_made_of_the_body(client: Client, name: str, data: Any, answer: str) -> None:
    assert client.post(f"/alone/{name}", json=data).text == answer
    assert client.post(f"/keyed/{name}", json={"value": data, "other": 1}).text == answer


@pytest.mark.parametrize(("name", "data", "faults"), REFUSED)
def test_the_faults_are_those_of_pydantic_with_their_place(client: Client, name: str, data: Any, faults: Any) -> None:
    for path, body, start in (("alone", data, ["body"]), ("keyed", {"value": data, "other": 1}, ["body", "value"])):
        response = client.post(f"/{path}/{name}", json=body)
        assert response.status_code == 422
        found = [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]
        assert found == [([*start, *loc], type) for loc, type in faults]
        assert all(set(fault) == {"loc", "msg", "type"} for fault in response.json()["detail"])


@pytest.mark.parametrize("content", [b"{", b"", b"NaN", b'{"name":"a","price":NaN}', b'{"name":"a","price":Infinity}'])
def test_what_is_no_json_is_a_fault_of_the_body(client: Client, content: bytes) -> None:
    response = client.post("/alone/item", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert [fault["loc"][0] for fault in response.json()["detail"]] == ["body"]


def test_scalars_of_pydantic_come_from_the_query(client: Client) -> None:
    assert client.get("/scalars?url=http://a.example/x&secret=s").json() == ["http://a.example/x", "s"]
    response = client.get("/scalars?url=nothing")
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "url"]]


def test_a_model_is_sent_as_it_came(client: Client) -> None:
    item = {"name": "a", "price": 2.5, "tags": ["x"]}
    assert client.post("/echo", json=item).json() == item
    assert client.post("/echo-alias", json={"itemId": 1}).json() == [{"itemId": 1}]
