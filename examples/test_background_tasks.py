"""What the example promises, on every server."""

import time

import pytest
from background_tasks import app as background_tasks_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return background_tasks_app


def wait_for(client: TestClient, where: str, line: str) -> None:
    """Wait until *line* is written: a server does it when the client has its answer."""
    end = time.monotonic() + 10
    while line not in (written := client.get("/done").json()[where]):
        assert time.monotonic() < end, f"{line!r} is not in {written}"


def test_tasks_of_handlers_and_dependencies_are_done_behind_the_answer(client: TestClient) -> None:
    response = client.post("/feedings/Blue")
    assert (response.status_code, response.json()) == (202, {"ordered": "Blue"})
    wait_for(client, "outbox", "keeper@example.com: feed Blue")
    wait_for(client, "audit", "Blue was fed")


def test_a_task_may_begin_at_once(client: TestClient) -> None:
    assert client.post("/weighings/Delta").status_code == 202
    wait_for(client, "outbox", "Delta was weighed")
