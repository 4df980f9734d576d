"""Where the shops of the tests keep their data, those in processes of servers too."""

import os
import shutil
from collections.abc import Iterator
from tempfile import mkdtemp

import pytest

from .visits import FOLDER


@pytest.fixture(scope="session", autouse=True)
def folder() -> Iterator[None]:
    os.environ[FOLDER] = mkdtemp(prefix="velocipy-shop-")
    yield
    shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)  # a server may not have ended yet
