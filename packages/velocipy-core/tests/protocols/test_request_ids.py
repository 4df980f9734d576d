"""`RequestIDMiddleware`: one id for a request, its answer and its log records, whatever the client sends."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import BackgroundTasks, HTTPException, PlainTextResponse, Request, Response, StreamingResponse, VelociPy
from velocipy.middleware import RequestIDFilter, RequestIDMiddleware

app = VelociPy()
app.add_middleware(RequestIDMiddleware)
logger = logging.getLogger("test_request_ids")
logger.setLevel(logging.INFO)
logged: list[tuple[str, str]] = []


class Keeping(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        logged.append((record.getMessage(), record.request_id))  # type: ignore[attr-defined]


keeping = Keeping()
keeping.addFilter(RequestIDFilter())
logger.addHandler(keeping)

SHARED = PlainTextResponse("the same for everybody", headers={"x-request-id": "of the handler"})


@app.get("/")
async def ids(request: Request) -> dict[str, str]:
    return {"id": request.id, "state": request.state.request_id}


@app.get("/shared")
async def shared() -> Response:
    await asyncio.sleep(0)
    return SHARED


@app.get("/fails/{kind}")
async def fails(kind: str) -> None:
    raise HTTPException(403) if kind == "http" else RuntimeError("hunter2")


async def log_soon(text: str) -> None:
    await asyncio.sleep(0.05)
    logger.info(text)


def log_in_thread(text: str) -> None:
    logger.info(text)


@app.post("/work")
async def work(tasks: BackgroundTasks) -> Response:
    logger.info("handler")
    tasks.add_task(log_soon, "background")
    tasks.add_task(log_in_thread, "background thread")

    async def chunks() -> AsyncIterator[bytes]:
        logger.info("stream")
        yield b"done"

    return StreamingResponse(chunks())


@app.get("/in-thread")
def in_thread() -> None:
    logger.info("thread")


@app.get("/logged")
async def what_was_logged(wanted: str) -> list[str]:
    return [message for message, request_id in logged if request_id == wanted]


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "a b",
        "a" * 129,
        "a" * 4000,
        "<script>",
        "a,b",
        "a;b",
        "a\tb",
        'a"b',
        "a'b",
        "%0d%0aset-cookie",
        "${jndi:ldap}",
        "a\\b",
        "a{b",
        "*",
        "\u00e9",
        "a\u00a0",
        "\u0661",
    ],
)
def test_what_could_forge_a_log_or_a_header_is_replaced(client: Client, sent: str) -> None:
    answer = client.get("/", headers={b"x-request-id": sent.encode()})
    assert answer.status_code == 200
    made = answer.headers["x-request-id"]
    assert UUID(made).version == 4
    assert (UUID(made).variant, len(made)) == (UUID(int=0x8 << 60).variant, 32)
    assert answer.json() == {"id": made, "state": made}


def test_what_breaks_the_line_is_replaced_on_the_wire(wire: Any) -> None:
    for value in ("a\rset-cookie: b=1", "a\x00b", "a\x1b[31m", "a\x7f", "\xff\xfe"):
        answer = wire.ask("GET", "/", f"x-request-id: {value}")
        assert "set-cookie" not in answer.headers
        assert answer.status in (200, 400)  # servers refuse some of these themselves
        assert answer.status == 400 or UUID(answer.headers["x-request-id"]).version == 4
    assert wire.ask("GET", "/", "x-request-id: fine").headers["x-request-id"] == "fine"


@pytest.mark.parametrize("sent", ["a", "a" * 128, "0123-AZaz_.:=+/", "=", "1-67891233-abcdef012345678912345678"])
def test_a_tame_id_is_kept(client: Client, sent: str) -> None:
    answer = client.get("/", headers={"X-Request-ID": sent})
    assert answer.headers.get_list("x-request-id") == [sent]
    assert answer.json() == {"id": sent, "state": sent}


def test_of_several_ids_one_is_taken(client: Client) -> None:
    answer = client.get("/", headers=[("x-request-id", "one"), ("x-request-id", "two")])
    assert answer.headers["x-request-id"] == answer.json()["id"] == "one"


def test_each_request_has_its_own(client: Client) -> None:
    assert len({client.get("/").headers["x-request-id"] for _ in range(20)}) == 20


def test_a_response_that_everybody_gets_has_the_id_of_each(client: Client) -> None:
    for sent in ("one", "two"):
        answer = client.get("/shared", headers={"x-request-id": sent})
        assert answer.headers.get_list("x-request-id") == [sent]
    assert SHARED.headers.items()[0] == ("x-request-id", "of the handler")


@pytest.mark.parametrize(("path", "status"), [("/fails/http", 403), ("/fails/other", 500), ("/nowhere", 404)])
def test_errors_have_it_too(client: Client, path: str, status: int) -> None:
    answer = client.get(path, headers={"x-request-id": "one"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (status, "one")


@pytest.mark.in_process
def test_the_log_of_an_unhandled_error_names_it(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get("/fails/other", headers={"x-request-id": "seek-me"})
    assert "request seek-me" in caplog.text


def test_log_records_have_it_in_threads_streams_and_background_work(client: Client) -> None:
    ids = [f"{time.monotonic_ns()}-{number}" for number in range(3)]
    for sent in ids:
        assert client.post("/work", headers={"x-request-id": sent}).text == "done"
        assert client.get("/in-thread", headers={"x-request-id": sent}).status_code == 204
    until = time.monotonic() + 5
    found: dict[str, list[str]] = {}
    while time.monotonic() < until and {len(messages) for messages in found.values()} != {5}:
        time.sleep(0.05)
        found = {sent: client.get("/logged", params={"wanted": sent}).json() for sent in ids}
    wanted = ["background", "background thread", "handler", "stream", "thread"]
    assert {sent: sorted(messages) for sent, messages in found.items()} == dict.fromkeys(ids, wanted)


@pytest.mark.in_process
def test_outside_a_request_there_is_none() -> None:
    record = logging.LogRecord("a", logging.INFO, "a.py", 1, "text", (), None)
    assert RequestIDFilter().filter(record)
    assert record.request_id == "-"  # type: ignore[attr-defined]
    assert not RequestIDFilter("other").filter(record)


own = VelociPy()
own.add_middleware(RequestIDMiddleware, header_name="X-Trace", accept_incoming=False)
own.add_route("/", ids)


@pytest.mark.velocipy_app("own")
def test_the_header_may_be_another_and_the_client_not_asked(client: Client) -> None:
    answer = client.get("/", headers={"x-trace": "one", "x-request-id": "two"})
    assert UUID(answer.headers["x-trace"]).version == 4
    assert answer.json()["id"] == answer.headers["x-trace"]
    assert "x-request-id" not in answer.headers


@pytest.mark.in_process
@pytest.mark.parametrize("header_name", ["", "x request", "x-request-id:", "x\r\nid", "\u00e9", 5])
def test_a_header_that_cannot_be_is_told_at_start(header_name: Any) -> None:
    broken = VelociPy()
    broken.add_middleware(RequestIDMiddleware, header_name=header_name)
    with pytest.raises(ValueError, match="header name"):
        broken.freeze()
