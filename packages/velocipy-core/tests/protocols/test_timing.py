"""`TimingMiddleware`: how long it took, in `Server-Timing` and in the state."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, PlainTextResponse, Request, Response, StreamingResponse, VelociPy
from velocipy.http.middleware import HTTPApp
from velocipy.middleware import TimingMiddleware

app = VelociPy()
SHARED = PlainTextResponse("the same for everybody")


@app.middleware("http")
async def tell_what_it_left(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    response.headers["x-duration"] = f"{request.state.duration_ms:.3f}"
    return response


app.add_middleware(TimingMiddleware)


@app.get("/sleep/{seconds}")
async def sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "rested"


@app.get("/shared")
async def shared() -> Response:
    return SHARED


@app.get("/measured")
async def measured() -> Response:
    return Response("a", headers=[("server-timing", "db;dur=53.2"), ("server-timing", "cache;desc=hit")])


@app.get("/stream")
async def stream() -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.2)
        yield b"late"

    return StreamingResponse(chunks())


@app.get("/fails/{kind}")
async def fails(kind: str) -> None:
    raise HTTPException(403) if kind == "http" else RuntimeError("hunter2")


def metrics(answer: Any) -> list[str]:
    return [metric for line in answer.headers.get_list("server-timing") for metric in line.split(", ")]


def milliseconds(metric: str) -> float:
    found = re.fullmatch(r"total;dur=(\d+\.\d{3})", metric)
    assert found, metric
    return float(found[1])


def test_a_response_that_everybody_gets_does_not_grow(client: Client) -> None:
    for _ in range(3):
        assert len(metrics(client.get("/shared"))) == 1
    assert "server-timing" not in SHARED.headers


@pytest.mark.parametrize(("path", "status"), [("/fails/http", 403), ("/fails/other", 500), ("/nowhere", 404)])
def test_errors_have_it_too(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    (metric,) = metrics(answer)
    assert milliseconds(metric) >= 0


def test_it_counts_what_is_within_in_milliseconds(client: Client) -> None:
    (metric,) = metrics(client.get("/sleep/0.05"))
    assert milliseconds(metric) >= 49


def test_the_state_has_it_as_well(client: Client) -> None:
    answer = client.get("/sleep/0")
    assert metrics(answer) == [f"total;dur={answer.headers['x-duration']}"]


def test_it_ends_before_the_body_of_a_stream(client: Client) -> None:
    answer = client.get("/stream")
    assert answer.text == "late"
    assert milliseconds(metrics(answer)[0]) < 200


def test_what_was_measured_by_others_stays(client: Client) -> None:
    db, cache, total = metrics(client.get("/measured"))
    assert (db, cache) == ("db;dur=53.2", "cache;desc=hit")
    assert milliseconds(total) >= 0


@pytest.mark.in_process
def test_an_option_that_it_does_not_have_is_told_at_start() -> None:
    broken = VelociPy()
    broken.add_middleware(TimingMiddleware, header_name="x")
    with pytest.raises(ValueError, match="header_name"):
        broken.freeze()
