"""`BackgroundTasks`: what handlers and dependencies leave to do when the answer was sent."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import BackgroundTasks, Depends, HTTPException, Response, StreamingResponse, VelociPy
from velocipy.testing import TestClient

who: ContextVar[str] = ContextVar("who", default="nobody")
done: list[str] = []


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    yield
    done.append("lifespan ended")


app = VelociPy(lifespan=lifespan, background_timeout=0.3)


async def note(text: str, *, seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds)
    done.append(f"{text} by {who.get()}")


def note_in_thread(text: str) -> None:
    done.append(f"{text} by {who.get()}")


async def fail() -> None:
    raise RuntimeError("out of paper")


async def connection() -> AsyncIterator[str]:
    yield "open"
    done.append("closed")


async def auditing(tasks: BackgroundTasks, connection: Annotated[str, Depends(connection)]) -> str:
    tasks.add_task(note, f"audit of {connection}")
    return "audited"


@app.post("/notes/{name}")
async def leave_notes(name: str, tasks: BackgroundTasks, audit: Annotated[str, Depends(auditing)]) -> str:
    done.clear()
    who.set(name)
    tasks.add_task(note, "first", seconds=0.02)
    tasks.add_task(fail)
    tasks.add_task(note_in_thread, "second")
    tasks.add_task(tasks.add_task, note, "third")
    return audit


@app.post("/refused")
async def refused(tasks: BackgroundTasks) -> None:
    done.clear()
    tasks.add_task(note, "refused")
    raise HTTPException(409)


@app.post("/response")
async def response(tasks: BackgroundTasks, streamed: bool = False) -> Response:
    done.clear()
    tasks.add_task(note, "answered")
    return StreamingResponse([b"a", b"b"]) if streamed else Response("ab")


@app.post("/slow/{seconds}")
async def slow(seconds: float, tasks: BackgroundTasks) -> str:
    done.clear()
    tasks.add_task(note, "slow", seconds=seconds)
    return "soon"


@app.post("/none")
async def none(tasks: BackgroundTasks) -> str:
    return "nothing to do"


@app.post("/left")
async def left(tasks: BackgroundTasks) -> str:
    done.clear()
    tasks.add_task(note, "left", seconds=3.5)  # longer than Gunicorn lets a request live whose client left
    await asyncio.sleep(0.4)
    return "nobody reads this"


@app.get("/done")
async def what_is_done() -> list[str]:
    return done


def wait_until_done(client: Client, count: int) -> list[str]:
    until = time.monotonic() + 8
    found: list[str] = []
    while len(found) < count and time.monotonic() < until:
        time.sleep(0.01)
        found = client.get("/done").json()
    return found


def test_tasks_of_handlers_and_dependencies_run_in_order_after_what_was_open_is_closed(client: Client) -> None:
    answer = client.post("/notes/ada")
    assert (answer.status_code, answer.text) == (200, "audited")
    expected = ["closed", "audit of open by ada", "first by ada", "second by ada", "third by ada"]
    assert wait_until_done(client, 5) == expected


@pytest.mark.parametrize("path", ["/response", "/response?streamed=1", "/refused"])
def test_tasks_run_after_every_kind_of_answer(client: Client, path: str) -> None:
    answer = client.post(path)
    assert (answer.status_code, answer.text) in ((200, "ab"), (409, '{"detail":"Conflict"}'))
    assert len(wait_until_done(client, 1)) == 1


def test_the_answer_does_not_wait_for_the_tasks(client: Client) -> None:
    assert client.post("/slow/0.2").text == "soon"
    assert wait_until_done(client, 1) == ["slow by nobody"]
    assert client.post("/none").text == "nothing to do"


def test_tasks_outlive_a_client_that_leaves_before_the_answer(wire: Any, client: Client) -> None:
    wire.abandon("reset", wire.head("POST", "/left"))
    assert wait_until_done(client, 1) == ["left by nobody"]


@pytest.mark.in_process
def test_a_task_that_fails_is_logged_with_its_request(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.post("/notes/ada")
    (record,) = [record for record in caplog.records if record.name == "velocipy"]
    assert record.getMessage().startswith("the background task fail of POST '/notes/ada', request ")
    assert "out of paper" in caplog.text


@pytest.mark.in_process
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
@pytest.mark.parametrize(("seconds", "ended"), [("0.1", True), ("30", False)])
def test_the_application_waits_for_the_tasks_before_it_stops(
    interface: str, seconds: str, ended: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.ERROR, "velocipy"),
        TestClient(app, interface=interface) as client,
        client.stream("POST", f"/slow/{seconds}") as answer,
    ):
        assert answer.status_code == 200
    assert done == (["slow by nobody"] if ended else []) + ["lifespan ended"]
    assert ("did not end in time" in caplog.text) is not ended


@pytest.mark.in_process
def test_no_more_run_at_once_than_allowed() -> None:
    running = 0
    most = 0
    bounded = VelociPy(max_background_tasks=2)

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    @bounded.get("/")
    async def handler(tasks: BackgroundTasks) -> None:
        tasks.add_task(work)

    async def ask_ten_times() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None: ...

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        await asyncio.gather(*(bounded(scope, receive, send) for _ in range(10)))
        await bounded.wait_for_background()

    asyncio.run(ask_ten_times())
    assert (running, most) == (0, 2)


@pytest.mark.in_process
def test_outside_a_request_tasks_run_at_the_end_of_the_scope() -> None:
    async def leave(tasks: BackgroundTasks) -> str:
        tasks.add_task(note, "outside")
        return "left"

    async def main() -> None:
        done.clear()
        async with app.scope() as scope:
            assert await scope.call(leave) == "left"
            assert done == []
        assert done == ["outside by nobody"]

    asyncio.run(main())


@pytest.mark.in_process
def test_what_cannot_be_called_is_no_task() -> None:
    tasks = BackgroundTasks()
    not_a_function: Any = fail.__name__
    with pytest.raises(TypeError, match="takes a function and its arguments, not 'fail'"):
        tasks.add_task(not_a_function)
