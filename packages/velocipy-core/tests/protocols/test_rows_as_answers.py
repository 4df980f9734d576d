"""Rows of databases and other objects that are no model, declared as models of pydantic: their attributes leave."""

import logging
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from httpx2 import Client

from velocipy import VelociPy

pydantic = pytest.importorskip("pydantic", reason="its models are tested here")
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, computed_field, field_serializer  # noqa: E402

app = VelociPy()

SECRET = "hunter2"


class Out(BaseModel):
    id: int
    name: str = "nobody"


class Aliased(BaseModel):
    user_name: str = Field(alias="userName")


class Team(BaseModel):
    lead: Out
    others: list[Out] = []


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=False)  # what the model says of itself is another matter
    id: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.id

    @field_serializer("id")
    def as_text(self, id: int) -> str:
        return f"#{id}"


class Lazy:
    """Has its columns where no `vars()` sees them, as expired rows of an ORM have."""

    password = SECRET

    @property
    def id(self) -> int:
        return 5

    @property
    def name(self) -> str:
        return "lazy"


class Partial:
    id = 6


class Slotted:
    __slots__ = ("id", "name", "password")

    def __init__(self) -> None:
        self.id, self.name, self.password = 7, "slotted", SECRET


class Proxy:
    def __getattr__(self, name: str) -> Any:
        values = {"id": 8, "name": "proxied", "password": SECRET}
        try:
            return values[name]
        except KeyError:
            raise AttributeError(name) from None


class Tuple(NamedTuple):
    id: int
    name: str
    password: str = SECRET


class Detached:
    """Cannot be read any more."""

    @property
    def id(self) -> int:
        raise RuntimeError("the session is closed")


class TeamRow:
    lead = Lazy()
    others = (Slotted(), Proxy(), {"id": 9, "password": SECRET})


class NamedRow:
    user_name = "bob"
    userName = "alice"  # noqa: N815


class PlainlyNamedRow:
    user_name = "bob"


def from_sqlite() -> sqlite3.Row:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    try:
        row: sqlite3.Row = connection.execute(f"select 4 as id, 'sqlite' as name, '{SECRET}' as password").fetchone()
    finally:
        connection.close()
    return row


def generate() -> Iterator[Any]:
    yield Lazy()
    yield Out(id=1)


LAZY = {"id": 5, "name": "lazy"}
CASES: dict[str, tuple[Any, Any, Any]] = {
    "lazy": (Out, Lazy, LAZY),
    "default": (Out, Partial, {"id": 6, "name": "nobody"}),
    "slots": (Out, Slotted, {"id": 7, "name": "slotted"}),
    "proxy": (Out, Proxy, {"id": 8, "name": "proxied"}),
    "named-tuple": (Out, lambda: Tuple(3, "tuple"), {"id": 3, "name": "tuple"}),
    "sqlite": (Out, from_sqlite, {"id": 4, "name": "sqlite"}),
    "sqlite-list": (list[Out], lambda: [from_sqlite()], [{"id": 4, "name": "sqlite"}]),
    "optional": (Out | None, Lazy, LAZY),
    "union": (Aliased | Out, Lazy, LAZY),
    "list": (list[Out], lambda: [Lazy(), Out(id=1), {"id": 2}], [LAZY, *({"id": n, "name": "nobody"} for n in (1, 2))]),
    "tuple-for-a-list": (list[Out], lambda: (Lazy(),), [LAZY]),
    "dict": (dict[str, Out], lambda: {"a": Lazy()}, {"a": LAZY}),
    "tuple": (tuple[Out, Aliased], lambda: (Lazy(), PlainlyNamedRow()), [LAZY, {"userName": "bob"}]),
    "iterator": (list[Out], generate, [LAZY, {"id": 1, "name": "nobody"}]),
    "nested": (
        Team,
        TeamRow,
        {
            "lead": LAZY,
            "others": [{"id": 7, "name": "slotted"}, {"id": 8, "name": "proxied"}, {"id": 9, "name": "nobody"}],
        },
    ),
    "alias": (Aliased, NamedRow, {"userName": "alice"}),
    "name": (Aliased, PlainlyNamedRow, {"userName": "bob"}),
    "name-in-a-dict": (Aliased, lambda: {"user_name": "bob"}, {"userName": "bob"}),
    "computed": (Shown, Lazy, {"id": "#5", "twice": 10}),
    "no-model": (list[HttpUrl], lambda: ["http://example.com"], ["http://example.com/"]),
    "empty": (list[Out], list, []),
}
REFUSED: dict[str, tuple[Any, Any]] = {
    "missing": (Out, object),
    "detached": (Out, Detached),
    "class": (Out, lambda: Lazy),
    "number": (Out, lambda: 5),
    "number-for-a-list": (list[Out], lambda: 5),
    "row-for-a-list": (list[Out], Lazy),
    "list-for-a-row": (Out, lambda: [Lazy()]),
    "text": (Out, lambda: SECRET),
    "wrong-type": (Out, lambda: {"id": SECRET}),
    "wrong-inside": (Team, lambda: Team.model_construct(lead=5)),
}


def declare(name: str, model: Any, make: Any) -> None:
    async def handler() -> Any:
        return make()

    app.add_route(f"/{name}", handler, response_model=model)
    app.add_route(f"/checked/{name}", handler, response_model=model, validate_response=True)


for case, (model, make, _) in CASES.items():
    declare(case, model, make)
for case, (model, make) in REFUSED.items():
    declare(case, model, make)


@app.get("/chosen", response_model=list[Team], response_model_include={"lead"})
async def chosen() -> Any:
    return [TeamRow()]


@app.get("/without-unset", response_model=Out, response_model_exclude_unset=True)
async def without_unset() -> Any:
    return Partial()


@pytest.mark.parametrize("case", CASES)
def test_the_fields_of_the_model_leave_and_no_other(client: Client, case: str) -> None:
    answer = client.get(f"/{case}")
    assert (answer.status_code, answer.json()) == (200, CASES[case][2])
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "case", [case for case in CASES if case != "computed"]
)  # what its serializer makes of an id is no id
def test_they_may_be_checked_besides(client: Client, case: str) -> None:
    assert client.get(f"/checked/{case}").json() == CASES[case][2]


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_model_does_not_take_is_a_500_that_tells_nothing(
    client: Client, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, "velocipy"):
        answer = client.get(f"/{case}")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


def test_fields_are_chosen_from_rows_too(client: Client) -> None:
    assert client.get("/chosen").json() == [{"lead": LAZY}]
    assert client.get("/without-unset").json() == {"id": 6}
