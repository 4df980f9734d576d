"""The clients as their users see them: options, cookies, redirects, errors, threads."""

import asyncio
import gc
import inspect
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

import velocipy.testing
from velocipy.testing import AsyncTestClient, TestClient

from .apps import Raw

Connect = Callable[..., TestClient]


@pytest.fixture(params=["asgi", "rsgi"])
def interface(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(connect: Connect, interface: str) -> TestClient:
    return connect(Raw(), interface=interface)


# Options


@pytest.mark.parametrize("kind", [TestClient, AsyncTestClient])
def test_another_interface_is_a_value_error_that_names_the_choices(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"'wsgi'.*'asgi' or 'rsgi'"):
        kind(Raw(), interface="wsgi")


@pytest.mark.parametrize("kind", [TestClient, AsyncTestClient])
def test_rsgi_has_no_root_path(kind: Any) -> None:
    with pytest.raises(ValueError, match="no root path"):
        kind(Raw(), interface="rsgi", root_path="/api")


def test_what_is_no_application_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="cannot be called"):
        TestClient("main:app")


def test_both_clients_take_the_same_options() -> None:
    assert inspect.signature(TestClient) == inspect.signature(AsyncTestClient)


def test_a_client_knows_its_application_and_interface(interface: str) -> None:
    app = Raw()
    for client in (TestClient(app, interface=interface), AsyncTestClient(app, interface=interface)):
        assert (client.app, client.interface) == (app, interface)
    assert TestClient(app).interface == "asgi"
    assert str(TestClient(app).base_url) == "http://testserver"


def test_pytest_does_not_collect_the_clients() -> None:
    assert not TestClient.__test__
    assert not AsyncTestClient.__test__


# Requests


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch", "options", "query"])
def test_every_method(client: TestClient, method: str) -> None:
    response = getattr(client, method)("/x")
    assert isinstance(response, httpx2.Response)
    assert response.json()["method"] == method.upper()


def test_request_takes_httpx2s_arguments(client: TestClient) -> None:
    told = client.request("POST", "/x", params={"q": "1"}, json={"a": [1]}, headers={"x-a": "b"}).json()
    assert told["query"] == "q=1"
    assert told["body"] == '{"a":[1]}'
    assert ["x-a", "b"] in told["headers"]
    assert ["content-type", "application/json"] in told["headers"]
    told = client.post("/x", data={"a": "1"}, files={"f": ("n.txt", b"content")}).json()
    assert "content" in told["body"]


def test_defaults_of_the_client_go_with_every_request(connect: Connect, interface: str) -> None:
    client = connect(Raw(), interface=interface, headers={"x-a": "b"}, cookies={"c": "d"}, params={"e": "f"})
    told = client.get("/x").json()
    assert ["x-a", "b"] in told["headers"]
    assert ["cookie", "c=d"] in told["headers"]
    assert told["query"] == "e=f"


def test_cookies_persist(client: TestClient) -> None:
    client.get("/cookie")
    assert ["cookie", "n=1"] in client.get("/x").json()["headers"]


def test_redirects_are_followed_when_asked(client: TestClient) -> None:
    assert client.get("/redirect").status_code == 303
    followed = client.get("/redirect", follow_redirects=True)
    assert (followed.status_code, followed.json()["path"]) == (200, "/target")
    assert len(followed.history) == 1


def test_a_content_length_that_lies_is_an_error_of_the_client(client: TestClient) -> None:
    for content in (b"abc", b"abcdefg"):
        with pytest.raises(httpx2.LocalProtocolError, match="declared Content-Length"):
            client.post("/x", content=content, headers={"content-length": "5"})


def test_an_application_that_never_answers_times_out(connect: Connect, interface: str) -> None:
    class Silent(Raw):
        async def __call__(self, *arguments: Any) -> None:
            await asyncio.sleep(60)

        async def __rsgi__(self, *arguments: Any) -> None:
            await asyncio.sleep(60)

    client = connect(Silent(), interface=interface)
    with pytest.raises(httpx2.ReadTimeout, match=r"within 0\.01 seconds"):
        client.get("/", timeout=0.01)


# Errors of the application


def test_what_escapes_is_raised_with_the_applications_traceback(client: TestClient) -> None:
    with pytest.raises(ZeroDivisionError, match="crash") as caught:
        client.get("/crash")
    assert 'raise ZeroDivisionError("crash")' in str(caught.getrepr())
    with pytest.raises(ZeroDivisionError, match="midway"):
        client.get("/crash-midway")
    assert client.get("/x").status_code == 200


def test_what_escapes_after_the_answer_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    response = client.get("/crash-late")
    assert (response.status_code, response.text) == (500, "sorry")
    assert "ZeroDivisionError: late" in caplog.text


