"""`add_health` and `add_readiness`: what load balancers ask."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, StartupError, VelociPy
from velocipy.testing import TestClient

app = VelociPy()
opened: list[str] = []
stuck = threading.Event()
calls: list[str] = []


async def connection() -> AsyncIterator[str]:
    opened.append("opened")
    yield "connection"
    opened.append("closed")


async def database(connection: Annotated[str, Depends(connection)]) -> None:
    assert connection == "connection"


def disk() -> bool:
    return True


async def queue() -> None:
    raise ConnectionError("password hunter2 refused")


def cache() -> bool:
    return False


async def hanging() -> None:
    await asyncio.sleep(30)


def hanging_thread() -> None:
    calls.append("called")
    stuck.wait(10)


class Pool:
    async def __call__(self) -> None: ...


app.add_health()
app.add_readiness("/ready", [database, disk, Pool()])
app.add_readiness("/plain")
app.add_readiness("/failing", [database, queue, cache])
app.add_readiness("/hanging", [hanging, disk], timeout=0.1)
app.add_readiness("/stuck", [hanging_thread], timeout=0.1)


@app.post("/drain")
async def drain() -> None:
    app.begin_drain()


@app.get("/opened")
async def what_was_opened() -> list[str]:
    return opened


def test_a_process_that_answers_is_alive(client: Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "no-store"
    assert client.head("/health").status_code == 200


def test_an_application_whose_checks_pass_is_ready(client: Client) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "disk": "ok", "Pool": "ok"}}
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/opened").json()[-1] == "closed"
    assert client.get("/plain").json() == {"status": "ok", "checks": {}}


def test_one_whose_check_fails_is_not_and_tells_no_reason(client: Client) -> None:
    answer = client.get("/failing")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failed", "checks": {"database": "ok", "queue": "failed", "cache": "failed"}}
    assert answer.headers["cache-control"] == "no-store"


def test_a_check_that_hangs_is_not_waited_for(client: Client) -> None:
    for _ in range(2):
        answer = client.get("/hanging")
        assert answer.status_code == 503
        assert answer.json() == {"status": "failed", "checks": {"hanging": "timeout", "disk": "ok"}}


@pytest.mark.in_process
def test_the_reason_is_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "velocipy"):
        client.get("/failing")
        client.get("/hanging")
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == ["the check queue failed", "the check cache failed"]
    assert told[2] == "the check hanging did not end within 0.1 s"
    assert "password hunter2 refused" in caplog.text


@pytest.mark.in_process
def test_a_thread_that_hangs_is_waited_for_by_all_who_ask(client: Client) -> None:
    stuck.clear()
    calls.clear()
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.get("/stuck"), range(8)))
        assert {answer.json()["checks"]["hanging_thread"] for answer in answers} == {"timeout"}
        assert client.get("/stuck").status_code == 503
        assert calls == ["called"]
    finally:
        stuck.set()
    deadline = time.monotonic() + 5
    while client.get("/stuck").status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.in_process
def test_checks_run_together() -> None:
    def named(name: str) -> Any:
        async def check() -> None:
            await together.wait()

        check.__name__ = name
        return check

    together = asyncio.Barrier(3)  # which none of them passes alone
    app = VelociPy()
    app.add_readiness("/ready", [named("a"), named("b"), named("c")], timeout=2)
    with TestClient(app) as client:
        assert client.get("/ready").json()["status"] == "ok"


@pytest.mark.in_process
def test_one_that_drains_is_not_ready_but_alive(client: Client) -> None:
    client.post("/drain")
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "draining", "checks": {}})
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/health").status_code == 200


@pytest.mark.in_process
def test_they_are_in_no_document() -> None:
    told = {route.path: route.include_in_schema for route in app.routes}
    assert (told["/health"], told["/ready"], told["/opened"]) == (False, False, True)


@pytest.mark.in_process
def test_what_is_no_check_is_refused_where_it_is_declared() -> None:
    called: Any = disk()
    with pytest.raises(TypeError, match="a check is a function, not True"):
        app.add_readiness("/ready2", [called])
    with pytest.raises(ValueError, match="two of disk, disk are the same"):
        app.add_readiness("/ready2", [disk, disk])
    with pytest.raises(ValueError, match="timeout is 0"):
        app.add_readiness("/ready2", [disk], timeout=0)


@pytest.mark.in_process
def test_a_check_that_needs_a_request_ends_the_start() -> None:
    app = VelociPy()

    async def page_of(page: int) -> int:
        return page

    async def check(page: Annotated[int, Depends(page_of)]) -> None: ...

    app.add_readiness(checks=[check])
    with pytest.raises(StartupError, match="it needs 'page' of a request"), TestClient(app):
        pass
