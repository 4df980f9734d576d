"""
The pytest plugin: a test of the `client` fixture runs on both protocols in process and, by option, on real servers.

    app = VelociPy()                      # in the test module: an application, or a function app() that makes one

    def test_index(client):               # test_index[asgi], test_index[rsgi]
        assert client.get("/").status_code == 200

    pytest --velocipy-server granian-rsgi,uvicorn      # test_index[granian-rsgi], test_index[uvicorn]

The application for a test is, in this order: what the marker `velocipy_app("name")` names; what a fixture `app` of
yours gives; the attribute `app`, or the function `create_app()`, of the test's module; what the setting `velocipy_app`
names. Names are those of an application, or of a function that makes one, in the test's module, or import strings.

A server runs in another process, where an object of this one is not: it imports the test's module and takes the
application from there. So an `app` fixture must have no arguments (the server calls it too), or give an object that is
an attribute of the module, or an import string. Tests that reach into the application are marked `in_process`; they,
and on the other side those of the fixture `live_server`, are deselected where they cannot run.

In process the lifespan runs once for each test, on a server once for each module: one server runs at a time, for the
module's tests, and is stopped after them. What it has written during a failed test stands in the report.
"""

import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from velocipy.testing.applications import Source, build, fixture_function, is_factory
from velocipy.testing.bridges import AsyncThreadTransport
from velocipy.testing.clients import TIMEOUT, TestClient, make_transport
from velocipy.testing.servers import RunningServer, ServerMissingError
from velocipy.testing.targets import CHOICES, ServerPool, Target, choose
from velocipy.testing.websocket_clients import AsyncWebSocketClient, WebSocketClient

__all__ = ["app", "async_client", "client", "client_factory", "live_server", "velocipy_target"]

OPTION = "velocipy_server"
NAMED = "velocipy_app"  # the marker and the setting
IN_PROCESS = "in_process"
ATTRIBUTES = ("app", "create_app")
IN_PROCESS_OPTIONS = ("root_path", "client", "raise_server_exceptions", "websockets_like")
LOG_LINES = 200  # of a server's log that a report shows at most

_targets = pytest.StashKey[list[Target]]()
_logs = pytest.StashKey[dict[RunningServer, int]]()


