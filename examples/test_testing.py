"""The tests of the example are tests: they run here as they do there, on every server."""

import pytest
import testing
from testing import test_a_websocket, test_by_a_client_of_its_own, test_by_the_fixture, test_in_a_loop_of_its_own

from velocipy import VelociPy

__all__ = ["test_a_websocket", "test_by_a_client_of_its_own", "test_by_the_fixture", "test_in_a_loop_of_its_own"]


@pytest.fixture
def app() -> VelociPy:
    return testing.app
