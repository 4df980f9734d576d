"""What the example promises, on every server."""

from pathlib import Path

import pytest
from responses import app as responses_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return responses_app


@pytest.mark.parametrize(
    ("path", "status", "media_type", "text"),
    [
        ("/raptor", 200, "application/json", '{"name":"Blue","age":4}'),
        ("/page", 200, "text/html; charset=utf-8", "<h1>Clever girl</h1>"),
        ("/teapot", 418, "application/json", '{"tea":false}'),
        ("/numbers", 200, "text/csv; charset=utf-8", "0,1\n1,1\n2,1\n"),
        ("/lines", 200, "application/jsonl", '{"name":"Blue","age":4}\n{"name":"Delta","age":4}\n'),
        ("/xml", 200, "application/xml", "<raptor/>"),
    ],
)
def test_an_answer(client: TestClient, path: str, status: int, media_type: str, text: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"], response.text) == (status, media_type, text)


def test_headers_and_cookies(client: TestClient) -> None:
    assert client.get("/page").headers["cache-control"] == "no-store"
    assert client.post("/login").cookies["sid"] == "a1b2"
    old = client.get("/old")
    assert (old.status_code, old.headers["location"]) == (308, "/page")


def test_a_file_and_a_part_of_it(client: TestClient) -> None:
    content = Path(__file__).with_name("responses.py").read_bytes()
    response = client.get("/source")
    assert response.content == content
    assert response.headers["content-disposition"] == 'attachment; filename="responses.py"'
    part = client.get("/source", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, content[:10])


def test_events(client: TestClient) -> None:
    response = client.get("/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.splitlines() == ["event: gate", 'data: {"gate":"open"}', ""]
