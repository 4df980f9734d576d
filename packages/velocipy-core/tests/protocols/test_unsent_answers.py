"""Answers that were made and did not arrive: dependencies are left as after any other, and what is left to do runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from httpx2 import TransportError

from velocipy import BackgroundTasks, Depends, Response, StreamingResponse, VelociPy

app = VelociPy()
events: list[str] = []
LARGE = 32 * 1024 * 1024  # more than sockets keep between a server and a client that does not read


async def resource() -> AsyncIterator[str]:
    try:
        yield "open"
    except BaseException as error:
        events.append(f"closed by {type(error).__name__}")
        raise
    await asyncio.sleep(0)  # as a commit waits
    events.append("closed well")


async def note() -> None:
    events.append("noted")


@app.get("/data/{size}")
@app.post("/data/{size}")
async def data(size: int, tasks: BackgroundTasks, resource: str = Depends(resource)) -> dict[str, str]:
    tasks.add_task(note)
    events.append("made")
    return {"data": "x" * size}


@app.get("/response/{size}")
async def response(size: int, tasks: BackgroundTasks, resource: str = Depends(resource)) -> Response:
    tasks.add_task(note)
    events.append("made")
    return Response("x" * size)


@app.get("/stream/{size}")
async def stream(size: int, tasks: BackgroundTasks, resource: str = Depends(resource)) -> Response:
    async def chunks() -> AsyncIterator[str]:
        events.append("made")
        for _ in range(0, size, 1024):
            yield "x" * 1024

    tasks.add_task(note)
    return StreamingResponse(chunks())


@app.get("/broken")
async def broken(tasks: BackgroundTasks, resource: str = Depends(resource)) -> Response:
    async def chunks() -> AsyncIterator[str]:
        yield "x"
        raise LookupError("out of chunks")

    tasks.add_task(note)
    return StreamingResponse(chunks())


@app.get("/told")
async def told() -> str:
    return ",".join(events)


@app.get("/forget")
async def forget() -> None:
    events.clear()


@pytest.mark.parametrize("path", [f"/data/{LARGE}", f"/response/{LARGE}", f"/stream/{LARGE}"])
def test_a_client_that_leaves_before_all_has_arrived(wire: Any, eventually: Any, path: str) -> None:
    wire.ask("GET", "/forget")
    wire.abandon("reset", wire.head("GET", path))
    expected = b"made,closed well,noted"
    told = eventually(lambda: wire.ask("GET", "/told").body[-len(expected) :], expected, 10.0)
    assert told == expected


async def over_asgi(method: str, path: str, take: Callable[[str], Awaitable[None]]) -> None:
    """Ask below the test client, which never fails to take what is sent."""

    async def receive() -> Any:
        return await asyncio.get_running_loop().create_future()  # a client that sends no body

    async def send(message: Any) -> None:
        await take(message["type"])

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)


async def until(event: str) -> None:
    while event not in events:  # noqa: ASYNC110 - one line for all
        await asyncio.sleep(0)


async def fail(what: str) -> None:
    raise OSError("the client has left")


async def fail_in_the_middle(what: str) -> None:
    if what == "http.response.body":
        raise OSError("the client has left")


async def hang(what: str) -> None:
    events.append("sending")
    await asyncio.sleep(1000)


@pytest.mark.in_process
@pytest.mark.parametrize("take", [fail, fail_in_the_middle])
@pytest.mark.parametrize("path", ["/data/1", "/response/1"])
def test_a_server_that_refuses_what_is_sent(path: str, take: Any) -> None:
    async def main() -> None:
        with pytest.raises(OSError, match="has left"):
            await over_asgi("GET", path, take)
        await app.wait_for_background()

    events.clear()
    asyncio.run(main())
    assert events == ["made", "closed well", "noted"]


@pytest.mark.in_process
@pytest.mark.parametrize("path", ["/data/1", "/response/1", "/stream/1"])
def test_a_server_that_cancels_while_it_sends(path: str) -> None:
    async def main() -> None:
        task = asyncio.create_task(over_asgi("GET", path, hang))
        await until("sending")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await app.wait_for_background()

    events.clear()
    asyncio.run(main())
    assert events[-2:] == ["closed well", "noted"]


@pytest.mark.in_process
def test_a_server_that_cancels_while_the_rest_of_a_body_is_taken() -> None:
    async def take(what: str) -> None:
        events.append(what)

    async def main() -> None:
        task = asyncio.create_task(over_asgi("POST", "/data/1", take))
        await until("made")
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await app.wait_for_background()

    events.clear()
    asyncio.run(main())
    assert events == ["made", "closed well", "noted"]


@pytest.mark.in_process
def test_a_granian_that_refuses_what_is_sent() -> None:
    class Scope(NamedTuple):
        proto: str
        method: str
        path: str
        query_string: str

    class Protocol:
        def response_bytes(self, *args: object) -> None:
            raise RuntimeError("the transport is gone")

    async def main(path: str) -> None:
        with pytest.raises(RuntimeError, match="the transport is gone"):
            await app.__rsgi__(Scope("http", "GET", path, ""), Protocol())
        await app.wait_for_background()

    for path in ("/data/1", "/response/1"):
        events.clear()
        asyncio.run(main(path))
        assert events == ["made", "closed well", "noted"]


def test_what_fails_while_the_answer_is_made_is_raised_in_dependencies(client: Any, eventually: Any) -> None:
    client.get("/forget")
    with suppress(TransportError, LookupError):  # some servers tell that the answer broke off, and the test client why
        client.get("/broken")
    assert eventually(lambda: client.get("/told").text, "closed by LookupError,noted") == "closed by LookupError,noted"
