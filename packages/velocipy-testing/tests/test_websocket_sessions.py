"""WebSockets as the users of the clients see them: sessions, errors, timeouts; on both protocols."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from velocipy.testing import AsyncTestClient, TestClient, WebSocketClosed

Connect = Callable[..., TestClient]


class Sockets:
    """Answers by path, on both protocols alike; text is echoed as text, bytes as bytes."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return

        async def accept() -> None:
            await receive()
            await send({"type": "websocket.accept"})

        async def get() -> Any:
            message = await receive()
            return message.get("text", message.get("bytes"))

        async def put(data: Any) -> None:
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

        await self.serve(scope["path"], accept, get, put)
        if scope["path"] == "/once":
            await send({"type": "websocket.close"})

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        transport: Any = None

        async def accept() -> None:
            nonlocal transport
            transport = await protocol.accept()

        async def get() -> Any:
            return getattr(await transport.receive(), "data", None)

        async def put(data: Any) -> None:
            await (transport.send_str if isinstance(data, str) else transport.send_bytes)(data)

        await self.serve(scope.path, accept, get, put)

    async def serve(self, path: str, accept: Any, get: Any, put: Any) -> None:
        if path == "/never":
            await asyncio.Event().wait()
        if path == "/crash-before":
            raise ZeroDivisionError("before")
        await accept()
        if path == "/crash":
            await put("last words")
            raise ZeroDivisionError("crash")
        while (data := await get()) is not None:
            await put(data)
            if path == "/once":
                return
        if path == "/crash-late":
            raise ZeroDivisionError("late")
        if path == "/stays":
            await asyncio.Event().wait()
        self.events.append("left")


