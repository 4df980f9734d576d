"""A program of bodies and answers, in the style of FastAPI's tutorial; only its imports changed."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Union
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import Body, HTMLResponse, Path, RedirectResponse, Response, VelociPy, status

pytest.importorskip("pydantic", reason="FastAPI's programs have its models")
from pydantic import BaseModel, Field, HttpUrl

Faults = list[tuple[list[str | int], str]]

app = VelociPy()


class Photo(BaseModel):
    url: HttpUrl
    name: str


class Ship(BaseModel):
    name: str = Field(min_length=2, title="The name", examples=["Aurora"])
    note: str | None = Field(default=None, max_length=9, description="What else there is to say")
    tonnage: float = Field(gt=0)
    tax: float = 10.5
    tags: set[str] = set()
    photos: list[Photo] | None = None

    model_config = {"json_schema_extra": {"examples": [{"name": "Aurora", "tonnage": 35.4}]}}


class Change(BaseModel):
    name: str | None = None
    note: str | None = None
    tax: float = 10.5


class Captain(BaseModel):
    name: str
    email: str | None = None


class CaptainIn(Captain):
    password: str


class Vehicle(BaseModel):
    name: str


class Ferry(Vehicle):
    kind: Literal["ferry"] = "ferry"
    decks: int


class Tug(Vehicle):
    kind: Literal["tug"] = "tug"


FLEET = {
    "aurora": {"name": "Aurora", "tonnage": 50.2},
    "borea": {"name": "Borea", "tonnage": 62, "tax": 10.5, "note": None},
}


@app.post("/ships/", response_model=Ship, status_code=status.HTTP_201_CREATED, tags=["ships"], summary="Add a ship")
async def add_ship(ship: Ship) -> Any:
    return ship


@app.put("/ships/{name}")
async def replace_ship(name: str, ship: Annotated[Ship, Body(embed=True)], q: str | None = None) -> dict[str, Any]:
    return {"name": name, "q": q, **ship.model_dump(exclude_unset=True)}


@app.patch("/ships/{name}", response_model=Ship, response_model_exclude={"photos", "tags"})
async def update_ship(name: str, change: Change) -> Any:
    stored = Ship.model_validate(FLEET[name])
    return stored.model_copy(update=change.model_dump(exclude_unset=True))


@app.get("/ships/{name}", response_model=Ship, response_model_exclude_unset=True)
async def read_ship_as_stored(name: str) -> Any:
    return FLEET[name]


@app.get("/ships/{name}/name", response_model=Ship, response_model_include={"name", "tonnage"})
async def read_name(name: str) -> Any:
    return FLEET[name]


@app.get("/ships/", deprecated=True, operation_id="listShips")
def list_fleet() -> list[Ship]:
    """
    List the fleet.

    - **tonnage**: in tons
    """
    return [Ship.model_validate(ship) for ship in FLEET.values()]


@app.put("/transfer/{number}")
async def transfer(
    number: Annotated[int, Path(ge=0)],
    ship: Ship,
    captain: Captain,
    importance: Annotated[int, Body(gt=0)],
    note: str = Body("none", max_length=5),
    q: str | None = None,
) -> dict[str, Any]:
    return {"number": number, "ship": ship.name, "captain": captain.name, "urgent": importance, "note": note, "q": q}


@app.post("/optional")
async def optional(ship: Ship | None = None) -> dict[str, Ship | None]:
    return {"ship": ship}


@app.post("/photos/")
async def add_photos(photos: list[Photo]) -> list[Photo]:
    return photos


@app.post("/weights/")
async def add_weights(weights: dict[int, float]) -> dict[int, float]:
    return weights


@app.post("/captains/")
async def sign_on(captain: CaptainIn) -> Captain:
    return captain


@app.get("/vehicles/", response_model=list[Union[Ferry, Tug]])  # noqa: UP007
async def list_vehicles() -> Any:
    return [Ferry(name="F", decks=2), {"name": "T", "kind": "tug", "secret": 1}]


@app.put("/visits/{id}")
async def visit(id: UUID, start: Annotated[datetime, Body()], after: Annotated[timedelta, Body()]) -> dict[str, Any]:
    return {"id": id, "begin": start + after}


@app.get("/wrong", response_model=Ship)
async def wrong() -> Any:
    return {"name": "Borea"}


@app.get("/portal", response_model=None)
async def portal(away: bool = False) -> Response | dict[str, str]:
    return RedirectResponse(url="https://sea.example/") if away else {"message": "here"}


@app.put("/berths/{name}", status_code=200)
def take_berth(name: str, response: Response) -> dict[str, str]:
    if name == "new":
        response.status_code = status.HTTP_201_CREATED
    response.headers["X-Berth"] = name
    response.set_cookie(key="berth", value=name)
    return {"berth": name}


@app.delete("/berths/{name}", status_code=204)
async def free_berth(name: str) -> None:
    pass


@app.get("/page", response_class=HTMLResponse)
async def page() -> str:
    return "<h1>Harbour</h1>"


SHIP = {"name": "Aurora", "tonnage": 2}
WHOLE: dict[str, Any] = {"name": "Aurora", "note": None, "tonnage": 2.0, "tax": 10.5, "tags": [], "photos": None}


def faults_of(answer: Any) -> Faults:
    """Return where and what the faults of a 422 are."""
    assert answer.status_code == 422
    return [(fault["loc"], fault["type"]) for fault in answer.json()["detail"]]


def test_a_model_comes_in_and_goes_out(client: Client) -> None:
    answer = client.post("/ships/", json={**SHIP, "tags": ["tug", "tug"], "extra": 1})
    assert (answer.status_code, answer.json()) == (201, {**WHOLE, "tags": ["tug"]})


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [(["body", "name"], "missing"), (["body", "tonnage"], "missing")]),
        ({"name": "A", "tonnage": 0}, [(["body", "name"], "string_too_short"), (["body", "tonnage"], "greater_than")]),
        ({**SHIP, "tonnage": "heavy"}, [(["body", "tonnage"], "float_parsing")]),
        (
            {**SHIP, "photos": [{"url": "x"}]},
            [
                (["body", "photos", 0, "url"], "url_parsing"),
                (["body", "photos", 0, "name"], "missing"),
            ],
        ),
    ],
)
def test_the_faults_of_a_model_have_the_words_of_pydantic(client: Client, body: Any, faults: Faults) -> None:
    assert faults_of(client.post("/ships/", json=body)) == faults


def test_a_body_that_is_missing_or_no_json(client: Client) -> None:
    assert faults_of(client.post("/ships/")) == [(["body"], "missing")]
    answer = client.post("/ships/", content=b"{", headers={"content-type": "application/json"})
    assert [word for _, word in faults_of(answer)] == ["json_invalid"]


def test_text_becomes_a_number_where_pydantic_says_so(client: Client) -> None:
    assert client.post("/ships/", json={**SHIP, "tonnage": "2.5"}).json()["tonnage"] == 2.5


def test_embed_and_a_query_beside_it(client: Client) -> None:
    answer = client.put("/ships/a?q=x", json={"ship": SHIP})
    assert answer.json() == {"q": "x", **SHIP, "name": "Aurora"}
    assert faults_of(client.put("/ships/a", json=SHIP)) == [(["body", "ship"], "missing")]


def test_several_bodies_are_keys_of_one(client: Client) -> None:
    body = {"ship": SHIP, "captain": {"name": "Ann"}, "importance": 5}
    answer = client.put("/transfer/3?q=z", json=body)
    assert answer.json() == {"number": 3, "ship": "Aurora", "captain": "Ann", "urgent": 5, "note": "none", "q": "z"}
    faults = faults_of(client.put("/transfer/-1", json={"ship": {"name": "Bo"}, "importance": 0, "note": "a long one"}))
    assert sorted(map(repr, faults)) == sorted(
        map(
            repr,
            [
                (["path", "number"], "greater_than_equal"),
                (["body", "ship", "tonnage"], "missing"),
                (["body", "captain"], "missing"),
                (["body", "importance"], "greater_than"),
                (["body", "note"], "string_too_long"),
            ],
        )
    )


def test_an_optional_body_may_be_missing_or_null(client: Client) -> None:
    assert client.post("/optional").json() == {"ship": None}
    assert client.post("/optional", json=None).json() == {"ship": None}
    assert client.post("/optional", json=SHIP).json() == {"ship": WHOLE}


def test_lists_and_dicts_are_bodies(client: Client) -> None:
    photo = {"url": "https://sea.example/a.png", "name": "a"}
    assert client.post("/photos/", json=[photo, photo]).json() == [photo, photo]
    assert faults_of(client.post("/photos/", json=[photo, {"name": "b"}])) == [(["body", 1, "url"], "missing")]
    assert client.post("/weights/", json={"1": 2.5}).json() == {"1": 2.5}
    assert faults_of(client.post("/weights/", json={"a": 2.5})) == [(["body", "a", "[key]"], "int_parsing")]


def test_times_in_a_body(client: Client) -> None:
    body = {"start": "2026-11-20T08:00:00", "after": "PT1H30M"}
    answer = client.put(f"/visits/{UUID(int=1)}", json=body)
    assert answer.json() == {"id": str(UUID(int=1)), "begin": "2026-11-20T09:30:00"}


def test_a_partial_update(client: Client) -> None:
    answer = client.patch("/ships/aurora", json={"note": "old"})
    assert answer.json() == {"name": "Aurora", "note": "old", "tonnage": 50.2, "tax": 10.5}
    assert faults_of(client.patch("/ships/aurora", json={"tax": "x"})) == [(["body", "tax"], "float_parsing")]


def test_what_of_a_model_leaves(client: Client) -> None:
    assert client.get("/ships/aurora").json() == {"name": "Aurora", "tonnage": 50.2}
    assert client.get("/ships/borea").json() == {"name": "Borea", "tonnage": 62, "tax": 10.5, "note": None}
    assert client.get("/ships/borea/name").json() == {"name": "Borea", "tonnage": 62}
    assert [ship["name"] for ship in client.get("/ships/").json()] == ["Aurora", "Borea"]


def test_the_declared_model_keeps_the_password_in(client: Client) -> None:
    answer = client.post("/captains/", json={"name": "Ann", "email": "ann@sea.example", "password": "x"})
    assert answer.json() == {"name": "Ann", "email": "ann@sea.example"}


def test_a_union_leaves_as_what_each_value_is(client: Client) -> None:
    answer = client.get("/vehicles/")
    assert answer.json() == [{"name": "F", "kind": "ferry", "decks": 2}, {"name": "T", "kind": "tug"}]


def test_an_answer_that_is_not_as_declared_is_our_fault(client: Client) -> None:
    answer = client.get("/wrong")
    assert answer.status_code == 500
    assert "Borea" not in answer.text


def test_a_response_goes_as_it_is(client: Client) -> None:
    assert client.get("/portal").json() == {"message": "here"}
    answer = client.get("/portal?away=1")
    assert (answer.status_code, answer.headers["location"]) == (307, "https://sea.example/")
    answer = client.get("/page")
    assert (answer.headers["content-type"], answer.text) == ("text/html; charset=utf-8", "<h1>Harbour</h1>")


def test_a_response_that_is_handed_in(client: Client) -> None:
    answer = client.put("/berths/new")
    assert (answer.status_code, answer.headers["x-berth"], answer.cookies["berth"]) == (201, "new", "new")
    assert client.put("/berths/old").status_code == 200
    answer = client.delete("/berths/old")
    assert (answer.status_code, answer.content) == (204, b"")
