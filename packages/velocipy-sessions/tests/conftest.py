"""How far the tests look, and where those of Redis find it."""

import os

import pytest

from velocipy.testing.redis_servers import free_port

REDIS_PORT = "VELOCIPY_SESSIONS_REDIS_PORT"  # which servers, being other processes, are told by the environment
os.environ.setdefault(REDIS_PORT, str(free_port()))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what says how often cookies are tampered with."""
    text = "how many cookies hypothesis makes up for each kind of seal, besides those that are changed one by one"
    parser.addoption("--tampered-cookies", type=int, default=2000, help=text)
