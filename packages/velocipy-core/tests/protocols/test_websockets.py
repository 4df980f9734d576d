"""WebSockets from the handshake to the end: what handlers take, what messages are, and how either side closes.

RSGI tells a client neither subprotocol nor close code; where that matters a test asks the interface.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from velocipy import (
    APIRouter,
    BackgroundTasks,
    Cookie,
    Depends,
    Header,
    HTTPConnection,
    HTTPException,
    JSONResponse,
    PlainTextResponse,
    Query,
    Request,
    StreamingResponse,
    UnsupportedByServer,
    ValidationError,
    VelociPy,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from velocipy.testing import TestClient, WebSocketClosed, WebSocketDenied

Client = Any

app = VelociPy(max_content_length=100_000)
seen: list[Any] = []


@app.get("/seen")
async def tell_seen() -> list[Any]:
    told = seen.copy()
    seen.clear()
    return told


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket:
        await (websocket.send_text(message) if isinstance(message, str) else websocket.send_bytes(message))
    seen.append(["left", websocket.closed])


async def page_size(size: Annotated[int, Query(ge=1, le=10)] = 5) -> int:
    return size


async def resource() -> AsyncIterator[str]:
    try:
        yield "opened"
    except Exception as error:
        seen.append(type(error).__name__)
        raise
    finally:
        seen.append("closed")


async def who(connection: HTTPConnection, x_user: Annotated[str | None, Header()] = None) -> str:
    if x_user is None:
        raise HTTPException(401, "Who is it?", {"www-authenticate": "Basic"})
    return f"{x_user} at {connection.path}"


@app.get("/who")
async def tell_who(name: Annotated[str, Depends(who)]) -> str:
    return name


@app.websocket("/items/{item_id}")
async def item(
    websocket: WebSocket,
    item_id: int,
    size: Annotated[int, Depends(page_size)],
    x_token: Annotated[str, Header()],
    theme: Annotated[str, Cookie()] = "light",
) -> None:
    await websocket.accept()
    await websocket.send_json({"item_id": item_id, "size": size, "token": x_token, "theme": theme})


@app.websocket("/who")
async def greet(websocket: WebSocket, name: Annotated[str, Depends(who)]) -> None:
    await websocket.accept()
    await websocket.send_text(f"hello {name}")


@app.websocket("/resource")
async def use_resource(websocket: WebSocket, value: Annotated[str, Depends(resource)], fails: bool = False) -> None:
    await websocket.accept()
    await websocket.send_text(value)
    if fails:
        raise RuntimeError("no more")


@dataclass
class Move:
    x: int
    y: int = 0


@app.websocket("/moves")
async def moves(websocket: WebSocket) -> None:
    await websocket.accept()
    async for move in websocket.iter_json(Move):
        await websocket.send_json({"went": move.x + move.y})


@app.websocket("/patient")
async def patient(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        try:
            move = await websocket.receive_json(Move)
        except ValidationError as error:
            await websocket.send_json(error.errors)
        else:
            await websocket.send_json([move.x, move.y])


@app.websocket("/kinds")
async def kinds(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        message = await websocket.receive()
        seen.append([message.kind.name, message.data if isinstance(message.data, str) else None])
        if message.data is None:
            return
        await websocket.send_text(message.kind.name)


@app.websocket("/text")
async def text_alone(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())


@app.websocket("/json")
async def anything(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_json(await websocket.receive_json())


ENDS: dict[str, Exception] = {
    "own": WebSocketException(4001, "enough"),
    "client": HTTPException(404, "no such room"),
    "server": HTTPException(503),
    "bug": RuntimeError("a secret"),
}


@app.websocket("/ends/{how}")
async def ends(websocket: WebSocket, how: str, early: bool = False) -> None:
    if not early:
        await websocket.accept()
        await websocket.send_text("here")
    raise ENDS[how]


@app.websocket("/closes")
async def closes(websocket: WebSocket, code: int, reason: str | None = None) -> None:
    await websocket.accept()
    try:
        await websocket.close(code, reason)
    except UnsupportedByServer as error:
        seen.append(str(error))
    except ValueError as error:
        await websocket.send_text(str(error))
    await websocket.close()  # a second time does nothing


@app.websocket("/forgetful")
async def forgetful(websocket: WebSocket) -> None:
    """Neither accept nor refuse."""


@app.websocket("/denies/{how}")
async def denies(websocket: WebSocket, how: str) -> None:
    if how == "close":
        await websocket.close(1000)
    elif how == "stream":
        await websocket.deny(StreamingResponse(iter(["not", " ", "you"]), 402))
    elif how == "json":
        await websocket.deny(JSONResponse(["not you"], 402))
    else:
        await websocket.deny(PlainTextResponse("gone away", 410, {"x-why": "old"}))
    with pytest.raises(WebSocketDisconnect):
        await websocket.accept()


@app.websocket("/protocols")
async def choose(websocket: WebSocket, wanted: str | None = None) -> None:
    await websocket.accept(wanted or next(reversed(websocket.subprotocols), None))
    await websocket.send_json([websocket.subprotocols, websocket.subprotocol])


@app.websocket("/headers")
async def with_headers(websocket: WebSocket) -> None:
    await websocket.accept(headers={"X-Made": "here"})


@app.websocket("/too-early")
async def too_early(websocket: WebSocket, step: str) -> None:
    with pytest.raises(RuntimeError, match="accept"):
        await (websocket.send_text("x") if step == "send" else websocket.receive())
    await websocket.accept()
    with pytest.raises(RuntimeError, match="before"):
        await websocket.accept()
    with pytest.raises(TypeError, match="send_bytes"):
        await websocket.send_text(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="send_text"):
        await websocket.send_bytes("text")  # type: ignore[arg-type]
    await websocket.send_text("well")


@app.websocket("/firehose")
async def firehose(websocket: WebSocket) -> None:
    """Send and never receive: it has to end when the client leaves."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text("x" * 100)
            await asyncio.sleep(0.01)
    except WebSocketDisconnect:
        seen.append("noticed")
        raise


