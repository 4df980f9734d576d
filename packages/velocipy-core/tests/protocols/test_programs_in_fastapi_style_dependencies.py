"""A program of dependencies, routers and errors, in the style of FastAPI's tutorial; only its imports changed."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    APIRouter,
    Cookie,
    Depends,
    Header,
    HTTPException,
    JSONResponse,
    PlainTextResponse,
    Query,
    Request,
    Response,
    ValidationError,
    VelociPy,
    status,
)
from velocipy.testing import TestClient

LOG: list[str] = []


class Sunk(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


class Burnt(Sunk):
    pass


# -- what handlers depend on -------------------------------------------------------------------------------------------


async def verify_token(token: Annotated[str, Query()] = "") -> None:
    if token != "claw":
        raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED, detail="No token")


async def verify_key(x_key: Annotated[str, Header()]) -> str:
    if x_key != "blue":
        raise HTTPException(status_code=400, detail="X-Key header invalid", headers={"X-Error": "key"})
    return x_key


def page(q: str | None = None, skip: int = 0, limit: int = 100) -> dict[str, Any]:
    return {"q": q, "skip": skip, "limit": limit}


Page = Annotated[dict[str, Any], Depends(page)]


class Range:
    def __init__(self, low: int = 0, high: int = Query(default=10, le=50)) -> None:
        self.low = low
        self.high = high


class Contains:
    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, q: str = "") -> bool:
        return self.word in q


has_tug = Contains("tug")


def last_query(q: str | None = None, last: Annotated[str | None, Cookie(alias="last-query")] = None) -> str | None:
    return q or last


def noted(found: Annotated[str | None, Depends(last_query)], response: Response) -> str | None:
    response.headers["X-Found"] = str(found)
    return found


def harbour() -> Iterator[str]:
    LOG.append("open harbour")
    try:
        yield "harbour"
    finally:
        LOG.append("close harbour")


async def berth(harbour: Annotated[str, Depends(harbour)]) -> AsyncIterator[str]:
    try:
        yield f"berth of {harbour}"
    except Sunk as error:
        LOG.append("sunk")
        raise HTTPException(status_code=409, detail=f"{error.name} sank at its berth") from error
    except HTTPException as error:
        LOG.append(f"saw {error.status_code}")
        raise
    else:
        LOG.append("all well")


# -- the routers -------------------------------------------------------------------------------------------------------

users = APIRouter()
ships = APIRouter(prefix="/ships", tags=["ships"], dependencies=[Depends(verify_key)])
admin = APIRouter()


@users.get("/users/", tags=["users"])
async def list_users(page: Page) -> dict[str, Any]:
    return page


@users.get("/users/old/")
async def list_users_in_the_older_spelling(page: dict[str, Any] = Depends(page)) -> dict[str, Any]:  # noqa: B008
    return page


@users.get("/range")
async def read_range(
    a: Annotated[Range, Depends(Range)],
    b: Annotated[Range, Depends()],
    c: Range = Depends(),  # noqa: B008
) -> list[Any]:
    return [a is b is c, a.low, a.high]


@users.get("/found")
def find(found: Annotated[str | None, Depends(noted)], tug: Annotated[bool, Depends(has_tug)]) -> list[Any]:
    return [found, tug]


@ships.get("/")
async def list_ships() -> list[str]:
    return ["Aurora", "Borea"]


@ships.get("/{name}")
async def read_ship(name: str, berth: Annotated[str, Depends(berth)], number: int = 0) -> dict[str, str]:
    if name == "titan":
        raise Sunk(name)
    if name == "wreck":
        raise HTTPException(status_code=404, detail="Ship not found")
    return {"name": name, "at": berth}


@ships.put("/{name}", tags=["custom"])
async def sink_ship(name: str) -> None:
    raise Burnt(name)


@admin.post("/", dependencies=[Depends(verify_key, use_cache=False)])
async def close_port(reason: str) -> dict[str, str]:
    return {"closed": reason}


app = VelociPy(dependencies=[Depends(verify_token)])
app.include_router(users)
app.include_router(ships)
app.include_router(admin, prefix="/admin", tags=["admin"], dependencies=[Depends(verify_key)])


@app.get("/")
async def index() -> dict[str, str]:
    return {"port": "open"}


# -- the errors --------------------------------------------------------------------------------------------------------


@app.exception_handler(Sunk)
async def on_sunk(request: Request, exc: Sunk) -> JSONResponse:
    return JSONResponse(status_code=status.HTTP_418_IM_A_TEAPOT, content={"message": f"{exc.name} sank"})


@app.exception_handler(ValidationError)
def on_faults(request: Request, exc: ValidationError) -> PlainTextResponse:
    return PlainTextResponse("what was that?", status_code=status.HTTP_400_BAD_REQUEST)


@app.exception_handler(404)
async def on_not_found(request: Request, exc: HTTPException) -> JSONResponse:
    return JSONResponse({"gone": exc.detail}, status_code=404)


KEY = {"x-key": "blue"}


@pytest.fixture(autouse=True)
def empty_log() -> None:
    LOG.clear()


# -- tests -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/users/?skip=x", "/ships/", "/admin/"])
def test_that_of_the_application_guards_every_route_first(client: Client, path: str) -> None:
    answer = client.request("POST" if path == "/admin/" else "GET", path)
    assert (answer.status_code, answer.json()) == (401, {"detail": "No token"})


def test_those_of_routers_and_inclusions_guard_theirs(client: Client) -> None:
    assert client.get("/?token=claw").json() == {"port": "open"}
    for method, path in (("GET", "/ships/"), ("POST", "/admin/")):
        assert client.request(method, f"{path}?token=claw").text == "what was that?"
        answer = client.request(method, f"{path}?token=claw", headers={"x-key": "red"})
        assert (answer.status_code, answer.headers["x-error"]) == (400, "key")
    assert client.get("/ships/?token=claw", headers=KEY).json() == ["Aurora", "Borea"]
    assert client.post("/admin/?token=claw&reason=ice", headers=KEY).json() == {"closed": "ice"}


@pytest.mark.parametrize("path", ["/users/", "/users/old/"])
def test_a_function_in_either_spelling(client: Client, path: str) -> None:
    assert client.get(f"{path}?token=claw&q=a&skip=5").json() == {"q": "a", "skip": 5, "limit": 100}
    assert client.get(f"{path}?token=claw&skip=x").status_code == 400


def test_a_class_in_every_spelling_is_one_instance(client: Client) -> None:
    assert client.get("/range?token=claw&low=3").json() == [True, 3, 10]
    assert client.get("/range?token=claw&high=51").status_code == 400


def test_sub_dependencies_and_an_instance_that_is_called(client: Client) -> None:
    answer = client.get("/found?token=claw&q=tugs")
    assert (answer.json(), answer.headers["x-found"]) == (["tugs", True], "tugs")
    answer = client.get("/found?token=claw", headers={"cookie": "last-query=ferry"})
    assert answer.json() == ["ferry", False]


def test_exceptions_are_answered_by_class_and_by_status(client: Client) -> None:
    answer = client.put("/ships/phoenix?token=claw", headers=KEY)
    assert (answer.status_code, answer.json()) == (418, {"message": "phoenix sank"})
    assert client.get("/nowhere").json() == {"gone": "Not Found"}


def test_a_generator_may_answer_the_failure_of_the_handler(client: Client) -> None:
    answer = client.get("/ships/titan?token=claw", headers=KEY)
    assert (answer.status_code, answer.json()) == (409, {"detail": "titan sank at its berth"})


@pytest.mark.in_process  # the log is here
@pytest.mark.parametrize(
    ("path", "log"),
    [
        ("/ships/aurora", ["open harbour", "all well", "close harbour"]),
        ("/ships/wreck", ["open harbour", "saw 404", "close harbour"]),
        ("/ships/titan", ["open harbour", "sunk", "close harbour"]),
    ],
)
def test_generators_see_how_the_request_ended_and_close_in_reverse(client: Client, path: str, log: list[str]) -> None:
    client.get(f"{path}?token=claw", headers=KEY)
    assert log == LOG


@pytest.mark.in_process  # it changes the application
def test_overrides_with_a_client_that_is_not_entered() -> None:
    client = TestClient(app)
    app.dependency_overrides[verify_token] = lambda: None
    app.dependency_overrides[page] = lambda: {"skip": 7}
    try:
        assert client.get("/").json() == {"port": "open"}
        assert client.get("/users/").json() == {"skip": 7}
    finally:
        app.dependency_overrides = {}
    assert client.get("/").status_code == 401
