"""The framework under its own test client: on both protocols in process, and on the servers of the command line."""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Annotated, Any

import httpx2
import pytest

from velocipy import (
    BackgroundTasks,
    Depends,
    Header,
    HTTPException,
    JSONResponse,
    Query,
    Request,
    StreamingResponse,
    VelociPy,
    WebSocket,
)
from velocipy.testing import AsyncTestClient, TestClient


@dataclass
class Item:
    name: str
    price: float = 1.0


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, Any]]:
    yield {"pool": "open"}


app = VelociPy(lifespan=lifespan)


@app.get("/items/{n}")
async def read(n: int, q: Annotated[str, Query()] = "none", agent: Annotated[str | None, Header()] = None) -> Any:
    return {"n": n, "q": q, "agent": agent}


@app.post("/items")
async def create(item: Item) -> Any:
    return {"name": item.name, "price": item.price}


@app.get("/sync")
def sync() -> dict[str, bool]:
    return {"ok": True}


def user(request: Request) -> str:
    return request.headers.get("x-user") or "nobody"


@app.get("/user")
async def read_user(name: Annotated[str, Depends(user)]) -> Any:
    return {"name": name}


@app.get("/state")
async def state(request: Request) -> Any:
    return {"pool": request.state.pool}


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d" % number

    return StreamingResponse(chunks())


@app.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, "short and stout")


@app.get("/crash")
async def crash() -> None:
    raise ZeroDivisionError("secret")


@app.get("/cookie")
async def cookie() -> JSONResponse:
    return JSONResponse({}, headers={"set-cookie": "n=1; Path=/"})


def test_parameters(client: httpx2.Client) -> None:
    response = client.get("/items/3", params={"q": "x"}, headers={"agent": "a"})
    assert response.json() == {"n": 3, "q": "x", "agent": "a"}
    assert response.headers["content-length"] == str(len(response.content))


def test_bodies(client: httpx2.Client) -> None:
    assert client.post("/items", json={"name": "x"}).json() == {"name": "x", "price": 1.0}
    assert client.post("/items", content=b"{").status_code == 422


def test_faults_of_the_client(client: httpx2.Client) -> None:
    assert client.get("/items/x").status_code == 422
    assert client.get("/nowhere").status_code == 404
    refused = client.delete("/items/3")
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]
    assert client.get("/teapot").json() == {"detail": "short and stout"}


def test_dependencies_and_sync_handlers(client: httpx2.Client) -> None:
    assert client.get("/user", headers={"x-user": "me"}).json() == {"name": "me"}
    assert client.get("/sync").json() == {"ok": True}


def test_the_lifespan_runs_on_every_target(client: httpx2.Client) -> None:
    assert client.get("/state").json() == {"pool": "open"}


def test_streams(client: httpx2.Client) -> None:
    with client.stream("GET", "/stream") as response:
        assert response.read() == b"012"


def test_head(client: httpx2.Client) -> None:
    response = client.head("/items/3")
    assert (response.status_code, response.content) == (200, b"")


def test_cookies(client: httpx2.Client) -> None:
    client.get("/cookie")
    assert dict(client.cookies) == {"n": "1"}


def test_an_unhandled_error_is_a_500_without_its_secret(client: httpx2.Client) -> None:
    response = client.get("/crash")
    assert response.status_code == 500
    assert "secret" not in response.text


@pytest.mark.in_process
def test_the_log_has_the_unhandled_error(client: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get("/crash")
    assert "ZeroDivisionError: secret" in caplog.text


@pytest.mark.anyio
async def test_asynchronously(async_client: httpx2.AsyncClient) -> None:
    assert (await async_client.get("/items/3")).json()["n"] == 3


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# In process only


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_what_fails_at_start_is_raised_as_it_was(interface: str) -> None:
    @asynccontextmanager
    async def failing(app: VelociPy) -> AsyncIterator[None]:
        raise ZeroDivisionError("no pool")
        yield

    with pytest.raises(ZeroDivisionError, match="no pool"), TestClient(VelociPy(lifespan=failing), interface=interface):
        pass


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_mistakes_in_handlers_are_raised_at_start(interface: str) -> None:
    broken = VelociPy()

    @broken.get("/{missing}")
    async def handler(other: "NoSuchType") -> None:  # type: ignore[name-defined]  # noqa: F821
        pass

    with pytest.raises(Exception, match="NoSuchType"), TestClient(broken, interface=interface):
        pass


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_without_a_lifespan_requests_work(interface: str) -> None:
    client = TestClient(app, interface=interface)
    assert client.get("/items/3").status_code == 200
    client.close()


@pytest.mark.anyio
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
async def test_the_asynchronous_client_runs_the_lifespan(interface: str) -> None:
    async with AsyncTestClient(app, interface=interface) as client:
        assert (await client.get("/state")).json() == {"pool": "open"}


class Broken(Exception):
    """What nobody expects."""


async def opened() -> AsyncIterator[str]:
    yield "open"
    raise Broken("closing")


broken = VelociPy()


@broken.get("/handler")
async def fail() -> None:
    raise Broken("handler")


@broken.get("/thread")
def fail_in_a_thread() -> None:
    raise Broken("thread")


@broken.get("/closing")
async def fail_at_the_end(value: Annotated[str, Depends(opened)]) -> str:
    return value


@broken.get("/background")
async def fail_later(tasks: BackgroundTasks) -> None:
    tasks.add_task(fail)


@broken.get("/expected")
async def refuse() -> None:
    raise HTTPException(409)


@broken.websocket("/websocket")
async def fail_while_open(websocket: WebSocket) -> None:
    await websocket.accept()
    raise Broken("websocket")


@pytest.mark.in_process
@pytest.mark.parametrize("path", ["/handler", "/thread", "/closing", "/background"])
def test_what_is_answered_and_logged_is_raised_when_asked(velocipy_target: Any, path: str) -> None:
    interface = velocipy_target.interface
    with (
        TestClient(broken, interface=interface) as client,
        TestClient(broken, interface=interface, raise_server_exceptions=True) as raising,
    ):
        assert client.get(path).status_code == {"/closing": 200, "/background": 204}.get(path, 500)
        with pytest.raises(Broken, match=path[1:] if path != "/background" else "handler"):
            raising.get(path)
        assert raising.get("/expected").status_code == 409
        assert raising.get("/nowhere").status_code == 404


@pytest.mark.in_process
def test_what_a_websocket_raises_is_raised_when_asked(velocipy_target: Any) -> None:
    with (
        TestClient(broken, interface=velocipy_target.interface, raise_server_exceptions=True) as client,
        pytest.raises(Broken, match="websocket"),
        client.websocket_connect("/websocket") as websocket,
    ):
        websocket.receive_text()


@pytest.mark.in_process
def test_what_one_client_asks_for_is_not_what_another_gets(velocipy_target: Any) -> None:
    both = VelociPy()
    together = Barrier(2)

    @both.get("/{fails}")
    async def meet(fails: bool) -> str:
        await asyncio.to_thread(together.wait, 5)
        if fails:
            raise Broken("one")
        await asyncio.sleep(0.05)
        return "well"

    with (
        TestClient(both, interface=velocipy_target.interface, raise_server_exceptions=True) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        one, other = (pool.submit(client.get, path) for path in ("/true", "/false"))
        assert isinstance(one.exception(), Broken)
        assert other.result().text == "well"
