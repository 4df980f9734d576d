"""Applications that are mounted: ours, those of ASGI and of WSGI, on both protocols."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from velocipy import (
    APIRouter,
    Depends,
    HTTPConnection,
    HTTPException,
    Request,
    Response,
    StartupError,
    StartupErrorGroup,
    VelociPy,
    WebSocket,
)
from velocipy.middleware import HTTPApp
from velocipy.testing import TestClient

events: list[str] = []


def living(name: str) -> Any:
    @asynccontextmanager
    async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, Any]]:
        events.append(f"{name} starts")
        yield {"of": name, name: True}
        events.append(f"{name} ends")

    return lifespan


async def within(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    response.headers["x-within"] = "yes"
    return response


inner = VelociPy("inner", lifespan=living("inner"), middleware=[within])


@inner.get("/", name="index")
async def inner_index(request: Request) -> list[str]:
    return ["index", request.path]


@inner.get("/facts/{name}", name="facts")
async def inner_facts(request: Request, name: str) -> dict[str, Any]:
    return {
        "app": request.app.title,
        "paths": [request.root_path, request.path, request.raw_path],
        "url": str(request.url_for("facts", name="b")),
        "state": [request.state.get("of"), request.state.get("outer"), request.state.get("left")],
        "query": request.query_string,
    }


@inner.route("/any", methods=["PUT", "DELETE", "QUERY"])
async def inner_any(request: Request) -> str:
    return f"{request.method} {len(await request.body())}"


@inner.exception_handler(KeyError)
async def inner_key_error(request: Request, error: KeyError) -> Response:
    return Response("inner handled it", 418)


@inner.get("/fails")
async def inner_fails() -> None:
    raise KeyError("inner")


@inner.websocket("/chat/{room}")
async def inner_chat(websocket: WebSocket, room: str) -> None:
    await websocket.accept()
    await websocket.send_json([websocket.app.title, websocket.root_path, websocket.path, room])
    async for message in websocket.iter_text():
        await websocket.send_text(message.upper())


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    """A small application of ASGI, which knows no lifespan."""
    if scope["type"] == "lifespan":
        raise ValueError("what is a lifespan?")
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "bytes": message["text"].encode()})
        await send({"type": "websocket.close", "code": 1000})
        return
    local = scope["path"].removeprefix(scope["root_path"])
    if local == "/raises":
        raise RuntimeError("foreign")
    if local == "/waits":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        events.append("foreign saw the client leave")
        return
    if local == "/events":
        body = ",".join(events).encode()
    else:
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        body = f"{scope['method']} {scope['root_path']} {scope['path']} {size}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def around(request: Request, call_next: HTTPApp) -> Response:
    request.state.left = "by the outer"
    response = await call_next(request)
    response.headers["x-around"] = "yes"
    return response


def only_known(connection: HTTPConnection) -> None:
    if connection.header("x-key") is None:
        raise HTTPException(401)


app = VelociPy("outer", lifespan=living("outer"), middleware=[around])
app.mount("/sub", inner, name="sub")
app.mount("/again/{tenant}", inner)
app.mount("/foreign", foreign)
guarded = APIRouter(prefix="/guarded", dependencies=[Depends(only_known)])
guarded.mount("/foreign", foreign, max_content_length=10)
app.include_router(guarded)


@app.get("/sub/facts/ours")
async def ours() -> str:
    return "more specific"


@app.get("/events")
async def all_events() -> list[str]:
    return events


@app.get("/url")
async def url(request: Request) -> str:
    return request.app.url_for("sub", path="facts/a")


def test_an_application_is_whole_below_its_mount(client: Any) -> None:
    response = client.get("/sub/facts/a%20b?q=1", headers={"host": "x"})
    assert response.json() == {
        "app": "inner",
        "paths": ["/sub", "/facts/a b", "/facts/a%20b"],
        "url": "http://x/sub/facts/b" if response.url.scheme == "http" else "https://x/sub/facts/b",
        "state": ["inner", True, "by the outer"],
        "query": "q=1",
    }
    assert (response.headers["x-within"], response.headers["x-around"]) == ("yes", "yes")


def test_one_application_may_be_mounted_twice(client: Any) -> None:
    told = client.get("/again/blue/facts/a", headers={"host": "x"}).json()
    assert told["paths"] == ["/again/blue", "/facts/a", "/facts/a"]
    assert told["url"].endswith("x/again/blue/facts/b")


@pytest.mark.parametrize("path", ["/sub", "/sub/"])
def test_the_place_of_a_mount_belongs_to_it(client: Any, path: str) -> None:
    assert client.get(path).json() == ["index", "/"]


def test_what_is_beside_a_mount_does_not_belong_to_it(client: Any) -> None:
    for path in ("/subway", "/sub2/facts/a"):
        response = client.get(path)
        assert (response.status_code, "x-within" in response.headers) == (404, False)


def test_the_name_of_a_mount_within_it_is_no_other_way_to_it(client: Any) -> None:
    response = client.get("/sub/sub/facts/a")
    assert (response.status_code, response.headers["x-within"]) == (404, "yes")


def test_more_specific_routes_go_before_a_mount(client: Any) -> None:
    assert client.get("/sub/facts/ours").text == "more specific"
    assert client.get("/url").text == "/sub/facts/a"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "QUERY"])
def test_every_method_arrives(client: Any, method: str) -> None:
    assert client.request(method, "/sub/any", content=b"abc").text == f"{method} 3"
    assert client.request(method, "/foreign/x", content=b"abcd").text == f"{method} /foreign /foreign/x 4"


@pytest.mark.parametrize("path", ["/sub/facts/a", "/foreign/some"])
def test_head_has_the_length_of_the_answer_to_get(client: Any, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) in (len(get.content), len(get.content) + 1)  # it may tell the method


def test_misses_and_errors_are_those_of_the_inner_application(client: Any) -> None:
    assert client.post("/sub/facts/a").headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.get("/sub/nowhere").status_code == 404
    assert client.head("/sub/facts/a").content == b""
    response = client.get("/sub/fails")
    assert (response.status_code, response.text) == (418, "inner handled it")


def test_what_fails_without_an_answer_is_ours_to_answer(client: Any) -> None:
    response = client.get("/foreign/raises")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert response.headers["x-around"] == "yes"


def test_dependencies_and_limits_of_a_router_come_before_its_mounts(client: Any) -> None:
    assert client.post("/guarded/foreign", content=b"abc").status_code == 401
    known = {"x-key": "1"}
    assert client.post("/guarded/foreign/y", content=b"abc", headers=known).text.endswith("/guarded/foreign/y 3")
    assert client.post("/guarded/foreign", content=b"a" * 11, headers=known).status_code == 413
    chunked = client.post("/guarded/foreign", content=iter([b"a" * 6, b"b" * 6]), headers=known)
    assert chunked.status_code == 413


def test_a_foreign_body_has_no_limit_of_ours(client: Any) -> None:
    size = 17 * 1024 * 1024
    assert client.post("/foreign/x", content=b"a" * size).text == f"POST /foreign /foreign/x {size}"


def test_an_application_sees_its_client_leave(wire: Any, eventually: Any) -> None:
    with wire.open() as connection:
        connection.sendall(b"GET /foreign/waits HTTP/1.1\r\nhost: x\r\n\r\n")
        while b"begun" not in connection.recv(65536):
            pass
    assert eventually(lambda: b"saw the client leave" in wire.ask("GET", "/events").body, True)


def test_websockets_are_mounted_as_well(client: Any) -> None:
    with client.websocket_connect("/sub/chat/a%20b") as websocket:
        assert websocket.receive_json() == ["inner", "/sub", "/chat/a b", "a b"]
        websocket.send_text("raptor")
        assert websocket.receive_text() == "RAPTOR"
    with client.websocket_connect("/foreign/chat") as websocket:
        websocket.send_text("raptor")
        assert websocket.receive_bytes() == b"raptor"


def test_websockets_that_nobody_serves_are_refused(client: Any) -> None:
    with pytest.raises(Exception, match="403|404"), client.websocket_connect("/sub/nowhere"):
        pass


def test_lifespans_are_nested(client: Any) -> None:
    assert [event for event in client.get("/events").json() if event.endswith("starts")][-2:] == [
        "outer starts",
        "inner starts",
    ]


@pytest.mark.in_process
def test_lifespans_are_left_in_reverse(client_factory: Any) -> None:
    events.clear()
    client_factory("app").close()
    assert events == ["outer starts", "inner starts", "inner ends", "outer ends"]


# -- deeper, and from elsewhere ---------------------------------------------------------------------------------------

middle = VelociPy("middle")
middle.mount("/inner", inner)
deep = VelociPy("deep", root_path="/root")
deep.mount("/middle", middle)
deep.mount("/", foreign)


def test_mounts_within_mounts(client_factory: Any) -> None:
    client = client_factory("deep")
    for prefix in ("", "/root"):
        told = client.get(f"{prefix}/middle/inner/facts/a", headers={"host": "x"}).json()
        assert told["paths"] == ["/root/middle/inner", "/facts/a", "/facts/a"]
        assert told["url"].endswith("://x/root/middle/inner/facts/b")
        assert told["state"][0] == "inner"
    assert client.get("/else").text == "GET /root /root/else 0"


def of_starlette() -> VelociPy:
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute

    async def facts(request: Any) -> Any:
        return JSONResponse([request.url.path, request.state.of, str(request.url_for("facts").path)])

    async def stream(request: Any) -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 10_000
                await asyncio.sleep(0)

        return StreamingResponse(chunks())

    async def chat(websocket: Any) -> None:
        await websocket.accept()
        await websocket.send_json(websocket.url.path)
        await websocket.close()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        yield {"of": "starlette"}

    routes = [Route("/facts", facts), Route("/stream", stream), WebSocketRoute("/chat", chat)]
    app = VelociPy()
    app.mount("/other", Starlette(routes=routes, lifespan=lifespan))
    return app


def test_an_application_of_starlette(client_factory: Any) -> None:
    pytest.importorskip("starlette", reason="Starlette is not installed")
    client = client_factory("of_starlette")
    assert client.get("/other/facts").json() == ["/other/facts", "starlette", "/other/facts"]
    assert client.get("/other/stream").content == b"x" * 1_000_000
    assert "content-length" not in client.head("/other/stream").headers
    assert client.get("/other/nowhere").text == "Not Found"
    with client.websocket_connect("/other/chat") as websocket:
        assert websocket.receive_json() == "/other/chat"


def wsgi(environ: Any, start_response: Any) -> Iterator[bytes]:
    body = environ["wsgi.input"].read()
    start_response("201 Created", [("content-type", "text/plain"), ("x-wsgi", "yes")])
    yield f"{environ['REQUEST_METHOD']} {environ['SCRIPT_NAME']} {environ['PATH_INFO']} ".encode()
    yield body


def of_wsgi() -> VelociPy:
    app = VelociPy()
    app.mount("/old", wsgi)
    return app


def test_an_application_of_wsgi(client_factory: Any) -> None:
    pytest.importorskip("a2wsgi", reason="a2wsgi, of the extra wsgi, is not installed")
    client = client_factory("of_wsgi")
    response = client.post("/old/way/home", content=b"body")
    assert (response.status_code, response.text) == (201, "POST /old /way/home body")
    assert response.headers["x-wsgi"] == "yes"
    assert client.get("/old").text == "GET /old  "


# -- mistakes ---------------------------------------------------------------------------------------------------------


def test_a_wsgi_application_takes_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "a2wsgi", None)
    with pytest.raises(StartupError, match=r"a2wsgi, which is not installed. Run: pip install"):
        of_wsgi().freeze()


def test_what_is_not_clear_is_to_be_said() -> None:
    async def unclear(s, r, t):  # type: ignore[no-untyped-def]
        await foreign(s, r, t)

    for target in (unclear, lambda *arguments: None):
        with pytest.raises(TypeError, match="is not clear; say kind='asgi'"):
            VelociPy().mount("/x", target)
    said = VelociPy()
    said.mount("/x", unclear, kind="asgi")
    with TestClient(said, interface="rsgi") as client:
        assert client.get("/x/y").text == "GET /x /x/y 0"
    with pytest.raises(ValueError, match="not 'cgi'"):
        VelociPy().mount("/x", unclear, kind="cgi")  # type: ignore[arg-type]


def test_mistakes_within_end_the_start() -> None:
    mistaken = VelociPy()

    @mistaken.get("/{a}/{a}")
    async def handler() -> None: ...

    outer = VelociPy()
    outer.mount("/sub", mistaken)
    with pytest.raises(StartupErrorGroup, match="names 'a' twice"):
        outer.freeze()
    placed = VelociPy()
    placed.mount("/sub", VelociPy(root_path="/sub"))
    with pytest.raises(StartupError, match="Leave the root_path out"):
        placed.freeze()


def test_no_application_is_mounted_within_itself() -> None:
    one, two = VelociPy(), VelociPy()
    one.mount("/two", two)
    two.mount("/one", one)
    with pytest.raises(StartupError, match="mounted within itself"):
        one.freeze()


def test_two_applications_at_one_place_end_the_start() -> None:
    broken = VelociPy()
    broken.mount("/sub", foreign)
    broken.mount("/sub/", inner)
    with pytest.raises(Exception, match="/sub/{path\\*} is already answered"):
        broken.freeze()


@pytest.mark.in_process
def test_a_lifespan_that_fails_ends_the_start(velocipy_target: Any) -> None:
    @asynccontextmanager
    async def failing(app: VelociPy) -> AsyncIterator[None]:
        raise RuntimeError("no database today")
        yield

    outer = VelociPy(lifespan=living("outer"))
    outer.mount("/sub", VelociPy(lifespan=failing))
    events.clear()
    with (
        pytest.raises(Exception, match=r"(?s)the application mounted at /sub/ has not started.*no database today"),
        TestClient(outer, interface=velocipy_target.interface),
    ):
        pass
    assert events == ["outer starts"]
