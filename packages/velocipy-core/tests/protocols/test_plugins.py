"""Plugins: what they add to which scope, in which order, and what they are told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest

from velocipy import (
    APIRouter,
    Depends,
    HTTPConnection,
    HTTPException,
    Request,
    Response,
    StreamingResponse,
    VelociPy,
    WebSocket,
    WebSocketDisconnect,
)
from velocipy.middleware import HTTPApp
from velocipy.plugin import Key, RequestFinished, Setup

log: list[Any] = []
GREETING = Key[str]("test.greeting")


class Session:
    def __init__(self, owner: str) -> None:
        self.owner = owner


class Other:
    pass


def tagging(name: str) -> Callable[[Request, HTTPApp], Any]:
    async def tag(request: Request, call_next: HTTPApp) -> Response:
        response = await call_next(request)
        response.headers.append("x-tag", name)
        return response

    return tag


class Tags:
    """Adds a bit of everything."""

    def __init__(
        self, name: str, *, requires: tuple[str, ...] = (), after: tuple[str, ...] = (), source: bool = False
    ) -> None:
        self.name = name
        self.requires = requires
        self.after = after
        self._source = source

    def setup(self, setup: Setup) -> None:
        name = self.name
        found = setup.find(GREETING)

        async def note(request: HTTPConnection) -> None:
            request.state.setdefault("noted", []).append(name)

        async def about(request: Request) -> dict[str, Any]:
            return {"plugin": name, "prefix": setup.prefix, "found": found, "noted": request.state.noted}

        async def answer(request: Request, error: Exception) -> Response:
            return Response(f"{name} handled {error.args[0]}", 418)

        def make_session(request: HTTPConnection) -> Session:
            return Session(f"{name} {request.path}")

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[dict[str, Any]]:
            log.append(f"{name} starts")
            yield {name: "started", "last": name}
            log.append(f"{name} ends")

        setup.add_middleware(tagging(name))
        setup.add_dependency(Depends(note))
        setup.add_exception_handler(KeyError, answer)
        setup.add_route(f"/about-{name}", about)
        setup.add_lifespan(lifespan)
        setup.provide(Key[str](f"test.{name}"), name)
        if self._source:
            setup.add_source(Session, make_session)


class Telling:
    """Keeps what it is told for a later request to see."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[Any] = []

    def setup(self, setup: Setup) -> None:
        def finished(connection: HTTPConnection, finished: RequestFinished) -> None:
            if finished.route != "/told/{name}":
                told = (finished.route, finished.status, finished.close_code, finished.duration >= 0)
                self.told.append(["finished", connection.path, *told])

        def failed(connection: HTTPConnection, error: BaseException) -> None:
            self.told.append(["failed", connection.path, repr(error)])

        setup.on_request_finished(finished)
        setup.on_exception(failed)


class Failing:
    """Has hooks that fail, which harms nobody."""

    name = "failing"

    def setup(self, setup: Setup) -> None:
        def fail(connection: HTTPConnection, _: object) -> None:
            if connection.path in ("/marked", "/fails"):
                raise RuntimeError("a hook")

        setup.on_request_finished(fail)
        setup.on_exception(fail)


whole, part = Telling("whole"), Telling("part")
app = VelociPy(
    plugins=[Tags("late", requires=("first",)), Tags("first", source=True), whole], middleware=[tagging("own")]
)
app.provide(GREETING, "hello")
app.plug(Tags("soft", after=("first", "absent")))
app.plug(Failing())
inner = APIRouter(prefix="/inner", plugins=[part], middleware=[tagging("of router")])
inner.plug(Tags("deep", requires=("first",), source=True))
inner.provide(GREETING, "hello from inside")
exporting = APIRouter(prefix="/exporting")
exporting.plug(Tags("exported"), export=True)


async def noted(request: HTTPConnection) -> None:
    request.state.noted.append("own")


@app.get("/session", dependencies=[Depends(noted)])
async def session(request: Request, it: Session) -> list[Any]:
    return [it.owner, request.state.noted, request.state.first, request.state.late, request.state.last]


@app.get("/marked")
async def marked(it: Annotated[Session, Depends(lambda: Session("marker"))]) -> str:
    return it.owner


@inner.get("/session")
async def inner_session(request: Request, it: Session) -> list[Any]:
    return [it.owner, request.state.noted]


@exporting.get("/session")
async def exporting_session(it: Session) -> str:
    return it.owner


@inner.get("/key/{name}")
@app.get("/key/{name}")
async def key(name: str) -> None:
    raise KeyError(name)


@inner.get("/fails")
@app.get("/fails")
async def fails() -> None:
    raise ValueError("unexpected")


@app.get("/refuses")
async def refuses() -> None:
    raise HTTPException(409)


@inner.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    return StreamingResponse(chunks())


@inner.get("/broken")
async def broken() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError("the disk")

    return StreamingResponse(chunks(), headers={"content-length": "10"})


@inner.websocket("/echo")
async def echo(websocket: WebSocket, it: Session) -> None:
    await websocket.accept()
    await websocket.send_text(it.owner)
    await websocket.receive_text()


@inner.websocket("/closed")
async def closed(websocket: WebSocket) -> None:
    raise HTTPException(404)


@inner.websocket("/socket-fails")
async def socket_fails(websocket: WebSocket) -> None:
    await websocket.accept()
    raise ValueError("in a WebSocket")


