"""What `from velocipy import ...` offers, and how servers recognise the application."""

import asyncio
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import velocipy
from velocipy import VelociPy


def test_the_list_has_no_name_twice() -> None:
    assert len(velocipy.__all__) == len(set(velocipy.__all__))


def test_every_listed_name_is_there_and_every_public_name_is_listed() -> None:
    offered: dict[str, Any] = {}
    exec("from velocipy import *", offered)
    del offered["__builtins__"]
    assert sorted(offered) == sorted(velocipy.__all__)
    modules = {name for name, value in vars(velocipy).items() if inspect.ismodule(value)}
    public = {name for name in vars(velocipy) if not name.startswith("_")} - modules
    assert public - {"TYPE_CHECKING"} <= set(velocipy.__all__)


def test_public_classes_and_functions_say_what_they_are() -> None:
    undocumented = [
        name for name in velocipy.__all__ if not name.startswith("_") and not inspect.getdoc(getattr(velocipy, name))
    ]
    assert undocumented == []


def test_a_misspelt_name_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="VelociPie"):
        exec("from velocipy import VelociPie")
    with pytest.raises(AttributeError):
        getattr(velocipy, "VelociPie")  # noqa: B009


def test_names_of_another_distribution_resolve_or_name_the_command_that_installs_it() -> None:
    from velocipy import TestClient
    from velocipy.testing import TestClient as Original

    assert TestClient is Original


def test_middleware_of_another_distribution_resolves_beside_that_of_the_core() -> None:
    sessions = pytest.importorskip("velocipy.sessions", reason="velocipy-sessions is not installed")
    from velocipy import Session, SessionMiddleware
    from velocipy.middleware import SessionMiddleware as Same

    assert (Session, SessionMiddleware) == (sessions.Session, Same)
    assert SessionMiddleware is sessions.SessionMiddleware
    with pytest.raises(ImportError, match="SessionMiddelware"):
        exec("from velocipy.middleware import SessionMiddelware")


@pytest.mark.parametrize(
    "statement",
    [
        "from velocipy import TestClient",
        "import velocipy.testing",
        "from velocipy.testing import TestClient",
        "from velocipy.testing.servers import RunningServer",
        "from velocipy import Templates",
        "import velocipy.templates",
        "from velocipy.templating import Templates",
    ],
)
def test_what_is_not_installed_names_the_command_that_installs_it(statement: str) -> None:
    """As far as one can try where it is installed: with the core's folder alone on the path."""
    core = Path(velocipy.__file__).parent.parent
    program = (
        f"import sys; sys.path[:] = [{str(core)!r}, *(path for path in sys.path if 'site-packages' not in path)]\n"
        f"sys.meta_path[:] = [finder for finder in sys.meta_path if 'editable' not in repr(finder)]\n"
        f"import velocipy; velocipy.__path__[:] = [{str(core / 'velocipy')!r}, {str(core / 'velocipy/_missing')!r}]\n"
        f"try:\n    {statement}\n"
        "except ImportError as error:\n    print(error)"
    )
    piece = "templates" if "templat" in statement.lower() else "testing"
    if (core / "velocipy" / piece).exists():
        pytest.skip("in wheels both are in one folder; `nox -s without` takes one away")
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == f"velocipy.{piece} comes with velocipy-{piece}: pip install velocipy-{piece}\n"


def test_servers_recognise_an_asgi_3_application() -> None:
    """Uvicorn and Hypercorn look at this; else they would take the application for ASGI 2 or WSGI."""
    app = VelociPy()
    assert inspect.iscoroutinefunction(app.__call__)
    assert list(inspect.signature(app).parameters) == ["scope", "receive", "send"]


def test_servers_recognise_an_rsgi_application() -> None:
    app = VelociPy()
    assert inspect.iscoroutinefunction(app.__rsgi__)
    assert not inspect.iscoroutinefunction(app.__rsgi_init__)
    assert not inspect.iscoroutinefunction(app.__rsgi_del__)


def test_a_call_without_arguments_is_a_type_error() -> None:
    """So servers tell an application from a factory."""
    app: Any = VelociPy()
    with pytest.raises(TypeError):
        app()


def test_a_scope_of_an_unknown_type_is_an_error_that_names_it() -> None:
    async def serve() -> None:
        async def nothing(*message: object) -> Any:
            raise AssertionError("there is nothing to say")

        await VelociPy()({"type": "carrier-pigeon"}, nothing, nothing)

    with pytest.raises(Exception, match="carrier-pigeon"):
        asyncio.run(serve())
