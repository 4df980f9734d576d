"""Middleware around WebSockets: of the application, of routers and of routes; and what the built-in ones do there."""

from contextvars import ContextVar
from typing import Any

import pytest

from velocipy import (
    APIRouter,
    BaseMiddleware,
    HTTPException,
    Middleware,
    Request,
    Response,
    VelociPy,
    WebSocket,
    WebSocketException,
)
from velocipy.middleware import (
    CORSMiddleware,
    ForwardedMiddleware,
    HTTPSRedirectMiddleware,
    RequestIDMiddleware,
    TrustedHostMiddleware,
)
from velocipy.testing import WebSocketClosed, WebSocketDenied

Client = Any
passed: ContextVar[str] = ContextVar("passed", default="")
seen: list[str] = []

app = VelociPy()


@app.middleware("websocket")
async def outermost(websocket: WebSocket, call_next: Any) -> None:
    passed.set("outermost")
    try:
        await call_next(websocket)
    except Exception as error:
        seen.append(f"{type(error).__name__} seen")
        raise
    seen.append(f"after {passed.get()}")


class Second(BaseMiddleware):
    """Stands around both."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-second"] = "request"
        return response

    async def dispatch_websocket(self, websocket: WebSocket, call_next: Any) -> None:
        if websocket.query_params.get("secret") == "no":
            raise HTTPException(402, "refused outside")
        if websocket.path == "/moved":
            websocket.path = "/ws"
        passed.set(f"{passed.get()} second")
        await call_next(websocket)


class RequestsAlone(BaseMiddleware):
    """Knows nothing of WebSockets."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        await request.body()  # which a WebSocket does not have
        response: Response = await call_next(request)
        return response


app.add_middleware(Second)
app.add_middleware(RequestsAlone)


@app.get("/seen")
async def tell_seen() -> list[str]:
    told = seen.copy()
    seen.clear()
    return told


@app.websocket("/ws")
async def plain(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(passed.get())
    passed.set("the handler")


class Tag:
    """Without a base, and with an option."""

    def __init__(self, word: str) -> None:
        self.word = word

    async def dispatch_websocket(self, websocket: WebSocket, call_next: Any) -> None:
        passed.set(f"{passed.get()} {self.word}")
        await call_next(websocket)


router = APIRouter(prefix="/inner", middleware=[Middleware(Tag, word="router")])


@router.websocket("/ws", middleware=[Middleware(Tag, word="route")])
async def inner(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(passed.get())


@router.websocket("/fails")
async def fails(websocket: WebSocket) -> None:
    await websocket.accept()
    raise WebSocketException(4000)


@router.get("/page")
async def page() -> str:
    return passed.get()


app.include_router(router)


@pytest.fixture
def answers_denials(velocipy_target: Any) -> bool:
    return bool(velocipy_target.name != "gunicorn")


def denial(client: Client, url: str, **options: Any) -> Any:
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(url, **options):
        pass
    return denied.value.response


def test_middleware_refuses_before_anything_else_runs(client: Client, answers_denials: bool) -> None:
    assert denial(client, "/ws?secret=no").status_code == (402 if answers_denials else 403)
    assert denial(client, "/nowhere?secret=no").status_code == (402 if answers_denials else 403)
    assert denial(client, "/nowhere").status_code == (404 if answers_denials else 403)


def test_middleware_of_the_application_stands_around_routing(client: Client, eventually: Any) -> None:
    client.get("/seen")
    for path in ("/ws", "/moved"):
        with client.websocket_connect(path) as ws:
            assert ws.receive_text() == "outermost second"
    assert eventually(lambda: client.get("/seen").json(), ["after the handler"] * 2) == ["after the handler"] * 2
    assert client.get("/seen").headers["x-second"] == "request"


def test_middleware_of_routers_and_routes_stands_within(client: Client) -> None:
    with client.websocket_connect("/inner/ws") as ws:
        assert ws.receive_text() == "outermost second router route"
    assert client.get("/inner/page").text == ""


def test_middleware_sees_what_the_handler_raises(client: Client, velocipy_target: Any) -> None:
    client.get("/seen")
    with client.websocket_connect("/inner/fails") as ws, pytest.raises(WebSocketClosed) as closed:
        ws.receive()
    assert closed.value.code == (4000 if velocipy_target.interface == "asgi" else 1005)
    assert client.get("/seen").json() == ["WebSocketException seen"]


guarded = VelociPy(
    middleware=[
        Middleware(ForwardedMiddleware, trusted=["127.0.0.1", "::1"]),
        Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"]),
        RequestIDMiddleware,
        CORSMiddleware,
    ]
)


@guarded.websocket("/ws")
async def facts(websocket: WebSocket) -> None:
    await websocket.accept()
    client = websocket.client
    await websocket.send_json([websocket.id, websocket.scheme, client.host if client else None, str(websocket.url)])


secure = VelociPy(middleware=[HTTPSRedirectMiddleware])
secure.add_websocket_route("/ws", facts)


def test_untrusted_hosts_are_refused(client_factory: Any, answers_denials: bool) -> None:
    client = client_factory("guarded")
    response = denial(client, "/ws", headers={"host": "evil.example"})
    assert response.status_code == (400 if answers_denials else 403)


def test_what_a_trusted_proxy_says_is_believed(client_factory: Any) -> None:
    client = client_factory("guarded")
    headers = {
        "host": "shop.example",
        "x-request-id": "chosen",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-proto": "https",
    }
    with client.websocket_connect("/ws?a=1", headers=headers) as ws:
        assert ws.receive_json() == ["chosen", "wss", "203.0.113.7", "wss://shop.example/ws?a=1"]


def test_plain_websockets_are_redirected_to_wss(client_factory: Any, velocipy_target: Any) -> None:
    response = denial(client_factory("secure"), "/ws?a=1", headers={"host": "shop.example"})
    assert response.status_code == (308 if velocipy_target.name != "gunicorn" else 403)
    if velocipy_target.interface == "asgi" and velocipy_target.name != "gunicorn":
        assert response.headers["location"] == "wss://shop.example/ws?a=1"


@pytest.mark.in_process
def test_mistakes_are_found_at_start() -> None:
    async def too_few(websocket: WebSocket) -> None: ...

    broken = VelociPy()
    broken.middleware("websocket")(too_few)
    with pytest.raises(ValueError, match="two arguments"):
        broken.freeze()
