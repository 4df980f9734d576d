"""What becomes of a handler whose client leaves: it is cancelled, runs to its end in any case, or can ask."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from velocipy import (
    BackgroundTasks,
    Depends,
    HTTPException,
    Request,
    Response,
    Router,
    StreamingResponse,
    VelociPy,
)
from velocipy.middleware import HTTPApp

app = VelociPy()
cancelling = Router("/cancel", on_disconnect="cancel")
finishing = Router("/finish", on_disconnect="finish")
notifying = Router("/notify", on_disconnect="notify")
events: list[str] = []


async def resource() -> AsyncIterator[str]:
    try:
        yield "open"
        events.append("closed well")
    except Exception as error:
        events.append(f"closed by {type(error).__name__}")
        raise


@cancelling.post("/wait")
@cancelling.get("/wait")
async def wait_long(request: Request, read: bool = False, resource: str = Depends(resource)) -> str:
    if read:
        await request.body()
    events.append("begun")
    try:
        await asyncio.sleep(1000)
    finally:
        events.append("cancelled")
    return "never"


@finishing.get("/wait")
@finishing.post("/wait")
async def finish(request: Request, seconds: float = 4, resource: str = Depends(resource)) -> str:
    events.append("begun")
    await asyncio.sleep(seconds)
    events.append("finished")
    return "finished"


@notifying.get("/ask")
@app.get("/ask")
async def ask(request: Request) -> str:
    events.append("begun")
    while not await request.is_disconnected():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    events.append("left")
    return "nobody"


@notifying.get("/wait")
@app.get("/wait")
async def wait_for_it(request: Request) -> str:
    events.append("begun")
    await request.wait_for_disconnect()
    events.append("left")
    return "nobody"


async def echo(request: Request) -> str:
    before = await request.is_disconnected()
    await asyncio.sleep(0.02)
    body = await request.body()
    return f"{before} {await request.is_disconnected()} {len(body)}"


async def echo_stream(request: Request) -> Response:
    await request.is_disconnected()

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            yield chunk

    return StreamingResponse(chunks())


async def leave_unread() -> str:
    return "unread"


async def endless(resource: str = Depends(resource)) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        events.append("begun")
        try:
            while True:
                yield b"x" * 100
                await asyncio.sleep(1000)
        finally:
            events.append("stream closed")

    return StreamingResponse(chunks())


async def fails() -> None:
    raise LookupError


who: ContextVar[str] = ContextVar("who", default="nobody")


async def scoped() -> AsyncIterator[asyncio.Task[Any] | None]:
    task, token = asyncio.current_task(), who.set("the dependency")
    try:
        yield task
    except LookupError:
        raise HTTPException(410) from None
    finally:
        who.reset(token)
        events.append("left in its task" if asyncio.current_task() is task else "left in another")


async def use_scoped(task: Annotated[Any, Depends(scoped)], tasks: BackgroundTasks, fail: bool = False) -> str:
    tasks.add_task(events.append, "done afterwards")
    if fail:
        raise LookupError
    return f"{who.get()} {asyncio.current_task() is task}"


async def set_who() -> None:
    who.set("the handler")


async def tell_who(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    response.headers["x-who"] = who.get()
    return response


for router in (app, cancelling, finishing, notifying):
    router.add_route("/scoped", use_scoped)
    router.add_route("/who", set_who, middleware=[tell_who])
    router.add_route("/echo", echo, "POST")
    router.add_route("/stream", echo_stream, "POST")
    router.add_route("/unread", leave_unread, "POST")
    router.add_route("/endless", endless)
    router.add_route("/fails", fails, ["GET", "POST"])
for router in (cancelling, finishing, notifying):
    app.include_router(router)


@app.exception_handler(LookupError)
async def answer_in_chunks(request: Request, error: LookupError) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0.01)
            yield b"x"

    return StreamingResponse(chunks(), 409)


@app.get("/told")
async def told() -> str:
    return ",".join(events)


@app.get("/forget")
async def forget() -> int:
    events.clear()
    return len([task for task in asyncio.all_tasks() if not task.done()])


PREFIXES = ["", "/cancel", "/finish", "/notify"]


@pytest.fixture
def leave(wire: Any, eventually: Any) -> Any:
    """A function that asks, leaves when the handler has begun, and returns what is told in the end."""

    def ask_and_leave(head: bytes, expected: bytes, patience: float = 5.0) -> bytes:
        before = int(wire.ask("GET", "/forget").body)  # with what the test before has left, and is about to end
        start = wire.server.log.size
        with wire.open() as connection:
            connection.sendall(head)
            assert eventually(lambda: b"begun" in wire.ask("GET", "/told").body, True)
        told: bytes = eventually(lambda: wire.ask("GET", "/told").body, expected, patience)
        assert eventually(lambda: int(wire.ask("GET", "/forget").body) <= before, True)  # no task is left
        assert "Traceback" not in wire.server.log.text(start)
        return told

    return ask_and_leave


def head(method: str, path: str, *fields: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: x", *fields, "", ""]).encode()


@pytest.mark.parametrize(
    "request_",
    [
        head("GET", "/cancel/wait"),
        head("POST", "/cancel/wait", "content-length: 3") + b"abc",
        head("POST", "/cancel/wait?read=1", "content-length: 3") + b"abc",
        head("POST", "/cancel/wait?read=1", "transfer-encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
    ],
    ids=["get", "unread", "read", "chunked"],
)
def test_cancel_ends_the_handler_where_it_waits(leave: Any, request_: bytes) -> None:
    expected = b"begun,cancelled,closed by ClientDisconnect"
    assert leave(request_, expected) == expected


@pytest.mark.parametrize(
    "request_", [head("GET", "/finish/wait"), head("POST", "/finish/wait", "content-length: 3") + b"abc"]
)
def test_finish_has_the_handler_run_to_its_end(leave: Any, request_: bytes) -> None:
    expected = b"begun,finished,closed well"
    assert leave(request_, expected, 10.0) == expected


@pytest.mark.parametrize("path", ["/ask", "/wait", "/notify/ask", "/notify/wait"])
def test_a_handler_can_ask_whether_its_client_has_left(leave: Any, path: str) -> None:
    assert leave(head("GET", path), b"begun,left") == b"begun,left"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_stream_ends_when_its_client_leaves_whatever_the_policy(leave: Any, prefix: str) -> None:
    told = leave(head("GET", f"{prefix}/endless"), b"begun,stream closed,closed well")
    assert told == b"begun,stream closed,closed well"


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("size", [0, 5, 300_000])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_watching_takes_nothing_from_the_body(client: Any, prefix: str, size: int, chunked: bool) -> None:
    body = b"x" * size
    pieces = iter([body[start : start + 50_000] for start in range(0, size, 50_000)])
    assert client.post(f"{prefix}/echo", content=pieces if chunked else body).text == f"False False {size}"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_body_may_be_streamed_back_while_the_client_is_watched(client: Any, prefix: str) -> None:
    assert client.post(f"{prefix}/stream", content=b"x" * 300_000).content == b"x" * 300_000


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_body_that_nobody_reads_keeps_no_answer_back(client: Any, prefix: str) -> None:
    for size in (0, 5, 300_000):
        assert client.post(f"{prefix}/unread", content=b"x" * size).text == "unread"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_error_is_answered_whole_whatever_the_policy(client: Any, prefix: str, method: str) -> None:
    content = b"x" * 1000 if method == "POST" else None
    response = client.request(method, f"{prefix}/fails", content=content)
    assert (response.status_code, response.content) == (409, b"xxx")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_is_opened_is_left_in_the_same_task_and_context(client: Any, eventually: Any, prefix: str) -> None:
    for query, status in (("", 200), ("?fail=true", 410)):
        client.get("/forget")
        assert client.get(f"{prefix}/scoped{query}").status_code == status
        told = eventually(lambda: client.get("/told").text, "left in its task,done afterwards")
        assert told == "left in its task,done afterwards"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_middleware_sees_what_a_handler_sets_in_its_context(client: Any, prefix: str) -> None:
    assert client.get(f"{prefix}/who").headers["x-who"] == "the handler"


def test_a_handler_that_is_to_finish_answers_as_any(client: Any) -> None:
    client.get("/forget")
    assert client.get("/finish/wait?seconds=0").text == "finished"
    assert client.get("/told").text == "begun,finished,closed well"


@pytest.mark.parametrize("policy", ["canel", "", True, 5])
def test_a_policy_that_is_none_is_refused_where_it_is_declared(policy: Any) -> None:
    for declare in (VelociPy, Router, lambda **options: VelociPy().get("/", **options)(fails)):
        with pytest.raises(ValueError, match="on_disconnect is 'cancel', 'finish', 'notify' or None"):
            declare(on_disconnect=policy)
