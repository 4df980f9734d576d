"""Dependencies that stay open: what they see of the request's end, in which order, and when."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, HTTPException, Response, StreamingResponse, VelociPy

app = VelociPy()

LOG: list[str] = []

level: contextvars.ContextVar[int] = contextvars.ContextVar("level", default=0)


class Refused(Exception):
    """Raised by handlers here, and answered by a handler of its own."""


@app.exception_handler(Refused)
async def refused(request: Any, error: Refused) -> Response:
    LOG.append("answer")
    return Response(f"refused: {error}", 409)


def outer() -> Iterator[str]:
    LOG.append("outer opens")
    try:
        yield "outer"
    except BaseException as error:
        LOG.append(f"outer sees {type(error).__name__}")
        raise
    else:
        LOG.append("outer commits")
    finally:
        LOG.append("outer closes")


async def inner(outer: Annotated[str, Depends(outer)]) -> AsyncIterator[str]:
    LOG.append("inner opens")
    try:
        yield f"{outer}/inner"
    except BaseException as error:
        LOG.append(f"inner sees {type(error).__name__}")
        raise
    else:
        LOG.append("inner commits")
    finally:
        LOG.append("inner closes")


@contextmanager
def plain_context() -> Iterator[str]:
    LOG.append("plain opens")
    yield "plain"
    LOG.append("plain closes")


@asynccontextmanager
async def async_context() -> AsyncIterator[str]:
    LOG.append("async opens")
    yield "async"
    LOG.append("async closes")


Both = Annotated[str, Depends(inner)]


@app.get("/ok")
async def ok(value: Both) -> list[str]:
    LOG.append("handler")
    return [value]


@app.get("/sync")
def sync(value: Both) -> list[str]:
    LOG.append("handler")
    return [value]


@app.get("/contexts")
async def contexts(
    plain: Annotated[str, Depends(plain_context)], other: Annotated[str, Depends(async_context)]
) -> list[str]:
    return [plain, other]


@app.get("/error")
async def error(value: Both) -> None:
    raise RuntimeError("secret")


@app.get("/http")
async def http(value: Both) -> None:
    raise HTTPException(404, "no such thing")


@app.get("/handled")
def handled(value: Both) -> None:
    raise Refused("by the handler")


@app.get("/invalid")
async def invalid(value: Both, n: int) -> None: ...


@app.get("/later-fails")
async def later_fails(value: Both, other: Annotated[None, Depends(lambda: 1 / 0)]) -> None: ...


@app.get("/stream")
async def stream(value: Both) -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        for index in range(3):
            LOG.append(f"chunk {index}")
            yield str(index)

    return StreamingResponse(chunks())


async def translates() -> AsyncIterator[None]:
    try:
        yield
    except KeyError as error:
        raise HTTPException(404, f"no {error}") from error


@app.get("/translated")
async def translated(_: Annotated[None, Depends(translates)]) -> str:
    return dict[str, str]()["thing"]


def swallows() -> Iterator[None]:
    try:
        yield
    except Exception:
        LOG.append("swallowed")


@app.get("/swallowed")
async def swallowed(_: Annotated[None, Depends(swallows)]) -> str:
    raise RuntimeError("secret")


def breaks_at_the_end() -> Iterator[str]:
    try:
        yield "fine"
    finally:
        raise RuntimeError("the teardown is broken")


async def breaks_at_the_end_too() -> AsyncIterator[str]:
    yield "fine"
    await asyncio.sleep(0)
    raise RuntimeError("this teardown is broken as well")


@app.get("/broken-teardown")
async def broken_teardown(value: Both, broken: Annotated[str, Depends(breaks_at_the_end)]) -> str:
    return broken


@app.get("/two-broken-teardowns")
async def two_broken_teardowns(
    value: Both,
    broken: Annotated[str, Depends(breaks_at_the_end)],
    more: Annotated[str, Depends(breaks_at_the_end_too)],
) -> list[str]:
    return [broken, more]


def yields_twice() -> Iterator[int]:
    yield 1
    yield 2


@app.get("/twice")
async def twice(value: Annotated[int, Depends(yields_twice)]) -> int:
    return value


def never_yields() -> Iterator[int]:
    if LOG is None:
        yield 1


@app.get("/never")
async def never(value: Annotated[int, Depends(never_yields)]) -> int:
    return value


def scoped() -> Iterator[int]:
    token = level.set(level.get() + 1)
    yield level.get()
    level.reset(token)
    LOG.append(f"level {level.get()}")


@app.get("/scoped")
async def with_scope(value: Annotated[int, Depends(scoped)]) -> int:
    return value


@app.get("/log")
async def log() -> list[str]:
    """Tell what happened, and forget it."""
    told = list(LOG)
    LOG.clear()
    return told


@pytest.fixture(autouse=True)
def _forget(client: Client) -> None:
    client.get("/log")


OPENED = ["outer opens", "inner opens"]
COMMITTED = ["inner commits", "inner closes", "outer commits", "outer closes"]


def rolled_back(name: str) -> list[str]:
    return [f"inner sees {name}", "inner closes", f"outer sees {name}", "outer closes"]


def whole_log(client: Client, length: int) -> list[str]:
    found: list[str] = []
    for _ in range(500):
        found += client.get("/log").json()
        if len(found) >= length:
            break
    return found


@pytest.mark.parametrize("path", ["/ok", "/sync"])
def test_they_are_closed_in_reverse_order_after_the_handler(client: Client, path: str) -> None:
    assert client.get(path).json() == ["outer/inner"]
    assert whole_log(client, 7) == [*OPENED, "handler", *COMMITTED]


def test_context_managers_are_entered_and_left_in_reverse_order(client: Client) -> None:
    assert client.get("/contexts").json() == ["plain", "async"]
    assert whole_log(client, 4) == ["plain opens", "async opens", "async closes", "plain closes"]


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [("/error", 500, "RuntimeError"), ("/http", 404, "HTTPException"), ("/later-fails", 500, "ZeroDivisionError")],
)
def test_an_error_is_thrown_in_at_every_yield(client: Client, path: str, status: int, name: str) -> None:
    assert client.get(path).status_code == status
    assert whole_log(client, 6) == [*OPENED, *rolled_back(name)]


def test_an_error_with_a_handler_is_thrown_in_before_it_is_answered(client: Client) -> None:
    response = client.get("/handled")
    assert (response.status_code, response.text) == (409, "refused: by the handler")
    assert whole_log(client, 7) == [*OPENED, *rolled_back("Refused"), "answer"]


def test_what_was_opened_is_closed_when_the_request_turns_out_to_be_invalid(client: Client) -> None:
    assert client.get("/invalid").status_code == 422
    assert whole_log(client, 6) == [*OPENED, *rolled_back("ValidationError")]


def test_they_stay_open_while_a_stream_is_sent(client: Client) -> None:
    assert client.get("/stream").text == "012"
    assert whole_log(client, 9) == [*OPENED, "chunk 0", "chunk 1", "chunk 2", *COMMITTED]


def test_a_generator_may_turn_an_error_into_an_answer(client: Client) -> None:
    response = client.get("/translated")
    assert (response.status_code, response.json()) == (404, {"detail": "no 'thing'"})


def test_a_generator_that_swallows_the_error_does_not_make_it_a_success(client: Client) -> None:
    response = client.get("/swallowed")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert whole_log(client, 1) == ["swallowed"]


@pytest.mark.parametrize(
    ("path", "answer"), [("/broken-teardown", "fine"), ("/two-broken-teardowns", ["fine", "fine"])]
)
def test_a_broken_teardown_changes_no_answer_and_closes_the_others(client: Client, path: str, answer: Any) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert (response.text if isinstance(answer, str) else response.json()) == answer
    found = whole_log(client, 6)
    assert found[:2] == OPENED
    assert "outer closes" in found


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("path", "messages"),
    [
        ("/broken-teardown", ["the teardown is broken"]),
        ("/two-broken-teardowns", ["the teardown is broken", "this teardown is broken as well"]),
        ("/twice", ["generator didn't stop"]),
    ],
)
def test_a_broken_teardown_is_logged_with_its_request(
    client: Client, path: str, messages: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        assert client.get(path).status_code == 200
        whole_log(client, 6 if "broken" in path else 0)
    for message in messages:
        assert message in caplog.text
    assert path in caplog.text
    assert {record.name for record in caplog.records} == {"velocipy"}


def test_a_generator_that_yields_nothing_is_an_error(client: Client) -> None:
    assert client.get("/never").status_code == 500


def test_a_plain_generator_has_one_context_from_end_to_end(client: Client) -> None:
    assert client.get("/scoped").json() == 1
    assert whole_log(client, 1) == ["level 0"]
