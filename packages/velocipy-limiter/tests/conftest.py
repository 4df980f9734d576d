"""How far the tests look, and how async ones run."""

import asyncio
from inspect import iscoroutinefunction

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what says how long the long ones are."""
    parser.addoption("--limiter-examples", type=int, default=40, help="how many histories of each storage")
    parser.addoption("--limiter-long", action="store_true", help="hammer real servers, and a Redis Cluster")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test in a loop of its own."""
    if not iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(pyfuncitem.obj(**arguments))
    return True
