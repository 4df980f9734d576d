"""What the example promises, on every server: `nox -s examples`."""

import pytest
from basic import app as basic_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return basic_app


def test_index(client: TestClient) -> None:
    assert client.get("/").json() == {"hello": "VelociPy"}


def test_a_book_that_was_added_is_read_and_listed(client: TestClient) -> None:
    added = client.post("/books", json={"title": "Emma", "pages": 474})

    assert added.status_code == 201
    book = added.json()
    assert book == {"title": "Emma", "pages": 474, "id": book["id"]}
    assert client.get(f"/books/{book['id']}").json() == book
    assert book in client.get("/books", params={"take": 100}).json()


def test_an_unknown_book_is_not_found(client: TestClient) -> None:
    response = client.get("/books/999999")

    assert response.status_code == 404
    assert response.json() == {"detail": "there is no book 999999"}


def test_every_fault_of_a_request_is_reported(client: TestClient) -> None:
    response = client.get("/books", params={"skip": "-1", "take": "many"})

    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "skip"], ["query", "take"]]


def test_another_method_is_told_the_right_ones(client: TestClient) -> None:
    response = client.delete("/books")

    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["allow"].split(", "))
