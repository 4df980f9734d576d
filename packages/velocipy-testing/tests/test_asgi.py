"""The ASGI side: what an application is told, and everything it may do wrong."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from velocipy.testing import AsyncTestClient, LifespanError, ProtocolError, TestClient

Connect = Callable[..., TestClient]
Message = dict[str, Any]


def start(status: Any = 200, headers: Any = ()) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(data: Any = b"", *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def sending(*messages: Any) -> Any:
    """An application that sends *messages*."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


# What is refused

REFUSED: dict[str, tuple[list[Any], str]] = {
    "nothing sent": ([], "returned without sending a response"),
    "body before start": ([body(b"x")], "'http.response.start' was expected"),
    "start twice": ([start(), start()], "'http.response.body' was expected"),
    "no end": ([start(), body(b"x", more=True)], "returned before its response was complete"),
    "after the end": ([start(), body(), body()], "after its response was complete"),
    "unknown message": ([start(), {"type": "http.response.trailers"}], "'http.response.body' was expected"),
    "no dict": (["http.response.start"], "an ASGI message is a dict"),
    "no type": ([{"status": 200}], "an ASGI message is a dict"),
    "no status": ([{"type": "http.response.start"}], "status is None"),
    "status as str": ([start("200")], "status is '200'"),
    "status 100": ([start(100)], "status is 100"),
    "status 600": ([start(600)], "status is 600"),
    "status True": ([start(True)], "status is True"),
    "trailers": ([{**start(), "trailers": True}], "trailers"),
    "headers as dict": ([start(headers={b"a": b"b"})], "headers are a dict"),
    "headers as None": ([start(headers=None)], "headers are a NoneType"),
    "header of three": ([start(headers=[(b"a", b"b", b"c")])], "not a pair"),
    "header name as str": ([start(headers=[("a", b"b")])], "are bytes"),
    "header value as str": ([start(headers=[(b"a", "b")])], "are bytes"),
    "header name with space": ([start(headers=[(b"a b", b"b")])], "not a token"),
    "empty header name": ([start(headers=[(b"", b"b")])], "not a token"),
    "header with newline": ([start(headers=[(b"a", b"b\nc")])], "control character"),
    "header with NUL": ([start(headers=[(b"a", b"\0")])], "control character"),
    "header in spaces": ([start(headers=[(b"a", b" b")])], "white space"),
    "body as str": ([start(), body("x")], "bytes, not str"),
    "body as None": ([start(), body(None)], "bytes, not NoneType"),
    "longer than declared": (
        [start(headers=[(b"content-length", b"1")]), body(b"ab")],
        "longer than its Content-Length",
    ),
    "shorter than declared": ([start(headers=[(b"content-length", b"3")]), body(b"ab")], "1 bytes before its Content"),
    "length is no number": ([start(headers=[(b"content-length", b"-1")])], "digits"),
    "two lengths": ([start(headers=[(b"content-length", b"1"), (b"content-length", b"2")])], "several Content-Length"),
    "204 with a body": ([start(204), body(b"x")], "status 204 has no body"),
    "304 with a body": ([start(304), body(b"x")], "status 304 has no body"),
    "304 with a length": ([start(304, [(b"content-length", b"5")]), body()], "status 304 has a Content-Length"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_some_server_refuses_is_refused(connect: Connect, case: str) -> None:
    messages, words = REFUSED[case]
    with pytest.raises(ProtocolError, match=re.escape(words)):
        connect(sending(*messages)).get("/")


def test_an_application_that_catches_everything_cannot_hide_a_refusal(connect: Connect) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send(start(headers=[("a", "b")]))
        except Exception:
            await send(start(500))
            await send(body(b"sorry"))

    with pytest.raises(ProtocolError, match="are bytes"):
        connect(app).get("/")


def test_a_refusal_shows_the_applications_line(connect: Connect) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(99))

    with pytest.raises(ProtocolError) as caught:
        connect(app).get("/")
    assert "await send(start(99))" in str(caught.getrepr())


@pytest.mark.parametrize(
    "messages",
    [
        [start(204), body()],
        [start(304, [(b"etag", b'"x"')]), body()],
        [start(200, [[b"A", b"b"]]), body(bytearray(b"x"), more=True), body(memoryview(b"y"))],
        [start(200, ((b"a", b""),)), {"type": "http.response.body"}],
        [{"type": "http.response.start", "status": 200}, body()],
        [start(200, [(b"content-length", b"2")]), body(b"a", more=True), body(b"b")],
    ],
)
def test_what_every_server_takes_is_taken(connect: Connect, messages: list[Message]) -> None:
    assert connect(sending(*messages)).get("/").status_code == messages[0]["status"]


def test_the_answer_to_head_has_no_body_and_keeps_its_length(connect: Connect) -> None:
    response = connect(sending(start(headers=[(b"content-length", b"5")]), body(b"hello"))).head("/")
    assert (response.content, response.headers["content-length"]) == (b"", "5")
    response = connect(sending(start(headers=[(b"content-length", b"5")]), body())).head("/")
    assert (response.content, response.headers["content-length"]) == (b"", "5")


# What the application is told


def scope_of(client: TestClient, *arguments: Any, **options: Any) -> Any:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send(start())
        await send(body())

    with TestClient(app, **client if isinstance(client, dict) else {}) as made:
        made.request(*arguments, **options)
    return scopes[-1]


def test_the_scope_is_that_of_a_good_server() -> None:
    scope = scope_of({}, "GET", "/a%2Fb/%C3%A9?x=%20&y", headers={"X-Name": "v"})  # type: ignore[arg-type]
    headers = scope.pop("headers")
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a/b/é",
        "raw_path": b"/a%2Fb/%C3%A9",
        "query_string": b"x=%20&y",
        "root_path": "",
        "client": ("127.0.0.1", 123),
        "server": ("testserver", 80),
        "state": {},
        "extensions": {},
    }
    assert headers[0] == (b"host", b"testserver")
    assert (b"x-name", b"v") in headers


