"""What the example promises, on every server."""

import pytest
from static_files import ASSETS
from static_files import app as static_files_app

from velocipy import VelociPy
from velocipy.testing import TestClient

CSS = (ASSETS / "app.css").read_bytes()


@pytest.fixture
def app() -> VelociPy:
    return static_files_app


def test_a_file_has_its_type_and_is_not_sent_twice(client: TestClient) -> None:
    url = client.get("/where").json()["css"]
    response = client.get(url)
    assert (response.content, response.headers["content-type"]) == (CSS, "text/css; charset=utf-8")
    assert response.headers["cache-control"] == "max-age=3600"
    again = client.get(url, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(url, headers={"Range": "bytes=0-3"}).content == CSS[:4]


def test_a_folder_has_its_index_page(client: TestClient) -> None:
    assert "Clever girl" in client.get("/").text
    assert client.get("/app.css").content == CSS


@pytest.mark.parametrize("path", ["/static/nothing.css", "/static/", "/static/%2e%2e/static_files.py", "/static/.env"])
def test_nothing_else_is_to_be_had(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_files_are_only_read(client: TestClient) -> None:
    response = client.post("/static/app.css")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
