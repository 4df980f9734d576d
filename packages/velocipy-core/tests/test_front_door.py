"""What `from velocipy import ...` offers, and how servers recognise the application."""

import asyncio
import inspect
import subprocess
import sys
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
    missing = (
        "import sys; sys.modules['velocipy.testing'] = None\n"
        "try:\n    from velocipy import TestClient\n"
        "except ImportError as error:\n    print(error)"
    )
    result = subprocess.run([sys.executable, "-c", missing], capture_output=True, text=True, check=True)
    assert "pip install velocipy-testing" in result.stdout


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