@app.get("/told/{name}")
async def told(name: str) -> list[Any]:
    return {"whole": whole, "part": part}[name].told


app.include_router(inner)
app.include_router(exporting)


def tags(response: Any) -> list[str]:
    return [value.strip() for value in response.headers.get("x-tag", "").split(",")]


def test_what_is_added_holds_in_the_scope_in_the_order_of_set_up(client: Any) -> None:
    response = client.get("/session")
    assert tags(response) == ["own", "exported", "soft", "late", "first"]
    assert response.json() == [
        "first /session",
        ["first", "late", "soft", "exported", "own"],
        "started",
        "started",
        "deep",  # of the plugin that was set up last
    ]


def test_what_is_added_to_a_router_holds_there_besides(client: Any) -> None:
    response = client.get("/inner/session")
    assert tags(response) == ["of router", "deep", "own", "exported", "soft", "late", "first"]
    assert response.json() == ["deep /inner/session", ["first", "late", "soft", "exported", "deep"]]


def test_what_is_exported_holds_where_the_router_is_included(client: Any) -> None:
    assert client.get("/exporting/session").text == "first /exporting/session"
    assert client.get("/about-exported").json()["prefix"] == ""
    assert client.get("/exporting/about-exported").status_code == 404


def test_a_marker_counts_more_than_a_source(client: Any) -> None:
    assert client.get("/marked").text == "marker"


@pytest.mark.parametrize(
    ("path", "prefix", "found"),
    [
        ("/about-first", "", "hello"),
        ("/about-late", "", "hello"),
        ("/inner/about-deep", "/inner", "hello from inside"),
    ],
)
def test_routes_and_values_are_those_of_the_scope(client: Any, path: str, prefix: str, found: str) -> None:
    response = client.get(path)
    assert (response.json()["prefix"], response.json()["found"]) == (prefix, found)


@pytest.mark.parametrize("path", ["/inner/about-first", "/about-deep"])
def test_routes_are_nowhere_else(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_exception_handlers_are_asked_from_within(client: Any) -> None:
    assert client.get("/key/a").text == "exported handled a"
    assert client.get("/inner/key/a").text == "deep handled a"


def test_what_is_not_found_passes_by_plugins_too(client: Any) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert tags(response) == ["own", "exported", "soft", "late", "first"]


def told_of(client: Any, name: str, path: str) -> list[list[Any]]:
    return [entry for entry in client.get(f"/told/{name}").json() if entry[1] == path]


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/marked", "/marked", 200),
        ("/refuses", "/refuses", 409),
        ("/key/told", "/key/{name}", 418),
        ("/no-such-route", None, 404),
    ],
)
def test_the_end_of_a_request_is_told(client: Any, eventually: Any, path: str, route: str | None, status: int) -> None:
    client.get(path)
    end = ["finished", path, route, status, None, True]
    assert eventually(lambda: told_of(client, "whole", path)[-1:], [end]) == [end]
    assert all(entry[1].startswith("/inner") for entry in client.get("/told/part").json())


def test_the_end_of_a_stream_is_told_when_it_has_ended(client: Any, eventually: Any) -> None:
    path = "/inner/stream"
    assert len(client.get(path).content) == 3000
    end = ["finished", path, path, 200, None, True]
    for name in ("whole", "part"):
        assert eventually(lambda name=name: told_of(client, name, path)[-1:], [end]) == [end]


@pytest.mark.parametrize(("name", "path"), [("part", "/inner/fails"), ("whole", "/inner/fails"), ("whole", "/fails")])
def test_an_error_that_nobody_expected_is_told_in_its_scopes(
    client: Any, eventually: Any, name: str, path: str
) -> None:
    assert client.get(path).status_code == 500
    told = [["failed", path, "ValueError('unexpected')"], ["finished", path, path, 500, None, True]]
    assert eventually(lambda: told_of(client, name, path)[-2:], told) == told
    assert told_of(client, "part", "/fails") == []


def test_a_stream_that_breaks_off_is_an_error(wire: Any, client: Any, eventually: Any) -> None:
    with wire.open() as connection:
        connection.sendall(b"GET /inner/broken HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        while connection.recv(4096):
            pass
    told = [["failed", "/inner/broken", "OSError('the disk')"]]
    assert eventually(lambda: told_of(client, "part", "/inner/broken")[:1], told) == told


def test_websockets_have_sources_and_ends(client: Any, eventually: Any) -> None:
    with client.websocket_connect("/inner/echo") as websocket:
        assert websocket.receive_text() == "deep /inner/echo"
        websocket.send_text("bye")
    end = ["finished", "/inner/echo", "/inner/echo", 101]
    for name in ("whole", "part"):
        assert eventually(lambda name=name: [e[:4] for e in told_of(client, name, "/inner/echo")[-1:]], [end]) == [end]


def test_a_refused_handshake_has_no_status(client: Any, eventually: Any) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/inner/closed"):
        pass
    end = ["finished", "/inner/closed", "/inner/closed", None, None, True]
    assert eventually(lambda: told_of(client, "part", "/inner/closed")[-1:], [end]) == [end]


def test_an_error_in_a_websocket_is_told(client: Any, eventually: Any) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/inner/socket-fails") as websocket:
        websocket.receive_text()
    path = "/inner/socket-fails"
    told = [["failed", path, "ValueError('in a WebSocket')"], ["finished", path, path, 101, 1011, True]]
    assert eventually(lambda: told_of(client, "part", path)[-2:], told) == told
