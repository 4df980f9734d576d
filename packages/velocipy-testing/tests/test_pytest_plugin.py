"""The plugin, by running pytest in pytest."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .test_servers import INSTALLED, lives, posix, wait_until_gone

APP = """
import pytest

class App:
    name = "app"

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["started"] = True
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert scope["state"] == {"started": True}
        print("asked for", scope["path"], flush=True)
        body = f"asgi {self.name}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def __rsgi_init__(self, loop):
        self.started = True

    async def __rsgi__(self, scope, protocol):
        assert self.started
        print("asked for", scope.path, flush=True)
        protocol.response_str(200, [], f"rsgi {self.name}")

class Other(App):
    name = "other"
"""


@pytest.fixture
def some_server() -> str:
    if not INSTALLED:
        pytest.skip("no server is installed")
    return INSTALLED[0]


@pytest.fixture
def pytest_run(pytester: pytest.Pytester) -> Callable[..., Any]:
    """A function that runs pytest on a module that has `APP` and the given lines."""

    def run(source: str, *arguments: str, **outcomes: int) -> Any:
        pytester.makepyfile(APP + source)
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-v", *arguments)
        if outcomes:
            result.assert_outcomes(**outcomes)
        return result

    return run


def test_a_test_of_the_client_runs_on_both_protocols(pytest_run: Any) -> None:
    result = pytest_run(
        """
app = App()
def test_it(client, velocipy_target):
    assert client.get("/").text == f"{velocipy_target.interface} app"
    assert str(client.base_url) == "http://testserver"
def test_other(): pass
""",
        passed=3,
    )
    result.stdout.fnmatch_lines_random(
        ["*::test_it[[]asgi] PASSED*", "*::test_it[[]rsgi] PASSED*", "*::test_other PASSED*"]
    )


SOURCES = {
    "attribute": "app = Other()",
    "function": "def app(): return Other()",
    "create_app": "def create_app(): return Other()",
    "create_app with defaults": "def create_app(debug=False, **options): return Other()",
    "fixture": "@pytest.fixture\ndef app(): return Other()",
    "yielding fixture": "@pytest.fixture\ndef app(): yield Other()",
    "fixture of a name": "made = Other()\n@pytest.fixture\ndef app(): return 'made'",
    "fixture of a factory": "def make(): return Other()\n@pytest.fixture\ndef app(): return make",
    "fixture of an import string": "@pytest.fixture\ndef app(): return 'elsewhere:other'",
    "fixture with arguments, of an attribute": "made = Other()\n@pytest.fixture\ndef app(request): return made",
    "marker": "app = App()\nmade = Other()\npytestmark = pytest.mark.velocipy_app('made')",
    "marker beside a fixture": (
        "made = Other()\npytestmark = pytest.mark.velocipy_app('made')\n@pytest.fixture\ndef app(): return App()"
    ),
    "marker with an import string": "app = App()\npytestmark = pytest.mark.velocipy_app('elsewhere:other')",
    "marker of a name in a class": (
        "class Holder:\n    made = Other()\npytestmark = pytest.mark.velocipy_app('Holder.made')"
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_where_an_application_comes_from(pytester: pytest.Pytester, pytest_run: Any, case: str) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(elsewhere=APP + "other = Other()")
    source = SOURCES[case] + "\ndef test_it(client): assert client.get('/').text.endswith('other')"
    pytest_run(source, passed=2)


@pytest.mark.parametrize("case", SOURCES)
def test_a_server_finds_the_same_application(
    pytester: pytest.Pytester, pytest_run: Any, case: str, some_server: str
) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(elsewhere=APP + "other = Other()")
    source = SOURCES[case] + "\ndef test_it(client): assert client.get('/').text.endswith('other')"
    pytest_run(source, f"--velocipy-server={some_server}", passed=1)


def test_an_app_fixture_of_a_class_and_of_a_conftest(
    pytester: pytest.Pytester, pytest_run: Any, some_server: str
) -> None:
    pytester.makeconftest(APP + "@pytest.fixture\ndef app(): return Other()")
    source = """
def test_conftest(client): assert client.get("/").text.endswith("other")
class TestIt:
    @pytest.fixture
    def app(self): return App()
    def test_class(self, client): assert client.get("/").text.endswith("app")
