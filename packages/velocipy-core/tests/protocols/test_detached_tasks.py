"""`app.add_task`: work that belongs to the application, whatever becomes of the request that asked for it."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, VelociPy
from velocipy.middleware import RequestIDMiddleware
from velocipy.testing import TestClient

who: ContextVar[str] = ContextVar("who", default="nobody")
done: list[str] = []


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    yield
    done.append("lifespan ended")


app = VelociPy(lifespan=lifespan, background_timeout=0.3, max_background_tasks=2)
app.add_middleware(RequestIDMiddleware)


async def note(text: str, *, seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds)
    done.append(f"{text} by {who.get()}")


def note_in_thread(text: str) -> None:
    assert threading.current_thread().name.startswith("velocipy")
    done.append(f"{text} by {who.get()}")


async def fail() -> None:
    raise RuntimeError("out of paper")


async def until_drained() -> None:
    await app.wait_for_drain()
    done.append("drained")


@app.post("/notes/{name}")
async def leave_notes(name: str, seconds: float = 0.0) -> str:
    done.clear()
    who.set(name)
    app.add_task(note, "note", seconds=seconds)
    await asyncio.sleep(0.4 if seconds > 1 else 0)
    return "soon"


@app.post("/thread")
async def leave_to_a_thread() -> None:
    done.clear()
    await app.add_task(note_in_thread, "thread")


@app.post("/fail")
async def leave_a_failure() -> None:
    app.add_task(fail)


@app.post("/awaited")
async def await_a_failure() -> str:
    try:
        await app.add_task(fail)
    except RuntimeError as error:
        return str(error)
    return "it did not fail"


@app.post("/plain")
def leave_from_a_thread() -> None:
    app.add_task(fail)


@app.post("/cancelled")
async def cancel() -> None:
    task = app.add_task(note, "cancelled", seconds=30)
    await asyncio.sleep(0)
    task.cancel()


@app.post("/endless")
async def begin_endless() -> None:
    app.add_task(until_drained)


@app.get("/done")
async def what_is_done() -> list[str]:
    return done


def test_a_task_runs_in_a_copy_of_the_context_and_the_answer_does_not_wait(
    client: Client, eventually: Callable[..., Any]
) -> None:
    assert client.post("/notes/ada?seconds=0.2").text == "soon"
    assert eventually(lambda: client.get("/done").json(), ["note by ada"]) == ["note by ada"]


def test_a_plain_function_runs_in_a_worker_thread(client: Client) -> None:
    assert client.post("/thread").status_code == 204
    assert client.get("/done").json() == ["thread by nobody"]


def test_it_outlives_a_client_that_leaves_before_the_answer(
    wire: Any, client: Client, eventually: Callable[..., Any]
) -> None:
    wire.abandon("reset", wire.head("POST", "/notes/ada?seconds=3.5"))  # longer than Gunicorn lets the request live
    assert eventually(lambda: client.get("/done").json(), ["note by ada"], 8.0) == ["note by ada"]


def test_who_awaits_it_has_its_error(client: Client) -> None:
    assert client.post("/awaited").text == "out of paper"


def test_beyond_the_bound_it_is_refused_until_one_has_ended(client: Client, eventually: Callable[..., Any]) -> None:
    assert [client.post("/notes/ada?seconds=0.9").status_code for _ in range(3)] == [200, 200, 503]
    assert eventually(lambda: client.post("/notes/ada").status_code, 200) == 200


@pytest.mark.in_process
def test_a_failure_is_logged_once_with_the_id_of_the_request(
    client: Client, caplog: pytest.LogCaptureFixture, eventually: Callable[..., Any]
) -> None:
    with caplog.at_level(logging.ERROR):
        client.post("/fail", headers={"x-request-id": "printing-1"})
        eventually(lambda: len(caplog.records), 1)
    assert [record.getMessage() for record in caplog.records] == ["the task fail of request printing-1 failed"]
    assert "out of paper" in caplog.text


@pytest.mark.in_process
def test_a_cancelled_task_is_no_failure(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert client.post("/cancelled").status_code == 204
        client.close()
    assert caplog.records == []


@pytest.mark.in_process
def test_a_plain_handler_has_no_loop_for_it(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        assert client.post("/plain").status_code == 500
    assert "no running event loop" in caplog.text


@pytest.mark.in_process
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
@pytest.mark.parametrize(("seconds", "ended"), [("0.1", True), ("30", False)])
def test_the_application_waits_for_it_before_it_stops(
    interface: str, seconds: str, ended: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"), TestClient(app, interface=interface) as client:
        client.post(f"/notes/ada?seconds={seconds}", headers={"x-request-id": "a1"})
    assert done == (["note by ada"] if ended else []) + ["lifespan ended"]
    told = [record.getMessage() for record in caplog.records]
    assert told == ([] if ended else ["the task note of request a1 did not end in time"])


@pytest.mark.in_process
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_one_without_an_end_ends_with_the_drain_and_hinders_no_test(interface: str) -> None:
    done.clear()
    begun = time.monotonic()
    with TestClient(app, interface=interface) as client:
        client.post("/endless")
        assert client.get("/done").json() == []
    assert done == ["drained", "lifespan ended"]
    assert time.monotonic() - begun < 5


@pytest.mark.in_process
def test_what_cannot_be_called_is_no_task() -> None:
    async def main() -> None:
        not_a_function: Any = "note"
        with pytest.raises(TypeError, match="takes a function and its arguments, not 'note'"):
            app.add_task(not_a_function)
        bare = VelociPy(max_background_tasks=0)
        with pytest.raises(HTTPException, match="Too many tasks") as refused:
            bare.add_task(note, "never")
        assert refused.value.status_code == 503

    asyncio.run(main())
