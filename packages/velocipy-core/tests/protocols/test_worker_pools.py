"""Worker pools: plain functions run in the one that their route chose, as many at once as it has threads."""

import asyncio
import contextvars
import gc
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpx2 import Client

from velocipy import BackgroundTasks, Depends, Router, StartupError, VelociPy, WebSocket
from velocipy.testing import TestClient

app = VelociPy(worker_pools={"reports": 2, "exports": 1})
reports = Router("/reports", pool="reports")
held = threading.Event()
ended: list[str] = []


def thread() -> str:
    return threading.current_thread().name.rpartition(" ")[0]


def dependency() -> str:
    return thread()


def generator() -> Iterator[str]:
    found = thread()
    yield found
    ended.append(found if found == thread() else "elsewhere")


@contextmanager
def manager() -> Iterator[str]:
    yield thread()


@app.get("/plain")
@app.get("/exports", pool="exports")
@reports.get("/plain")
@reports.get("/exports", pool="exports")
def plain(a: str = Depends(dependency), b: str = Depends(generator), c: str = Depends(manager)) -> list[str]:
    return sorted({a, b, c, thread()})


@reports.get("/async")
async def of_async(a: str = Depends(dependency)) -> list[str]:
    return [a, threading.current_thread().name == a]  # type: ignore[list-item]


@reports.get("/items")
def items() -> Iterator[str]:
    yield thread()
    yield thread()


@reports.get("/hold")
def hold() -> str:
    held.wait(20)
    return "held"


@app.get("/release")
async def release() -> list[int]:
    pool = app.worker_pools["reports"]
    deadline = time.monotonic() + 10
    while (pool.busy, pool.waiting) != (2, 3) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    numbers = [pool.size, pool.busy, pool.waiting]
    held.set()
    return numbers


@app.get("/call")
async def call() -> str:
    return await app.worker_pools["exports"].run(thread)


@app.get("/ended")
async def what_ended() -> list[str]:
    return ended


@app.post("/later")
async def later(tasks: BackgroundTasks) -> None:
    tasks.add_task(lambda: ended.append(f"task in {thread()}"))


@app.websocket("/socket", pool="exports")
async def socket(websocket: WebSocket, a: str = Depends(dependency)) -> None:
    await websocket.accept()
    await websocket.send_text(a)


app.include_router(reports)


@pytest.mark.parametrize(
    ("path", "pool"),
    [("/plain", "default"), ("/exports", "exports"), ("/reports/plain", "reports"), ("/reports/exports", "exports")],
)
def test_the_handler_and_its_dependencies_run_in_the_pool_that_is_nearest(
    client: Client, eventually: Callable[..., Any], path: str, pool: str
) -> None:
    assert client.get(path).json() == [f"velocipy {pool}"]
    assert eventually(lambda: client.get("/ended").json()[-1:], [f"velocipy {pool}"]) == [f"velocipy {pool}"]


def test_plain_dependencies_of_an_async_handler_do_too(client: Client) -> None:
    assert client.get("/reports/async").json() == ["velocipy reports", False]


def test_what_a_plain_handler_yields_is_made_there(client: Client) -> None:
    assert client.get("/reports/items").text == "velocipy reports" * 2


def test_plain_dependencies_of_websockets_do_too(client: Any) -> None:
    with client.websocket_connect("/socket") as websocket:
        assert websocket.receive_text() == "velocipy exports"


def test_background_tasks_run_in_the_default_pool(client: Client, eventually: Callable[..., Any]) -> None:
    client.post("/later")
    expected = "task in velocipy default"
    assert eventually(lambda: client.get("/ended").json()[-1:], [expected]) == [expected]


def test_a_function_of_ones_own_can_be_called_in_a_pool(client: Client) -> None:
    assert client.get("/call").text == "velocipy exports"


@pytest.mark.in_process
def test_a_full_pool_is_seen_and_holds_up_no_other() -> None:
    held.clear()
    with TestClient(app) as client:
        asked = [threading.Thread(target=client.get, args=("/reports/hold",)) for _ in range(5)]
        for one in asked:
            one.start()
        assert client.get("/plain").json() == ["velocipy default"]
        assert client.get("/release").json() == [2, 2, 3]
        for one in asked:
            one.join()
    assert (app.worker_pools["reports"].busy, app.worker_pools["reports"].waiting) == (0, 0)


# -- declaring -----------------------------------------------------------------------------------------------------


@pytest.mark.in_process
@pytest.mark.parametrize("size", [0, -1, 1.5, "2", None])
def test_a_pool_without_threads_is_refused_at_once(size: Any) -> None:
    with pytest.raises(ValueError, match="'reports' has the size .*; give a number of threads from 1"):
        VelociPy(worker_pools={"reports": size})


