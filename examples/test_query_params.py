"""What the example promises, on every server."""

import pytest
from query_params import app as query_params_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return query_params_app


def test_what_is_not_said_has_its_default(client: TestClient) -> None:
    assert client.get("/raptors").json() == {"skip": 0, "take": 20, "name": None, "order": "name", "tame": False}


def test_what_is_said_is_converted(client: TestClient) -> None:
    answer = client.get("/raptors?skip=1&take=2&name=Blue&name=Delta&order=-age&tame=true").json()
    assert answer == {"skip": 1, "take": 2, "name": ["Blue", "Delta"], "order": "-age", "tame": True}
    assert client.get("/search?q=clever girl").json() == {"words": "clever girl"}


def test_a_model_has_its_fields_from_the_query(client: TestClient) -> None:
    answer = client.get("/sightings?since=2001-07-18&places=dock&places=lab").json()
    assert answer == {"since": "2001-07-18", "at_least": 1, "places": ["dock", "lab"]}


def test_all_that_is_wrong_is_told_at_once(client: TestClient) -> None:
    response = client.get("/raptors?skip=-1&take=many&order=height")
    assert response.status_code == 422
    assert [fault["loc"][1] for fault in response.json()["detail"]] == ["skip", "take", "order"]
    assert [fault["loc"] for fault in client.get("/search").json()["detail"]] == [["query", "q"]]
