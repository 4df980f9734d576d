"""What the example promises, on every server."""

import pytest
from middleware import app as middleware_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return middleware_app


def test_every_answer_passes_all_of_them(client: TestClient) -> None:
    for path in ("/", "/nowhere", "/shop/eggs"):
        headers = client.get(path, headers={"Origin": "https://app.example.com"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["access-control-allow-origin"] == "https://app.example.com"
        assert headers["server-timing"].startswith("total;dur=")
    response = client.get("/")
    assert response.json() == {"request": response.headers["x-request-id"]}
    assert response.headers["x-served-by"] == "Blue"


def test_one_that_answers_itself_keeps_those_within_out(client: TestClient) -> None:
    response = client.get("/shop/eggs")
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")
    assert response.json() == {"detail": "back soon"}


def test_one_of_a_route_and_compression(client: TestClient) -> None:
    assert "cache-control" not in client.get("/").headers
    response = client.get("/secret", headers={"Accept-Encoding": "gzip"})
    assert (response.headers["cache-control"], response.headers["content-encoding"]) == ("no-store", "gzip")
    assert response.text == "feathers " * 100
