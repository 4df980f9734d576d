"""WebSockets of ASGI applications in process: what an application is told, and everything it may do wrong."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from velocipy.testing import ProtocolError, TestClient, WebSocketClosed, WebSocketDenied

Connect = Callable[..., TestClient]
Message = dict[str, Any]

ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close"}


def accept(**more: Any) -> Message:
    return {**ACCEPT, **more}


def send(**more: Any) -> Message:
    return {"type": "websocket.send", **more}


def close(**more: Any) -> Message:
    return {**CLOSE, **more}


def deny(status: Any = 400, headers: Any = ()) -> Message:
    return {"type": "websocket.http.response.start", "status": status, "headers": headers}


def body(data: Any = b"", *, more: bool = False) -> Message:
    return {"type": "websocket.http.response.body", "body": data, "more_body": more}


def sending(*messages: Any) -> Any:
    """An application that sends *messages*."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def drain(client: TestClient, **options: Any) -> list[str | bytes]:
    with client.websocket_connect("/", **options) as ws:
        return list(ws)


# What is refused

REFUSED: dict[str, tuple[list[Any], str]] = {
    "nothing sent": ([], "returned without an answer to the handshake"),
    "no dict": (["websocket.accept"], "an ASGI message is a dict"),
    "no type": ([{"code": 1000}], "an ASGI message is a dict"),
    "a message of HTTP": ([{"type": "http.response.start", "status": 200}], "'websocket.accept' or"),
    "send before accept": ([send(text="x")], "'websocket.accept' or"),
    "accept twice": ([ACCEPT, ACCEPT], "where 'websocket.send' or 'websocket.close' was expected"),
    "accept after a denial": ([CLOSE, ACCEPT], "after it had closed"),
    "send after close": ([ACCEPT, CLOSE, send(text="x")], "after it had closed"),
    "close twice": ([ACCEPT, CLOSE, CLOSE], "after it had closed"),
    "deny after accept": ([ACCEPT, deny()], "'websocket.send' or"),
    "send both": ([ACCEPT, send(text="x", bytes=b"x")], "both of 'text' and 'bytes', or neither"),
    "send neither": ([ACCEPT, send()], "both of 'text' and 'bytes', or neither"),
    "send None": ([ACCEPT, send(text=None, bytes=None)], "both of 'text' and 'bytes', or neither"),
    "text as bytes": ([ACCEPT, send(text=b"x")], "is str, not bytes"),
    "bytes as str": ([ACCEPT, send(bytes="x")], "are bytes, not str"),
    "code as str": ([ACCEPT, close(code="1000")], "has the code '1000'"),
    "code True": ([ACCEPT, close(code=True)], "has the code True"),
    "code None": ([ACCEPT, close(code=None)], "has the code None"),
    **{
        f"code {code}": ([ACCEPT, close(code=code)], f"has the code {code}")
        for code in (-1, 0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 70000)
    },
    "reason as bytes": ([ACCEPT, close(reason=b"x")], "is str or None"),
    "reason too long": ([ACCEPT, close(reason="é" * 62)], "longer than 123 bytes"),
    "subprotocol not offered": ([accept(subprotocol="c")], "chose the subprotocol 'c'"),
    "subprotocol in capitals": ([accept(subprotocol="A")], "chose the subprotocol 'A'"),
    "subprotocol as bytes": ([accept(subprotocol=b"a")], "chose the subprotocol b'a'"),
    "subprotocol in headers": ([accept(headers=[(b"Sec-WebSocket-Protocol", b"a")])], "is the server's to send"),
    "headers as str": ([accept(headers=[("a", "b")])], "are bytes; encode them"),
    "headers as dict": ([accept(headers={b"a": b"b"})], "headers are a dict"),
    "header with newline": ([accept(headers=[(b"a", b"b\nc")])], "control character"),
    "denial without its end": ([deny(), body(b"x", more=True)], "returned before its denial was complete"),
    "denial without a body": ([deny()], "returned before its denial was complete"),
    "denial, then accept": ([deny(), ACCEPT], "'websocket.http.response.body' was expected"),
    "denial with status 101": ([deny(101), body()], "status is 101"),
    "denial with status as str": ([deny("400"), body()], "status is '400'"),
    "denial with body as str": ([deny(), body("x")], "is bytes, not str"),
    "denial of another length": ([deny(400, [(b"content-length", b"3")]), body(b"x")], "its body has 1 bytes"),
    "after the denial": ([deny(), body(), body()], "after it had closed"),
}


