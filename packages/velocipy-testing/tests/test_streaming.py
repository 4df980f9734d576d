"""Both directions, chunk by chunk; and clients that go away."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from velocipy.testing import AsyncTestClient, TestClient

from .apps import Raw

Connect = Callable[..., TestClient]


@pytest.fixture(params=["asgi", "rsgi"])
def interface(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Stepwise(Raw):
    """Sends a chunk each time it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = threading.Semaphore(0)

    async def steps(self, send: Callable[[bytes], Any]) -> None:
        for number in range(3):
            await asyncio.to_thread(self.allowed.acquire)
            await send(b"chunk %d" % number)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.steps(lambda data: send({"type": "http.response.body", "body": data, "more_body": True}))
        await send({"type": "http.response.body"})

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        await self.steps(protocol.response_stream(200, []).send_bytes)


def test_chunks_are_readable_as_they_are_sent(connect: Connect, interface: str) -> None:
    app = Stepwise()
    with connect(app, interface=interface).stream("GET", "/") as response:
        chunks = response.iter_raw()
        for number in range(3):
            app.allowed.release()
            assert next(chunks) == b"chunk %d" % number
        assert list(chunks) == []


def test_chunks_are_readable_as_they_are_sent_asynchronously(interface: str, run: Any) -> None:
    app = Stepwise()

    async def main() -> None:
        client = AsyncTestClient(app, interface=interface)
        async with client.stream("GET", "/") as response:
            chunks = response.aiter_raw()
            for number in range(3):
                app.allowed.release()
                assert await anext(chunks) == b"chunk %d" % number
            assert [chunk async for chunk in chunks] == []
        await client.aclose()

    run(main())


def test_an_endless_body_is_taken_as_far_as_it_is_read(connect: Connect, interface: str) -> None:
    taken = []

    def body() -> Iterator[bytes]:
        for number in itertools.count():
            taken.append(number)
            yield b"x" * 10

    class TwoPieces(Raw):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            assert [(await receive())["body"] for _ in range(2)] == [b"x" * 10] * 2
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        async def __rsgi__(self, scope: Any, protocol: Any) -> None:
            pieces = aiter(protocol)
            assert [await anext(pieces) for _ in range(2)] == [b"x" * 10] * 2
            protocol.response_empty(200, [])

    assert connect(TwoPieces(), interface=interface).post("/", content=body()).status_code == 200
    assert taken == [0, 1]


def test_a_body_that_is_not_read_is_not_taken(connect: Connect, interface: str) -> None:
    def body() -> Iterator[bytes]:
        raise AssertionError("nobody asked")
        yield b""

    assert connect(Raw(), interface=interface).post("/early", content=body()).status_code == 413


def test_an_asynchronous_body_is_made_in_the_callers_loop(interface: str, run: Any) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loops = set()

        async def body() -> AsyncIterator[bytes]:
            for _ in range(3):
                loops.add(asyncio.get_running_loop())
                await asyncio.sleep(0)
                yield b"abc"

        client = AsyncTestClient(Raw(), interface=interface)
        assert (await client.post("/x", content=body())).json()["body"] == "abc" * 3
        assert loops == {loop}
        await client.aclose()

    run(main())


def test_a_body_is_made_in_the_callers_thread(connect: Connect, interface: str) -> None:
    threads = set()

    def body() -> Iterator[bytes]:
        for _ in range(3):
            threads.add(threading.current_thread())
            yield b"abc"

    assert connect(Raw(), interface=interface).post("/x", content=body()).json()["body"] == "abc" * 3
    assert threads == {threading.current_thread()}


def test_an_error_in_a_body_is_raised_and_the_application_sees_a_lost_client(connect: Connect, interface: str) -> None:
    app = Raw()

    def body() -> Iterator[bytes]:
        yield b"abc"
        raise ZeroDivisionError("mine")

    client = connect(app, interface=interface)
    with pytest.raises(ZeroDivisionError, match="mine"):
        client.post("/x", content=body())
    assert client.get("/x").status_code == 200


def test_an_error_in_an_asynchronous_body_is_raised(interface: str, run: Any) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ZeroDivisionError("mine")

    async def main() -> None:
        client = AsyncTestClient(Raw(), interface=interface)
        with pytest.raises(ZeroDivisionError, match="mine"):
            await client.post("/x", content=body())
        await client.aclose()

    run(main())


def test_the_application_sees_a_client_that_closes_early(connect: Connect, interface: str) -> None:
    app = Raw()
    with connect(app, interface=interface).stream("GET", "/endless") as response:
        assert next(response.iter_raw()) == b"x" * 1000
    assert app.events == ["gone"]


def test_the_application_sees_an_asynchronous_client_that_closes_early(interface: str, run: Any) -> None:
    app = Raw()

    async def main() -> None:
        client = AsyncTestClient(app, interface=interface)
        async with client.stream("GET", "/endless") as response:
            async for chunk in response.aiter_raw():
                assert chunk == b"x" * 1000
                break
        assert app.events == ["gone"]
        await client.aclose()

    run(main())


def test_closing_the_client_ends_what_still_runs(interface: str) -> None:
    app = Raw()
    client = TestClient(app, interface=interface)
    response = client.send(client.build_request("GET", "/endless"), stream=True)
    client.close()
    assert app.events == ["gone"]
    response.close()


def test_a_client_that_does_not_read_holds_the_application_back(connect: Connect, interface: str) -> None:
    app = Raw()
    client = connect(app, interface=interface)
    with client.stream("GET", "/endless"):
        for _ in range(3):
            client.get("/x")
        while app.sent < 65:  # the test's timeout is the limit
            client.get("/x")
        for _ in range(20):
            client.get("/x")
        assert app.sent == 65


def test_an_application_may_answer_before_it_has_read_the_body_and_go_on(connect: Connect, interface: str) -> None:
    """Both directions at once, and neither ends."""

    class Echo(Raw):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            more = True
            while more:
                message = await receive()
                await send({"type": "http.response.body", "body": message["body"], "more_body": True})
                more = message["more_body"]
            await send({"type": "http.response.body"})

        async def __rsgi__(self, scope: Any, protocol: Any) -> None:
            transport = protocol.response_stream(200, [])
            async for piece in protocol:
                await transport.send_bytes(piece)

    with connect(Echo(), interface=interface).stream("POST", "/", content=itertools.repeat(b"again")) as response:
        chunks = response.iter_raw()
        assert [next(chunks) for _ in range(3)] == [b"again"] * 3


def test_a_read_that_was_given_up_does_not_lose_a_piece(connect: Connect) -> None:
    go_on = threading.Event()

    def body() -> Iterator[bytes]:
        go_on.wait(5)
        yield b"late"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.01)
        go_on.set()
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": message["body"]})

    assert connect(app).post("/", content=body()).content == b"late"