@pytest.mark.in_process
def test_a_pool_that_is_none_ends_the_start_with_the_names_of_those_there_are() -> None:
    application = VelociPy(worker_pools={"reports": 1})

    @application.get("/", pool="raports")
    def handler() -> None: ...

    with pytest.raises(StartupError, match="the pool 'raports' of / is none of default, reports") as caught:
        application.freeze()
    assert caught.value.handler is not None
    assert caught.value.handler.endswith("handler")


# -- one pool ------------------------------------------------------------------------------------------------------


def pool_of(name: str, size: int) -> Any:
    return VelociPy(worker_pools={name: size}).worker_pools[name]


def threads(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"velocipy {name} ")]


def gone(name: str) -> bool:
    deadline = time.monotonic() + 5
    while threads(name) and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    return not threads(name)


@pytest.mark.in_process
def test_threads_are_made_when_needed_and_end_with_the_pool() -> None:
    async def one_after_the_other(pool: Any) -> None:
        for _ in range(3):
            await pool.run(time.sleep, 0)

    pool = pool_of("lazy", 4)
    assert threads("lazy") == []
    asyncio.run(one_after_the_other(pool))
    assert threads("lazy") == ["velocipy lazy 1"]
    del pool
    assert gone("lazy")


@pytest.mark.in_process
def test_what_is_cancelled_while_it_waits_is_not_called() -> None:
    pool, release = pool_of("cancelled", 1), threading.Event()
    called: list[int] = []

    async def main() -> None:
        first = asyncio.create_task(pool.run(release.wait, 10))
        second = asyncio.create_task(pool.run(called.append, 1))
        await asyncio.sleep(0.05)
        assert (pool.busy, pool.waiting) == (1, 1)
        second.cancel()
        await asyncio.wait({second})
        assert (pool.busy, pool.waiting) == (1, 0)
        release.set()
        await first
        await pool.run(called.append, 2)

    asyncio.run(main())
    assert called == [2]


@pytest.mark.in_process
def test_the_context_is_copied() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    pool = pool_of("context", 1)

    async def main() -> str:
        variable.set("here")
        await pool.run(variable.set, "there")
        found: str = await pool.run(variable.get)
        return found

    assert asyncio.run(main()) == "here"


# -- the end of the lifespan ---------------------------------------------------------------------------------------


@pytest.mark.in_process
def test_the_end_of_the_lifespan_ends_the_threads_and_another_lifespan_has_others() -> None:
    application = VelociPy(worker_pools={"ending": 2})
    application.add_route("/", thread, pool="ending")
    for _ in range(2):
        with TestClient(application) as client:
            assert client.get("/").text == "velocipy ending"
        assert gone("ending")


@pytest.mark.in_process
def test_without_a_lifespan_the_threads_end_with_the_application() -> None:
    def ask() -> None:  # what declares routes is remembered with its local names as long as it runs
        application = VelociPy(worker_pools={"left": 2})
        application.add_route("/", thread, pool="left")
        client = TestClient(application)
        assert client.get("/").text == "velocipy left"
        client.close()

    ask()
    assert gone("left")


@pytest.mark.in_process
def test_a_thread_that_hangs_is_waited_for_until_the_deadline_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    called: list[int] = []
    application = VelociPy(worker_pools={"hanging": 1}, timeout=0.1, background_timeout=0.3)

    @application.get("/", pool="hanging")
    def hang() -> None:
        release.wait(20)

    async def main() -> None:
        async with application._open_lifespan():
            pool = application.worker_pools["hanging"]
            running = asyncio.create_task(pool.run(hang))
            waiting = asyncio.create_task(pool.run(called.append, 1))
            while not pool.busy:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            running.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()

    with caplog.at_level(logging.ERROR, "velocipy"):
        asyncio.run(main())
    assert "hang did not end in time in the worker pool hanging" in caplog.text
    release.set()
    assert gone("hanging")
    assert called == []


@pytest.mark.in_process
def test_a_process_does_not_wait_for_a_thread_that_hangs() -> None:
    program = """
import asyncio, threading, velocipy
app = velocipy.VelociPy()
async def main():
    task = asyncio.create_task(app.worker_pools["default"].run(threading.Event().wait, 600))
    while not app.worker_pools["default"].busy:
        await asyncio.sleep(0.01)
    task.cancel()
asyncio.run(main())
print("ended")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert (result.stdout, result.stderr) == ("ended\n", "")
