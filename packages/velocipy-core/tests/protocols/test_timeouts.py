"""Time limits of routes, routers and applications: a handler that does not answer in time is cancelled; 504."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from velocipy import Depends, HTTPException, Request, Response, Router, StreamingResponse, VelociPy

app = VelociPy(timeout=0.15)
with_middleware = VelociPy(timeout=0.15)
plain = VelociPy()
told_otherwise = VelociPy(timeout=0.15)
router = Router("/router", timeout=0.3)
events: list[str] = []
seen: list[int] = []


async def resource() -> AsyncIterator[str]:
    try:
        yield "open"
        events.append("closed well")
    except HTTPException as error:
        events.append(f"closed by {error.status_code}")
        raise


@app.get("/slow")
@with_middleware.get("/slow")
@told_otherwise.get("/slow")
async def slow(seconds: float = 30, resource: str = Depends(resource)) -> str:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        events.append("cancelled")
        raise
    return "in time"


@app.get("/slow-dependency")
async def behind(value: str = Depends(slow)) -> str:
    return value


@app.get("/thread")
def blocks() -> str:
    time.sleep(0.4)
    return "late"


@app.post("/slow-body")
async def slow_body(request: Request) -> int:
    return len(await request.body())


@app.get("/own")
async def own() -> str:
    raise TimeoutError("of my own")


@app.get("/unlimited", timeout=None)
@router.get("/longer")
@plain.get("/unlimited")
async def longer() -> str:
    await asyncio.sleep(0.2)
    return "in time"


@router.get("/shorter", timeout=0.05)
async def shorter() -> str:
    await asyncio.sleep(30)
    return "never"


@app.get("/stream")
async def stream() -> Response:
    async def chunks() -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0.1)
            yield str(number)

    return StreamingResponse(chunks())


@app.get("/told")
@with_middleware.get("/told")
async def told() -> dict[str, Any]:
    result = {"events": events.copy(), "seen": seen.copy()}
    events.clear()
    seen.clear()
    return result


app.include_router(router)


@with_middleware.middleware("http")
async def look(request: Request, call_next: Any) -> Response:
    answer: Response = await call_next(request)
    seen.append(answer.status_code)
    return answer


@told_otherwise.exception_handler(504)
async def tell(request: Request, error: HTTPException) -> Response:
    return Response("too slow", 504)


@pytest.mark.parametrize("path", ["/slow", "/slow-dependency", "/thread", "/router/shorter"])
def test_what_takes_longer_is_504(client: Any, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (504, {"detail": "Gateway Timeout"})


def test_the_handler_is_cancelled_and_dependencies_see_the_error(client: Any) -> None:
    client.get("/told")
    client.get("/slow")
    assert client.get("/told").json()["events"] == ["cancelled", "closed by 504"]


@pytest.mark.parametrize("path", ["/slow?seconds=0.01", "/unlimited", "/router/longer"])
def test_what_answers_in_time_is_answered(client: Any, path: str) -> None:
    client.get("/told")
    assert client.get(path).text == "in time"
    assert client.get("/told").json()["events"] in ([], ["closed well"])


def test_without_a_limit_there_is_none(client_factory: Any) -> None:
    assert client_factory("plain").get("/unlimited").text == "in time"


def test_a_timeout_of_the_handler_itself_is_an_error_of_its_own(client: Any) -> None:
    assert client.get("/own").status_code == 500


def test_sending_the_answer_does_not_count(client: Any) -> None:
    assert client.get("/stream").text == "012"


def test_a_body_that_does_not_come_is_504(wire: Any) -> None:
    answer = wire.ask("POST", "/slow-body", "content-length: 5", body=b"abc")
    assert answer.status == 504


def test_middleware_sees_the_answer(client_factory: Any) -> None:
    client = client_factory("with_middleware")
    client.get("/told")
    assert client.get("/slow").json() == {"detail": "Gateway Timeout"}
    told = client.get("/told").json()
    assert (told["events"], told["seen"][-1]) == (["cancelled", "closed by 504"], 504)
    assert client.get("/slow?seconds=0").text == "in time"


def test_an_exception_handler_may_answer(client_factory: Any) -> None:
    response = client_factory("told_otherwise").get("/slow")
    assert (response.status_code, response.text) == (504, "too slow")


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_no_time_is_refused_where_it_is_declared(timeout: float) -> None:
    for declare in (VelociPy, Router, lambda **options: VelociPy().get("/", **options)(own)):
        with pytest.raises(ValueError, match=r"timeout is .*; give seconds over 0"):
            declare(timeout=timeout)
