"""Draining: an application knows that it is to end before its connections do, and its server ends as it always does."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from velocipy import StreamingResponse, VelociPy
from velocipy.testing import TestClient
from velocipy.testing.servers import RunningServer

HERE = Path(__file__)
BEGAN = "LIFESPAN began"
ENDED = "LIFESPAN ended"


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    print(f"{BEGAN}\n", end="", flush=True)
    yield
    print(f"{ENDED} in process {os.getpid()}, {app.is_draining=}\n", end="", flush=True)


app = VelociPy(lifespan=lifespan)


async def until_drained() -> AsyncIterator[str]:
    yield "open "
    await app.wait_for_drain()
    yield "drained" if app.is_draining else "woken too early"


@app.get("/open")
async def stay_open() -> StreamingResponse:
    return StreamingResponse(until_drained())


@app.get("/draining")
def is_draining() -> bool:
    return app.is_draining


@app.post("/drain")
def begin() -> None:
    app.begin_drain()


class Plain:
    """What a server runs without us."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        print(f"{BEGAN}\n", end="", flush=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        print(f"{BEGAN}\n", end="", flush=True)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None: ...


plain = Plain()


def start(live_server: Any, name: str, workers: int) -> RunningServer:
    if live_server.server.name.startswith("hypercorn"):
        if workers > 1:
            pytest.skip("the worker processes of Hypercorn get no signal, only the one that starts them")
        workers = 0  # serves in the process that gets the signal
    running = RunningServer.start(
        live_server.server,
        f"{HERE.stem}:{name}",
        directory=HERE.parent,
        arguments=("--workers", str(workers)),
        grace=15,
    )
    wait_until(lambda: running.log.text().count(BEGAN) >= workers)
    return running


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_is_noticed_and_the_server_ends_as_without_us(live_server: Any, workers: int) -> None:
    with start(live_server, "plain", workers) as server:
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: server.exit_code is not None)
        expected = server.exit_code
    with start(live_server, "app", workers) as server:
        with server.client() as client, client.stream("GET", "/open") as answer:
            pieces = answer.iter_text()
            text = next(pieces)
            os.kill(server.pid, signal.SIGTERM)
            text += "".join(pieces)
        wait_until(lambda: server.exit_code is not None)
        assert (text, server.exit_code) == ("open drained", expected)
        ended = [line for line in server.log.text().splitlines() if ENDED in line]
    assert len(set(ended)) == len(ended) == workers
    assert all("app.is_draining=True" in line for line in ended)


@pytest.mark.in_process
def test_what_is_told_to_drain_says_so_wakes_who_waits_and_still_answers(client_factory: Any) -> None:
    client = client_factory("app")
    assert client.get("/draining").json() is False
    with client.stream("GET", "/open") as answer:
        pieces = answer.iter_text()
        assert next(pieces) == "open "
        client.post("/drain")
        assert "".join(pieces) == "drained"
    assert client.get("/open").text == "open drained"
    assert client.get("/draining").json() is True


@pytest.mark.in_process
def test_an_application_that_is_started_again_is_not_draining(client_factory: Any) -> None:
    client = client_factory("app")
    client.post("/drain")
    client.close()
    assert client_factory("app").get("/draining").json() is False


@pytest.mark.in_process
def test_the_end_of_one_of_two_servers_of_an_application_is_no_drain(client_factory: Any) -> None:
    first, second = client_factory("app"), client_factory("app")
    first.close()
    assert second.get("/draining").json() is False
    second.close()
    assert not app.is_draining


outer = VelociPy()
between = VelociPy()
between.mount("/inner", app)
outer.mount("/between", between)


@outer.post("/drain")
async def begin_outside() -> bool:
    outer.begin_drain()
    return app.is_draining


@pytest.mark.in_process
def test_what_is_mounted_drains_with_the_application_around_it(client_factory: Any) -> None:
    client = client_factory("outer")
    with client.stream("GET", "/between/inner/open") as answer:
        pieces = answer.iter_text()
        assert next(pieces) == "open "
        assert client.post("/drain").json() is True
        assert "".join(pieces) == "drained"
    client.close()
    assert not any(application.is_draining for application in (outer, between, app))


@pytest.mark.in_process
def test_who_waits_without_an_end_does_not_keep_the_application_from_ending() -> None:
    ended: list[str] = []

    @asynccontextmanager
    async def lifespan(app: VelociPy) -> AsyncIterator[None]:
        async def job() -> None:
            await app.wait_for_drain()
            ended.append("job")

        async with asyncio.TaskGroup() as group:
            group.create_task(job())
            yield
        ended.append("lifespan")

    with TestClient(VelociPy(lifespan=lifespan)):
        assert ended == []
    assert ended == ["job", "lifespan"]


@pytest.fixture
def received() -> Iterator[list[int]]:
    """The signals that the handlers of a program got, which has its own."""
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: received.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    yield received
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers() -> list[Any]:
    return [signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)]


@pytest.mark.in_process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_handler_of_a_program_still_gets_its_signal(received: list[int], number: int) -> None:
    first, second = VelociPy(), VelociPy()
    before = handlers()

    async def main() -> None:
        async with running(first), running(second):
            waiting = asyncio.create_task(second.wait_for_drain())
            await asyncio.sleep(0)
            signal.raise_signal(number)
            await asyncio.wait_for(waiting, 5)
            assert (first.is_draining, second.is_draining) == (True, True)

    with asyncio.Runner() as runner:
        runner.get_loop().run_until_complete(main())  # Runner.run would have its own handler of SIGINT
    assert received == [number]
    assert handlers() == before


@pytest.mark.in_process
def test_where_nothing_would_stop_gracefully_a_signal_does_what_it_did(received: list[int]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    async def main() -> None:
        async with running(VelociPy()):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN

    asyncio.run(main())


@pytest.mark.in_process
def test_a_handler_that_was_set_meanwhile_is_left_alone(received: list[int]) -> None:
    def later(number: int, frame: Any) -> None: ...

    async def main() -> None:
        async with running(VelociPy()):
            signal.signal(signal.SIGTERM, later)

    asyncio.run(main())
    assert signal.getsignal(signal.SIGTERM) is later


@pytest.mark.in_process
def test_in_a_thread_no_signal_is_listened_to(received: list[int]) -> None:
    before = handlers()
    with TestClient(app):
        assert handlers() == before


@asynccontextmanager
async def running(app: VelociPy) -> AsyncIterator[None]:
    """Run the lifespan of *app* in this thread, as a server does."""
    received: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, received.get, sent.put))
    received.put_nowait({"type": "lifespan.startup"})
    assert await sent.get() == {"type": "lifespan.startup.complete"}
    yield
    received.put_nowait({"type": "lifespan.shutdown"})
    assert await sent.get() == {"type": "lifespan.shutdown.complete"}
    await task
