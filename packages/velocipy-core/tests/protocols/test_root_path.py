"""An application below a path of a proxy: found with and without the path in front, and told where it is.

Servers differ: Uvicorn puts the root path in front of every path, the others leave the path as it came.
"""

from typing import Any

import pytest

from velocipy import Request, VelociPy

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


def test_a_path_that_still_has_the_root_is_found(mounted: Any, velocipy_target: Any) -> None:
    response = mounted.get("/api/where")
    if velocipy_target.name.startswith("uvicorn"):  # which doubles it: its proxies must take it away
        assert response.status_code == 404
    else:
        assert response.json() == ["/api", "/where"]


def test_a_path_that_only_starts_like_the_root_is_left_alone(mounted: Any) -> None:
    assert mounted.get("/apiary").json() == ["/api", "/apiary"]


def test_without_a_root_path_nothing_is_taken_away(client: Any) -> None:
    assert client.get("/where").json() == ["", "/where"]
    assert client.get("/api/where").status_code == 404