@pytest.mark.parametrize(("messages", "words"), REFUSED.values(), ids=REFUSED)
def test_what_a_server_would_refuse_is_a_protocol_error(connect: Connect, messages: list[Any], words: str) -> None:
    client = connect(sending(*messages), raise_server_exceptions=True)
    with pytest.raises(ProtocolError) as caught:
        drain(client, subprotocols=["a", "b"])
    assert words in str(caught.value)


def test_an_application_that_catches_everything_cannot_hide_it(connect: Connect) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        try:
            await send(ACCEPT)
        except BaseException:
            await receive()
            await receive()

    with connect(app).websocket_connect("/") as ws, pytest.raises(ProtocolError, match=r"'websocket\.send' or"):
        ws.receive()


def test_a_lone_surrogate_cannot_be_sent(connect: Connect) -> None:
    with pytest.raises(UnicodeEncodeError):
        drain(connect(sending(ACCEPT, send(text="\ud800"))))


# What the application is told


async def telling(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.send", "text": repr(scope)})


def test_the_scope_of_a_handshake(connect: Connect) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send(close())

    client = connect(app, cookies={"a": "1"}, auth=("u", "p"), root_path="/api", base_url="https://h:8")
    with (
        pytest.raises(WebSocketDenied),
        client.websocket_connect("/x%2Fy/é", ["b", "a"], params={"q": "a b"}, headers={"X-A": "1"}),
    ):
        pass
    (scope,) = seen
    headers = dict(scope.pop("headers"))
    assert len(headers.pop(b"sec-websocket-key")) == 24
    assert headers.items() >= {
        (b"host", b"h:8"),
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-protocol", b"b, a"),
        (b"cookie", b"a=1"),
        (b"authorization", b"Basic dTpw"),
        (b"x-a", b"1"),
    }
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": "/x/y/é",
        "raw_path": b"/x%2Fy/%C3%A9",
        "query_string": b"q=a+b",
        "root_path": "/api",
        "client": ("127.0.0.1", 123),
        "server": ("h", 8),
        "subprotocols": ["b", "a"],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }


@pytest.mark.parametrize(("url", "scheme"), [("ws://h/", "ws"), ("wss://h/", "wss"), ("http://h/", "ws"), ("/", "ws")])
def test_the_scheme_is_that_of_websockets(connect: Connect, url: str, scheme: str) -> None:
    with connect(telling).websocket_connect(url) as ws:
        assert f"'scheme': '{scheme}'" in ws.receive_text()


def test_the_state_of_the_lifespan_is_in_the_scope() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["made"] = "at start-up"
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await telling(scope, receive, send)

    with TestClient(app) as client, client.websocket_connect("/") as ws:
        assert "'state': {'made': 'at start-up'}" in ws.receive_text()


LIKE: dict[str, list[Message]] = {
    "uvicorn": [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "é"},
        {"type": "websocket.receive", "bytes": b"b"},
        {"type": "websocket.disconnect", "code": 4321, "reason": "why"},
    ],
    "hypercorn": [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "é", "bytes": None},
        {"type": "websocket.receive", "bytes": b"b", "text": None},
        {"type": "websocket.disconnect", "code": 1006},
    ],
}


@pytest.mark.parametrize("server", LIKE)
def test_messages_arrive_in_order_before_the_disconnect(connect: Connect, server: str) -> None:
    got: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(await receive())
        await send(ACCEPT)
        while got[-1]["type"] != "websocket.disconnect":
            got.append(await receive())

    with connect(app, websockets_like=server).websocket_connect("/") as ws:
        ws.send_text("é")
        ws.send_bytes(b"b")
        ws.close(4321, "why")
    assert got == LIKE[server]
    assert (ws.close_code, ws.close_reason) == (4321, "why")


def test_another_model_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="'daphne'.*'uvicorn' or 'hypercorn'"):
        TestClient(telling, websockets_like="daphne")


@pytest.mark.parametrize(("server", "raised"), [("uvicorn", [True]), ("hypercorn", [])])
def test_sending_to_a_client_that_has_gone(connect: Connect, server: str, raised: list[bool]) -> None:
    caught: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        await receive()
        try:
            await send({"type": "websocket.send", "text": "late"})
        except Exception as error:
            caught.append(isinstance(error, OSError))

    with connect(app, websockets_like=server).websocket_connect("/"):
        pass
    assert caught == raised


def test_that_error_may_escape(connect: Connect) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        await receive()
        await send({"type": "websocket.send", "text": "late"})

    with connect(app, raise_server_exceptions=True).websocket_connect("/") as ws:
        pass
    assert ws.close_code == 1000


def test_a_client_that_vanishes_is_a_disconnect_with_code_1006(connect: Connect) -> None:
    told: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        told.append(await receive())

    client = connect(app)
    ws = client.websocket_connect("/")
    ws.__enter__()
    client.close()
    assert told == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