@pytest.fixture(params=["asgi", "rsgi"])
def interface(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app() -> Sockets:
    return Sockets()


@pytest.fixture
def client(connect: Connect, app: Sockets, interface: str) -> TestClient:
    return connect(app, interface=interface)


# Unhappy


def test_an_application_that_never_answers_is_a_timeout(client: TestClient) -> None:
    with (
        pytest.raises(httpx2.ReadTimeout, match="an answer to the WebSocket's handshake within 0.05 seconds"),
        client.websocket_connect("/never", timeout=0.05),
    ):
        pass


def test_a_message_that_does_not_come_is_a_timeout(client: TestClient) -> None:
    with client.websocket_connect("/", timeout=0.05) as ws:
        with pytest.raises(httpx2.ReadTimeout, match="the next message of the WebSocket within 0.05 seconds"):
            ws.receive()
        ws.send_text("x")
        assert ws.receive() == "x"


def test_a_message_of_the_other_kind_is_a_type_error(client: TestClient) -> None:
    with client.websocket_connect("/") as ws:
        ws.send_text("x")
        with pytest.raises(TypeError, match="a binary message was expected, and a text one came: 'x'"):
            ws.receive_bytes()
        ws.send_bytes(b"x")
        with pytest.raises(TypeError, match="a text message was expected, and a binary one came: b'x'"):
            ws.receive_text()
        ws.send_json(1, mode="binary")
        with pytest.raises(TypeError, match="text"):
            ws.receive_json()


@pytest.mark.parametrize(("method", "data"), [("send_text", b"x"), ("send_bytes", "x"), ("send_text", None)])
def test_data_of_the_other_kind_is_a_type_error(client: TestClient, method: str, data: Any) -> None:
    with client.websocket_connect("/") as ws, pytest.raises(TypeError, match=f"{method} takes"):
        getattr(ws, method)(data)


@pytest.mark.parametrize("code", [0, 999, 1005, 1006, 1015, 5000, True, None])
def test_a_code_that_cannot_be_sent_is_a_value_error(client: TestClient, code: Any) -> None:
    with client.websocket_connect("/") as ws, pytest.raises(ValueError, match="cannot be sent"):
        ws.close(code)


def test_a_reason_that_is_too_long_is_a_value_error(client: TestClient) -> None:
    with client.websocket_connect("/") as ws, pytest.raises(ValueError, match="longer than 123 bytes"):
        ws.close(1000, "x" * 124)


def test_a_session_that_was_not_entered_says_so(client: TestClient) -> None:
    ws = client.websocket_connect("/")
    for use in (ws.receive, lambda: ws.send_text("x"), ws.close):
        with pytest.raises(RuntimeError, match="with client.websocket_connect"):
            use()


@pytest.mark.parametrize(("subprotocols", "error"), [("chat", TypeError), (["a b"], ValueError), ([""], ValueError)])
def test_subprotocols_are_a_list_of_tokens(client: TestClient, subprotocols: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.websocket_connect("/", subprotocols)


def test_what_escapes_before_the_answer_is_raised_on_entering(client: TestClient) -> None:
    with pytest.raises(ZeroDivisionError, match="before"), client.websocket_connect("/crash-before"):
        pytest.fail("it was entered")


def test_what_escapes_later_is_raised_by_receive_after_the_messages(client: TestClient) -> None:
    with client.websocket_connect("/crash") as ws:
        assert ws.receive() == "last words"
        with pytest.raises(ZeroDivisionError, match="crash"):
            ws.receive()
        with pytest.raises(ZeroDivisionError, match="crash"):
            ws.send_text("x")


def test_what_nobody_has_seen_is_raised_by_the_close(client: TestClient) -> None:
    with pytest.raises(ZeroDivisionError, match="crash"), client.websocket_connect("/crash") as ws:
        assert ws.receive() == "last words"


def test_a_block_that_fails_keeps_its_exception(client: TestClient) -> None:
    with pytest.raises(KeyError), client.websocket_connect("/crash"):
        raise KeyError


@pytest.mark.parametrize("raised", [True, False])
def test_what_escapes_after_the_close_is_raised_or_logged(
    connect: Connect, app: Sockets, interface: str, raised: bool, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(app, interface=interface, raise_server_exceptions=raised)
    with caplog.at_level(logging.ERROR, "velocipy.testing"):
        if raised:
            with pytest.raises(ZeroDivisionError, match="late"), client.websocket_connect("/crash-late"):
                pass
        else:
            with client.websocket_connect("/crash-late"):
                pass
    assert [record.exc_info is not None for record in caplog.records] == ([] if raised else [True])


def test_closing_while_the_application_goes_on_does_not_wait_for_ever(client: TestClient) -> None:
    with client.websocket_connect("/stays") as ws:
        ws.send_text("x")
    with client.websocket_connect("/") as other:
        other.send_text("well")
        assert other.receive() == "well"


def test_receiving_after_the_own_close_is_an_error(client: TestClient) -> None:
    with client.websocket_connect("/") as ws:
        ws.close(4000, "why")
        with pytest.raises(WebSocketClosed) as caught:
            ws.receive()
        with pytest.raises(WebSocketClosed):
            ws.send_text("x")
        ws.close(4001)
    assert (caught.value.code, caught.value.reason) == (4000, "why")
    assert (ws.close_code, ws.close_reason) == (4000, "why")


# Happy


def test_text_bytes_and_json_go_both_ways(client: TestClient, app: Sockets) -> None:
    with client.websocket_connect("/") as ws:
        ws.send_text("é")
        ws.send_bytes(b"\xff")
        ws.send_json({"é": [1]})
        ws.send_json({"é": [2]}, mode="binary")
        ws.send_json({"a": "é"})
        assert (ws.receive_text(), ws.receive_bytes(), ws.receive_json()) == ("é", b"\xff", {"é": [1]})
        assert (ws.receive_json(mode="binary"), ws.receive_text()) == ({"é": [2]}, '{"a":"é"}')
    assert app.events == ["left"]


def test_iterating_ends_with_the_close(client: TestClient) -> None:
    with client.websocket_connect("/once") as ws:
        ws.send_text("x")
        assert list(ws) == ["x"]
        assert list(ws) == []


def test_several_at_once_and_in_any_order(client: TestClient) -> None:
    with client.websocket_connect("/") as one:
        two = client.websocket_connect("/")
        with two:
            one.send_text("1")
            two.send_text("2")
            assert (two.receive(), one.receive()) == ("2", "1")
        one.send_text("3")
        assert one.receive() == "3"


def test_an_asynchronous_client_does_the_same(app: Sockets, interface: str, run: Callable[[Any], Any]) -> None:
    async def main() -> None:
        async with AsyncTestClient(app, interface=interface) as client:
            async with client.websocket_connect("/") as one, client.websocket_connect("/once") as two:
                await asyncio.gather(one.send_text("1"), two.send_bytes(b"2"))
                assert (await one.receive_text(), await two.receive_bytes()) == ("1", b"2")
                await one.send_json([1])
                assert await one.receive_json() == [1]
                assert [message async for message in two] == []
                with pytest.raises(TypeError):
                    await one.send_text(b"x")  # type: ignore[arg-type]
                await one.close(4000, "why")
            assert (one.close_code, one.close_reason) == (4000, "why")
            with pytest.raises(ZeroDivisionError, match="before"):
                async with client.websocket_connect("/crash-before"):
                    pytest.fail("it was entered")
            with pytest.raises(KeyError):
                async with client.websocket_connect("/crash"):
                    raise KeyError

    run(main())


def test_in_a_running_loop_the_synchronous_client_works_too(client: TestClient, run: Callable[[Any], Any]) -> None:
    async def main() -> None:
        with client.websocket_connect("/") as ws:
            ws.send_text("x")
            assert ws.receive() == "x"

    run(main())
