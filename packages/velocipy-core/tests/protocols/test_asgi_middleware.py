"""Middleware of ASGI from elsewhere, around an application of ours: on ASGI, and on RSGI by way of the bridge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from velocipy import (
    FileResponse,
    HTTPException,
    Middleware,
    Request,
    Response,
    StartupError,
    StreamingResponse,
    UnsupportedByServer,
    VelociPy,
    WebSocket,
)
from velocipy.middleware import HTTPApp, TimingMiddleware
from velocipy.testing import TestClient

word: ContextVar[str] = ContextVar("word", default="unset")
LARGE = 3 * 1024 * 1024


class Tagging:
    """Adds a header to every answer, and a word to the context and the state."""

    def __init__(self, app: Any, *, name: str = "tagging") -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["of_middleware"] = "there"
            await self.app(scope, receive, send)
            return
        word.set(self.name)
        scope["state"]["tag"] = self.name

        async def tagged(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-tag", self.name.encode())]
            await send(message)

        await self.app(scope, receive, tagged)


def inserting(app: Any, said: str) -> Any:
    """A middleware that is a function, answers some requests by itself, and changes others."""

    async def insert(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path")
        if path == "/stopped":
            await send({"type": "http.response.start", "status": 418, "headers": [(b"x-said", said.encode())]})
            await send({"type": "http.response.body", "body": b"a tea", "more_body": True})
            await send({"type": "http.response.body", "body": b"pot"})
            return
        if path == "/raising":
            raise RuntimeError("a middleware from elsewhere")
        if path == "/silent":
            return
        if path == "/broken":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": b"abc", "more_body": True})
            raise RuntimeError("in the middle")
        if path == "/refused" and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if path == "/renamed":
            scope = {**scope, "path": "/facts", "raw_path": b"/facts"}
        if path == "/below/facts":
            scope = {**scope, "root_path": "/below"}
        await app(scope, receive, send)

    return insert


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, Any]]:
    yield {"of_lifespan": "there"}


app = VelociPy(lifespan=lifespan)
app.add_asgi_middleware(Tagging, name="outer")
app.add_asgi_middleware(inserting, said="no")
app.add_middleware(TimingMiddleware)


@app.get("/facts")
async def facts(request: Request) -> dict[str, Any]:
    return {
        "word": word.get(),
        "state": {name: request.state.get(name) for name in ("tag", "of_lifespan", "of_middleware")},
        "path": request.path,
        "root_path": request.root_path,
        "query": request.query_string,
        "host": request.host,
        "header": request.header("x-asked"),
        "client": request.client is not None,
    }


@app.post("/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


@app.post("/count")
async def count(request: Request) -> StreamingResponse:
    async def counts() -> AsyncIterator[str]:
        total = 0
        async for chunk in request.stream():
            total += len(chunk)
        yield f"{total}"
        yield " bytes"

    return StreamingResponse(counts())


@app.get("/file")
async def file() -> FileResponse:
    return FileResponse(Path(__file__))


@app.get("/refusal")
async def refusal() -> None:
    raise HTTPException(409, "no")


ended: list[str] = []


@app.get("/endless")
async def endless() -> StreamingResponse:
    async def ticks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"tick" * 1000
                await asyncio.sleep(0.01)
        finally:
            ended.append("endless")

    return StreamingResponse(ticks())


@app.get("/ended")
async def ended_so_far() -> list[str]:
    return ended


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json([word.get(), websocket.path, websocket.scheme])
    async for message in websocket:
        if isinstance(message, str):
            await websocket.send_text(message.upper())
        else:
            await websocket.send_bytes(message[::-1])


said: list[str] = []


@app.websocket("/protocol")
async def protocol(websocket: WebSocket) -> None:
    try:
        await websocket.accept("chat")
    except UnsupportedByServer as error:
        said.append(str(error))
        await websocket.accept()
    await websocket.send_json([websocket.subprotocol, len(said)])


def test_what_it_sees_and_changes_arrives(client: Any) -> None:
    response = client.get("/facts?a=1&b=%20", headers={"x-asked": "yes", "host": "example.com:81"})
    assert response.headers["x-tag"] == "outer"
    assert "server-timing" in response.headers
    assert response.json() == {
        "word": "outer",
        "state": {"tag": "outer", "of_lifespan": "there", "of_middleware": "there"},
        "path": "/facts",
        "root_path": "",
        "query": "a=1&b=%20",
        "host": "example.com:81",
        "header": "yes",
        "client": True,
    }


def test_it_may_answer_by_itself(client: Any) -> None:
    response = client.get("/stopped")
    assert (response.status_code, response.text) == (418, "a teapot")
    assert (response.headers["x-said"], response.headers["x-tag"]) == ("no", "outer")
    assert "server-timing" not in response.headers


def test_it_may_change_the_path_and_the_root_path(client: Any) -> None:
    told = client.get("/renamed").json()
    assert (told["path"], told["root_path"]) == ("/facts", "")
    told = client.get("/below/facts").json()
    assert (told["path"], told["root_path"]) == ("/facts", "/below")


@pytest.mark.parametrize("path", ["/raising", "/silent"])
def test_one_that_fails_before_an_answer_is_a_500(client: Any, velocipy_target: Any, path: str) -> None:
    if velocipy_target.name == "asgi":  # in process there is no server that would answer
        with pytest.raises(Exception, match="a middleware from elsewhere|without sending a response"):
            client.get(path)
    else:
        assert client.get(path).status_code == 500
    assert client.get("/facts").status_code == 200


def test_one_that_breaks_off_does_not_look_whole(wire: Any) -> None:
    answer = wire.ask("GET", "/broken")
    assert answer.closed
    assert answer.body.count(b"abc") == 1
    assert len(answer.body) < 9
    assert wire.ask("GET", "/facts").status == 200


def test_errors_and_misses_pass_through_it(client: Any) -> None:
    for path, status in (("/refusal", 409), ("/nowhere", 404), ("/echo", 405)):
        response = client.get(path)
        assert (response.status_code, response.headers["x-tag"]) == (status, "outer")


def test_bodies_go_both_ways_whole(client: Any) -> None:
    body = bytes(range(256)) * (LARGE // 256)
    assert client.post("/echo", content=body).content == body
    assert client.post("/echo", content=b"").content == b""
    assert client.post("/count", content=iter([b"a" * 1000] * 100)).text == "100000 bytes"
    assert client.post("/echo", content=b"a" * 17 * 1024 * 1024).status_code == 413


def test_files_go_through_it(client: Any) -> None:
    content = Path(__file__).read_bytes()
    response = client.get("/file")
    assert (response.content, response.headers["content-length"]) == (content, str(len(content)))
    part = client.get("/file", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    head = client.head("/file")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(content)))


def test_a_stream_ends_when_its_client_has_left(wire: Any, eventually: Any) -> None:
    before = wire.ask("GET", "/ended").body
    with wire.open() as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        while b"tick" not in connection.recv(65536):
            pass
    assert eventually(lambda: wire.ask("GET", "/ended").body != before, True)


def test_websockets_go_through_it(client: Any) -> None:
    with client.websocket_connect("/chat") as websocket:
        assert websocket.receive_json() == ["outer", "/chat", "ws"]
        websocket.send_text("raptor")
        assert websocket.receive_text() == "RAPTOR"
        websocket.send_bytes(b"123")
        assert websocket.receive_bytes() == b"321"


@pytest.mark.parametrize("path", ["/refused", "/nowhere"])
def test_websockets_can_be_refused_through_it(client: Any, path: str) -> None:
    with pytest.raises(Exception, match="403|404"), client.websocket_connect(path):
        pass
    with client.websocket_connect("/chat") as websocket:
        assert websocket.receive_json()[0] == "outer"


def test_what_rsgi_has_no_way_to_do_is_told(client: Any, velocipy_target: Any) -> None:
    with client.websocket_connect("/protocol", subprotocols=["chat"]) as websocket:
        chosen, refusals = websocket.receive_json()
    if velocipy_target.interface == "rsgi":
        assert chosen is None
        assert refusals > 0
    else:
        assert (chosen, refusals) == ("chat", 0)


def of_starlette() -> VelociPy:
    pytest.importorskip("starlette", reason="Starlette is not installed")
    pytest.importorskip("itsdangerous", reason="Starlette's sessions take it")
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.middleware.sessions import SessionMiddleware

    class Timed(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-dispatched"] = request.url.path
            return response

    class Counting:
        """Uses the session that Starlette puts into the scope."""

        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope["session"]["seen"] = scope["session"].get("seen", 0) + 1
                scope["state"]["seen"] = scope["session"]["seen"]
            await self.app(scope, receive, send)

    app = VelociPy()
    app.add_asgi_middleware(CORSMiddleware, allow_origins=["https://example.com"])
    app.add_asgi_middleware(GZipMiddleware, minimum_size=10)
    app.add_asgi_middleware(SessionMiddleware, secret_key="secret")
    app.add_asgi_middleware(Counting)
    app.add_asgi_middleware(Timed)

    @app.get("/")
    async def index(request: Request) -> str:
        return f"seen {request.state.seen} " + "times " * 100

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(Path(__file__), media_type="application/octet-stream")

    return app


def test_middleware_of_starlette_works(client_factory: Any) -> None:
    pytest.importorskip("starlette", reason="Starlette is not installed")
    client = client_factory("of_starlette")
    origin = {"origin": "https://example.com"}
    for number in (1, 2, 3):
        response = client.get("/", headers=origin)
        assert response.text.startswith(f"seen {number} ")
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["access-control-allow-origin"] == "https://example.com"
        assert response.headers["x-dispatched"] == "/"
    preflight = client.options("/", headers={**origin, "access-control-request-method": "GET"})
    assert (preflight.status_code, preflight.text) == (200, "OK")
    assert client.post("/echo", content=b"abc" * 50_000).content == b"abc" * 50_000
    assert client.get("/file").content == Path(__file__).read_bytes()


def with_correlation_ids() -> VelociPy:
    from asgi_correlation_id import CorrelationIdMiddleware, correlation_id

    app = VelociPy()
    app.add_asgi_middleware(CorrelationIdMiddleware)

    @app.get("/")
    async def index() -> str:
        return str(correlation_id.get())

    return app


def test_correlation_ids_arrive_in_the_handler(client_factory: Any) -> None:
    pytest.importorskip("asgi_correlation_id", reason="asgi-correlation-id is not installed")
    response = client_factory("with_correlation_ids").get("/")
    assert response.text == response.headers["x-request-id"]
    assert len(response.text) == 32


# -- mistakes ---------------------------------------------------------------------------------------------------------


async def ours(request: Request, call_next: HTTPApp) -> Response:
    return await call_next(request)


class NoASGI:
    def __init__(self, app: Any) -> None:
        pass

    async def __call__(self, scope: Any) -> None: ...


class Needy:
    def __init__(self, app: Any, *, needed: str) -> None: ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (ours, "add it with add_middleware"),
        (TimingMiddleware, "TimingMiddleware"),
        (NoASGI, "returns a NoASGI, which is no ASGI application"),
        (lambda app: "text", "returns a str, which is no ASGI application"),
        (Needy, "needed"),
    ],
)
@pytest.mark.in_process
def test_what_is_no_asgi_middleware_ends_the_start(velocipy_target: Any, mistake: Any, message: str) -> None:
    broken = VelociPy()
    broken.add_asgi_middleware(mistake)
    with pytest.raises(StartupError, match=message):
        broken.freeze()
    with (
        pytest.raises(Exception, match="ASGI middleware"),
        TestClient(broken, interface=velocipy_target.interface),
    ):
        pass


def test_what_cannot_be_called_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="'gzip' is no middleware of ASGI"):
        VelociPy().add_asgi_middleware("gzip")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has its options"):
        VelociPy().add_asgi_middleware(Middleware(Tagging, name="a"), name="b")


def test_asgi_middleware_is_not_added_as_ours() -> None:
    broken = VelociPy()
    broken.add_middleware(Tagging)
    with pytest.raises(StartupError, match="add_asgi_middleware"):
        broken.freeze()


@pytest.mark.in_process
def test_it_may_be_added_while_the_application_serves(velocipy_target: Any) -> None:
    late = VelociPy()
    late.add_asgi_middleware(Tagging, name="first")
    late.add_route("/facts", facts)
    with TestClient(late, interface=velocipy_target.interface) as client:
        assert client.get("/facts").headers.get_list("x-tag") == ["first"]
        late.add_asgi_middleware(Tagging, name="second")
        response = client.get("/facts")
        assert response.headers.get_list("x-tag") == ["second", "first"]
        assert response.json()["state"]["tag"] == "second"


def failing_start() -> VelociPy:
    @asynccontextmanager
    async def no_database(app: VelociPy) -> AsyncIterator[None]:
        raise RuntimeError("no database today")
        yield

    app = VelociPy(lifespan=no_database)
    app.add_asgi_middleware(Tagging)
    return app


def no_lifespan(app: Any) -> Any:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError(scope["type"])

    return fail


@pytest.mark.in_process
def test_one_that_breaks_the_lifespan_is_told_where_nobody_else_would(velocipy_target: Any) -> None:
    if velocipy_target.interface == "asgi":
        pytest.skip("ASGI leaves it to the server")
    broken = VelociPy()
    broken.add_asgi_middleware(no_lifespan)
    with (
        pytest.raises(StartupError, match="the application has not started: KeyError"),
        TestClient(broken, interface="rsgi"),
    ):
        pass


@pytest.mark.in_process
def test_a_start_that_fails_within_it_is_told(velocipy_target: Any) -> None:
    with (
        pytest.raises(Exception, match="no database today"),
        TestClient(failing_start(), interface=velocipy_target.interface),
    ):
        pass
