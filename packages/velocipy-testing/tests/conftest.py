"""Fixtures of all tests here; the plugin's own tests run pytest in pytest."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from velocipy.testing import TestClient

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _without_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no plugin there without a word, whatever is installed beside."""
    monkeypatch.setitem(sys.modules, "velocipy.openapi", None)


@pytest.fixture
def connect() -> Iterator[Callable[..., TestClient]]:
    """A function that makes clients, without a lifespan; they are closed after the test."""
    with ExitStack() as stack:

        def make(app: Any, **options: Any) -> TestClient:
            client = TestClient(app, **options)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def run() -> Callable[[Any], Any]:
    """`asyncio.run`, in tests that need no plugin for asynchronous tests."""
    return asyncio.run


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """A test client that was closed leaves no thread behind."""
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("velocipy-test")]
    assert left == []
