"""What the example promises, on every server."""

from secrets import token_hex

import pytest
from security import app as security_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return security_app


def log_in(client: TestClient, name: str) -> dict[str, str]:
    """Sign up, unless that was done, log in, and return the headers that go on with it."""
    form = {"username": name, "password": "clever girl"}
    assert client.post("/users", data=form).status_code in (201, 409)
    answer = client.post("/token", data=form)
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_without_a_good_token_there_is_nothing_to_see(client: TestClient) -> None:
    refused = client.get("/fences")
    assert (refused.status_code, refused.headers["www-authenticate"][:6]) == (401, "Bearer")
    forged = log_in(client, "ellie")["Authorization"][:-6] + "forged"
    assert client.get("/fences", headers={"Authorization": forged}).status_code == 401


def test_a_wrong_password_says_no_more_than_a_wrong_name(client: TestClient) -> None:
    name = token_hex()
    log_in(client, name)
    answers = [client.post("/token", data={"username": user, "password": "?"}) for user in (name, "nobody")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (400, {"detail": "Wrong name or password"})
    ] * 2


def test_a_token_is_good_for_its_scopes(client: TestClient) -> None:
    ellie, muldoon = log_in(client, "ellie"), log_in(client, "muldoon")
    assert client.get("/fences", headers=ellie).text == "north, seen by ellie"
    assert client.post("/fences/north", headers=ellie).status_code == 403
    assert client.post("/fences/north", headers=muldoon).text == "north was switched by muldoon"


def test_programs_have_keys(client: TestClient) -> None:
    assert client.get("/weather", headers={"X-API-Key": "claw"}).status_code == 401
    answer = client.get("/weather", headers={"X-API-Key": "claw-of-a-raptor"})
    assert answer.text == "a storm, says the weather station"
