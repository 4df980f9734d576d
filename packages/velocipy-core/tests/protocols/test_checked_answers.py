"""`validate_response`: what leaves is checked against its declared type."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, NamedTuple, TypedDict

import pytest
from httpx2 import Client

from velocipy import HTMLResponse, Query, VelociPy

pytest.importorskip("msgspec", reason="its models are tested here")
pytest.importorskip("pydantic", reason="its models are tested here")
import msgspec
import pydantic

app = VelociPy(validate_response=True)
unchecked = VelociPy()


class Struct(msgspec.Struct):
    number: Annotated[int, msgspec.Meta(ge=1)]
    name: str = "a"


@dataclass
class Data:
    number: Annotated[int, Query(ge=1)]
    name: str = "a"


class Record(NamedTuple):
    number: Annotated[int, Query(ge=1)]
    name: str = "a"


class Typed(TypedDict):
    number: Annotated[int, Query(ge=1)]
    name: str


class Model(pydantic.BaseModel):
    number: int = pydantic.Field(ge=1, validation_alias="in", serialization_alias="out")
    name: str = "a"

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return self.number * 2

    model_config = {"extra": "forbid"}


def struct(number: Any) -> Struct:
    return Struct(number)


def data(number: Any) -> Data:
    return Data(number)


def record(number: Any) -> Record:
    return Record(number)


def typed(number: Any) -> Typed:
    return {"number": number, "name": "a"}


def model(number: Any) -> Model:
    return Model.model_construct(number=number)


def listed(number: Any) -> list[Model]:
    return [Model.model_construct(number=1), Model.model_construct(number=number)]


def mapped(number: Any) -> dict[str, int]:
    return {"number": number}


KINDS = (struct, data, record, typed, model, listed, mapped)


async def answer(kind: Callable[[Any], Any], value: str) -> Any:
    return kind({"five": 5, "zero": 0, "text": "x"}[value])


for kind in KINDS:
    declared = kind.__annotations__["return"]
    app.add_route(f"/{kind.__name__}/{{value}}", partial(answer, kind), response_model=declared)
    unchecked.add_route(f"/{kind.__name__}/{{value}}", partial(answer, kind), response_model=declared)
    unchecked.add_route(
        f"/checked/{kind.__name__}/{{value}}", partial(answer, kind), response_model=declared, validate_response=True
    )


@app.get("/cut", response_model=Struct, response_model_exclude=["number"])
async def cut(number: int) -> Struct:
    return Struct(number)


@app.get("/unchecked", validate_response=False)
async def not_checked() -> Struct:
    return Struct(0)


@app.get("/anything")
async def anything() -> Any:
    return {1: "a"}


async def give(value: Any) -> Any:
    return value


PLAIN: dict[str, tuple[Any, Any]] = {
    "str": (str, "a"),
    "bytes": (bytes, b"a"),
    "none": (type(None), None),
    "optional": (str | None, "a"),
    "missing": (str | None, None),
    "text-or-data": (str | dict[str, int], "a"),
    "data-or-text": (str | dict[str, int], {"a": 1}),
    "anything": (Any, "a"),
    "object": (object, b"a"),
    "number": (int, 5),
    "list": (list[int], [5]),
}
WRONG: dict[str, tuple[Any, Any]] = {
    "int": (int, "x"),
    "str": (str, 5),
    "none": (type(None), 5),
    "list": (list[int], ["x"]),
}
for name, (declared, value) in PLAIN.items():
    app.add_route(f"/plain/{name}", partial(give, value), response_model=declared)
    unchecked.add_route(f"/plain/{name}", partial(give, value), response_model=declared)
for name, (declared, value) in WRONG.items():
    app.add_route(f"/wrong/{name}", partial(give, value), response_model=declared)
app.add_route("/page", partial(give, b"<p>"), response_model=bytes, response_class=HTMLResponse)


@app.get("/text")
async def text() -> AsyncIterator[str]:
    yield "a"
    yield "b"


@app.get("/bytes")
def several_bytes() -> Iterator[bytes]:
    yield b"a"
    yield b"b"


@app.get("/items", response_model=str)
async def items() -> Any:
    yield "a"
    yield "b"


@app.get("/lines")
async def lines(number: int) -> AsyncIterator[Struct]:
    yield Struct(5)
    yield Struct(number)


kinds = pytest.mark.parametrize("kind", [kind.__name__ for kind in KINDS])


@pytest.mark.parametrize(
    ("kind", "value"),
    [("mapped", "text"), *((kind.__name__, value) for kind in KINDS[:-1] for value in ("zero", "text"))],
)
def test_what_is_not_of_the_type_does_not_leave(client: Client, kind: str, value: str) -> None:
    answer = client.get(f"/{kind}/{value}")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


@kinds
def test_what_is_of_the_type_leaves(client: Client, kind: str) -> None:
    answer = client.get(f"/{kind}/five")
    assert answer.status_code == 200
    expected: dict[str, Any] = {
        "model": {"out": 5, "name": "a", "double": 10},
        "listed": [{"out": 1, "name": "a", "double": 2}, {"out": 5, "name": "a", "double": 10}],
        "mapped": {"number": 5},
        "record": [5, "a"],
    }
    assert answer.json() == expected.get(kind, {"number": 5, "name": "a"})


@kinds
@pytest.mark.velocipy_app("unchecked")
def test_a_route_may_be_checked_alone(client: Client, kind: str) -> None:
    assert client.get(f"/checked/{kind}/text").status_code == 500
    assert client.get(f"/checked/{kind}/five").status_code == 200


@pytest.mark.velocipy_app("unchecked")
@pytest.mark.parametrize("kind", ["struct", "data", "typed"])
def test_without_being_asked_nothing_is_checked(client: Client, kind: str) -> None:
    assert client.get(f"/{kind}/zero").json() == {"number": 0, "name": "a"}


def test_a_route_may_be_left_unchecked(client: Client) -> None:
    assert client.get("/unchecked").json() == {"number": 0, "name": "a"}


def test_the_whole_is_checked_and_the_selection_leaves(client: Client) -> None:
    assert client.get("/cut?number=5").json() == {"name": "a"}
    assert client.get("/cut?number=0").status_code == 500


def test_a_type_that_says_nothing_is_not_checked(client: Client) -> None:
    assert client.get("/anything").json() == {"1": "a"}


@pytest.mark.parametrize("name", PLAIN)
def test_to_be_checked_changes_no_answer(client_factory: Any, name: str) -> None:
    answers = [client_factory(application).get(f"/plain/{name}") for application in ("app", "unchecked")]
    told = [(answer.status_code, answer.headers.get("content-type"), answer.content) for answer in answers]
    assert told[0] == told[1]


def test_a_response_class_is_given_what_was_checked(client: Client) -> None:
    assert client.get("/page").text == "<p>"


@pytest.mark.parametrize("name", WRONG)
def test_types_without_fields_are_checked(client: Client, name: str) -> None:
    assert client.get(f"/wrong/{name}").status_code == 500


@pytest.mark.parametrize("path", ["/text", "/bytes", "/items"])
def test_a_stream_of_text_is_not_checked(client: Client, path: str) -> None:
    assert client.get(path).text == "ab"


def test_the_items_of_a_stream_are_checked(client: Client) -> None:
    assert client.get("/lines?number=5").text == '{"number":5,"name":"a"}\n' * 2
    with suppress(Exception):  # the answer breaks off, which not every client is told
        assert client.get("/lines?number=0").text == '{"number":5,"name":"a"}\n'


@pytest.mark.in_process
@pytest.mark.parametrize("kind", ["struct", "data", "listed"])
def test_the_log_names_the_field_and_the_fault(client: Client, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get(f"/{kind}/zero")
    place = {"listed": "1.number"}.get(kind, "number")
    assert f"what the handler returned is not what it declares: {place}: Input should be" in caplog.text