def test_options_of_the_client_show_in_the_scope() -> None:
    options = {"base_url": "https://example.org:8443/v1", "root_path": "/api", "client": None}
    scope = scope_of(options, "GET", "/x")  # type: ignore[arg-type]
    assert (scope["scheme"], scope["server"]) == ("https", ("example.org", 8443))
    assert (scope["root_path"], scope["path"]) == ("/api", "/v1/x")
    assert scope["client"] is None


def test_a_request_without_a_body_is_one_empty_message_and_then_silence(connect: Connect) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        first = await receive()
        assert first == {"type": "http.request", "body": b"", "more_body": False}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.01)
        await send(start())
        await send(body())
        assert await receive() == {"type": "http.disconnect"}

    assert connect(app, raise_server_exceptions=True).get("/").status_code == 200


def test_a_large_body_comes_in_pieces(connect: Connect) -> None:
    sizes = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            sizes.append(len(message["body"]))
            more = message["more_body"]
        await send(start())
        await send(body())

    connect(app).post("/", content=b"x" * 200_000)
    assert sizes == [65536, 65536, 65536, 3392, 0]


def test_requests_do_not_see_the_clients_context_variables(connect: Connect) -> None:
    import contextvars

    variable = contextvars.ContextVar("variable", default="server")
    variable.set("client")
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(variable.get())
        await send(start())
        await send(body())

    connect(app).get("/")
    assert seen == ["server"]


# Lifespan


class Lifespan:
    """An application with a scripted lifespan; a string is sent as message, an exception is raised."""

    def __init__(self, *startup: Any, shutdown: Any = ("lifespan.shutdown.complete",)) -> None:
        self.startup, self.shutdown = startup, shutdown
        self.events: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.events.append(f"request {scope['state']}")
            scope["state"]["shared"] = False
            await send(start())
            await send(body())
            return
        scope["state"]["n"] = 1
        for script in (self.startup, self.shutdown):
            self.events.append((await receive())["type"])
            for step in script:
                if isinstance(step, BaseException):
                    raise step
                await send({"type": step, "message": "words"})


