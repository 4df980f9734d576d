"""What the example promises, on every server: `nox -s examples`."""

import pytest
from basic import TOKEN
from basic import app as basic_app

from velocipy import VelociPy
from velocipy.testing import TestClient

EMMA = {"title": "Emma", "pages": 474}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app() -> VelociPy:
    return basic_app


def test_index(client: TestClient) -> None:
    assert client.get("/").json() == {"hello": "VelociPy"}


def test_the_lifespan_puts_the_first_book_on_the_shelf(client: TestClient) -> None:
    assert client.get("/books/1").json() == {"title": "Jurassic Park", "pages": 399, "id": 1}


def test_a_book_that_was_added_is_read_and_listed(client: TestClient) -> None:
    added = client.post("/books", json=EMMA, headers=AUTHORIZED)

    assert added.status_code == 201
    book = added.json()
    assert book == {**EMMA, "id": book["id"]}
    assert client.get(f"/books/{book['id']}").json() == book
    assert book in client.get("/books", params={"take": 100}).json()


def test_a_book_that_was_removed_is_gone(client: TestClient) -> None:
    book = client.post("/books", json=EMMA, headers=AUTHORIZED).json()

    assert client.delete(f"/books/{book['id']}", headers=AUTHORIZED).status_code == 204
    assert client.get(f"/books/{book['id']}").status_code == 404


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_who_has_no_token_removes_nothing(client: TestClient, authorization: str) -> None:
    response = client.delete("/books/1", headers={"Authorization": authorization})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json() == {"detail": "a bearer token is needed"}
    assert client.get("/books/1").status_code == 200


def test_the_token_is_asked_for_before_the_book_is_judged(client: TestClient) -> None:
    assert client.post("/books", json={}).status_code == 401
    assert client.post("/books", json={}, headers=AUTHORIZED).status_code == 422


def test_a_book_must_be_sent(client: TestClient) -> None:
    assert client.post("/books", headers=AUTHORIZED).status_code == 422


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


@pytest.mark.in_process
def test_what_the_documents_will_tell_is_recorded(app: VelociPy) -> None:
    assert (app.title, app.version) == ("A shelf of books", "1.0.0")
    assert all(route.tags and route.summary for route in app.routes if route.include_in_schema)
