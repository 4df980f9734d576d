"""An application below a path of a proxy: found with and without the path in front, and told where it is.

Servers differ: Uvicorn puts the root path in front of every path, the others leave the path as it came.
"""

from typing import Any

import pytest

from velocipy import Request, VelociPy, WebSocket
from velocipy.testing import TestClient

app = VelociPy()

ROOT = {
    "uvicorn": "--root-path",
    "uvicorn-h11": "--root-path",
    "hypercorn": "--root-path",
    "hypercorn-h2": "--root-path",
    "gunicorn": "--root-path",
    "granian-asgi": "--url-path-prefix",
}


@app.get("/where")
async def where(request: Request) -> list[str]:
    return [request.root_path, request.path]


@app.get("/apiary")
async def apiary(request: Request) -> list[str]:
    return [request.root_path, request.path]


@app.get("/")
async def index(request: Request) -> list[str]:
    return [request.root_path, request.path]


below = VelociPy(root_path="/shop/")


@below.get("/items/{name}", name="item")
async def item(request: Request, name: str) -> list[str]:
    return [
        request.root_path,
        request.path,
        request.raw_path,
        str(request.url_for("item", name="b")).partition("://")[2],
    ]


@below.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json([websocket.root_path, websocket.path, websocket.raw_path])


@pytest.fixture
def mounted(client_factory: Any, velocipy_target: Any) -> Any:
    """A client of the application under the root path /api."""
    if velocipy_target.name == "asgi":
        return client_factory(root_path="/api")
    if velocipy_target.name not in ROOT:
        pytest.skip("there is no root path here")
    return client_factory(server_arguments=[ROOT[velocipy_target.name], "/api"])


def test_a_path_from_which_the_proxy_took_the_root_is_found(mounted: Any) -> None:
    assert mounted.get("/where").json() == ["/api", "/where"]
    assert mounted.get("/").json() == ["/api", "/"]


def test_a_path_that_still_has_the_root_is_found(mounted: Any) -> None:
    assert mounted.get("/api/where").json() == ["/api", "/where"]  # which Uvicorn doubles


def test_a_path_that_only_starts_like_the_root_is_left_alone(mounted: Any) -> None:
    assert mounted.get("/apiary").json() == ["/api", "/apiary"]


def test_without_a_root_path_nothing_is_taken_away(client: Any) -> None:
    assert client.get("/where").json() == ["", "/where"]
    assert client.get("/api/where").status_code == 404


@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_an_application_says_itself_where_it_is(client_factory: Any, prefix: str) -> None:
    client = client_factory("below")
    response = client.get(f"{prefix}/items/a%20b", headers={"host": "x"})
    assert response.json() == ["/shop", "/items/a b", "/items/a%20b", "x/shop/items/b"]
    with client.websocket_connect(f"{prefix}/chat") as websocket:
        assert websocket.receive_json() == ["/shop", "/chat", "/chat"]


def test_the_server_and_the_application_may_both_say_it(client_factory: Any, velocipy_target: Any) -> None:
    if velocipy_target.name == "asgi":
        client = client_factory("below", root_path="/shop")
    elif velocipy_target.name in ROOT:
        client = client_factory("below", server_arguments=[ROOT[velocipy_target.name], "/shop"])
    else:
        pytest.skip("servers of RSGI do not say it")
    for path in ("/items/a", "/shop/items/a"):
        assert client.get(path, headers={"host": "x"}).json() == ["/shop", "/items/a", "/items/a", "x/shop/items/b"]


@pytest.mark.in_process
def test_the_environment_says_it_where_nobody_else_does(monkeypatch: pytest.MonkeyPatch, velocipy_target: Any) -> None:
    monkeypatch.setenv("VELOCIPY_ROOT_PATH", "/env/")
    deployed, told = VelociPy(), VelociPy(root_path="/told")
    for each in (deployed, told):
        each.add_route("/where", where)
    with TestClient(deployed, interface=velocipy_target.interface) as client:
        assert client.get("/env/where").json() == client.get("/where").json() == ["/env", "/where"]
    with TestClient(told, interface=velocipy_target.interface) as client:
        assert client.get("/told/where").json() == ["/told", "/where"]
        assert client.get("/env/where").status_code == 404
    monkeypatch.setenv("VELOCIPY_ROOT_PATH", "env")
    with pytest.raises(ValueError, match="VELOCIPY_ROOT_PATH is 'env'; it starts with a slash"):
        VelociPy()


def test_what_is_encoded_in_a_path_is_told_where_the_server_tells_it(client_factory: Any, velocipy_target: Any) -> None:
    told = client_factory("below").get("/items/a%2Db").json()[1:3]
    assert told == ["/items/a-b", "/items/a-b" if velocipy_target.interface == "rsgi" else "/items/a%2Db"]