def test_what_escapes_after_the_answer_is_raised_when_asked(connect: Connect, interface: str) -> None:
    client = connect(Raw(), interface=interface, raise_server_exceptions=True)
    with pytest.raises(ZeroDivisionError, match="late"):
        client.get("/crash-late")


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_an_application_that_wants_to_exit_does_not_stop_the_client(
    connect: Connect, interface: str, error: type[BaseException]
) -> None:
    class Exiting(Raw):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/exit":
                raise error("mine")
            await super().__call__(scope, receive, send)

        async def __rsgi__(self, scope: Any, protocol: Any) -> None:
            if scope.path == "/exit":
                raise error("mine")
            await super().__rsgi__(scope, protocol)

    client = connect(Exiting(), interface=interface)
    with pytest.raises(error, match="mine"):
        client.get("/exit")
    assert client.get("/x").status_code == 200


def test_a_cancelled_application_is_an_error(connect: Connect, interface: str) -> None:
    class Cancelled(Raw):
        async def __call__(self, *arguments: Any) -> None:
            raise asyncio.CancelledError

        async def __rsgi__(self, *arguments: Any) -> None:
            raise asyncio.CancelledError

    with pytest.raises(RuntimeError, match="cancelled before it answered"):
        connect(Cancelled(), interface=interface).get("/")


# Start, stop, threads


def test_with_runs_start_and_stop_around_requests(interface: str) -> None:
    app = Raw()
    with TestClient(app, interface=interface) as client:
        assert app.events == ["startup"]
        client.get("/")
        assert app.events == ["startup"]
    assert app.events == ["startup", "shutdown"]


def test_close_inside_with_stops_once(interface: str) -> None:
    app = Raw()
    with TestClient(app, interface=interface) as client:
        client.close()
        assert app.events == ["startup", "shutdown"]
    assert app.events == ["startup", "shutdown"]


def test_a_closed_client_says_so(interface: str) -> None:
    client = TestClient(Raw(), interface=interface)
    client.get("/")
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.get("/")


def test_the_client_works_inside_a_running_loop(client: TestClient, run: Any) -> None:
    async def main() -> int:
        return client.get("/").status_code

    assert run(main()) == 200


def test_several_threads_share_a_client(client: TestClient) -> None:
    codes: list[int] = []

    def work() -> None:
        codes.extend(client.get(f"/{n}").status_code for n in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 40


def test_a_client_starts_no_thread_before_it_needs_one(interface: str) -> None:
    before = threading.active_count()
    client = TestClient(Raw(), interface=interface)
    assert threading.active_count() == before
    client.close()


@pytest.mark.parametrize("entered", [False, True])
def test_a_collected_client_leaves_no_thread(interface: str, entered: bool) -> None:
    before = threading.active_count()
    client = TestClient(Raw(), interface=interface)
    if entered:
        client.__enter__()
    client.get("/")
    assert threading.active_count() == before + 1
    del client
    gc.collect()
    while threading.active_count() > before:  # the test's timeout is the limit
        time.sleep(0.01)


def test_a_failed_start_leaves_no_thread() -> None:
    class Failing(Raw):
        def __rsgi_init__(self, loop: Any) -> None:
            raise ZeroDivisionError

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), TestClient(Failing(), interface="rsgi"):
        pass
    assert threading.active_count() == before


# The asynchronous client


def test_the_asynchronous_client_does_the_same(interface: str, run: Any) -> None:
    app = Raw()

    async def main() -> None:
        async with AsyncTestClient(app, interface=interface) as client:
            assert app.events == ["startup"]
            assert (await client.post("/x", json=[1])).json()["body"] == "[1]"
            with pytest.raises(ZeroDivisionError, match="crash"):
                await client.get("/crash")
            await client.get("/cookie")
            assert ["cookie", "n=1"] in (await client.get("/x")).json()["headers"]
            assert (await client.get("/redirect")).status_code == 303
            many = await asyncio.gather(*(client.get(f"/{n}") for n in range(10)))
            assert [response.json()["path"] for response in many] == [f"/{n}" for n in range(10)]
        assert app.events == ["startup", "shutdown"]

    run(main())


def test_the_asynchronous_client_works_without_with(interface: str, run: Any) -> None:
    app = Raw()

    async def main() -> None:
        client = AsyncTestClient(app, interface=interface)
        assert (await client.get("/x")).status_code == 200
        await client.aclose()
        assert app.events == []

    run(main())


def test_the_asynchronous_client_is_not_blocked_by_a_handler_that_blocks_on_rsgi(run: Any) -> None:
    """There the application has a loop of its own, as on a server."""
    release = threading.Event()

    class Blocking(Raw):
        async def __rsgi__(self, scope: Any, protocol: Any) -> None:
            assert await asyncio.to_thread(release.wait, 5)
            await super().__rsgi__(scope, protocol)

    async def main() -> None:
        async with AsyncTestClient(Blocking(), interface="rsgi") as client:
            request = asyncio.create_task(client.get("/x"))
            await asyncio.sleep(0)
            release.set()
            assert (await request).status_code == 200

    run(main())


# Imports


def test_importing_the_package_imports_no_pytest_and_no_server() -> None:
    import subprocess

    code = (
        "import sys, velocipy.testing, velocipy.testing.servers; "
        "print([name for name in ('pytest', 'granian', 'uvicorn', 'hypercorn', 'gunicorn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_front_door_is_sorted_and_complete() -> None:
    names = velocipy.testing.__all__
    assert sorted(names) == names
    assert all(hasattr(velocipy.testing, name) for name in names)
