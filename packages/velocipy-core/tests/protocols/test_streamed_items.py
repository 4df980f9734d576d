"""Handlers that yield: text, lines of JSON and server-sent events, by what is declared of the items."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from velocipy import (
    Depends,
    EventSourceResponse,
    HTMLResponse,
    HTTPException,
    JSONLinesResponse,
    JSONResponse,
    Request,
    Response,
    Router,
    ServerSentEvent,
    StartupError,
    StreamingResponse,
    VelociPy,
)

app = VelociPy(debug=True)
json_by_default = VelociPy(default_response_class=JSONResponse)
events: list[str] = []


@dataclass
class Public:
    name: str


@dataclass
class Secret(Public):
    password: str


# -- what is declared ----------------------------------------------------------------------------------------------


@app.get("/text")
async def text() -> AsyncIterator[str]:
    yield "one "
    yield "zw\xf6lf"


@app.get("/plain-text")
def plain_text() -> Iterator[bytes]:
    yield b"one"


@app.get("/undeclared")
async def undeclared():  # type: ignore[no-untyped-def]
    yield "text"


@app.get("/html", response_class=HTMLResponse)
async def html() -> AsyncIterator[str]:
    yield "<p>"


@app.get("/bytes", response_class=StreamingResponse)
def chunks() -> Iterable[bytes]:
    yield b"\x00\xff"


@app.get("/models")
async def models() -> AsyncIterator[Public]:
    yield Secret("Rex", "1234")
    yield Public("Ann")


@app.get("/plain-models")
def plain_models() -> Iterable[Public]:
    yield Secret("Rex", "1234")


@app.get("/returned-models")
async def returned_models() -> AsyncIterable[Public]:
    return models()


@app.get("/by-model", response_model=Public)
async def by_model() -> AsyncGenerator[Any, None]:
    yield {"name": "Rex", "password": "1234"}


@app.get("/chosen", response_model_exclude={"password"})
async def chosen() -> AsyncIterator[Secret]:
    yield Secret("Rex", "1234")


@app.get("/values")
@json_by_default.get("/values")
async def values() -> AsyncIterator[int | str | None]:
    for value in (1, "zw\xf6lf\n", None):
        yield value


@app.get("/lines", response_class=JSONLinesResponse)
async def lines():  # type: ignore[no-untyped-def]
    yield {"b": [1]}
    yield "text"


@app.get("/ndjson")
async def ndjson() -> Response:
    return JSONLinesResponse([{"a": 1}, {"a": 2}], 202, {"x-a": "b"}, media_type="application/x-ndjson")


@app.get("/nothing")
async def nothing() -> AsyncIterator[Public]:
    for name in list[str]():
        yield Public(name)


@app.get("/refused")
async def refused(request: Request) -> AsyncIterator[Public] | Response:
    return JSONResponse({"refused": True}, 409)


async def open_resource() -> AsyncIterator[str]:
    yield "open"
    events.append("closed")


class Cats(Router):
    def __init__(self) -> None:
        super().__init__("/cats")
        self.add_route("/", self.all)

    async def all(self, resource: str = Depends(open_resource)) -> AsyncIterator[Public]:
        yield Public(resource)
        yield Public(",".join(events))


app.include_router(Cats())


class Dog:
    def __init__(self, name: str) -> None:
        self.name = name

    def get(self, times: int = 2) -> Iterator[Public]:
        for _ in range(times):
            yield Public(self.name)


app.add_route("/dog", Dog)


@app.get("/fails/{where}")
async def fails(where: str) -> AsyncIterator[Public]:
    if where == "first":
        raise HTTPException(409)
    yield Public("Rex")
    if where == "type":
        yield 5  # type: ignore[misc]
    raise RuntimeError("midway")


@app.get("/fails-of-events", response_class=EventSourceResponse)
async def fails_of_events() -> AsyncIterator[Public]:
    yield Public("Rex")
    raise RuntimeError("midway")


@app.get("/idle/{kind}")
async def idle(kind: str, resource: str = Depends(open_resource)) -> Response:
    async def wait() -> AsyncIterator[Any]:
        try:
            while True:
                yield {"a": 1}
                await asyncio.sleep(1000)
        finally:
            events.append("left")

    def run() -> Iterator[Any]:
        try:
            while True:
                yield {"a": 1}
                time.sleep(0.02)
        finally:
            events.append("left")

    classes: dict[str, Any] = {"lines": JSONLinesResponse, "events": EventSourceResponse}
    source, _, kind = kind.partition("-")
    return classes[kind]((wait if source == "wait" else run)())  # type: ignore[no-any-return]


@app.get("/told")
async def told() -> str:
    return ",".join(events)


@app.get("/forget")
async def forget() -> int:
    events.clear()
    return len([task for task in asyncio.all_tasks() if not task.done()])


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/text", "text/plain; charset=utf-8", "one zw\xf6lf"),
        ("/plain-text", "text/plain; charset=utf-8", "one"),
        ("/undeclared", "text/plain; charset=utf-8", "text"),
        ("/html", "text/html; charset=utf-8", "<p>"),
        ("/models", "application/jsonl", '{"name":"Rex"}\n{"name":"Ann"}\n'),
        ("/plain-models", "application/jsonl", '{"name":"Rex"}\n'),
        ("/returned-models", "application/jsonl", '{"name":"Rex"}\n{"name":"Ann"}\n'),
        ("/by-model", "application/jsonl", '{"name":"Rex"}\n'),
        ("/chosen", "application/jsonl", '{"name":"Rex"}\n'),
        ("/values", "application/jsonl", '1\n"zw\xf6lf\\n"\nnull\n'),
        ("/lines", "application/jsonl", '{"b":[1]}\n"text"\n'),
        ("/nothing", "application/jsonl", ""),
        ("/dog?name=Rex", "application/jsonl", '{"name":"Rex"}\n{"name":"Rex"}\n'),
    ],
)
def test_what_a_handler_yields_is_streamed_as_its_items_are_declared(
    client: Any, path: str, media_type: str, body: str
) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    assert response.content.decode() == body


def test_a_streaming_response_class_takes_the_bytes_as_they_are(client: Any) -> None:
    assert client.get("/bytes").content == b"\x00\xff"


def test_json_by_default_is_lines_of_json_for_what_yields(client_factory: Any) -> None:
    assert client_factory("json_by_default").get("/values").text == '1\n"zw\xf6lf\\n"\nnull\n'


def test_lines_of_json_have_a_status_headers_and_a_media_type_of_their_own(client: Any) -> None:
    response = client.get("/ndjson")
    assert (response.status_code, response.headers["content-type"]) == (202, "application/x-ndjson")
    assert response.headers["x-a"] == "b"
    assert [json.loads(line) for line in response.text.splitlines()] == [{"a": 1}, {"a": 2}]


def test_a_handler_may_return_another_response_in_place_of_its_stream(client: Any) -> None:
    response = client.get("/refused")
    assert (response.status_code, response.json()) == (409, {"refused": True})


def test_parameters_are_checked_before_anything_is_yielded(client: Any) -> None:
    assert client.get("/dog").status_code == 422
    assert client.get("/dog?name=Rex&times=no").status_code == 422


def test_dependencies_stay_open_while_a_handler_yields(client: Any) -> None:
    client.get("/forget")
    assert client.get("/cats").text == '{"name":"open"}\n{"name":""}\n'
    assert client.get("/told").text == "closed"


def test_head_of_a_handler_that_yields_has_no_body(client: Any) -> None:
    response = client.head("/models")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "application/jsonl"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/fails/first", b""),
        ("/fails/type", b'{"name":"Rex"}\n'),
        ("/fails/midway", b'{"name":"Rex"}\n'),
        ("/fails-of-events", b'data: {"name":"Rex"}\n\n'),
    ],
)
def test_a_handler_that_fails_while_it_yields_is_logged_and_breaks_off(
    wire: Any, eventually: Any, path: str, sent: bytes
) -> None:
    start = wire.server.log.size
    answer = wire.ask("GET", path)
    assert answer.closed
    assert sent in answer.body
    assert b"Traceback" not in answer.body
    assert eventually(lambda: f"the answer to GET {path!r} broke off" in wire.server.log.text(start), True)


@pytest.mark.parametrize("kind", ["wait-lines", "run-lines", "wait-events", "run-events"])
def test_what_makes_the_items_is_closed_when_the_client_leaves(wire: Any, eventually: Any, kind: str) -> None:
    before = wire.ask("GET", "/forget").body
    start = wire.server.log.size
    with wire.open() as connection:
        connection.sendall(f"GET /idle/{kind} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        while b'{"a":1}' not in connection.recv(65536):
            pass
        assert wire.ask("GET", "/told").body == b""
    assert eventually(lambda: wire.ask("GET", "/told").body, b"left,closed") == b"left,closed"
    assert eventually(lambda: wire.ask("GET", "/forget").body, before) == before  # no task is left
    assert "Traceback" not in wire.server.log.text(start)


# -- mistakes ------------------------------------------------------------------------------------------------------


def test_models_cannot_be_streamed_as_bytes() -> None:
    broken = VelociPy()
    broken.get("/", response_class=StreamingResponse)(models)
    with pytest.raises(StartupError, match="StreamingResponse streams bytes and str, and no models"):
        broken.freeze()


def test_fields_of_text_cannot_be_chosen() -> None:
    broken = VelociPy()
    broken.get("/", response_model_exclude={"a"}, response_class=JSONLinesResponse)(text)
    with pytest.raises(StartupError, match="no fields to choose from"):
        broken.freeze()


@pytest.mark.parametrize("content", ["text", b"bytes", {"a": 1}, 5, None])
@pytest.mark.parametrize("response_class", [JSONLinesResponse, EventSourceResponse])
def test_what_is_no_stream_is_refused(response_class: Any, content: Any) -> None:
    with pytest.raises(TypeError, match="is no stream"):
        response_class(content)


# -- server-sent events --------------------------------------------------------------------------------------------

sse = VelociPy()


class Texts:
    """Every kind of item, and every way to break a line."""

    ITEMS = (
        "plain",
        "",
        "two\nlines\r\nand\rmore\n",
        "no\u2028line\x0bend",
        " led by a space",
        b"bytes\n\xc3\xb6",
        {"a": "x\ny"},
        [1, None],
        7,
        ServerSentEvent("data: x\n\nevent: y", event="e: v", id="1", retry=3000, comment="two\nlines"),
        ServerSentEvent(id=""),
        ServerSentEvent(comment="alone"),
        ServerSentEvent(False),
    )
    SENT = (
        "data: plain\n\n"
        "data: \n\n"
        "data: two\ndata: lines\ndata: and\ndata: more\ndata: \n\n"
        "data: no\u2028line\x0bend\n\n"
        "data:  led by a space\n\n"
        "data: bytes\ndata: \xf6\n\n"
        'data: {"a":"x\\ny"}\n\n'
        "data: [1,null]\n\n"
        "data: 7\n\n"
        ": two\n: lines\nevent: e: v\nid: 1\nretry: 3000\ndata: data: x\ndata: \ndata: event: y\n\n"
        "id: \n\n"
        ": alone\n\n"
        "data: false\n\n"
    )


@sse.get("/all", response_class=EventSourceResponse)
async def all_kinds():  # type: ignore[no-untyped-def]
    for item in Texts.ITEMS:
        yield item


@sse.get("/plain", response_class=EventSourceResponse)
def all_kinds_plainly() -> Iterator[Any]:
    yield from Texts.ITEMS


@sse.get("/declared", response_class=EventSourceResponse)
async def declared() -> AsyncIterator[Public | ServerSentEvent]:
    yield Secret("Rex", "1234")
    yield ServerSentEvent(Secret("Ann", "1234"), id="2")


@sse.get("/heads")
async def heads() -> Response:
    return EventSourceResponse(["a"], 201, {"cache-control": "no-cache", "x-a": "b"}, retry=5000)


@sse.get("/silent")
async def silent() -> Response:
    async def wait() -> AsyncIterator[str]:
        await asyncio.sleep(0.35)
        yield "late"

    return EventSourceResponse(wait(), heartbeat=0.1)


@sse.get("/since", response_class=EventSourceResponse)
async def since(request: Request) -> AsyncIterator[ServerSentEvent]:
    last = int(request.header("last-event-id", "0") or 0)
    for number in range(last + 1, last + 3):
        yield ServerSentEvent(number, id=str(number))


@sse.get("/one-task", response_class=EventSourceResponse)
async def one_task() -> AsyncIterator[int]:
    async with asyncio.timeout(10):
        for number in range(3):
            yield number


@pytest.fixture
def source(client_factory: Any) -> Any:
    return client_factory("sse")


@pytest.mark.parametrize("path", ["/all", "/plain"])
def test_no_text_breaks_out_of_its_field(source: Any, path: str) -> None:
    response = source.get(path)
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.content.decode() == Texts.SENT


def test_data_is_of_the_declared_type(source: Any) -> None:
    assert source.get("/declared").text == 'data: {"name":"Rex"}\n\nid: 2\ndata: {"name":"Ann"}\n\n'


def test_headers_status_and_retry_may_be_said(source: Any) -> None:
    response = source.get("/heads")
    assert response.status_code == 201
    assert (response.headers["cache-control"], response.headers["x-a"]) == ("no-cache", "b")
    assert response.text == "retry: 5000\n\ndata: a\n\n"


def test_silence_is_broken_by_comments(source: Any) -> None:
    text = source.get("/silent").text
    assert text.startswith(":\n\n")
    assert text.endswith(":\n\ndata: late\n\n")


def test_a_browser_that_connects_again_says_what_it_had(source: Any) -> None:
    assert source.get("/since", headers={"last-event-id": "7"}).text == "id: 8\ndata: 8\n\nid: 9\ndata: 9\n\n"


def test_a_generator_runs_in_one_task(source: Any) -> None:
    assert source.get("/one-task").text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"


def test_head_of_events_ends_at_once(source: Any) -> None:
    response = source.head("/all")
    assert (response.headers["content-type"], response.content) == ("text/event-stream", b"")


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\n\r\ndata: b", "\n"])
def test_a_line_break_in_a_field_is_refused(field: str, text: str) -> None:
    fields: Any = {field: text}
    with pytest.raises(ValueError, match=field):
        ServerSentEvent("data", **fields)


def test_a_nul_in_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        ServerSentEvent(id="a\0b")


@pytest.mark.parametrize("retry", [-1, 1.5, "5"])
def test_a_retry_that_is_no_number_of_milliseconds_is_refused(retry: Any) -> None:
    with pytest.raises(ValueError, match="milliseconds"):
        ServerSentEvent(retry=retry)
    with pytest.raises(ValueError, match="milliseconds"):
        EventSourceResponse([], retry=retry)


@pytest.mark.parametrize("heartbeat", [0, -1, float("nan")])
def test_a_heartbeat_that_is_no_time_is_refused(heartbeat: float) -> None:
    with pytest.raises(ValueError, match="heartbeat"):
        EventSourceResponse([], heartbeat=heartbeat)
