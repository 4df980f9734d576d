"""
In process as on a server: one raw application, the same requests, the same answers.

The first half runs like any test of the plugin's users, in process and on the servers of the command line. The second
compares both sides directly, on every server that is installed.
"""

import itertools
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from velocipy.testing import TestClient
from velocipy.testing.servers import SERVERS, RunningServer

from .apps import app
from .granian_facts import app as facts
from .test_servers import INSTALLED, start

# On whatever the command line names


def test_the_application_sees_the_request(client: httpx2.Client) -> None:
    told = client.request("PUT", "/a%2Fb/%C3%A9", params={"q": "a b"}, content=b"body", headers={"X-A": "1"}).json()
    assert (told["method"], told["path"], told["query"]) == ("PUT", "/a/b/é", "q=a+b")
    assert (told["scheme"], told["body"]) == ("http", "body")
    assert ["x-a", "1"] in told["headers"]


def test_large_and_streamed_bodies_arrive_whole(client: httpx2.Client) -> None:
    assert len(client.post("/x", content=b"x" * 300_000).json()["body"]) == 300_000
    assert client.post("/x", content=iter([b"a", b"", b"b"])).json()["body"] == "ab"


def test_chunks_make_the_body(client: httpx2.Client) -> None:
    response = client.get("/stream")
    assert response.text == "onetwothree"
    assert "content-length" not in response.headers


@pytest.mark.parametrize("code", [200, 201, 204, 304, 404, 500, 599])
def test_status_and_headers_arrive(client: httpx2.Client, code: int) -> None:
    response = client.get(f"/status?{code}")
    assert (response.status_code, response.headers["x-code"]) == (code, str(code))
    assert response.content == (b"" if code in (204, 304) else b"body")


def test_head_has_no_body(client: httpx2.Client) -> None:
    response = client.head("/status?200")
    assert (response.content, response.headers["content-length"]) == (b"", "4")


def test_cookies_persist(client: httpx2.Client) -> None:
    client.get("/cookie")
    assert ["cookie", "n=1"] in client.get("/x").json()["headers"]


def test_redirects_wait_for_the_user(client: httpx2.Client) -> None:
    assert client.get("/redirect").status_code == 303
    assert client.get("/redirect", follow_redirects=True).json()["path"] == "/target"


def test_an_early_close_leaves_the_application_well(client: httpx2.Client) -> None:
    with client.stream("GET", "/endless") as response:
        assert next(response.iter_raw())[:10] == b"x" * 10
    assert client.get("/x").status_code == 200


# Side by side


@pytest.fixture(scope="module", params=INSTALLED)
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    with start(request.param) as running:
        yield running


@pytest.fixture
def pair(server: RunningServer) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    """A client in process and one of the server."""
    with TestClient(app, interface=server.server.interface) as inside, server.client() as outside:
        yield inside, outside


SERVERS_OWN = {"date", "server", "transfer-encoding", "connection", "keep-alive"}


def seen(response: httpx2.Response) -> dict[str, Any]:
    """What must be equal; without what only a server can know, and what the way to it adds."""
    headers = [(name.lower(), value) for name, value in response.headers.multi_items()]
    answer: Any = response.content
    if response.headers.get("content-type") == "application/json":
        answer = response.json()
        answer.pop("http_version")
        answer["headers"] = sorted(
            header for header in answer["headers"] if header[0] not in {"host", "connection", "transfer-encoding"}
        )
        headers = [header for header in headers if header[0] != "content-length"]
    return {
        "status": response.status_code,
        "headers": sorted(header for header in headers if header[0] not in SERVERS_OWN),
        "body": answer,
    }


