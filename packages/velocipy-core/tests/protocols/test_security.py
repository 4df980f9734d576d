"""Security schemes as dependencies, and the scopes that are asked for on the way to them."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    APIRouter,
    Body,
    Depends,
    HTTPConnection,
    HTTPException,
    Security,
    SecurityScopes,
    VelociPy,
    WebSocket,
    raises,
)
from velocipy.security_scheme import HTTPScheme
from velocipy.testing import TestClient, WebSocketDenied

calls: list[str] = []


class Bearer:
    """A scheme as a package would write it: it reads a header, of requests and WebSockets alike."""

    security_scheme = HTTPScheme(scheme_name="Bearer", scheme="bearer")

    @raises(401, "There is no token", headers={"WWW-Authenticate": "How to send one"})
    async def __call__(self, connection: HTTPConnection) -> str:
        calls.append("bearer")
        kind, _, token = (connection.header("authorization") or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
        return token


bearer = Bearer()
TOKENS = {"all": {"me", "items:read", "items:write"}, "reader": {"me", "items:read"}}


async def user(wanted: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> str:
    calls.append(f"user {wanted.scope_str}")
    missing = [scope for scope in wanted.scopes if scope not in TOKENS.get(token, set())]
    if missing:
        raise HTTPException(403, missing)
    return token


async def active_user(user: Annotated[str, Security(user, scopes=["me"])]) -> str:
    return user


def plain_user(user: Annotated[str, Depends(user)]) -> str:
    return user


app = VelociPy()


@app.get("/me")
async def me(user: Annotated[str, Depends(active_user)]) -> str:
    return user


@app.get("/items")
async def items(user: str = Security(active_user, scopes=["items:read"])) -> str:
    return user


@app.post("/items")
async def write(
    user: Annotated[str, Security(active_user, scopes=("items:write", "me"))], data: Annotated[Any, Body()]
) -> Any:
    return data


@app.get("/own")
async def own(wanted: SecurityScopes) -> str:
    return f"<{wanted.scope_str}>"


async def tell(wanted: SecurityScopes) -> list[str]:
    calls.append(f"tell {wanted.scope_str}")
    return list(wanted.scopes)


async def below(told: Annotated[list[str], Security(tell, scopes=["c", "a"])]) -> list[str]:
    return told


async def database() -> str:
    calls.append("database")
    return "database"


@app.get("/way")
async def way(
    nested: Annotated[list[str], Security(below, scopes=["a", "b"])],
    plain: Annotated[list[str], Depends(below)],
    direct: Annotated[list[str], Depends(tell)],
) -> list[list[str]]:
    return [nested, plain, direct]


@app.get("/once")
async def once(
    first: Annotated[list[str], Security(tell, scopes=["a", "b"])],
    second: Annotated[list[str], Security(tell, scopes=["b", "a", "b"])],
    third: Annotated[list[str], Security(tell, scopes=["a", "b"], use_cache=False)],
    here: Annotated[str, Security(database, scopes=["a"])],
    there: Annotated[str, Security(database, scopes=["b"])],
) -> bool:
    return first is second and first is not third and here is there


class Service:
    """What a bare `Security` in an annotation depends on."""

    def __init__(self, wanted: SecurityScopes) -> None:
        self.scopes = wanted.scopes


@app.get("/bare")
async def bare(service: Annotated[Service, Security]) -> int:
    return len(service.scopes)


guarded = APIRouter("/guarded", dependencies=[Security(user, scopes=["items:read"])])


@guarded.get("/items", dependencies=[Security(user, scopes=["items:write"])])
async def guarded_items(user: Annotated[str, Depends(plain_user)]) -> str:
    return user


app.include_router(guarded)


@app.websocket("/ws")
async def talk(websocket: WebSocket, user: Annotated[str, Security(active_user, scopes=["items:read"])]) -> None:
    await websocket.accept()
    await websocket.send_text(user)


@app.get("/calls")
async def read_calls() -> list[str]:
    told, calls[:] = list(calls), []
    return told


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"bearer {token}"}


@pytest.fixture(autouse=True)
def _fresh(client: Client) -> None:
    client.get("/calls")


def test_without_a_token_the_scheme_challenges(client: Client) -> None:
    answer = client.get("/me")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})
    assert answer.headers["www-authenticate"] == "Bearer"


def test_who_is_refused_has_his_body_neither_read_nor_judged(client: Client) -> None:
    assert client.post("/items", content=b"{no json", headers=bearing("reader")).status_code == 403
    assert client.post("/items", content=b"{no json").status_code == 401


def test_scopes_are_asked_for_along_the_way_the_outermost_first(client: Client) -> None:
    assert client.get("/items", headers=bearing("none")).json() == {"detail": ["items:read", "me"]}
    answer = client.post("/items", json={}, headers=bearing("none"))
    assert (answer.status_code, answer.json()) == (403, {"detail": ["items:write", "me"]})


def test_who_has_the_scopes_is_let_in(client: Client) -> None:
    assert client.get("/me", headers=bearing("reader")).text == "reader"
    assert client.get("/items", headers=bearing("reader")).text == "reader"
    assert client.post("/items", json=[1], headers=bearing("all")).json() == [1]


def test_a_dependency_that_takes_scopes_runs_for_each_set_of_them(client: Client) -> None:
    assert client.get("/way").json() == [["a", "b", "c"], ["c", "a"], []]
    assert client.get("/calls").json() == ["tell a b c", "tell c a", "tell "]


def test_the_same_set_of_scopes_shares_the_value_and_so_does_what_takes_none(client: Client) -> None:
    assert client.get("/once").json() is True
    assert client.get("/calls").json() == ["tell a b", "tell a b", "database"]


def test_of_a_handler_itself_nothing_is_asked(client: Client) -> None:
    assert client.get("/own").text == "<>"


def test_a_bare_security_depends_on_the_class_in_the_annotation(client: Client) -> None:
    assert client.get("/bare").json() == 0


def test_routers_and_routes_ask_as_well(client: Client) -> None:
    assert client.get("/guarded/items", headers=bearing("all")).text == "all"
    told = client.get("/calls").json()
    assert told == ["bearer", "user items:read", "user items:write", "user "]
    answer = client.get("/guarded/items", headers=bearing("reader"))
    assert (answer.status_code, answer.json()) == (403, {"detail": ["items:write"]})


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("none", 403)])
def test_a_handshake_is_refused_with_the_same_answer(
    client: TestClient, velocipy_target: Any, token: str | None, status: int
) -> None:
    headers = bearing(token) if token else {}
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/ws", headers=headers):
        pass
    assert denied.value.response.status_code == (403 if velocipy_target.name == "gunicorn" else status)


def test_a_handshake_with_the_scopes_is_accepted(client: TestClient) -> None:
    with client.websocket_connect("/ws", headers=bearing("reader")) as websocket:
        assert websocket.receive_text() == "reader"