# What tests run on


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("velocipy").addoption(
        "--velocipy-server",
        dest=OPTION,
        action="append",
        metavar="NAME",
        help="what tests of the fixture `client` run on; several by repeating or with commas; "
        f"one of {', '.join(CHOICES)} (default: in-process)",
    )
    parser.addini(NAMED, "the application under test, an import string 'package.module:attribute'", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{NAMED}(name): the application under test: a name in the test's module, or an import string"
    )
    config.addinivalue_line(
        "markers", f"{IN_PROCESS}: the test reaches into the application, and does not run on servers"
    )
    names = [name.strip() for value in config.getoption(OPTION) or () for name in value.split(",")]
    try:
        config.stash[_targets] = choose(names)
    except (ValueError, ServerMissingError) as error:
        raise pytest.UsageError(f"--velocipy-server: {error}") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "velocipy_target" in metafunc.fixturenames:
        targets = metafunc.config.stash[_targets]
        ids = [target.name for target in targets]
        metafunc.parametrize("velocipy_target", targets, ids=ids, indirect=True, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    deselected = [item for item in items if not _can_run(item)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if _can_run(item)]


def _can_run(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    target = parameters.params.get("velocipy_target") if parameters is not None else None
    if target is None:
        return True
    if target.live:
        return item.get_closest_marker(IN_PROCESS) is None
    return "live_server" not in getattr(item, "fixturenames", ())


# Fixtures


@pytest.fixture(scope="module")
def velocipy_target(request: pytest.FixtureRequest) -> Target:
    """What the test runs on: `name`, `interface` ("asgi" or "rsgi"), and `live`, whether it is a server."""
    target: Target = request.param
    return target


@pytest.fixture(scope="module")
def _velocipy_servers(velocipy_target: Target) -> Iterator[ServerPool]:
    """The servers of this module on this target."""
    pool = ServerPool()
    yield pool
    pool.stop()


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Any:
    """The application under test: the attribute `app` or the function `create_app()` of your module, or as marked."""
    return _default(request).make()


@pytest.fixture
def client(
    velocipy_target: Target, _velocipy_servers: ServerPool, request: pytest.FixtureRequest
) -> Iterator[WebSocketClient]:
    """A client of the application under test, which is started; its `base_url` is set."""
    with _open(_under_test(request), request, {}) as client:
        yield client


@pytest.fixture
def client_factory(
    velocipy_target: Target, _velocipy_servers: ServerPool, request: pytest.FixtureRequest
) -> Iterator[Callable[..., WebSocketClient]]:
    """
    A function that opens clients of several applications: `client_factory("admin", headers={...})`.

    Its argument is a name in the test's module, an import string, or an application; without it the application under
    test. Options are those of httpx2's client that `TestClient` takes too; in process also those of `TestClient` alone,
    and for servers `server_arguments`, such as `["--workers", "2"]`. All clients are closed after the test.
    """
    with ExitStack() as stack:

        def make(application: Any = None, **options: Any) -> WebSocketClient:
            chosen = _under_test(request) if application is None else _given(request, application)
            return stack.enter_context(_open(chosen, request, options))

        yield make


@pytest.fixture
def async_client(
    velocipy_target: Target, _velocipy_servers: ServerPool, request: pytest.FixtureRequest
) -> Iterator[AsyncWebSocketClient]:
    """
    An asynchronous client of the application under test, which is started; its `base_url` is set.

    It needs no plugin for asynchronous tests, and works with any: the application runs outside the test's loop, in
    process in a thread, as it does on a server.
    """
    application = _under_test(request)
    if velocipy_target.server is None:
        base_url = "http://testserver"
        transport = AsyncThreadTransport(make_transport(application.make(), velocipy_target.interface))
    else:
        running = _serve(application, request)
        base_url = running.base_url
        transport = AsyncThreadTransport(running.async_transport())
    transport.startup()
    try:
        yield AsyncWebSocketClient(
            websockets=transport, base_url=base_url, transport=transport, timeout=TIMEOUT, trust_env=False
        )
    finally:
        transport.shutdown()


@pytest.fixture
def live_server(
    velocipy_target: Target, _velocipy_servers: ServerPool, request: pytest.FixtureRequest
) -> RunningServer:
    """The server that runs the application under test: its address, process id and log; there is none in process."""
    return _serve(_under_test(request), request)


# From an application to a client


@dataclass(frozen=True, slots=True)
class _Application:
    """
    An application, not made yet.

    Attributes:
        make: Gives it in this process.
        source: Says where another process finds it.
    """

    make: Callable[[], Any]
    source: Callable[[], Source]


def _open(application: _Application, request: pytest.FixtureRequest, options: dict[str, Any]) -> WebSocketClient:
    target = request.getfixturevalue("velocipy_target")
    arguments = options.pop("server_arguments", ())
    if target.server is None:
        return TestClient(application.make(), interface=target.interface, **options)
    for name in IN_PROCESS_OPTIONS:
        if name in options:
            raise pytest.UsageError(
                f"{request.node.nodeid}: the option {name} works in process only; mark the test "
                f"@pytest.mark.{IN_PROCESS}"
            )
    return _serve(application, request, arguments).client(**options)


def _serve(application: _Application, request: pytest.FixtureRequest, arguments: Any = ()) -> RunningServer:
    target = request.getfixturevalue("velocipy_target")
    pool: ServerPool = request.getfixturevalue("_velocipy_servers")
    running = pool.get(target.server, application.source(), arguments)
    request.node.stash.setdefault(_logs, {}).setdefault(running, running.log.size)
    return running


def _under_test(request: pytest.FixtureRequest) -> _Application:
    if _marked(request):
        return _default(request)
    definitions = request.session._fixturemanager.getfixturedefs("app", request.node)
    function = definitions[-1].func if definitions else None
    if function is None or function.__module__ == __name__:
        return _default(request)
    return _Application(lambda: _made(request, request.getfixturevalue("app")), lambda: _fixture(request, function))


def _default(request: pytest.FixtureRequest) -> _Application:
    """What the marker, the module or the setting names."""
    marked = _marked(request)
    if marked:
        return _given(request, marked)
    for attribute in ATTRIBUTES:
        found = getattr(request.module, attribute, None)
        if found is not None and fixture_function(found) is None:
            return _given(request, attribute)
    setting = request.config.getini(NAMED)
    if setting:
        return _given(request, setting)
    raise pytest.UsageError(
        f"{request.node.nodeid} has no application: define an attribute `app`, a function `create_app()` or a fixture "
        f"`app` in {request.module.__name__}, mark the test with @pytest.mark.{NAMED}('name'), or set {NAMED} in the "
        "configuration of pytest"
    )


def _marked(request: pytest.FixtureRequest) -> str:
    """The name that the test's marker gives; "" if it has none."""
    marker = request.node.get_closest_marker(NAMED)
    if marker is None:
        return ""
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise pytest.UsageError(f"{request.node.nodeid}: @pytest.mark.{NAMED} takes one name, not {marker.args!r}")
    return str(marker.args[0])


def _given(request: pytest.FixtureRequest, application: Any) -> _Application:
    """What a test names, or has in its hands."""
    if not isinstance(application, str):
        return _Application(lambda: _made(request, application), lambda: _attribute(request, application))
    if ":" in application:
        source = Source.parse(application)
        return _Application(source.load, lambda: source)
    source = Source(attribute=application, module=request.module.__name__, file=str(request.path))
    return _Application(lambda: build(request.module, application), lambda: source)


def _made(request: pytest.FixtureRequest, value: Any) -> Any:
    if isinstance(value, str):
        return _given(request, value).make()
    return value() if is_factory(value) else value


def _fixture(request: pytest.FixtureRequest, function: Any) -> Source:
    """Where a server finds what an `app` fixture gives."""
    function = inspect.unwrap(function)
    function = getattr(function, "__func__", function)
    arguments = [name for name in inspect.signature(function).parameters if name != "self"]
    if not arguments and "<locals>" not in function.__qualname__:
        cls, name = getattr(request.node, "cls", None), function.__name__
        if cls is not None and fixture_function(getattr(cls, name, None)) is function:  # maybe of a base elsewhere
            return Source(f"{cls.__qualname__}.{name}", request.module.__name__, str(request.path))
        return Source(function.__qualname__, function.__module__, function.__code__.co_filename)
    value = request.getfixturevalue("app")
    return _given(request, value).source()


def _attribute(request: pytest.FixtureRequest, application: Any) -> Source:
    """Where a server finds an object of this process: under its name in the test's module."""
    for name, value in vars(request.module).items():
        if value is application:
            return Source(attribute=name, module=request.module.__name__, file=str(request.path))
    raise pytest.UsageError(
        f"{request.node.nodeid}: a server cannot make {application!r}, which exists in this process only; let it be an "
        f"attribute of {request.module.__name__}, or let a function or an `app` fixture without arguments make it, or "
        f"mark the test @pytest.mark.{IN_PROCESS}"
    )


# Reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for running, start in item.stash.get(_logs, {}).items():
            report.sections.append((f"{running.server.name} during {report.when}", _tail(running, start)))
    return report


def _tail(running: RunningServer, start: int) -> str:
    lines = running.log.text(start).splitlines()[-LOG_LINES:]
    if running.exit_code is not None:
        lines.append(f"(the server has ended, with exit code {running.exit_code})")
    return "\n".join(lines) or "(it wrote nothing during this test)"