REQUESTS: dict[str, Callable[[httpx2.Client], httpx2.Response]] = {
    "get": lambda client: client.get("/x"),
    "encoded path": lambda client: client.get("/a%2Fb%20c/%C3%A9;p=1//d/../e"),
    "path that is no UTF-8": lambda client: client.get("/%ff"),
    "query": lambda client: client.get("/x?a=%20b&c=%C3%A9&d&&e=+"),
    "two headers": lambda client: client.get("/x", headers=[("x-a", "1"), ("x-a", "2")]),
    "header in spaces": lambda client: client.get("/x", headers={"x-a": "a b\tc"}),
    "empty header": lambda client: client.get("/x", headers={"x-a": ""}),
    "two cookies": lambda client: client.get("/x", headers={"cookie": "a=1; b=2"}),
    "post": lambda client: client.post("/x", content=b"\x00\xff" * 100),
    "post nothing": lambda client: client.post("/x"),
    "post a stream": lambda client: client.post("/x", content=iter([b"a", b"b"])),
    "delete": lambda client: client.delete("/x"),
    "own method": lambda client: client.request("PURGE", "/x"),
    "stream": lambda client: client.get("/stream"),
    "head of a stream": lambda client: client.head("/stream"),
    "head": lambda client: client.head("/status?200"),
    "204": lambda client: client.get("/status?204"),
    "304": lambda client: client.get("/status?304"),
    "head of 304": lambda client: client.head("/status?304"),
    "404": lambda client: client.get("/status?404"),
    "cookie": lambda client: client.get("/cookie"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_both_sides_answer_the_same(pair: tuple[httpx2.Client, httpx2.Client], case: str) -> None:
    inside, outside = (seen(REQUESTS[case](client)) for client in pair)
    assert inside == outside


# Granian


@pytest.fixture
def granian() -> Iterator[RunningServer]:
    if "granian-rsgi" not in INSTALLED:
        pytest.skip("granian is not installed")
    with start("granian-rsgi", "granian_facts:app") as running:
        yield running


def test_the_objects_of_rsgi_are_granians(granian: RunningServer) -> None:
    """Names of attributes and methods, types, results and exceptions."""
    request = {"url": "/objects?q", "content": b"abc", "headers": [("X-A", "1"), ("x-a", "2"), ("x-l", "é".encode())]}
    with TestClient(facts, interface="rsgi") as inside, granian.client() as outside:
        ours, theirs = (client.post(**request).json() for client in (inside, outside))  # type: ignore[arg-type]
    assert ours == theirs


def test_a_body_whose_reading_was_left_is_read_on_as_on_granian(granian: RunningServer) -> None:
    with TestClient(facts, interface="rsgi") as inside, granian.client() as outside:
        ours, theirs = (client.post("/halves", content=b"x" * 300_000).json() for client in (inside, outside))
    assert ours == theirs
    assert ours["length"] == 300_000


@pytest.mark.parametrize("path", ["file", "range", "range-beyond", "missing", "nothing", "empty", "length", "unicode"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_responses_of_rsgi_are_granians(granian: RunningServer, path: str, method: str) -> None:
    with TestClient(facts, interface="rsgi") as inside, granian.client() as outside:
        ours, theirs = (seen(client.request(method, f"/{path}")) for client in (inside, outside))
    assert ours == theirs


def test_a_client_that_stops_in_the_middle_of_a_body_looks_like_its_end(granian: RunningServer) -> None:
    """What the test client does as well; see `HTTPProtocol.__aiter__`."""
    with socket.create_connection((granian.host, granian.port)) as connection:
        connection.sendall(b"POST /pieces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        wait_for(granian, "got b'abc'")
    wait_for(granian, "the end")

    def body() -> Iterator[bytes]:
        yield b"abc"
        raise ZeroDivisionError

    facts.said.clear()
    with TestClient(facts, interface="rsgi") as client, pytest.raises(ZeroDivisionError):
        client.post("/pieces", content=body())
    assert facts.said == ["got b'abc'", "got b''", "the end"]


def wait_for(server: RunningServer, words: str) -> None:
    for _ in itertools.count():  # the test's timeout is the limit
        if words in server.log.text():
            return


def test_every_server_is_compared_or_not_installed() -> None:
    assert set(INSTALLED) <= set(SERVERS)
