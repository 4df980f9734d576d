"""Middleware: of the application, of routers and of routes; functions and classes."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    APIRouter,
    BaseMiddleware,
    Depends,
    FileResponse,
    HTTPException,
    JSONResponse,
    Middleware,
    PlainTextResponse,
    Request,
    Response,
    StaticFiles,
    StreamingResponse,
    VelociPy,
)
from velocipy.middleware import (
    CORSMiddleware,
    GZipMiddleware,
    HTTPApp,
    RequestIDMiddleware,
    SecurityHeadersMiddleware,
    TimingMiddleware,
)
from velocipy.testing import TestClient

who: ContextVar[str] = ContextVar("who", default="nobody")


def tell(response: Response, name: str) -> Response:
    response.headers.append("x-seen", name)
    return response


async def first(request: Request, call_next: HTTPApp) -> Response:
    who.set("first")
    response = await call_next(request)
    response.headers["x-who"] = who.get()
    return tell(response, "first")


class Second:
    def __init__(self, name: str = "second") -> None:
        self.name = name
        self.requests = 0

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        self.requests += 1
        response = await call_next(request)
        response.headers["x-status"] = str(response.status_code)
        return tell(response, self.name)


class Third(BaseMiddleware):
    def __init__(self, app: HTTPApp, *, path: str) -> None:
        super().__init__(app)
        self.path = path

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        if request.path == self.path:
            request.path = "/plain"
        if request.header("x-stop") is not None:
            return PlainTextResponse("stopped", 418)
        if request.header("x-raise") is not None:
            raise HTTPException(409, "raised in middleware")
        return tell(await self.app(request), "third")


async def of_router(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    assert request.path_params == {"number": request.path.rpartition("/")[2]}
    return tell(response, "router")


async def of_route(request: Request, call_next: HTTPApp) -> Response:
    body = await request.body()
    response = await call_next(request)
    response.headers["x-body"] = body.decode()
    return tell(response, "route")


app = VelociPy(middleware=[first, Middleware(Second, name="second")], max_content_length=100)
app.add_middleware(Third, path="/rewritten")
router = APIRouter("/routed", middleware=[of_router])


@app.get("/plain")
async def plain() -> dict[str, str]:
    who.set(f"{who.get()} and the handler")
    return {"who": who.get()}


@app.get("/in-thread")
def in_thread() -> str:
    return who.get()


@app.get("/fails/{kind}")
async def fails(kind: str) -> None:
    raise {"http": HTTPException(403), "other": RuntimeError("hunter2")}[kind]


async def opened() -> AsyncIterator[str]:
    try:
        yield "open"
    except HTTPException as error:
        if error.status_code == 400:
            raise HTTPException(410, "seen by the dependency") from None
        raise


@app.get("/depends")
async def depends(opened: Annotated[str, Depends(opened)], q: int = 0) -> str:
    if q:
        raise HTTPException(400)
    return opened


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number} "
            await asyncio.sleep(0)

    return StreamingResponse(chunks())


@router.post("/{number}", middleware=[of_route], status_code=201)
async def routed(number: int, data: list[int]) -> list[int]:
    return [number, *data]


@router.get("/{number}")
async def read(number: int) -> None:
    return None


app.include_router(router)


def seen(response: Any) -> list[str]:
    return [name for line in response.headers.get_list("x-seen") for name in line.split(", ")]


def test_the_first_that_was_added_is_the_outermost(client: Client) -> None:
    answer = client.get("/plain")
    assert seen(answer) == ["third", "second", "first"]
    assert answer.headers["x-status"] == "200"


def test_context_variables_travel_both_ways(client: Client) -> None:
    answer = client.get("/plain")
    assert answer.json() == {"who": "first and the handler"}
    assert answer.headers["x-who"] == "first and the handler"
    assert client.get("/in-thread").text == "first"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("DELETE", "/plain", 405),
        ("OPTIONS", "/plain", 200),
        ("GET", "/fails/http", 403),
        ("GET", "/fails/other", 500),
        ("GET", "/depends?q=x", 422),
        ("GET", "/depends?q=1", 410),
        ("GET", "/depends", 200),
        ("HEAD", "/plain", 200),
        ("GET", "/plain/", 200),
    ],
)
def test_it_sees_every_answer_as_a_response(client: Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["x-status"]) == (status, str(status))
    assert seen(answer) == ["third", "second", "first"]


def test_a_path_that_is_changed_is_routed(client: Client) -> None:
    assert client.get("/rewritten").json() == {"who": "first and the handler"}


def test_it_may_answer_itself(client: Client) -> None:
    answer = client.get("/plain", headers={"x-stop": "1"})
    assert (answer.status_code, answer.text, seen(answer)) == (418, "stopped", ["second", "first"])


def test_what_it_raises_becomes_an_answer_that_those_outside_see(client: Client) -> None:
    answer = client.get("/plain", headers={"x-raise": "1"})
    assert (answer.status_code, answer.json()) == (409, {"detail": "raised in middleware"})
    assert (seen(answer), answer.headers["x-status"]) == (["second", "first"], "409")


def test_a_stream_passes_through(client: Client) -> None:
    answer = client.get("/stream")
    assert (answer.text, seen(answer)) == ("0 1 2 ", ["third", "second", "first"])


def test_routers_and_routes_have_their_own_within(client: Client) -> None:
    answer = client.post("/routed/5", json=[1, 2])
    assert (answer.status_code, answer.json()) == (201, [5, 1, 2])
    assert seen(answer) == ["route", "router", "third", "second", "first"]
    assert answer.headers["x-body"].replace(" ", "") == "[1,2]"
    assert seen(client.get("/routed/5")) == ["router", "third", "second", "first"]


def test_those_of_a_route_see_its_errors_and_limits(client: Client) -> None:
    answer = client.post("/routed/five", json=["x"])
    assert (answer.status_code, seen(answer)) == (422, ["route", "router", "third", "second", "first"])
    answer = client.post("/routed/5", content=b"[" + b" " * 200 + b"]", headers={"content-type": "application/json"})
    assert answer.status_code == 413


sensitive = VelociPy()
frames: list[str] = []


async def counting(request: Request, call_next: HTTPApp) -> Response:
    return await call_next(request)


sensitive.add_middleware(counting)
sensitive.add_middleware(counting)


async def value(q: int = 0) -> int:
    return q


def frames_below(name: str) -> list[str]:
    frame = inspect.currentframe()
    found: list[str] = []
    while frame is not None and frame.f_code.co_name != name:
        frame = frame.f_back
        if frame is not None:
            found.append(frame.f_code.co_name)
    return found


@sensitive.post("/frames")
async def count_frames(value: Annotated[int, Depends(value)], data: list[int]) -> list[str]:
    return frames_below("serve")


@pytest.mark.velocipy_app("sensitive")
def test_each_costs_two_frames_on_the_way_to_the_handler_and_the_outermost_one(client: Client) -> None:
    names = client.post("/frames", json=[1]).json()
    assert names == ["count_frames", "plan", "counting", "call", "counting", "serve"]


# -- within the built-in ones ------------------------------------------------------------------------------------------

SHARED = PlainTextResponse("shared", headers={"vary": "x-mine"})
BUILT_IN = [
    Middleware(CORSMiddleware, allow_origins=["https://there.example"]),
    SecurityHeadersMiddleware,
    RequestIDMiddleware,
    TimingMiddleware,
    Middleware(GZipMiddleware, minimum_size=0),
]

guarded = VelociPy(middleware=BUILT_IN)
guarded_route = VelociPy()


async def shares(request: Request, call_next: HTTPApp) -> Any:
    match request.header("x-do"):
        case "share":
            return SHARED
        case "raise":
            raise HTTPException(409)
        case "fail":
            raise RuntimeError("hunter2")
        case "nothing":
            return None
        case "file":
            return FileResponse(__file__)
        case "no file":
            return FileResponse(f"{__file__}.missing")
        case "false header":
            response = await call_next(request)
            response.headers = {"x-a": "b\r\nc"}  # type: ignore[assignment]
            return response
    return await call_next(request)


guarded.add_middleware(shares)


@guarded.get("/shared")
@guarded_route.get("/shared", middleware=[*BUILT_IN, shares])
async def shared() -> Response:
    return SHARED


THERE = {"origin": "https://there.example"}


@pytest.mark.parametrize("name", ["guarded", "guarded_route"])
@pytest.mark.parametrize("what", ["", "share"])
def test_a_response_that_is_returned_to_everybody_stays_as_it_is(client_factory: Any, name: str, what: str) -> None:
    client = client_factory(name)
    answers = [client.get("/shared", headers={**THERE, "x-do": what}) for _ in range(3)]
    assert [answer.text for answer in answers] == ["shared"] * 3
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    for header in ("access-control-allow-origin", "x-frame-options", "x-request-id", "server-timing", "content-type"):
        assert [len(answer.headers.get_list(header)) for answer in answers] == [1] * 3
    assert [answer.headers["vary"] for answer in answers] == ["x-mine, Accept-Encoding, Origin"] * 3
    assert SHARED.headers.items() == [("vary", "x-mine"), ("content-type", "text/plain; charset=utf-8")]
    assert SHARED.body == b"shared"


@pytest.mark.parametrize("name", ["guarded", "guarded_route"])
@pytest.mark.parametrize(
    ("what", "status"), [("raise", 409), ("fail", 500), ("nothing", 500), ("no file", 500), ("false header", 500)]
)
def test_the_answer_to_its_failure_has_the_headers_of_those_outside(
    client_factory: Any, name: str, what: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client_factory(name).get("/shared", headers={**THERE, "x-do": what})
    assert answer.status_code == status
    assert "hunter2" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "https://there.example"
    assert answer.headers["x-frame-options"] == "DENY"
    assert len(answer.headers["x-request-id"]) == 32


# -- files -------------------------------------------------------------------------------------------------------------

filing = VelociPy(middleware=[Middleware(Second, name="second"), Middleware(GZipMiddleware, minimum_size=10)])


@filing.get("/file")
@filing.get("/file-of-route", middleware=[of_file := Second("route")])
async def file(missing: bool = False) -> FileResponse:
    return FileResponse(f"{__file__}.missing" if missing else __file__)


@filing.exception_handler(FileNotFoundError)
async def not_there(request: Request, error: FileNotFoundError) -> Response:
    return PlainTextResponse("no such file", 404)


filing.mount("/static", StaticFiles(Path(__file__).parent))


@pytest.mark.velocipy_app("filing")
@pytest.mark.parametrize("path", ["/file", "/file-of-route", f"/static/{Path(__file__).name}"])
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"range": "bytes=0-9"}, 206),
        ({"range": "bytes=99999999-"}, 416),
        ({"if-match": '"other"'}, 412),
        ({"if-none-match": "*"}, 304),
    ],
)
def test_it_sees_what_a_file_comes_to(client: Client, path: str, fields: dict[str, str], status: int) -> None:
    answer = client.get(path, headers={**fields, "accept-encoding": "identity"})
    assert (answer.status_code, answer.headers["x-status"]) == (status, str(status))
    if status == 200:
        assert answer.content == Path(__file__).read_bytes()
    if status == 206:
        assert answer.content == Path(__file__).read_bytes()[:10]


@pytest.mark.velocipy_app("filing")
@pytest.mark.parametrize("path", ["/file", "/file-of-route"])
def test_it_sees_the_answer_to_a_file_that_is_not_there(client: Client, path: str) -> None:
    answer = client.get(f"{path}?missing=1")
    assert (answer.status_code, answer.text, answer.headers["x-status"]) == (404, "no such file", "404")


@pytest.mark.velocipy_app("filing")
@pytest.mark.parametrize("path", ["/file", f"/static/{Path(__file__).name}"])
def test_a_small_file_is_compressed_and_known_again(client: Client, path: str) -> None:
    answer = client.get(path, headers={"accept-encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.content) == ("gzip", Path(__file__).read_bytes())
    assert "accept-ranges" not in answer.headers
    again = client.get(path, headers={"accept-encoding": "gzip", "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])
    part = client.get(path, headers={"accept-encoding": "gzip", "range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, Path(__file__).read_bytes()[:10])
    head = client.head(path, headers={"accept-encoding": "gzip"})
    for name in ("content-encoding", "content-length", "content-type", "etag", "last-modified", "vary"):
        assert head.headers[name] == answer.headers[name]


# -- mistakes ----------------------------------------------------------------------------------------------------------

wrong = VelociPy()


@wrong.middleware("http")
async def returns_data(request: Request, call_next: Any) -> Any:
    return {"no": "response"}


@pytest.mark.velocipy_app("wrong")
def test_what_is_no_response_is_an_error_of_the_server(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        assert client.get("/").status_code == 500


class Picky:
    def __init__(self, *, size: int) -> None:
        if size < 0:
            raise ValueError(f"size is {size}")

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        return await call_next(request)


class ASGI:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


def not_async(request: Request, call_next: HTTPApp) -> Any: ...


async def one_argument(request: Request) -> Any: ...


async def nothing() -> None: ...


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("middleware", "message"),
    [
        (Middleware(Picky), "size"),
        (Middleware(Picky, size=-1), "size is -1"),
        (Middleware(Picky, size=1, colour="red"), "colour"),
        (Middleware(first, size=1), "no options"),
        (ASGI, "add_asgi_middleware"),
        (not_async, "not declared async"),
        (one_argument, r"\(request, call_next\)"),
    ],
)
@pytest.mark.parametrize("where", ["application", "router", "route"])
def test_what_cannot_be_made_is_told_at_start(middleware: Any, message: str, where: str) -> None:
    broken = VelociPy(middleware=[middleware] if where == "application" else [])
    inner = APIRouter(middleware=[middleware] if where == "router" else [])
    inner.add_route("/", one_argument, middleware=[middleware] if where == "route" else [])
    broken.include_router(inner)
    with pytest.raises(ValueError, match=message):
        broken.freeze()


@pytest.mark.in_process
@pytest.mark.parametrize(
    "declare",
    [
        lambda app: app.add_middleware(Picky, size=-1),
        lambda app: app.add_route("/", nothing, middleware=[Middleware(Picky, size=-1)]),
        lambda app: app.add_middleware(Middleware(Picky, colour="red")),
    ],
)
def test_what_cannot_be_made_is_told_with_the_line_that_declares_it(declare: Any) -> None:
    broken = VelociPy()
    declare(broken)
    broken.add_route("/other", nothing)
    with pytest.raises(ValueError, match=rf"test_middleware\.py:{declare.__code__.co_firstlineno}: the middleware"):
        broken.freeze()


@pytest.mark.in_process
def test_what_is_none_at_all_is_refused_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="5 is no middleware"):
        VelociPy().add_middleware(5)
    theirs = type("Middleware", (), {"__module__": "starlette.middleware"})()
    with pytest.raises(TypeError, match=r"the Middleware of starlette\.middleware, take velocipy\.Middleware"):
        VelociPy().add_middleware(theirs)
    with pytest.raises(TypeError, match="say size there"):
        VelociPy().add_middleware(Middleware(Picky), size=5)
    with pytest.raises(ValueError, match="no 'lifespan'"):
        VelociPy().middleware("lifespan")


@pytest.mark.in_process
def test_a_middleware_is_made_once_and_keeps_what_it_knows(client: Client) -> None:
    counted = Second()
    counting_app = VelociPy(middleware=[counted])
    counting_app.add_route("/", plain)
    with TestClient(counting_app) as test_client:
        test_client.get("/")
        counting_app.dependency_overrides[value] = opened  # freezes again
        test_client.get("/")
        counting_app.add_middleware(Third, path="/x")
        assert seen(test_client.get("/")) == ["third", "second"]
    assert counted.requests == 3


@pytest.mark.in_process
def test_a_middleware_may_be_made_of_an_object(client: Client) -> None:
    assert repr(Middleware(Second, name="a")) == "Middleware(Second, name=...)"


class Gate:
    def __init__(self, path: str) -> None:
        self.path = path

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        if request.path == self.path:
            return JSONResponse({"closed": self.path}, 403)
        return await call_next(request)


gated = VelociPy(middleware=[Middleware(Gate, path="/outer"), Middleware(Gate, path="/inner"), GZipMiddleware])
gated_router = APIRouter(middleware=[Middleware(Gate, path="/router")])
gated_router.add_route("/route", plain, middleware=[Middleware(Gate, path="/route")])
gated_router.add_route("/router", plain)
gated.include_router(gated_router)


@pytest.mark.parametrize("path", ["/outer", "/inner", "/router", "/route"])
def test_a_middleware_may_answer_with_json(client_factory: Any, path: str) -> None:
    response = client_factory("gated").get(path)
    assert (response.status_code, response.json()) == (403, {"closed": path})
