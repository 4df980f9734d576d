"""Real servers as child processes: started, asked, stopped, and never left behind."""

import gc
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from velocipy.testing.servers import SERVERS, RunningServer, Server, ServerError, ServerMissingError, find_server

HERE = Path(__file__).parent
INSTALLED = [name for name, server in SERVERS.items() if all(map(find_spec, server.packages))]
STUBBORN = Server("stubborn", "asgi", arguments=("stubborn", "{port}"), packages=(), install=())
posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")


@pytest.fixture
def some_server() -> str:
    if not INSTALLED:
        pytest.skip("no server is installed")
    return INSTALLED[0]


def start(server: str | Server, app: str = "apps:app", **options: object) -> RunningServer:
    return RunningServer.start(server, app, directory=HERE, **options)  # type: ignore[arg-type]


def lives(group: int) -> bool:
    """Whether the process group has a process that is no zombie."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    ps = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in ps.stdout.splitlines()]
    return any(int(row[0]) == group and not row[1].startswith("Z") for row in rows)


def wait_until_gone(*groups: int) -> None:
    while any(lives(group) for group in groups):  # the test's timeout is the limit
        time.sleep(0.05)


@pytest.mark.parametrize("name", INSTALLED)
def test_a_server_answers_and_is_gone_after_the_with_block(name: str) -> None:
    with start(name) as running:
        with running.client() as client:
            told = client.get("/x?y").json()
        assert (told["path"], told["query"]) == ("/x", "y")
        assert running.base_url == f"http://{running.host}:{running.port}"
        assert running.exit_code is None
    assert running.exit_code is not None
    assert running.log.size == len(running.log.text().encode())
    if sys.platform != "win32":
        assert not lives(running.pid)


@pytest.mark.parametrize("name", INSTALLED)
def test_a_server_takes_a_factory(name: str) -> None:
    with start(name, "apps:create", factory=True) as running, running.client() as client:
        assert client.get("/x").status_code == 200


def test_the_client_speaks_the_servers_http() -> None:
    if "hypercorn-h2" not in INSTALLED:
        pytest.skip("hypercorn is not installed")
    with start("hypercorn-h2") as running, running.client() as client:
        response = client.get("/x")
        assert response.http_version == "HTTP/2"
        assert response.json()["http_version"] == "2"


@posix
def test_a_server_takes_further_arguments_and_all_its_workers_end(some_server: str) -> None:
    with start(some_server, arguments=["--workers", "2"]) as running:
        assert lives(running.pid)
    assert not lives(running.pid)


def test_a_server_takes_variables(some_server: str) -> None:
    with pytest.raises(ServerError, match="ended with exit code"):
        start(some_server, environment={"PYTHONPATH": "", "PYTHONHOME": str(HERE / "nowhere")})


def test_two_servers_run_side_by_side(some_server: str) -> None:
    with start(some_server) as one, start(some_server) as two:
        assert one.port != two.port
        for running in (one, two):
            with running.client() as client:
                assert client.get("/x").status_code == 200


# What goes wrong


def test_an_unknown_name_is_a_value_error_that_names_the_servers() -> None:
    with pytest.raises(ValueError, match=r"'nginx' is none of the servers granian-rsgi, .*gunicorn-uvicorn"):
        find_server("nginx")


def test_a_missing_package_is_named_with_the_command_to_install_it() -> None:
    row = Server("x", "asgi", arguments=("x",), packages=("no_such_package",), install=("no-such[extra]", "b"))
    with pytest.raises(ServerMissingError, match=r'needs no_such_package; pip install "no-such\[extra\]" b'):
        RunningServer.start(row, "apps:app")


def test_a_server_that_does_not_start_raises_with_its_log(some_server: str) -> None:
    with pytest.raises(ServerError, match="ended with exit code") as caught:
        start(some_server, "no_such_module:app")
    assert "no_such_module" in str(caught.value)
    assert caught.value.log in str(caught.value)


def test_a_server_that_never_answers_raises_and_is_gone() -> None:
    mute = replace(STUBBORN, arguments=("stubborn", "0"))  # listens, but elsewhere
    with pytest.raises(ServerError, match=r"did not answer within 0\.2 seconds; it wrote"):
        start(mute, timeout=0.2, grace=0.1)


@posix
def test_a_server_that_does_not_want_to_end_is_killed() -> None:
    running = start(STUBBORN, grace=0.1)
    running.stop()
    assert running.exit_code == -signal.SIGKILL
    assert "stubborn" in running.log.text()
    assert not lives(running.pid)


def test_a_port_that_is_taken_is_tried_again_elsewhere(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    code = (
        "import sys, pathlib, runpy\n"
        f"tries = pathlib.Path({str(tries)!r})\n"
        "first = not tries.exists()\n"
        "tries.open('a').write(sys.argv[1] + '\\n')\n"
        "if first: sys.exit('address already in use')\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "runpy.run_module('stubborn', run_name='__main__')\n"
    )
    (tmp_path / "unlucky.py").write_text(code)
    row = replace(STUBBORN, arguments=("unlucky", "{port}"))
    with RunningServer.start(row, "", directory=tmp_path, grace=0.1) as running:
        ports = [int(line) for line in tries.read_text().split()]
    assert len(ports) == 2
    assert ports[1] == running.port != ports[0]


def test_a_server_that_ends_by_itself_is_noticed(some_server: str) -> None:
    with start(some_server) as running:
        os.kill(running.pid, signal.SIGTERM)
        while running.exit_code is None:  # the test's timeout is the limit
            time.sleep(0.01)


# Nothing is left behind


@posix
def test_a_collected_server_is_stopped(some_server: str) -> None:
    running = start(some_server)
    group = running.pid
    del running
    gc.collect()
    assert not lives(group)


SCRIPT = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup has every process below it ignore
from velocipy.testing.servers import RunningServer
running = [RunningServer.start(name, "apps:app", arguments=["--workers", "2"]) for name in sys.argv[1:]]
print(*(each.pid for each in running), flush=True)
sys.stdin.read()
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_servers_end_with_the_process_that_started_them(number: int, some_server: str) -> None:
    names = [name for name in INSTALLED if name in ("granian-rsgi", "gunicorn")] or [some_server]
    starter = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *names],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        groups = [int(word) for word in starter.stdout.readline().split()]
        assert len(groups) == len(names)
        assert all(lives(group) for group in groups)
        starter.send_signal(number)
        starter.wait()
    wait_until_gone(*groups)