"""
    pytest_run(source, "--velocipy-server", f"in-process,{some_server}", passed=6)


def test_the_setting_names_an_application(pytester: pytest.Pytester, pytest_run: Any) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(elsewhere=APP + "other = Other()")
    pytester.makeini("[pytest]\nvelocipy_app = elsewhere:other")
    pytest_run("def test_it(client): assert client.get('/').text.endswith('other')", passed=2)


def test_the_app_fixture_is_the_application_under_test(pytest_run: Any) -> None:
    pytest_run("app = App()\nimport sys\ndef test_it(app, client): assert app is sys.modules[__name__].app", passed=2)


def test_relative_imports_work_on_servers(pytester: pytest.Pytester, some_server: str) -> None:
    pytester.makepyfile(
        **{
            "package/__init__": "",
            "package/tests/__init__": "",
            "package/tests/made": APP + "app = App()",
            "package/tests/test_it": "from .made import app\ndef test_it(client): client.get('/').raise_for_status()",
        }
    )
    for mode in ("prepend", "importlib"):
        arguments = (f"--import-mode={mode}", f"--velocipy-server=rsgi,{some_server}")
        pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=2)


def test_several_applications_in_one_module(pytest_run: Any, some_server: str) -> None:
    source = """
one, two = App(), Other()
def three(): return App()
def test_it(client_factory):
    first = client_factory("one", headers={"x": "y"})
    assert first.headers["x"] == "y"
    assert first.get("/").text.endswith("app")
    assert client_factory("two").get("/").text.endswith("other")
    assert client_factory(two).get("/").text.endswith("other")
    assert client_factory("three").get("/").text.endswith("app")
    assert client_factory(three, server_arguments=["--workers", "1"]).get("/").text.endswith("app")
"""
    pytest_run(source, "--velocipy-server", f"in-process,{some_server}", passed=3)


ASYNC = """
import asyncio
app = App()
@pytest.fixture
def anyio_backend(): return "asyncio"
@pytest.mark.anyio
async def test_anyio(async_client):
    assert (await async_client.get("/")).status_code == 200
    async with async_client.stream("POST", "/", content=b"abc") as response:
        assert [chunk async for chunk in response.aiter_raw()]
def test_plain(async_client):
    async def main(): return (await async_client.get("/")).text
    assert asyncio.run(main()).endswith("app")
    assert asyncio.run(main()).endswith("app")
"""


def test_the_asynchronous_client_needs_no_plugin(pytest_run: Any, some_server: str) -> None:
    arguments = ("-W", "error", "--velocipy-server", f"in-process,{some_server}")
    pytest_run(ASYNC, *arguments, passed=6)
    pytest_run(ASYNC, "-p", "no:anyio", "-k", "plain", passed=2)


# What goes wrong


def test_an_unknown_server_is_a_usage_error_that_names_the_choices(pytest_run: Any) -> None:
    result = pytest_run("", "--velocipy-server=nginx")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        "*'nginx' is nothing that tests run on; choose from in-process, asgi, rsgi, granian-rsgi*"
    )


def test_a_missing_server_is_a_usage_error_with_the_command(pytest_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velocipy.testing.servers.table.find_spec", lambda name: None)
    result = pytest_run("", "--velocipy-server=granian-rsgi")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines('*needs granian; pip install "velocipy-testing[[]servers]"*')


def test_a_test_without_an_application_says_what_to_define(pytest_run: Any) -> None:
    result = pytest_run("def test_it(client): pass", errors=2)
    result.stdout.fnmatch_lines("*has no application: define an attribute `app`*")


@pytest.mark.parametrize("mark", ["velocipy_app", "velocipy_app()", "velocipy_app(1)"])
def test_a_wrong_marker_says_what_it_takes(pytest_run: Any, mark: str) -> None:
    result = pytest_run(f"@pytest.mark.{mark}\ndef test_it(client): pass", errors=2)
    result.stdout.fnmatch_lines("*takes one name, not*")


def test_a_name_that_is_not_there_is_named(pytest_run: Any) -> None:
    result = pytest_run("@pytest.mark.velocipy_app('typo')\ndef test_it(client): pass", errors=2)
    result.stdout.fnmatch_lines("*has no application named 'typo'*")


def test_an_application_that_no_server_can_make_says_what_to_do(pytest_run: Any, some_server: str) -> None:
    source = """
@pytest.fixture
def app(tmp_path): return App()
def test_fixture(client): pass
def test_factory(client_factory): client_factory(App())
"""
    result = pytest_run(source, f"--velocipy-server={some_server}", errors=1, failed=1)
    result.stdout.fnmatch_lines("*a server cannot make <*App object*mark the test @pytest.mark.in_process*")


def test_options_for_in_process_only_say_so_on_a_server(pytest_run: Any, some_server: str) -> None:
    source = "app = App()\ndef test_it(client_factory): client_factory(client=None)"
    result = pytest_run(source, f"--velocipy-server=rsgi,{some_server}", passed=1, failed=1)
    result.stdout.fnmatch_lines("*the option client works in process only*")


def test_tests_that_cannot_run_somewhere_are_deselected_there(pytest_run: Any, some_server: str) -> None:
    source = """
