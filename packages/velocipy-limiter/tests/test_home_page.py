"""The example of the front page, in an application of its own for each test."""

import runpy
from pathlib import Path

import pytest

from velocipy import VelociPy
from velocipy.testing import TestClient

pytest.importorskip("pydantic", reason="the page has a model of it")

PAGE = str(Path(__file__).with_name("home_page.py"))


def create_app() -> VelociPy:
    app: VelociPy = runpy.run_path(PAGE)["app"]
    return app


def test_it_answers_and_validates_and_limits(client: TestClient) -> None:
    first = client.get("/items?page=1")
    assert (first.status_code, first.json()) == (200, [{"name": "hoodie", "price": 49.99}])
    assert client.get("/items?page=0").status_code == 422
    assert client.get("/items?size=101").status_code == 422
    codes = [client.get("/items", headers={"X-Request-ID": "a"}).status_code for _ in range(80)]
    assert set(codes[:50]) == {200}
    assert 429 in codes[50:]
    refused = client.get("/items")
    assert (refused.status_code, refused.json()) == (429, {"detail": "Too Many Requests"})
    assert refused.headers["retry-after"] == "1"


def test_the_lines_below_it_hold() -> None:
    runpy.run_path(PAGE, run_name="__main__")
