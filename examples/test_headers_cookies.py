"""What the example promises, on every server."""

import pytest
from headers_cookies import app as headers_cookies_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return headers_cookies_app


def test_headers_are_read_by_their_names(client: TestClient) -> None:
    headers = [("User-Agent", "raptor"), ("X-Ages", "1"), ("X-Ages", "4"), ("x-api-key", "abcd")]
    assert client.get("/headers", headers=headers).json() == {"agent": "raptor", "ages": [1, 4], "key": "abcd"}
    assert client.get("/trace", headers={"X-Trace-Id": "a1"}).json() == {"x_trace_id": "a1", "x_trace_depth": 0}


def test_a_header_that_is_wrong_or_missing_is_told(client: TestClient) -> None:
    assert client.get("/headers", headers={"X-API-Key": "abc"}).status_code == 422
    response = client.get("/trace", headers={"X-Trace-Depth": "deep"})
    assert [fault["loc"][0] for fault in response.json()["detail"]] == ["header", "header"]


def test_a_cookie_is_kept_and_forgotten(client: TestClient) -> None:
    assert client.get("/theme").json() == {"theme": "light"}
    changed = client.put("/theme/dark")
    assert "HttpOnly" in changed.headers["set-cookie"]
    assert changed.headers["cache-control"] == "no-store"
    assert client.get("/theme").json() == {"theme": "dark"}
    assert client.delete("/theme").status_code == 204
    assert client.get("/theme").json() == {"theme": "light"}


def test_a_cookie_is_one_of_those_that_are_known(client: TestClient) -> None:
    assert client.get("/theme", headers={"Cookie": "theme=neon"}).status_code == 422