app = App()
@pytest.mark.in_process
def test_inside(client): pass
def test_outside(live_server): assert live_server.pid
@pytest.mark.in_process
def test_plain(): pass
"""
    pytest_run(source, passed=3, deselected=2)
    result = pytest_run(source, f"--velocipy-server={some_server}", passed=2, deselected=1)
    result.stdout.fnmatch_lines_random([f"*::test_outside[[]{some_server}] PASSED*", "*::test_plain PASSED*"])


def test_an_application_that_does_not_start_is_an_error_with_its_reason(pytest_run: Any, some_server: str) -> None:
    source = """
def app(): raise ZeroDivisionError("no application today")
def test_it(client): pass
"""
    result = pytest_run(source, "--velocipy-server", f"rsgi,{some_server}", errors=2)
    assert result.stdout.str().count("ZeroDivisionError: no application today") >= 2


# Servers


@pytest.mark.parametrize("name", INSTALLED)
def test_every_server(pytest_run: Any, name: str) -> None:
    source = """
app = App()
def test_it(client, velocipy_target):
    assert velocipy_target.live
    assert client.get("/").text == f"{velocipy_target.interface} app"
    assert client.base_url.host == "127.0.0.1"
"""
    pytest_run(source, "--velocipy-server", name, passed=1).stdout.fnmatch_lines(f"*::test_it[[]{name}] PASSED*")


def test_one_server_serves_a_modules_tests_and_is_stopped_after_them(
    pytester: pytest.Pytester, some_server: str
) -> None:
    source = """
pids = set()
app = App()
def test_one(live_server): pids.add(live_server.pid)
def test_two(live_server, client): pids.add(live_server.pid)
def test_three():
    (pid,) = pids
    with open("pids", "a") as file: print(pid, file=file)
"""
    pytester.makepyfile(test_a=APP + source, test_b=APP + source)
    pytester.runpytest_inprocess(f"--velocipy-server={some_server}").assert_outcomes(passed=6)
    pids = [int(line) for line in Path("pids").read_text().split()]
    assert len(set(pids)) == 2
    if sys.platform != "win32":
        assert not any(lives(pid) for pid in pids)


def test_the_report_of_a_failed_test_has_the_servers_log_of_that_test(pytest_run: Any, some_server: str) -> None:
    source = """
app = App()
def test_passes(client): client.get("/passes")
def test_fails(client): assert client.get("/fails").status_code == 404
"""
    result = pytest_run(source, f"--velocipy-server={some_server}", passed=1, failed=1)
    output = result.stdout.str()
    assert re.search(f"-+ {some_server} during call -+", output)
    assert "asked for /fails" in output
    assert "asked for /passes" not in output


@posix
def test_a_server_that_died_is_started_again_for_the_next_test(pytest_run: Any, some_server: str) -> None:
    source = """
import os, signal
app = App()
def test_kills(live_server, client):
    os.killpg(live_server.pid, signal.SIGKILL)
    live_server._reader.join()
    client.get("/")
def test_next(client): assert client.get("/").status_code == 200
"""
    result = pytest_run(source, f"--velocipy-server={some_server}", passed=1, failed=1)
    result.stdout.fnmatch_lines("*the server has ended, with exit code -9*")


def test_it_works_under_xdist(pytester: pytest.Pytester, some_server: str) -> None:
    pytest.importorskip("xdist")
    source = APP + "app = App()\n@pytest.mark.parametrize('n', range(4))\ndef test_it(client, n): client.get('/')"
    pytester.makepyfile(test_a=source, test_b=source)
    arguments = ("-n2", "--velocipy-server", f"in-process,{some_server}")
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=24)


HANGING = """
import time
app = App()
def test_it(live_server):
    with open("SERVER", "w") as file:
        print(live_server.pid, file=file)
    time.sleep(600)
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_or_interrupted_leaves_no_process(pytester: pytest.Pytester, number: int) -> None:
    names = [name for name in INSTALLED if name in ("granian-rsgi", "gunicorn")] or INSTALLED[:1]
    if not names:
        pytest.skip("no server is installed")
    runs = []
    for name in names:
        module = pytester.makepyfile(**{f"test_{name.replace('-', '_')}": APP + HANGING.replace("SERVER", name)})
        command = [sys.executable, "-m", "pytest", str(module), f"--velocipy-server={name}"]
        runs.append(pytester.popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    groups = []
    for name in names:
        while not (path := Path(name)).exists() or not path.read_text().endswith("\n"):
            time.sleep(0.05)  # the test's timeout is the limit
        groups.append(int(path.read_text()))
    assert all(lives(group) for group in groups)
    for run in runs:
        run.send_signal(number)
    for run in runs:
        run.wait()
    wait_until_gone(*groups)
