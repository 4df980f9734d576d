"""WebSockets of RSGI applications in process, and all that Granian would lose or die of."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from velocipy.testing import ProtocolError, TestClient, WebSocketClosed, WebSocketDenied

Connect = Callable[..., TestClient]


@pytest.fixture
def serve(connect: Connect) -> Callable[..., TestClient]:
    """A function that makes a client of a function of scope and protocol."""
    return lambda app, **options: connect(app, interface="rsgi", **options)


def drain(client: TestClient, **options: Any) -> list[str | bytes]:
    with client.websocket_connect("/", **options) as ws:
        return list(ws)


# What is refused


async def accept_twice(protocol: Any) -> None:
    await protocol.accept()
    await protocol.accept()


async def accept_closed(protocol: Any) -> None:
    protocol.close(404)
    await protocol.accept()


async def send_wrong(protocol: Any, method: str, data: Any) -> None:
    await getattr(await protocol.accept(), method)(data)


async def send_closed(protocol: Any, method: str, data: Any) -> None:
    transport = await protocol.accept()
    protocol.close()
    await getattr(transport, method)(data)


async def close_with(protocol: Any, status: Any) -> None:
    protocol.close(status)


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "accept twice": (accept_twice, "Granian's worker dies"),
    "accept after close": (accept_closed, "after it had closed"),
    "bytes as text": (lambda p: send_wrong(p, "send_str", b"x"), "use send_bytes"),
    "text as bytes": (lambda p: send_wrong(p, "send_bytes", "x"), "use send_str"),
    "text after close": (lambda p: send_closed(p, "send_str", "x"), "never tells the client"),
    "bytes after close": (lambda p: send_closed(p, "send_bytes", b"x"), "never tells the client"),
    **{
        f"close with {status}": (lambda p, status=status: close_with(p, status), f"with {status} before it accepted")  # type: ignore[misc]
        for status in (-1, 0, 99, 101, 1000, 4000, 70000)
    },
}


@pytest.mark.parametrize(("function", "words"), REFUSED.values(), ids=REFUSED)
def test_what_granian_dies_or_loses_is_a_protocol_error(
    serve: Callable[..., TestClient], function: Callable[[Any], Any], words: str
) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        await function(protocol)

    with pytest.raises(ProtocolError) as caught:
        drain(serve(app, raise_server_exceptions=True))
    assert words in str(caught.value)


def test_a_status_that_is_no_int_is_a_type_error_as_on_granian(serve: Callable[..., TestClient]) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        protocol.close("404")

    with pytest.raises(TypeError, match="'str' object cannot be interpreted as an integer"):
        drain(serve(app))


def test_two_receives_at_once_are_an_error_as_on_granian(serve: Callable[..., TestClient]) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        transport = await protocol.accept()
        waiting = asyncio.ensure_future(transport.receive())
        await asyncio.sleep(0)
        try:
            await transport.receive()
        finally:
            waiting.cancel()

    with pytest.raises(RuntimeError, match="another receive is waiting"):
        drain(serve(app))


# The handshake


def test_the_scope(serve: Callable[..., TestClient]) -> None:
    seen: list[Any] = []

    async def app(scope: Any, protocol: Any) -> None:
        seen.append(scope)

    client = serve(app, base_url="https://h:8", cookies={"a": "1"})
    with pytest.raises(WebSocketDenied), client.websocket_connect("/x%2Fy", ["a", "b"], params={"q": "1"}):
        pass
    (scope,) = seen
    assert (scope.proto, scope.scheme, scope.method, scope.path) == ("ws", "https", "GET", "/x/y")
    assert (scope.query_string, scope.server, scope.client) == ("q=1", "h:8", "127.0.0.1:123")
    assert scope.headers["sec-websocket-protocol"] == "a, b"
    assert scope.headers["cookie"] == "a=1"


@pytest.mark.parametrize(("arguments", "status"), [((), 403), ((None,), 403), ((404,), 404), ((999,), 999)])
def test_a_close_before_accept_is_a_status(
    serve: Callable[..., TestClient], arguments: tuple[Any, ...], status: int
) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        protocol.close(*arguments)
        protocol.close(500)

    with pytest.raises(WebSocketDenied) as caught:
        drain(serve(app))
    assert (caught.value.response.status_code, caught.value.response.content) == (status, b"")


def test_an_application_that_does_nothing_denies_with_403(serve: Callable[..., TestClient]) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        pass

    with pytest.raises(WebSocketDenied, match="403"):
        drain(serve(app))


# Messages


async def echo(scope: Any, protocol: Any) -> None:
    transport = await protocol.accept()
    while (message := await transport.receive()).kind:
        send = transport.send_str if message.kind == 2 else transport.send_bytes
        await send(message.data)


def test_messages_go_both_ways(serve: Callable[..., TestClient]) -> None:
    client = serve(echo)
    with client.websocket_connect("/", ["a"]) as ws, client.websocket_connect("/") as other:
        ws.send_text("é")
        other.send_bytes(b"o")
        ws.send_bytes(b"\xff")
        assert (ws.receive(), ws.receive(), other.receive()) == ("é", b"\xff", b"o")
        assert ws.accepted_subprotocol is None


def test_the_clients_close_is_told_once_and_has_no_code(serve: Callable[..., TestClient]) -> None:
    told: list[Any] = []

    async def app(scope: Any, protocol: Any) -> None:
        transport = await protocol.accept()
        message = await transport.receive()
        told.append((message.kind, hasattr(message, "data")))
        for send in (transport.receive, lambda: transport.send_str("x"), lambda: transport.send_bytes(b"x")):
            with pytest.raises(RuntimeError, match="transport is closed"):
                await send()
            told.append("closed")

    with serve(app, raise_server_exceptions=True).websocket_connect("/") as ws:
        ws.close(4000, "why")
    assert told == [(0, False), "closed", "closed", "closed"]


def test_a_client_that_vanishes_closes_the_transport(serve: Callable[..., TestClient]) -> None:
    told: list[Any] = []

    async def app(scope: Any, protocol: Any) -> None:
        transport = await protocol.accept()
        with pytest.raises(RuntimeError) as caught:
            await transport.receive()
        told.append(str(caught.value))
        raise caught.value

    client = serve(app)
    client.websocket_connect("/").__enter__()
    client.close()
    assert told == ["RSGI transport is closed"]


@pytest.mark.parametrize("arguments", [(), (1000,), (4000,), (None,)])
def test_no_close_code_reaches_the_client(serve: Callable[..., TestClient], arguments: tuple[Any, ...]) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        transport = await protocol.accept()
        await transport.send_str("last")
        protocol.close(*arguments)
        assert (await transport.receive()).kind == 0

    with serve(app, raise_server_exceptions=True).websocket_connect("/") as ws:
        assert list(ws) == ["last"]
    assert (ws.close_code, ws.close_reason) == (1005, "")


def test_the_client_is_told_when_the_transport_is_freed(serve: Callable[..., TestClient]) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        transport = await protocol.accept()
        protocol.close()
        del transport
        await asyncio.Event().wait()

    with serve(app).websocket_connect("/") as ws:
        with pytest.raises(WebSocketClosed) as caught:
            ws.receive()
        assert caught.value.code == 1005