def test_after_its_own_close_the_application_is_told_of_a_disconnect(connect: Connect) -> None:
    told: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        await send(close(code=3000, reason="enough"))
        told.append(await receive())

    assert drain(connect(app)) == []
    assert told == [{"type": "websocket.disconnect", "code": 3000, "reason": "enough"}]


# What the client is told


def test_the_answer_to_a_handshake(connect: Connect) -> None:
    client = connect(sending(accept(subprotocol="b", headers=[(b"X-A", b"1"), (b"set-cookie", b"n=2")]), close()))
    with client.websocket_connect("/", ["a", "b"]) as ws:
        assert (ws.accepted_subprotocol, ws.response.status_code, ws.response.headers["x-a"]) == ("b", 101, "1")
    assert client.cookies["n"] == "2"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (close(), (1000, "")),
        (close(code=4001, reason="é" * 61), (4001, "é" * 61)),
        (close(code=1014, reason=None), (1014, "")),
        (None, (1006, "")),
    ],
)
def test_how_the_application_closed(connect: Connect, message: Message | None, expected: tuple[int, str]) -> None:
    messages = [ACCEPT, send(text="a"), send(bytes=b"b"), *([message] if message else [])]
    with connect(sending(*messages)).websocket_connect("/") as ws:
        assert (ws.receive_text(), ws.receive_bytes()) == ("a", b"b")
        for _ in range(2):
            with pytest.raises(WebSocketClosed) as caught:
                ws.receive()
            assert (caught.value.code, caught.value.reason) == expected
        with pytest.raises(WebSocketClosed):
            ws.send_text("late")
    assert (ws.close_code, ws.close_reason) == expected


@pytest.mark.parametrize("more", [{}, {"code": 4000, "reason": "why"}, {"code": 404, "reason": ["of FastAPI"]}])
def test_a_close_before_accept_is_a_403(connect: Connect, more: Message) -> None:
    with pytest.raises(WebSocketDenied, match="status 403") as caught:
        drain(connect(sending(close(**more))))
    assert (caught.value.response.status_code, caught.value.response.content) == (403, b"")


def test_a_denial_is_a_response(connect: Connect) -> None:
    app = sending(deny(401, [(b"x-a", b"1"), (b"set-cookie", b"n=2")]), body(b'{"a"', more=True), body(b": 1}"))
    client = connect(app)
    with pytest.raises(WebSocketDenied) as caught:
        drain(client)
    response = caught.value.response
    assert (response.status_code, response.headers["x-a"], response.json()) == (401, "1", {"a": 1})
    assert str(response.request.url) == "http://testserver/"
    assert client.cookies["n"] == "2"


def test_what_is_too_large_closes_with_1009(connect: Connect) -> None:
    told: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        told.append(await receive())
        told.append(await receive())

    with connect(app).websocket_connect("/") as ws:
        ws.send_text("x" * 16 * 1024 * 1024)
        with pytest.raises(WebSocketClosed) as caught:
            ws.send_text("é" * (8 * 1024 * 1024 + 1))
    assert (caught.value.code, ws.close_code) == (1009, 1009)
    assert [message.get("code") for message in told] == [None, 1009]


def test_before_the_end_there_is_no_code(connect: Connect) -> None:
    with connect(telling).websocket_connect("/") as ws:
        assert (ws.close_code, ws.close_reason) == (None, None)


async def endless(scope: Any, receive: Any, send: Any) -> None:
    await send(ACCEPT)
    while True:
        await send({"type": "websocket.send", "bytes": b"x" * 1000})
        endless_sent.append(1)


endless_sent: list[int] = []


def test_sending_waits_for_a_client_that_does_not_read(connect: Connect) -> None:
    endless_sent.clear()
    with connect(endless).websocket_connect("/") as ws:
        for _ in range(100):
            assert len(ws.receive_bytes()) == 1000
    assert 100 <= len(endless_sent) < 200


def test_the_state_of_a_call_is_its_own(connect: Connect) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        while (message := await receive())["type"] == "websocket.receive":
            await asyncio.sleep(0)
            await send({"type": "websocket.send", "text": scope["path"] + message["text"]})

    client = connect(app)
    with client.websocket_connect("/a") as one, client.websocket_connect("/b") as two, connect(app) as other:
        one.send_text("1")
        two.send_text("2")
        with other.websocket_connect("/c") as three:
            three.send_text("3")
            assert three.receive_text() == "/c3"
        assert (two.receive_text(), one.receive_text()) == ("/b2", "/a1")
