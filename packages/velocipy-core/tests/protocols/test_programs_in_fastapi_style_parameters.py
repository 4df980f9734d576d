"""A program of parameters, in the style of FastAPI's tutorial; only its imports changed."""

from datetime import date
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import Cookie, Form, Header, Path, Query, VelociPy

pytest.importorskip("pydantic", reason="FastAPI's programs have its models")
from pydantic import AfterValidator, BaseModel, Field, PositiveInt

Faults = list[tuple[list[str | int], str]]

app = VelociPy(title="Harbour", version="1.2.0")


class Pier(str, Enum):  # noqa: UP042 - as the tutorial writes it
    north = "north"
    south = "south"


class Deck(IntEnum):
    low = 1
    high = 2


class Filter(BaseModel):
    model_config = {"extra": "forbid"}

    limit: int = Field(100, gt=0, le=100)
    order_by: Literal["arrived", "left"] = "arrived"
    tags: list[str] = []


class Agent(BaseModel):
    save_data: bool
    x_tag: list[str] = []


class Visitor(BaseModel):
    session: str
    berth: int | None = None


class Login(BaseModel):
    username: str = Field(min_length=2)
    password: str


def check_number(value: str) -> str:
    if not value.startswith(("imo-", "mmsi-")):
        raise ValueError("a number begins with imo- or mmsi-")
    return value


@app.get("/")
async def index() -> dict[str, str]:
    return {"port": "open"}


@app.get("/piers/{pier}")
async def read_pier(pier: Pier, deck: Deck = Deck.low) -> dict[str, Any]:
    return {"pier": pier, "is_north": pier is Pier.north, "deck": deck}


@app.get("/crew/me")
async def read_me() -> dict[str, str]:
    return {"crew": "me"}


@app.get("/crew/{name}")
async def read_crew(name):  # type: ignore[no-untyped-def]  # the first program of the tutorial has no types
    return {"crew": name}


@app.get("/charts/{chart:path}")
async def read_chart(chart: str) -> dict[str, str]:
    return {"chart": chart}


@app.get("/ships")
@app.get("/piers/{pier}/ships")
def list_ships(
    pier: Pier | None = None,
    skip: int = 0,
    limit: Optional[int] = None,  # noqa: UP045
    short: bool = False,
    q: Union[str, None] = Query(default=None, max_length=5, title="Words", description="Words of the name"),  # noqa: UP007
    number: Annotated[str | None, AfterValidator(check_number)] = None,
    tag: Annotated[list[str], Query(alias="ship-tag", deprecated=True, examples=["tug"])] = ["any"],  # noqa: B006
) -> dict[str, Any]:
    told = {"skip": skip, "limit": limit, "short": short, "q": q, "number": number, "tag": tag}
    return {"pier": pier, **{name: value for name, value in told.items() if value is not None}}


@app.get("/ships/{number}")
async def read_ship(
    *,
    number: int = Path(..., title="The number", ge=1, le=1000),
    size: Annotated[float, Query(gt=0, lt=10.5, multiple_of=0.5)],
    on: date | None = None,
    id: UUID | None = None,
    places: PositiveInt = 1,
) -> dict[str, Any]:
    return {"number": number, "size": size, "on": on, "id": id, "places": places}


@app.get("/filter")
async def read_filter(filter: Annotated[Filter, Query()]) -> Filter:
    return filter


@app.get("/heads")
async def read_heads(
    user_agent: Annotated[str, Header()],
    x_token: Annotated[list[str] | None, Header()] = None,
    count: int = Header(default=3, alias="X-Count", le=5),
    sid: Annotated[str | None, Cookie(alias="ship-id")] = None,
) -> list[Any]:
    return [user_agent, x_token, count, sid]


@app.get("/agent")
async def read_agent(agent: Annotated[Agent, Header()], visitor: Annotated[Visitor, Cookie()]) -> list[Any]:
    return [agent.save_data, agent.x_tag, visitor]


@app.post("/login/")
async def login(username: Annotated[str, Form()], password: str = Form(..., min_length=3)) -> dict[str, Any]:
    return {"username": username, "letters": len(password)}


@app.post("/login/model")
async def login_by_model(data: Annotated[Login, Form()]) -> Login:
    return data


def faults_of(answer: Any) -> Faults:
    """Return where and what the faults of a 422 are."""
    assert answer.status_code == 422
    return [(fault["loc"], fault["type"]) for fault in answer.json()["detail"]]


def test_values_that_fit_reach_the_handler(client: Client) -> None:
    assert client.get("/").json() == {"port": "open"}
    assert client.get("/piers/north?deck=2").json() == {"pier": "north", "is_north": True, "deck": 2}
    assert client.get("/crew/me").json() == {"crew": "me"}
    assert client.get("/crew/ann").json() == {"crew": "ann"}
    assert client.get("/charts/north/7.pdf").json() == {"chart": "north/7.pdf"}


