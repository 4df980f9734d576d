"""What the example promises, on every server."""

import pytest
from dependencies import app as dependencies_app
from dependencies import current_user

from velocipy import VelociPy
from velocipy.testing import TestClient

MULDOON = {"X-User": "Muldoon"}


@pytest.fixture
def app() -> VelociPy:
    return dependencies_app


def test_every_route_of_the_router_asks_who_it_is(client: TestClient) -> None:
    assert client.get("/nests").status_code == client.post("/nests/west").status_code == 401


def test_a_class_takes_its_arguments_from_the_request(client: TestClient) -> None:
    assert client.get("/nests?skip=1&take=1", headers=MULDOON).json() == ["east"]
    assert client.get("/nests?take=0", headers=MULDOON).status_code == 422


def test_what_was_opened_is_closed_and_hears_of_failures(client: TestClient) -> None:
    built = client.post("/nests/west", headers=MULDOON)
    assert (built.status_code, built.text) == (201, "Muldoon has built west")
    assert client.get("/log").json()[-1] == "committed 1"
    assert client.post("/nests/lagoon", headers=MULDOON).status_code == 409
    assert client.get("/log").json()[-1] == "rolled back"


@pytest.mark.in_process
def test_a_test_may_put_another_in_its_place(app: VelociPy, client: TestClient) -> None:
    app.dependency_overrides[current_user] = lambda: "Grant"
    try:
        assert client.post("/nests/west").text == "Grant has built west"
    finally:
        app.dependency_overrides.clear()