@app.websocket("/grouped")
async def grouped(websocket: WebSocket) -> None:
    """Receive in one task and send in another, as chats do."""
    await websocket.accept()

    async def listen() -> None:
        while True:
            await websocket.receive_text()

    async def speak() -> None:
        while True:
            await websocket.send_text("tick")
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        group.create_task(listen())
        group.create_task(speak())


@app.websocket("/two")
async def two_receivers(websocket: WebSocket) -> None:
    await websocket.accept()
    first = asyncio.create_task(websocket.receive_text())
    await asyncio.sleep(0)
    try:
        await websocket.receive_text()
    except RuntimeError as error:
        await websocket.send_text(str(error))
    await websocket.send_text(await first)


@app.websocket("/impatient")
async def impatient(websocket: WebSocket) -> None:
    """Receive with a time limit, and lose nothing."""
    await websocket.accept()
    for _ in range(2):
        try:
            async with asyncio.timeout(0.05):
                await websocket.receive_text()
        except TimeoutError:
            await websocket.send_text("nothing yet")
    await websocket.send_text(await websocket.receive_text())


@app.websocket("/small", max_content_length=8)
async def small(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket:
        await websocket.send_json(len(message))


@app.websocket("/origin", allowed_origins=["https://Example.com", "http://localhost:3000"])
async def from_origins(websocket: WebSocket) -> None:
    await websocket.accept()


@app.websocket("/same-origin", allowed_origins=["same-origin"])
async def from_here(websocket: WebSocket) -> None:
    await websocket.accept()


@app.websocket("/afterwards")
async def afterwards(websocket: WebSocket, tasks: BackgroundTasks) -> None:
    await websocket.accept()
    tasks.add_task(seen.append, "afterwards")


@app.websocket("/facts")
async def facts(websocket: WebSocket) -> None:
    await websocket.accept()
    page, chat = websocket.url_for("tell_who"), websocket.url_for("echo")
    await websocket.send_json([websocket.scheme, websocket.path, str(page)[:5], str(chat)[:3], websocket.method])


@app.get("/urls")
async def urls(request: Request) -> list[str]:
    return [str(request.url_for("tell_who"))[:5], str(request.url_for("echo"))[:3]]


@app.websocket("/both")
async def both_ways(websocket: WebSocket) -> None:
    await websocket.accept()


@app.get("/both")
async def both_pages() -> str:
    return "a page"


tenants = APIRouter(prefix="/tenants", host="{tenant}.example.com", dependencies=[Depends(who)])


@tenants.websocket("/hall")
async def hall(websocket: WebSocket, tenant: str) -> None:
    await websocket.accept()
    await websocket.send_text(tenant)


app.include_router(tenants)


class Odd(Exception):
    """What a handler of its own looks at."""


@app.exception_handler(Odd)
async def look_at_odd(connection: HTTPConnection, error: Odd) -> PlainTextResponse:
    seen.append(["odd", connection.path])
    return PlainTextResponse("how odd", 418)


@app.websocket("/odd")
async def odd(websocket: WebSocket, early: bool = False) -> None:
    if not early:
        await websocket.accept()
    raise Odd


def end_of(ws: Any) -> tuple[int, str]:
    with pytest.raises(WebSocketClosed) as closed:
        ws.receive()
    return closed.value.code, closed.value.reason


def denial(client: Client, url: str, **options: Any) -> Any:
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(url, **options):
        pass
    return denied.value.response


@pytest.fixture
def tells_codes(velocipy_target: Any) -> bool:
    """Whether the protocol carries close codes, subprotocols and headers of the handshake."""
    return bool(velocipy_target.interface == "asgi")


@pytest.fixture
def answers_denials(velocipy_target: Any) -> bool:
    """Whether an application can answer a handshake as it wants: Gunicorn's own worker always says 403."""
    return bool(velocipy_target.name != "gunicorn")


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_an_unknown_path_is_refused(client: Client, answers_denials: bool) -> None:
    for path in ("/nowhere", "/seen", "/items"):
        assert denial(client, path).status_code == (404 if answers_denials else 403)
    with client.websocket_connect("/echo") as ws:  # and the server lives
        ws.send_text("still here")
        assert ws.receive_text() == "still here"


def test_a_page_is_not_found_where_there_is_a_websocket_alone(client: Client) -> None:
    assert client.get("/echo").status_code == 404
    assert client.get("/both").text == "a page"
    with client.websocket_connect("/both"):
        pass


@pytest.mark.parametrize(
    ("url", "headers", "loc"),
    [
        ("/items/x", {"x-token": "t"}, ["path", "item_id"]),
        ("/items/3?size=11", {"x-token": "t"}, ["query", "size"]),
        ("/items/3", {}, ["header", "x-token"]),
    ],
)
def test_faults_of_the_handshake_refuse_it(
    client: Client, answers_denials: bool, tells_codes: bool, url: str, headers: dict[str, str], loc: list[str]
) -> None:
    response = denial(client, url, headers=headers)
    assert response.status_code == (422 if answers_denials else 403)
    if answers_denials and tells_codes:
        assert [fault["loc"] for fault in response.json()["detail"]] == [loc]


def test_a_dependency_refuses_with_its_own_answer(client: Client, answers_denials: bool, tells_codes: bool) -> None:
    response = denial(client, "/who")
    assert response.status_code == (401 if answers_denials else 403)
    if answers_denials and tells_codes:
        assert response.json() == {"detail": "Who is it?"}
        assert response.headers["www-authenticate"] == "Basic"
    assert client.get("/who").status_code == 401


@pytest.mark.parametrize(("how", "status"), [("own", 403), ("client", 404), ("server", 503), ("bug", 500)])
def test_an_error_before_accept_is_an_http_answer(client: Client, answers_denials: bool, how: str, status: int) -> None:
    response = denial(client, f"/ends/{how}?early=true")
    assert response.status_code == (status if answers_denials else 403)
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("how", "status", "text"),
    [("close", 403, ""), ("stream", 402, "not you"), ("json", 402, '["not you"]'), ("x", 410, "gone away")],
)
def test_a_handler_can_refuse(
    client: Client, answers_denials: bool, tells_codes: bool, how: str, status: int, text: str
) -> None:
    response = denial(client, f"/denies/{how}")
    assert response.status_code == (status if answers_denials else 403)
    if answers_denials and tells_codes:
        assert response.text == text