@pytest.mark.parametrize(
    ("target", "faults"),
    [
        ("/piers/west", [(["path", "pier"], "enum")]),
        ("/piers/north?deck=3", [(["query", "deck"], "enum")]),
        ("/ships?skip=x&short=perhaps", [(["query", "skip"], "int_parsing"), (["query", "short"], "bool_parsing")]),
        ("/ships?q=too-long", [(["query", "q"], "string_too_long")]),
        ("/ships?number=5", [(["query", "number"], "value_error")]),
        ("/ships/x", [(["path", "number"], "int_parsing"), (["query", "size"], "missing")]),
        ("/ships/1001?size=11", [(["path", "number"], "less_than_equal"), (["query", "size"], "less_than")]),
        ("/ships/1?size=0.7", [(["query", "size"], "multiple_of")]),
        ("/ships/1?size=1&id=x", [(["query", "id"], "uuid_parsing")]),
        ("/ships/1?size=1&places=0", [(["query", "places"], "greater_than")]),
        (
            "/filter?limit=0&order_by=x",
            [(["query", "limit"], "greater_than"), (["query", "order_by"], "literal_error")],
        ),
        ("/filter?tool=x", [(["query", "tool"], "extra_forbidden")]),
    ],
)
def test_every_faulty_value_is_told(client: Client, target: str, faults: Faults) -> None:
    assert faults_of(client.get(target)) == faults


def test_defaults_stand_where_they_are_written_in_either_spelling(client: Client) -> None:
    usual = {"pier": None, "skip": 0, "short": False, "tag": ["any"]}
    assert client.get("/ships").json() == usual
    assert client.get("/ships?limit=3&short=on&q=tug").json() == {**usual, "limit": 3, "short": True, "q": "tug"}
    assert client.get("/ships?number=imo-7").json() == {**usual, "number": "imo-7"}
    assert client.get("/ships?ship-tag=a&ship-tag=b").json() == {**usual, "tag": ["a", "b"]}
    assert client.get("/ships?tag=a").json() == usual  # the alias is the only name
    assert client.get("/piers/south/ships?pier=north").json() == {**usual, "pier": "south"}


def test_constrained_values(client: Client) -> None:
    answer = client.get(f"/ships/7?size=1.5&on=2026-11-20&id={UUID(int=7)}")
    assert answer.json() == {"number": 7, "size": 1.5, "on": "2026-11-20", "id": str(UUID(int=7)), "places": 1}


def test_a_model_of_the_query(client: Client) -> None:
    assert client.get("/filter").json() == {"limit": 100, "order_by": "arrived", "tags": []}
    answer = client.get("/filter?limit=5&order_by=left&tags=a&tags=b")
    assert answer.json() == {"limit": 5, "order_by": "left", "tags": ["a", "b"]}


def test_headers_and_cookies(client: Client) -> None:
    client.headers["user-agent"] = "pilot"
    assert client.get("/heads").json() == ["pilot", None, 3, None]
    answer = client.get(
        "/heads", headers=[("x-token", "a"), ("X-Token", "b"), ("x-count", "4"), ("cookie", "ship-id=z")]
    )
    assert answer.json() == ["pilot", ["a", "b"], 4, "z"]
    assert faults_of(client.get("/heads", headers={"x-count": "6"})) == [(["header", "X-Count"], "less_than_equal")]


def test_models_of_headers_and_cookies(client: Client) -> None:
    head = [("save-data", "yes"), ("x-tag", "a"), ("x-tag", "b"), ("cookie", "session=s; berth=3; other=1")]
    assert client.get("/agent", headers=head).json() == [True, ["a", "b"], {"session": "s", "berth": 3}]
    faults = faults_of(client.get("/agent", headers={"save-data": "no", "cookie": "berth=x"}))
    assert sorted(faults) == [(["cookie", "berth"], "int_parsing"), (["cookie", "session"], "missing")]


def test_forms(client: Client) -> None:
    form = {"username": "ann", "password": "secret"}
    assert client.post("/login/", data=form).json() == {"username": "ann", "letters": 6}
    assert client.post("/login/model", data=form).json() == form
    faults = faults_of(client.post("/login/", data={"password": "x"}))
    assert faults == [(["form", "username"], "missing"), (["form", "password"], "string_too_short")]
    faults = faults_of(client.post("/login/model", data={"username": "a"}))
    assert faults == [(["form", "username"], "string_too_short"), (["form", "password"], "missing")]
