"""What the example promises, on every server."""

import re

import pytest
from templates import app as templates_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return templates_app


def test_a_page_is_escaped_and_has_urls(client: TestClient) -> None:
    page = client.get("/raptors")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<li><a href="/raptors/Blue">BLUE</a></li>' in page.text
    assert '<li><a href="/raptors/%3CEcho%3E">&lt;ECHO&gt;</a></li>' in page.text
    assert client.get("/raptors/%3CEcho%3E").text.count("&lt;Echo&gt;") == 2
    assert client.get("/raptors/Indominus").status_code == 404


def test_the_style_sheet_may_be_kept_for_ever(client: TestClient) -> None:
    found = re.search('href="(/static/app.css.v=[0-9a-f]+)"', client.get("/raptors/Blue").text)
    assert found is not None
    response = client.get(found[1])
    assert (response.status_code, "immutable" in response.headers["cache-control"]) == (200, True)


def test_htmx_is_sent_the_names_alone(client: TestClient) -> None:
    part = client.get("/raptors?like=elt", headers={"HX-Request": "true"})
    assert part.text.split() == ["<li><a", 'href="/raptors/Delta">DELTA</a></li>']
    assert "hx-request" in part.headers["vary"]


def test_a_long_page_is_streamed(client: TestClient) -> None:
    assert client.get("/all").text.count("<li>") == 4000