def test_what_is_never_accepted_is_refused(client: Client) -> None:
    assert denial(client, "/forgetful").status_code == 403


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://example.com", True),
        ("https://EXAMPLE.com:443", True),
        ("http://localhost:3000", True),
        ("http://example.com", False),
        ("https://example.com:8443", False),
        ("https://evil.com", False),
        ("https://example.com.evil.com", False),
        ("https://example.com@evil.com", False),
        ("null", False),
        ("", False),
        (None, False),
    ],
)
def test_origins_that_are_not_allowed_are_refused(client: Client, origin: str | None, allowed: bool) -> None:
    headers = {} if origin is None else {"origin": origin}
    if allowed:
        with client.websocket_connect("/origin", headers=headers):
            return
    assert denial(client, "/origin", headers=headers).status_code == 403


def test_the_same_origin_is_the_host_that_is_asked(client: Client) -> None:
    with client.websocket_connect("/same-origin", headers={"host": "shop.example", "origin": "http://shop.example"}):
        pass
    for origin in ("https://shop.example", "http://shop.example:81", "http://evil.example"):
        headers = {"host": "shop.example", "origin": origin}
        assert denial(client, "/same-origin", headers=headers).status_code == 403


# -- messages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["", "hello", "grüße \U0001f44b", "x" * 70_000])
def test_text_and_bytes_come_back(client: Client, message: str) -> None:
    with client.websocket_connect("/echo") as ws:
        ws.send_text(message)
        assert ws.receive_text() == message
        ws.send_bytes(message.encode())
        assert ws.receive_bytes() == message.encode()


