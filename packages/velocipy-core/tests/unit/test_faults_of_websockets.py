"""Routes of WebSockets that can never work, and what the words of a route mean for them."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from velocipy import (
    Body,
    Depends,
    Form,
    HTTPConnection,
    Request,
    Response,
    RouteConflictError,
    StartupError,
    UploadFile,
    VelociPy,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    status,
)


@dataclass
class Item:
    name: str


async def fine(websocket: WebSocket) -> None: ...


def fault_of(handler: Any, path: str = "/", **options: Any) -> StartupError:
    app = VelociPy()
    app.add_websocket_route(path, handler, **options)
    with pytest.raises(StartupError) as caught:
        app.freeze()
    return caught.value


async def takes_request(request: Request) -> str:
    return request.method


async def takes_websocket(websocket: WebSocket) -> str:
    return websocket.path


async def takes_both(connection: HTTPConnection) -> str:
    return connection.path


def plain(websocket: WebSocket) -> None: ...


async def wants_model(websocket: WebSocket, item: Item) -> None: ...


async def wants_body(websocket: WebSocket, item: Annotated[str, Body()]) -> None: ...


async def wants_form(websocket: WebSocket, item: Annotated[str, Form()]) -> None: ...


async def wants_response(websocket: WebSocket, response: Response) -> None: ...


async def wants_request(websocket: WebSocket, request: Request) -> None: ...


async def depends_on_request(websocket: WebSocket, value: Annotated[str, Depends(takes_request)]) -> None: ...


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (plain, "async def"),
        (wants_model, "has no body"),
        (wants_body, "has no body"),
        (wants_form, "has no body"),
        (wants_response, "no Response is handed in"),
        (wants_request, "it takes a request"),
        (depends_on_request, "HTTPConnection"),
        (takes_both, "it takes no WebSocket"),
    ],
)
def test_what_a_handshake_does_not_have_is_a_mistake(handler: Any, words: str) -> None:
    error = fault_of(handler)
    assert words in str(error)
    assert "test_faults_of_websockets.py" in error.place


def test_files_are_a_mistake() -> None:
    pytest.importorskip("python_multipart", reason="without it files are a mistake anywhere")

    async def wants_file(websocket: WebSocket, file: UploadFile) -> None: ...

    assert "has no body" in str(fault_of(wants_file))


def test_a_handler_of_requests_takes_no_websocket() -> None:
    app = VelociPy()

    async def handler(value: Annotated[str, Depends(takes_websocket)]) -> str:
        return value

    app.add_route("/", handler)
    with pytest.raises(StartupError, match="it takes a WebSocket, but the handler answers a request"):
        app.freeze()


def test_one_dependency_is_for_both() -> None:
    app = VelociPy()

    @app.get("/page")
    async def page(value: Annotated[str, Depends(takes_both)]) -> str:
        return value

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, value: Annotated[str, Depends(takes_both)]) -> None: ...

    app.freeze()
    assert [route.is_websocket for route in app.routes] == [False, True]


def test_two_websockets_at_one_path_conflict_a_page_and_a_websocket_do_not() -> None:
    app = VelociPy()
    app.add_websocket_route("/chat", fine)
    app.add_route("/chat", takes_request)
    app.freeze()
    app.add_websocket_route("/{name}", fine)
    app.add_websocket_route("/chat", takes_websocket)
    with pytest.raises(RouteConflictError, match="WebSocket /chat is already answered"):
        app.freeze()


@pytest.mark.parametrize("origin", ["example.com", "https://", "https://example.com/", "https://u@example.com", "*.x"])
def test_what_is_no_origin_is_a_mistake(origin: str) -> None:
    assert "no origin" in str(fault_of(fine, allowed_origins=[origin]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allowed_origins": "https://example.com"}, "takes several strings"),
        ({"status_code": 200}, "no option 'status_code'"),
        ({"allowed_origin": ["https://example.com"]}, "did you mean allowed_origins"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        VelociPy().add_websocket_route("/", fine, **options)


def test_only_functions_serve_websockets() -> None:
    wrongs: list[Any] = [5, Item]
    for wrong in wrongs:
        with pytest.raises(TypeError, match="give it an async function"):
            VelociPy().add_websocket_route("/", wrong)
    with pytest.raises(TypeError, match="a path comes first"):
        VelociPy().websocket(fine)  # type: ignore[arg-type]


def test_exceptions_know_which_codes_may_be_sent() -> None:
    assert str(WebSocketException(status.WS_1008_POLICY_VIOLATION, "no")) == "1008: no"
    assert (WebSocketDisconnect(1006).code, WebSocketDisconnect(1005).reason) == (1006, "")
    for code in (999, 1004, 1005, 1006, 1015, 1016, 5000):
        with pytest.raises(ValueError, match="no close code to send"):
            WebSocketException(code)
    with pytest.raises(ValueError, match="room for 123"):
        WebSocketException(1000, "ü" * 62)
