"""What middleware that keeps sessions needs of the core: `session`, `parameter_sources`, headers of the handshake."""

import logging
import warnings
from typing import Any

import pytest

from velocipy import (
    APIRouter,
    Depends,
    HTTPConnection,
    HTTPException,
    Middleware,
    Request,
    Response,
    StartupError,
    VelociPy,
    WebSocket,
)
from velocipy.errors import ParameterError
from velocipy.http.headers import MutableHeaders
from velocipy.middleware import HTTPApp, WebSocketApp
from velocipy.testing import TestClient, WebSocketDenied

Client = Any


class Kept(dict[str, str]):
    """What is kept between the requests of one client."""


def kept_of(connection: HTTPConnection) -> Kept:
    kept: Kept = connection.session
    return kept


class Keeping:
    """Keeps the header `x-kept`."""

    parameter_sources = {Kept: kept_of}  # noqa: RUF012 - as others write it too

    def __init__(self, name: str = "outer") -> None:
        self.name = name

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        request.session = Kept(name=self.name, kept=request.headers.get("x-kept", ""))
        response = await call_next(request)
        response.headers["x-kept"] = request.session["kept"]
        return response

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        websocket.session = Kept(name=self.name, kept=websocket.headers.get("x-kept", ""))

        async def tell(headers: MutableHeaders) -> None:
            if websocket.session["kept"] == "lost":
                raise HTTPException(503, "nothing is kept")
            if websocket.session["kept"]:
                headers.append("x-kept", websocket.session["kept"])

        websocket.on_handshake(tell)
        await call_next(websocket)


app = VelociPy(middleware=[Keeping])


@app.get("/kept")
async def read(kept: Kept, request: Request) -> list[Any]:
    request.session["kept"] += "!"
    return [kept, kept is request.session]


def twice(kept: Kept) -> str:
    return kept["kept"] * 2


@app.get("/twice")
async def read_twice(word: str = Depends(twice)) -> str:
    return word


inner = APIRouter("/inner", middleware=[Middleware(Keeping, name="inner")])


@inner.get("/kept")
async def read_inner(kept: Kept) -> Kept:
    return kept


app.include_router(inner)


@app.websocket("/ws")
async def talk(websocket: WebSocket, kept: Kept) -> None:
    if kept["kept"] == "refuse":
        raise HTTPException(402, "no")
    await websocket.accept(headers={"x-own": "yes"} if kept["kept"] else None)
    await websocket.send_json(kept)


@app.websocket("/late")
async def late(websocket: WebSocket) -> None:
    async def nothing(headers: MutableHeaders) -> None: ...

    await websocket.accept()
    try:
        websocket.on_handshake(nothing)
    except RuntimeError as error:
        await websocket.send_text(str(error))


shop = VelociPy()


@shop.get("/")
async def read_in_shop(request: Request) -> list[Any]:
    request.session["kept"] += "!"
    return [request.session, request.has_session]


@shop.websocket("/ws")
async def talk_in_shop(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json(websocket.session)


app.mount("/shop", shop)
of_its_own = VelociPy(middleware=[Middleware(Keeping, name="mounted")])
of_its_own.add_route("/", read_in_shop)
app.mount("/of-its-own", of_its_own)


async def of_asgi(scope: Any, receive: Any, send: Any) -> None:
    """Use the session as applications of Starlette do."""
    scope["session"]["kept"] += "?"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["session"]["name"].encode()})


app.mount("/of-asgi", of_asgi)


