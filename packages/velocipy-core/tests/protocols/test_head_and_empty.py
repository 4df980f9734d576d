"""HEAD, 204, 205 and 304: heads with the right fields, and not one byte of body."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from velocipy import HTTPException, JSONResponse, PlainTextResponse, Response, StreamingResponse, VelociPy

app = VelociPy()
unsent: list[str] = []


class Chunks:
    """An iterable of chunks which tells that it was closed, as a cursor or a file would be."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        unsent.append("started")
        raise StopAsyncIteration

    async def aclose(self) -> None:
        unsent.append("closed")


ANSWERS: dict[str, Any] = {
    "dict": lambda: {"a": 1},
    "list": lambda: [1, 2],
    "text": lambda: "text",
    "bytes": lambda: b"bytes",
    "number": lambda: 12,
    "json": lambda: JSONResponse({"a": 1}),
    "plain": lambda: PlainTextResponse("caf\xe9"),
    "empty": lambda: Response(),
    "created": lambda: Response(b"made", 201),
    "missing": lambda: Response(b"gone", 410),
    "large": lambda: Response(b"x" * 200_000),
    "stated": lambda: Response(None, headers={"content-length": "1234"}),
}


@app.get("/answer/{name}")
async def answer(name: str) -> Any:
    return ANSWERS[name]()


@app.get("/stream")
async def stream() -> Response:
    return StreamingResponse(Chunks())


@app.get("/stream/{status}")
async def stream_status(status: int) -> Response:
    return StreamingResponse(Chunks(), status)


@app.get("/error")
async def error() -> None:
    raise HTTPException(403)


@app.get("/crash")
async def crash() -> None:
    raise RuntimeError("crash")


@app.post("/only-post")
async def only_post() -> None: ...


@app.get("/with/{status}")
async def with_body(status: int) -> Response:
    return Response(b"body", status, {"etag": '"a"'})


@app.head("/own")
async def own_head() -> Response:
    return Response(headers={"x-own": "head"})


@app.get("/own")
async def own_get() -> str:
    return "get"


@app.get("/unsent")
async def tell() -> list[str]:
    told = unsent[:]
    unsent.clear()
    return told


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"stated"}))
def test_head_has_the_head_of_get_and_no_body(client: Any, name: str) -> None:
    get, head = client.get(f"/answer/{name}"), client.head(f"/answer/{name}")
    assert head.content == b""
    assert head.status_code == get.status_code
    for field in ("content-type", "content-length"):
        assert head.headers.get(field) == get.headers.get(field)


def test_a_length_stated_without_a_body_is_kept_for_head_only(client: Any) -> None:
    assert client.head("/answer/stated").headers["content-length"] == "1234"
    assert client.get("/answer/stated").headers["content-length"] == "0"


@pytest.mark.parametrize(("path", "status"), [("/error", 403), ("/nowhere", 404), ("/only-post", 405), ("/crash", 500)])
def test_head_of_an_error_has_no_body(client: Any, path: str, status: int) -> None:
    head = client.head(path)
    assert (head.status_code, head.content) == (status, b"")
    assert head.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path", ["/answer/dict", "/answer/large", "/stream", "/error", "/nowhere", "/only-post", "/with/304"]
)
def test_no_byte_follows_a_head_on_the_wire(wire: Any, path: str) -> None:
    with wire.open() as connection:  # two requests on one connection: a stray body would stand before the second head
        connection.sendall(f"HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        first = b""
        while not first.endswith(b"\r\n\r\n"):
            first += connection.recv(1)
        connection.sendall(wire.head("GET", "/answer/text"))
        second = wire.read(connection)
        assert (second.status, second.body) == (200, b"text")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_is_sent_without_one(client: Any, method: str, status: int) -> None:
    response = client.request(method, f"/with/{status}")
    assert (response.status_code, response.content) == (status, b"")
    assert response.headers["etag"] == '"a"'
    assert response.headers.get("content-length") in ({"0", None} if status == 205 else {None})
    assert client.get("/answer/text").text == "text"


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/stream"), ("GET", "/stream/204"), ("GET", "/stream/304")])
def test_a_stream_that_is_not_sent_is_not_started_but_closed(client: Any, method: str, path: str) -> None:
    client.get("/unsent")
    assert client.request(method, path).content == b""
    assert client.get("/unsent").json() == ["closed"]


def test_a_head_route_of_its_own_answers_head(client: Any) -> None:
    assert client.head("/own").headers["x-own"] == "head"
    assert client.get("/own").text == "get"
