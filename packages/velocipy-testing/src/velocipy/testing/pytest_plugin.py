"""
The pytest plugin: a test of the `client` fixture runs on both protocols in process and, by option, on real servers.

    app = VelociPy()                      # in the test module: an application, or a function app() that makes one

    def test_index(client):               # test_index[asgi], test_index[rsgi]
        assert client.get("/").status_code == 200

    pytest --velocipy-server granian-rsgi,uvicorn      # test_index[granian-rsgi], test_index[uvicorn]

An application for a test is looked for in this order: the marker `velocipy_app`, an `app` fixture of the user's, the
module attributes `app` and `create_app`, the setting `velocipy_app`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx2
import pytest

from velocipy.testing.applications import Source, build, is_factory
from velocipy.testing.clients import TestClient

OPTION = "velocipy_server"
MARKER = "velocipy_app"
ATTRIBUTES = ("app", "create_app")


@dataclass(frozen=True, slots=True)
class Target:
    """
    What a test runs on.

    Attributes:
        name: As in the test's id.
        interface: "asgi" or "rsgi".
    """

    name: str
    interface: str


IN_PROCESS = (Target("asgi", "asgi"), Target("rsgi", "rsgi"))


# Which targets


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("velocipy").addoption(
        "--velocipy-server",
        dest=OPTION,
        action="append",
        metavar="NAME",
        help="what tests of the client fixture run on; several by repeating or with commas",
    )
    parser.addini(MARKER, "import string of the application under test, 'package.module:attribute'", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(name): the application under test: a name in the test's module, "
        "or an import string 'package.module:attribute'",
    )
    config.addinivalue_line("markers", "in_process: the test reaches into the application, and cannot run on a server")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "velocipy_target" in metafunc.fixturenames:
        metafunc.parametrize(
            "velocipy_target", IN_PROCESS, ids=lambda target: target.name, indirect=True, scope="module"
        )


# Fixtures


@pytest.fixture(scope="module")
def velocipy_target(request: pytest.FixtureRequest) -> Target:
    """What the test runs on."""
    target: Target = request.param
    return target


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Any:
    """The application under test; define a fixture, an attribute or a function of this name in your test module."""
    name = _named(request)
    if name:
        return _resolve(request.module, name)
    for attribute in ATTRIBUTES:
        if hasattr(request.module, attribute):
            return build(request.module, attribute)
    setting = request.config.getini(MARKER)
    if setting:
        return Source.parse(setting).load()
    raise pytest.UsageError(
        f"{request.node.nodeid} has no application: define a module attribute `app` or a function `create_app()` in "
        f"{request.module.__name__}, mark the test with @pytest.mark.{MARKER}('name'), or set {MARKER} in the "
        "configuration of pytest"
    )


@pytest.fixture
def client(velocipy_target: Target, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of the application under test, whose lifespan runs."""
    name = _named(request)
    application = _resolve(request.module, name) if name else _application(request)
    with TestClient(application, interface=velocipy_target.interface) as client:
        yield client


@pytest.fixture
def client_factory(velocipy_target: Target, request: pytest.FixtureRequest) -> Iterator[Callable[..., httpx2.Client]]:
    """
    A function that makes clients of several applications: `client_factory("name", headers=...)`.

    The name is that of an attribute or factory in the test's module, or an import string. Options are those of httpx2's
    client that `TestClient` takes too. All clients are closed after the test.
    """
    with ExitStack() as stack:

        def make(application: Any, **options: Any) -> httpx2.Client:
            if isinstance(application, str):
                application = _resolve(request.module, application)
            elif is_factory(application):
                application = application()
            return stack.enter_context(TestClient(application, interface=velocipy_target.interface, **options))

        yield make


def _named(request: pytest.FixtureRequest) -> str:
    """The name that the test's marker gives; "" if it has none."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        return ""
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise pytest.UsageError(f"@pytest.mark.{MARKER} takes one name, and got {marker.args!r}")
    return str(marker.args[0])


def _application(request: pytest.FixtureRequest) -> Any:
    application = request.getfixturevalue("app")
    if isinstance(application, str):
        return _resolve(request.module, application)
    return application


def _resolve(module: ModuleType, name: str) -> Any:
    return Source.parse(name).load() if ":" in name else build(module, name)