class KeepingASGI:
    """Puts a session into the scope, as that of Starlette does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "session": Kept(name="asgi", kept="")}, receive, send)


around = VelociPy()
around.add_asgi_middleware(KeepingASGI)
around.add_route("/", read_in_shop)


bare = VelociPy()


@bare.get("/")
async def without(request: Request) -> dict[str, object]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        request.session["eggs"] = request.session.get("eggs", 0) + 1
    return {"session": request.session, "has": request.has_session, "told": [str(item.message) for item in told]}


def test_a_middleware_sets_the_session_and_makes_parameters_of_it(client: Client) -> None:
    answer = client.get("/kept", headers={"x-kept": "egg"})
    assert answer.json() == [{"name": "outer", "kept": "egg!"}, True]
    assert answer.headers["x-kept"] == "egg!"
    assert client.get("/twice", headers={"x-kept": "egg"}).text == "eggegg"


def test_the_innermost_counts(client: Client) -> None:
    assert client.get("/inner/kept").json() == {"name": "inner", "kept": ""}


def test_an_application_that_is_mounted_has_the_session_of_the_middleware_around(client: Client) -> None:
    answer = client.get("/shop/", headers={"x-kept": "egg"})
    assert answer.json() == [{"name": "outer", "kept": "egg!"}, True]
    assert answer.headers["x-kept"] == "egg!"
    with client.websocket_connect("/shop/ws") as ws:
        assert ws.receive_json() == {"name": "outer", "kept": ""}


def test_an_application_that_is_mounted_may_have_a_session_of_its_own(client: Client) -> None:
    answer = client.get("/of-its-own/", headers={"x-kept": "egg"})
    assert answer.json() == [{"name": "mounted", "kept": "egg!"}, True]
    assert answer.headers["x-kept"] == "egg"  # the one around stayed as it was


def test_an_application_of_asgi_that_is_mounted_has_the_session_too(client: Client) -> None:
    answer = client.get("/of-asgi/", headers={"x-kept": "egg"})
    assert (answer.text, answer.headers["x-kept"]) == ("outer", "egg?")


def test_a_session_that_middleware_of_asgi_keeps_is_that_of_the_request(client_factory: Any) -> None:
    assert client_factory("around").get("/").json() == [{"name": "asgi", "kept": "!"}, True]


def test_without_a_middleware_the_session_ends_with_the_request_and_a_warning_says_what_to_add(
    client_factory: Any,
) -> None:
    client = client_factory("bare")
    for _ in range(2):
        answer = client.get("/").json()
        assert (answer["session"], answer["has"]) == ({"eggs": 1}, False)
        [told] = answer["told"]
        assert "what is put into this session is lost" in told
        assert "pip install velocipy-sessions" in told


@pytest.mark.in_process
def test_without_a_middleware_its_parameters_keep_the_application_from_starting(client: Client) -> None:
    class Unknown:
        """No model."""

    unserved = VelociPy()

    @unserved.get("/")
    async def read(kept: Unknown) -> None: ...

    with pytest.raises(ParameterError, match="no request can bring a Unknown.*or the middleware that makes it"):
        unserved.freeze()


@pytest.mark.in_process
@pytest.mark.parametrize("sources", [[Kept], {"Kept": kept_of}, {Kept: "kept_of"}])
def test_sources_that_are_none_keep_the_application_from_starting(client: Client, sources: Any) -> None:
    class Wrong(Keeping):
        parameter_sources = sources

    unserved = VelociPy(middleware=[Wrong])
    unserved.add_route("/", without)
    with pytest.raises(StartupError, match="has the parameter_sources .* which are no functions by types"):
        unserved.freeze()


def test_the_headers_of_an_acceptance_are_completed(client: Client, velocipy_target: Any) -> None:
    with client.websocket_connect("/ws") as ws:
        assert ws.receive_json() == {"name": "outer", "kept": ""}
    if velocipy_target.interface == "rsgi":
        pytest.skip("RSGI sends no headers with a handshake")
    with client.websocket_connect("/ws", headers={"x-kept": "egg"}) as ws:
        assert ws.receive_json() == {"name": "outer", "kept": "egg"}
        if velocipy_target.name != "granian-asgi":  # which drops them
            assert (ws.response.headers["x-kept"], ws.response.headers["x-own"]) == ("egg", "yes")


def test_the_headers_of_a_refusal_are_completed(client: Client, velocipy_target: Any) -> None:
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/ws", headers={"x-kept": "refuse"}):
        pass
    response = denied.value.response
    if velocipy_target.name == "gunicorn":
        assert response.status_code == 403  # and nothing else arrives
        return
    assert response.status_code == 402
    if velocipy_target.interface == "asgi":
        assert response.headers["x-kept"] == "refuse"


@pytest.mark.parametrize("path", ["/ws", "/nowhere"])
def test_a_hook_that_fails_refuses_the_handshake(client: Client, velocipy_target: Any, path: str) -> None:
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(path, headers={"x-kept": "lost"}):
        pass
    assert denied.value.response.status_code == (403 if velocipy_target.name == "gunicorn" else 503)


def test_a_hook_comes_before_the_handshake_is_answered(client: Client) -> None:
    with client.websocket_connect("/late") as ws:
        assert "answered before; call on_handshake() ahead" in ws.receive_text()


@pytest.mark.in_process
def test_a_mistake_of_a_middleware_is_told_without_its_options(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing(Keeping):
        def __init__(self, secret_key: str) -> None:
            raise ValueError("no")

    unserved = VelociPy(middleware=[Middleware(Refusing, secret_key="hush-hush")])
    with caplog.at_level(logging.DEBUG), pytest.raises(StartupError) as raised, TestClient(unserved):
        pass
    assert "secret_key=..." in str(raised.value)
    assert "hush-hush" not in str(raised.value) + caplog.text
