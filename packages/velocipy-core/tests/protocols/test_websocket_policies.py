"""What becomes of the handler of a WebSocket whose client leaves while it waits for something else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest

from velocipy import Depends, Router, VelociPy, WebSocket, WebSocketDisconnect
from velocipy.testing import WebSocketClosed

Client = Any

app = VelociPy(timeout=0.1)
cancelling = Router("/cancel", on_disconnect="cancel")
events: list[str] = []


async def resource() -> AsyncIterator[str]:
    try:
        yield "open"
        events.append("closed well")
    except Exception as error:
        events.append(f"closed by {type(error).__name__}")
        raise


Resource = Annotated[str, Depends(resource)]


@app.get("/told")
async def told() -> list[str]:
    return events


@app.post("/forget")
async def forget() -> None:
    events.clear()


@app.post("/drain")
async def drain() -> None:
    app.begin_drain()


async def wait_for_others(websocket: WebSocket, resource: Resource) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    try:
        await asyncio.sleep(1000)
    finally:
        events.append(f"cancelled, {websocket.closed=}")


async def receive_after_a_while(websocket: WebSocket, resource: Resource) -> None:
    """Receive when all has come that a client has sent."""
    await websocket.accept()
    count = int(await websocket.receive_text())
    await asyncio.sleep(0.3)
    for _ in range(count):
        await websocket.send_text((await websocket.receive_text())[:5])
    try:
        await websocket.receive_text()
    except WebSocketDisconnect:
        await asyncio.sleep(0.1)
        events.append("tidied up")
        raise


async def give_up_receiving(websocket: WebSocket, resource: Resource) -> None:
    await websocket.accept()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(websocket.receive_text(), 0.05)
    await websocket.send_text("given up")
    await asyncio.sleep(1000)


async def receive_in_a_task(websocket: WebSocket, resource: Resource) -> None:
    async def receive() -> None:
        async for message in websocket.iter_text():
            await websocket.send_text(message)

    await websocket.accept()
    await asyncio.create_task(receive())
    await asyncio.sleep(0.1)
    events.append("tidied up")


async def close_itself(websocket: WebSocket, resource: Resource) -> None:
    await websocket.accept()
    await websocket.close()
    await asyncio.sleep(0.2)
    events.append("tidied up")


for handler in (wait_for_others, receive_after_a_while, give_up_receiving, receive_in_a_task, close_itself):
    cancelling.add_websocket_route(f"/{handler.__name__}", handler)


@cancelling.websocket("/watched", on_disconnect="notify")
async def look_now_and_then(websocket: WebSocket, resource: Resource) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    while not websocket.closed:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    events.append(f"left by {websocket.close_code is not None}")


@cancelling.websocket("/finished", on_disconnect="finish")
async def go_on(websocket: WebSocket, resource: Resource) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    await asyncio.sleep(0.5)
    events.append("finished")


@cancelling.websocket("/told-otherwise", on_disconnect=None)
@app.websocket("/slow")
async def take_longer_than_requests_may(websocket: WebSocket) -> None:
    await websocket.accept()
    await asyncio.sleep(0.3)
    await websocket.send_text("in time")


@app.websocket("/firehose")
async def send_only(websocket: WebSocket, resource: Resource) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text("x")
        await asyncio.sleep(0.02)


app.include_router(cancelling)


@pytest.fixture
def ends(client: Client, eventually: Any) -> Any:
    """A function that waits for what is told in the end."""
    client.post("/forget")
    return lambda expected: eventually(lambda: client.get("/told").json(), expected) == expected


@pytest.mark.parametrize("unheard", [0, 3, 200])
def test_who_waits_for_something_else_is_cancelled(client: Client, ends: Any, unheard: int) -> None:
    with client.websocket_connect("/cancel/wait_for_others") as ws:
        assert ws.receive_text() == "open"
        for _ in range(unheard):
            ws.send_text("nobody hears this")
    assert ends(["cancelled, websocket.closed=True", "closed by WebSocketDisconnect"])


@pytest.mark.in_process
def test_that_is_no_error(client: Client, ends: Any, caplog: pytest.LogCaptureFixture) -> None:
    with client.websocket_connect("/cancel/wait_for_others") as ws:
        assert ws.receive_text() == "open"
    assert ends(["cancelled, websocket.closed=True", "closed by WebSocketDisconnect"])
    assert not caplog.records


@pytest.mark.parametrize("size", [5, 20_000])
def test_what_came_meanwhile_is_received_in_order(client: Client, ends: Any, size: int) -> None:
    with client.websocket_connect("/cancel/receive_after_a_while") as ws:
        ws.send_text("12")
        for number in range(12):
            ws.send_text(f"{number:05}".ljust(size))
        assert [ws.receive_text() for _ in range(12)] == [f"{number:05}" for number in range(12)]
    assert ends(["tidied up", "closed by WebSocketDisconnect"])


def test_who_gave_up_receiving_is_cancelled(client: Client, ends: Any) -> None:
    with client.websocket_connect("/cancel/give_up_receiving") as ws:
        assert ws.receive_text() == "given up"
    assert ends(["closed by WebSocketDisconnect"])


def test_a_task_that_receives_meets_the_end_and_the_handler_is_not_cancelled(client: Client, ends: Any) -> None:
    with client.websocket_connect("/cancel/receive_in_a_task") as ws:
        ws.send_text("hello")
        assert ws.receive_text() == "hello"
    assert ends(["tidied up", "closed well"])


def test_who_closes_is_not_cancelled(client: Client, ends: Any) -> None:
    with client.websocket_connect("/cancel/close_itself") as ws, pytest.raises(WebSocketClosed):
        ws.receive()
    assert ends(["tidied up", "closed well"])


def test_who_asked_for_notice_sees_that_it_is_closed(client: Client, ends: Any) -> None:
    with client.websocket_connect("/cancel/watched") as ws:
        assert ws.receive_text() == "open"
    assert ends(["left by True", "closed well"])


def test_who_has_to_finish_does(client: Client, ends: Any) -> None:
    with client.websocket_connect("/cancel/finished") as ws:
        assert ws.receive_text() == "open"
    assert ends(["finished", "closed well"])


@pytest.mark.parametrize("path", ["/slow", "/cancel/told-otherwise"])
def test_the_time_limit_of_requests_does_not_hold(client: Client, path: str) -> None:
    with client.websocket_connect(path) as ws:
        assert ws.receive_text() == "in time"


def test_who_only_sends_meets_the_end_after_messages_that_nobody_received(client: Client, ends: Any) -> None:
    with client.websocket_connect("/firehose") as ws:
        for _ in range(5):
            ws.send_text("nobody hears this")
        assert ws.receive_text() == "x"
    assert ends(["closed by WebSocketDisconnect"])


@pytest.mark.in_process
def test_draining_cancels_who_waits(client: Client, ends: Any) -> None:
    with client.websocket_connect("/cancel/wait_for_others") as ws:
        assert ws.receive_text() == "open"
        client.post("/drain")
        with pytest.raises(WebSocketClosed):
            ws.receive()
        assert ends(["cancelled, websocket.closed=True", "closed by WebSocketDisconnect"])


@pytest.mark.parametrize("policy", ["stop", 1])
def test_what_is_no_policy_is_refused(policy: Any) -> None:
    with pytest.raises(ValueError, match="on_disconnect is 'cancel', 'finish', 'notify' or None"):
        app.websocket("/", on_disconnect=policy)(send_only)


def test_a_websocket_takes_no_time_limit() -> None:
    options: Any = {"timeout": 1}
    with pytest.raises(TypeError, match="a WebSocket has no option 'timeout'"):
        app.websocket("/", **options)(send_only)
