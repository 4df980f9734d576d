"""The lifespan: entered and left by one task, its state in every request, on both protocols and every server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from velocipy import Request, VelociPy
from velocipy.testing.servers import RunningServer

entered: list[int] = []
left: list[str] = []


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, Any]]:
    entered.append(id(asyncio.current_task()))
    app.state.pool = "pool"
    async with asyncio.TaskGroup() as group:  # left in another task, it raises
        ticking = group.create_task(asyncio.sleep(3600))
        yield {"answer": 42, "shared": []}
        left.append("same task" if id(asyncio.current_task()) == entered[-1] else "another task")
        ticking.cancel()


def create_app() -> VelociPy:
    app = VelociPy(lifespan=lifespan)

    @app.get("/state")
    async def state(request: Request) -> dict[str, Any]:
        told = {"state": dict(request.state), "pool": app.state.pool, "entered": len(entered)}
        request.state.answer = "changed"
        request.state["more"] = 1
        return told

    @app.get("/missing")
    async def missing(request: Request) -> str:
        try:
            return str(request.state.nothing_of_this_name)
        except AttributeError as error:
            return str(error)

    return app


app = create_app()


@asynccontextmanager
async def report(app: VelociPy) -> AsyncIterator[None]:
    """Says in the server's log how it ended."""
    async with AsyncExitStack() as stack:
        stack.callback(lambda: print(f"LIFESPAN {left[-1]}\n", end="", flush=True))
        await stack.enter_async_context(lifespan(app))
        yield


reporting = VelociPy(lifespan=report)


@reporting.get("/")
async def index(request: Request) -> dict[str, Any]:
    return dict(request.state)


bare = VelociPy()


@bare.get("/")
async def bare_state(request: Request) -> dict[str, Any]:
    return dict(request.state)


def test_what_the_lifespan_yields_is_the_state_of_every_request(client: Any) -> None:
    told = client.get("/state").json()
    assert told["state"] == {"answer": 42, "shared": []}
    assert told["pool"] == "pool"


def test_every_request_has_a_state_of_its_own(client: Any) -> None:
    assert client.get("/state").json()["state"] == client.get("/state").json()["state"]


def test_it_was_entered_before_the_first_request_and_not_again(client: Any) -> None:
    assert client.get("/state").json()["entered"] == client.get("/state").json()["entered"] >= 1


def test_a_missing_state_says_what_there_is(client: Any) -> None:
    text = client.get("/missing").text
    assert "nothing_of_this_name" in text
    assert "answer" in text


@pytest.mark.in_process
def test_it_is_left_by_the_task_that_entered_it(client_factory: Any) -> None:
    left.clear()
    client_factory("app").close()
    assert left == ["same task"]


@pytest.mark.in_process
def test_the_same_application_can_be_started_again(client_factory: Any) -> None:
    for _ in range(3):
        left.clear()
        client = client_factory("app")
        assert client.get("/state").json()["state"]["answer"] == 42
        client.close()
        assert left == ["same task"]


@pytest.mark.in_process
def test_when_one_of_two_servers_of_an_application_stops_the_other_keeps_its_state(client_factory: Any) -> None:
    first, second = client_factory("app"), client_factory("app")
    first.close()
    assert second.get("/state").json()["state"]["answer"] == 42


def test_without_a_lifespan_it_serves_with_an_empty_state(client_factory: Any) -> None:
    assert client_factory("bare").get("/").json() == {}


@pytest.mark.in_process
def test_it_is_one_function_which_is_not_called() -> None:
    with pytest.raises(TypeError, match="do not call it"):
        VelociPy(lifespan=lifespan(VelociPy()))
    with pytest.raises(TypeError, match="one function; have it enter the others"):
        VelociPy(lifespan=[lifespan])  # type: ignore[arg-type]


def test_on_a_server_it_is_left_by_the_task_that_entered_it(live_server: Any, client_factory: Any) -> None:
    here = Path(__file__)
    where = f"{here.stem}:reporting"
    with RunningServer.start(live_server.server, where, directory=here.parent) as server:
        with server.client() as client:
            assert client.get("/").json() == {}
        server.stop()
        assert "LIFESPAN same task" in server.log.text()
