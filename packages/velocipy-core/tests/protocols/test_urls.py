"""URLs: of the request, and of routes by name."""

from __future__ import annotations

from typing import Any

import pytest

from velocipy import APIRouter, Request, StartupError, VelociPy

app = VelociPy()
api = APIRouter(prefix="/api", name="api")


@app.get("/items/{item_id}", name="item")
async def item(item_id: str) -> str:
    return item_id


@api.get("/files/{rest*}", name="file")
async def file(rest: str) -> str:
    return rest


@app.get("/url")
async def url(request: Request) -> list[str]:
    return [request.url, request.base_url, request.host]


@app.get("/of/{name}")
async def url_of(name: str, request: Request) -> str:
    return request.url_for(name, item_id="a/b ü?#", rest="x/y z") if name == "item" else request.url_for(name, rest="a")


app.include_router(api)


def test_a_route_is_found_by_its_name_and_values_are_encoded(client: Any) -> None:
    path = client.get("/of/item", headers={"host": "example.com:81"}).text
    assert path == "http://example.com:81/items/a%2Fb%20%C3%BC%3F%23?rest=x%2Fy+z"


def test_the_name_of_a_router_stands_before_its_routes(client: Any) -> None:
    assert client.get("/of/api.file", headers={"host": "h"}).text == "http://h/api/files/a"


def test_the_url_is_put_together_of_its_parts(client: Any) -> None:
    full, base, host = client.get("/url?a=%20&b=1", headers={"host": "example.com"}).json()
    assert (full, base, host) == ("http://example.com/url?a=%20&b=1", "http://example.com", "example.com")


@pytest.mark.in_process
@pytest.mark.parametrize("host", ["evil.com/path", "a@b", "a b", "x?y", "x#y", "h:port", "[::1", "\\x"])
def test_what_is_no_host_is_not_believed(client: Any, host: str) -> None:
    full, _, believed = client.get("/url", headers={"host": host}).json()
    assert believed != host
    assert host not in full


@pytest.mark.in_process
@pytest.mark.parametrize("host", ["[::1]:80", "127.0.0.1", "a-b.c_d:65535"])
def test_hosts_of_every_kind_are_believed(client: Any, host: str) -> None:
    assert client.get("/url", headers={"host": host}).json()[2] == host


def test_paths_by_name() -> None:
    assert app.url_for("item", item_id=5) == "/items/5"
    assert app.url_for("item", item_id=5, q=["a", "b"]) == "/items/5?q=a&q=b"
    assert app.url_for("api.file", rest="") == "/api/files/"
    assert app.url_for("url") == "/url"  # the name of the function where none was given


def test_what_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="no route is named 'nothing'; there are .*item"):
        app.url_for("nothing")
    with pytest.raises(KeyError, match="'item_id', which is not given"):
        app.url_for("item")
    with pytest.raises(ValueError, match="'item_id' of the path is empty"):
        app.url_for("item", item_id="")


def test_two_routes_cannot_be_given_one_name() -> None:
    twice = VelociPy()
    twice.add_route("/a", item, name="same")
    twice.add_route("/b", file, name="same")
    with pytest.raises(StartupError, match="the name 'same' is that of item"):
        twice.freeze()


def test_a_route_that_is_declared_late_is_found() -> None:
    late = VelociPy()
    router = APIRouter(prefix="/r")
    late.include_router(router)
    late.freeze()

    @router.get("/x", name="x")
    async def x() -> str:
        return "x"

    assert late.url_for("x") == "/r/x"