def test_parameters_come_from_the_handshake(client: Client) -> None:
    headers = {"x-token": "abc", "cookie": "theme=dark"}
    with client.websocket_connect("/items/42?size=7", headers=headers) as ws:
        assert ws.receive_json() == {"item_id": 42, "size": 7, "token": "abc", "theme": "dark"}
        assert end_of(ws)[0] in (1000, 1005)


def test_one_dependency_serves_requests_and_websockets(client: Client) -> None:
    headers = {"x-user": "ada"}
    assert client.get("/who", headers=headers).text == "ada at /who"
    with client.websocket_connect("/who", headers=headers) as ws:
        assert ws.receive_text() == "hello ada at /who"


def test_messages_have_the_type_that_was_asked_for(client: Client, tells_codes: bool) -> None:
    with client.websocket_connect("/moves") as ws:
        ws.send_json({"x": 1, "y": 2})
        assert ws.receive_json() == {"went": 3}
        ws.send_bytes(b'{"x": 5}')
        assert ws.receive_json() == {"went": 5}
        ws.send_json({"x": "far"})
        code, _ = end_of(ws)
    assert code == 1007 if tells_codes else code == 1005


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("{", [(["message"], "json_invalid")]),
        ("[]", [(["message"], "dict_type")]),
        ('{"x": "a", "y": null}', [(["message", "x"], "int_type"), (["message", "y"], "int_type")]),
        ("{}", [(["message", "x"], "missing")]),
    ],
)
def test_a_handler_can_answer_faulty_messages(client: Client, sent: str, found: list[Any]) -> None:
    with client.websocket_connect("/patient") as ws:
        ws.send_text(sent)
        faults = ws.receive_json()
        assert [fault["loc"] for fault in faults] == [loc for loc, _ in found]
        ws.send_text('{"x": 1}')
        assert ws.receive_json() == [1, 0]


def test_any_json_comes_back(client: Client, tells_codes: bool) -> None:
    with client.websocket_connect("/json") as ws:
        values: list[Any] = [None, [1, "zwei", 3.5], {"a": {"b": []}}, "x", True]
        for value in values:
            ws.send_json(value)
            assert ws.receive_json() == value
        ws.send_text("nonsense")
        code, _ = end_of(ws)
    assert code == 1007 if tells_codes else code == 1005


def test_the_kind_of_a_message_is_told(client: Client, eventually: Any) -> None:
    client.get("/seen")
    with client.websocket_connect("/kinds") as ws:
        ws.send_text("a")
        assert ws.receive_text() == "TEXT"
        ws.send_bytes(b"b")
        assert ws.receive_text() == "BYTES"
    told: list[Any] = []

    def gathered() -> list[Any]:
        told.extend(client.get("/seen").json())
        return told

    expected = [["TEXT", "a"], ["BYTES", None], ["CLOSE", None]]
    assert eventually(gathered, expected) == expected