def test_with_runs_the_lifespan_around_the_requests() -> None:
    app = Lifespan("lifespan.startup.complete")
    with TestClient(app) as client:
        client.get("/")
        client.get("/")
    assert app.events == ["lifespan.startup", "request {'n': 1}", "request {'n': 1}", "lifespan.shutdown"]


def test_without_with_the_lifespan_does_not_run(connect: Connect) -> None:
    app = Lifespan("lifespan.startup.complete")
    connect(app).get("/")
    assert app.events == ["request {}"]


def test_the_same_application_can_be_started_again() -> None:
    app = Lifespan("lifespan.startup.complete")
    for _ in range(2):
        with TestClient(app):
            pass
    assert app.events == ["lifespan.startup", "lifespan.shutdown"] * 2


def test_a_failed_startup_raises_the_applications_own_exception() -> None:
    with pytest.raises(ZeroDivisionError, match="mine"), TestClient(Lifespan(ZeroDivisionError("mine"))):
        pass
    announced = Lifespan("lifespan.startup.failed", ZeroDivisionError("mine"))
    with pytest.raises(ZeroDivisionError, match="mine"), TestClient(announced):
        pass


def test_a_failed_startup_raises_the_exception_that_the_application_handles_while_it_says_so() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            raise ZeroDivisionError("mine")
        except ZeroDivisionError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})

    with pytest.raises(ZeroDivisionError, match="mine") as caught, TestClient(app):
        pass
    assert 'raise ZeroDivisionError("mine")' in str(caught.getrepr())


def test_a_failed_startup_with_words_only_is_a_lifespan_error() -> None:
    with (
        pytest.raises(LifespanError, match="startup failed: words") as caught,
        TestClient(Lifespan("lifespan.startup.failed")),
    ):
        pass
    assert (caught.value.phase, caught.value.message) == ("startup", "words")


def test_a_failed_shutdown_is_raised() -> None:
    complete = "lifespan.startup.complete"
    with (
        pytest.raises(LifespanError, match="shutdown failed: words"),
        TestClient(Lifespan(complete, shutdown=("lifespan.shutdown.failed",))),
    ):
        pass
    with pytest.raises(ZeroDivisionError), TestClient(Lifespan(complete, shutdown=(ZeroDivisionError(),))):
        pass


def test_an_application_that_ends_early_is_noticed() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    words = re.escape("returned before it sent 'lifespan.startup.complete'")
    with pytest.raises(LifespanError, match=words), TestClient(app):
        pass


def test_wrong_lifespan_messages_are_refused() -> None:
    with pytest.raises(LifespanError, match=r"shutdown\.complete"), TestClient(Lifespan("lifespan.shutdown.complete")):
        pass


def test_an_application_without_a_lifespan_is_served_all_the_same() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send(start())
        await send(body())

    with TestClient(app) as client:
        assert client.get("/").status_code == 200


def test_the_lifespan_is_entered_and_left_by_one_task() -> None:
    tasks = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for phase in ("startup", "shutdown"):
            await receive()
            tasks.append(asyncio.current_task())
            await send({"type": f"lifespan.{phase}.complete"})

    with TestClient(app):
        pass
    assert tasks[0] is tasks[1]


def test_the_asynchronous_client_shares_its_loop_with_the_application(run: Any) -> None:
    async def main() -> None:
        here = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                raise NotImplementedError
            here.set()
            await send(start())
            await send(body())

        async with AsyncTestClient(app) as client:
            response = await client.get("/")
            await asyncio.wait_for(here.wait(), 1)
        assert isinstance(response, httpx2.Response)

    run(main())
