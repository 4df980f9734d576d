"""The shop for programs, and how often they, and logins, may ask."""

import re

import pytest

from velocipy import VelociPy
from velocipy.testing import TestClient

from .visits import log_in, make_shop, register, submit


@pytest.fixture
def app() -> VelociPy:
    return make_shop(login_limit="3/minute", api_limit="12/minute")


def test_a_key_orders_and_a_new_one_ends_it(client: TestClient) -> None:
    register(client)  # the first of three attempts, on a server that all tests share
    keys = [re.search(r"shop_[\w-]+", submit(client, "/account", "/account/key").text) for _ in range(2)]
    first, second = (key[0] for key in keys if key)
    client.cookies.clear()

    assert client.get("/api/orders").status_code == 401
    assert client.get("/api/orders", headers={"X-API-Key": first}).status_code == 401
    placed = client.post("/api/orders", json={"1": 2}, headers={"X-API-Key": second})
    assert placed.status_code == 201
    assert (placed.json()["status"], placed.json()["total"], "user_id" in placed.json()) == ("placed", 9800, False)
    assert client.get("/api/orders", headers={"X-API-Key": second}).json() == [placed.json()]
    large = client.post("/api/orders", json={"99999999999999999999": 1}, headers={"X-API-Key": second})
    assert large.status_code == 422
    wrong = client.post("/api/orders", json={"1": 0}, headers={"X-API-Key": second})
    assert (wrong.status_code, wrong.json()["detail"][0]["loc"]) == (422, ["body", "1"])


def test_the_document_tells_of_the_api_alone(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert sorted(document["paths"]) == [
        "/api/orders",
        "/api/orders/{number}",
        "/api/products",
        "/api/products/{number}",
    ]
    assert "429" in document["paths"]["/api/orders"]["post"]["responses"]
    assert client.get("/docs").status_code == 200


def test_logins_cannot_be_guessed_for_long(client: TestClient) -> None:
    answers = [log_in(client, "admin@shop.example", f"guess {number}") for number in range(4)]
    assert answers[-1].status_code == 429
    assert "One moment, please" in answers[-1].text
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert client.get("/login").status_code == 200  # pages are still there


def test_programs_are_told_to_wait(client: TestClient) -> None:
    answers = [client.get("/api/products") for _ in range(13)]
    assert (answers[-1].status_code, answers[-1].json()) == (429, {"detail": "Too Many Requests"})
    assert "retry-after" in answers[-1].headers
    assert client.get("/").status_code == 200