def test_another_kind_than_was_asked_for_ends_it(client: Client, tells_codes: bool) -> None:
    with client.websocket_connect("/text") as ws:
        ws.send_text("a")
        assert ws.receive_text() == "a"
        ws.send_bytes(b"b")
        code, reason = end_of(ws)
    assert (code, reason) == ((1002, "a text message was expected") if tells_codes else (1005, ""))


def test_a_message_that_is_too_long_ends_it(client: Client, tells_codes: bool) -> None:
    with client.websocket_connect("/small") as ws:
        ws.send_text("12345678")
        assert ws.receive_json() == 8
        ws.send_text("äöüß")
        assert ws.receive_json() == 4
        ws.send_text("äöüß.")
        assert end_of(ws)[0] == (1009 if tells_codes else 1005)


def test_the_limit_of_the_application_holds_too(client: Client, tells_codes: bool) -> None:
    with client.websocket_connect("/echo") as ws:
        ws.send_bytes(bytes(100_001))
        assert end_of(ws)[0] == (1009 if tells_codes else 1005)


def test_one_task_receives_at_a_time(client: Client) -> None:
    with client.websocket_connect("/two") as ws:
        assert "another task receives" in ws.receive_text()
        ws.send_text("for the first")
        assert ws.receive_text() == "for the first"


def test_a_receive_that_was_given_up_loses_nothing(client: Client) -> None:
    with client.websocket_connect("/impatient") as ws:
        assert ws.receive_text() == ws.receive_text() == "nothing yet"
        ws.send_text("late")
        assert ws.receive_text() == "late"


def test_calls_out_of_order_are_told(client: Client) -> None:
    for step in ("send", "receive"):
        with client.websocket_connect(f"/too-early?step={step}") as ws:
            assert ws.receive_text() == "well"


# -- ends --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code", "reason"),
    [("own", 4001, "enough"), ("client", 1008, "no such room"), ("server", 1011, ""), ("bug", 1011, "")],
)
def test_errors_close_it_with_a_code(client: Client, tells_codes: bool, how: str, code: int, reason: str) -> None:
    with client.websocket_connect(f"/ends/{how}") as ws:
        assert ws.receive_text() == "here"
        assert end_of(ws) == ((code, reason) if tells_codes else (1005, ""))


@pytest.mark.parametrize(("code", "reason"), [(1000, None), (3000, "later"), (4999, "grüße")])
def test_a_handler_closes_with_code_and_reason(
    client: Client, tells_codes: bool, eventually: Any, code: int, reason: str | None
) -> None:
    client.get("/seen")
    url = f"/closes?code={code}" + (f"&reason={reason}" if reason else "")
    with client.websocket_connect(url) as ws:
        end = end_of(ws)
    assert end == ((code, reason or "") if tells_codes else (1005, ""))
    told = client.get("/seen").json()
    assert bool(told) == (not tells_codes and code != 1000)
    assert all("interface asgi" in item for item in told)


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 1016, 2999, 5000])
def test_codes_that_nobody_may_send_are_refused(client: Client, code: int) -> None:
    with client.websocket_connect(f"/closes?code={code}") as ws:
        assert "no close code to send" in ws.receive_text()


def test_reasons_fit_a_frame(client: Client) -> None:
    with client.websocket_connect(f"/closes?code=1000&reason={'x' * 124}") as ws:
        assert "has room for 123" in ws.receive_text()


def test_the_client_leaves_and_the_handler_ends(client: Client, eventually: Any) -> None:
    client.get("/seen")
    with client.websocket_connect("/echo"):
        pass
    assert eventually(lambda: client.get("/seen").json(), [["left", True]]) == [["left", True]]


def test_a_handler_that_only_sends_learns_that_the_client_left(client: Client, eventually: Any) -> None:
    client.get("/seen")
    with client.websocket_connect("/firehose") as ws:
        assert ws.receive_text() == "x" * 100
    assert eventually(lambda: client.get("/seen").json(), ["noticed"]) == ["noticed"]


@pytest.mark.in_process
def test_tasks_that_meet_the_end_together_are_no_error(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with client.websocket_connect("/grouped") as ws:
        assert ws.receive_text() == "tick"
    assert not caplog.records


def test_dependencies_are_closed_at_the_end_and_see_errors(client: Client, eventually: Any) -> None:
    client.get("/seen")
    with client.websocket_connect("/resource") as ws:
        assert ws.receive_text() == "opened"
    assert eventually(lambda: client.get("/seen").json(), ["closed"]) == ["closed"]
    with client.websocket_connect("/resource?fails=true") as ws:
        assert ws.receive_text() == "opened"
        end_of(ws)
    assert eventually(lambda: client.get("/seen").json(), ["RuntimeError", "closed"]) == ["RuntimeError", "closed"]


def test_what_is_left_to_do_is_done_afterwards(client: Client, eventually: Any) -> None:
    client.get("/seen")
    with client.websocket_connect("/afterwards"):
        pass
    assert eventually(lambda: client.get("/seen").json(), ["afterwards"]) == ["afterwards"]


def test_exception_handlers_look_at_errors_before_and_after_accept(
    client: Client, answers_denials: bool, tells_codes: bool
) -> None:
    client.get("/seen")
    response = denial(client, "/odd?early=true")
    assert response.status_code == (418 if answers_denials else 403)
    with client.websocket_connect("/odd") as ws:
        assert end_of(ws)[0] == (1011 if tells_codes else 1005)
    assert client.get("/seen").json() == [["odd", "/odd"], ["odd", "/odd"]]


# -- the handshake -----------------------------------------------------------------------------------------------------


def test_a_subprotocol_is_chosen(client: Client, tells_codes: bool) -> None:
    if not tells_codes:
        assert denial(client, "/protocols", subprotocols=["chat.v1", "chat.v2"]).status_code == 500
        return
    with client.websocket_connect("/protocols", subprotocols=["chat.v1", "chat.v2"]) as ws:
        assert ws.receive_json() == [["chat.v1", "chat.v2"], "chat.v2"]
        assert ws.accepted_subprotocol == "chat.v2"
    with client.websocket_connect("/protocols") as ws:
        assert ws.receive_json() == [[], None]


def test_a_subprotocol_that_was_not_offered_is_a_mistake(client: Client, answers_denials: bool) -> None:
    response = denial(client, "/protocols?wanted=other", subprotocols=["chat.v1"])
    assert response.status_code == (500 if answers_denials else 403)


def test_headers_go_with_the_handshake(client: Client, velocipy_target: Any, tells_codes: bool) -> None:
    if not tells_codes:
        assert denial(client, "/headers").status_code == 500
    elif velocipy_target.name != "granian-asgi":  # which drops them
        with client.websocket_connect("/headers") as ws:
            assert ws.response.headers["x-made"] == "here"


def test_facts_of_the_handshake(client: Client) -> None:
    with client.websocket_connect("/facts") as ws:
        assert ws.receive_json() == ["ws", "/facts", "http:", "ws:", "GET"]
    assert client.get("/urls").json() == ["http:", "ws:"]


def test_hosts_and_dependencies_of_routers_hold_for_websockets(client: Client, answers_denials: bool) -> None:
    headers = {"host": "acme.example.com", "x-user": "ada"}
    with client.websocket_connect("/tenants/hall", headers=headers) as ws:
        assert ws.receive_text() == "acme"
    statuses = (401, 404) if answers_denials else (403, 403)
    assert denial(client, "/tenants/hall", headers={"host": "acme.example.com"}).status_code == statuses[0]
    assert denial(client, "/tenants/hall", headers={"host": "example.org", "x-user": "ada"}).status_code == statuses[1]


@pytest.mark.in_process
def test_several_clients_at_once(client: Client, velocipy_target: Any) -> None:
    rooms = VelociPy()
    members: list[WebSocket] = []

    @rooms.websocket("/")
    async def room(websocket: WebSocket) -> None:
        await websocket.accept()
        members.append(websocket)
        async for message in websocket.iter_text():
            for member in members:
                await member.send_text(message)

    with (
        TestClient(rooms, interface=velocipy_target.interface) as other,
        other.websocket_connect("/") as one,
        other.websocket_connect("/") as two,
    ):
        one.send_text("to all")
        assert [one.receive_text(), two.receive_text()] == ["to all", "to all"]
