"""What the example promises, on every server."""

import pytest
from route_extras import app as route_extras_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return route_extras_app


def test_answers_are_as_the_routes_say(client: TestClient) -> None:
    built = client.post("/nests", json={"name": "east", "eggs": 2})
    assert (built.status_code, built.json()) == (201, {"name": "east", "eggs": 2})
    assert client.get("/nests/north").json() == {"name": "north"}
    assert client.get("/nests/south").status_code == 404
    assert client.get("/internal").text == "nobody reads of it"


def test_who_asks_what_will_end_is_told(client: TestClient) -> None:
    headers = client.get("/eggs").headers
    assert headers["deprecation"] == "@1777593600"
    assert headers["sunset"] == "Sat, 01 May 2027 00:00:00 GMT"


def test_the_document_has_it_all(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["info"] == {"title": "Nests", "version": "2.0.0"}
    assert set(document["paths"]) == {"/nests", "/nests/{name}", "/eggs"}
    build, read = document["paths"]["/nests"]["post"], document["paths"]["/nests/{name}"]["get"]
    assert (build["operationId"], build["summary"], build["tags"]) == ("buildNest", "Build a nest", ["nests"])
    assert build["responses"]["201"]["description"] == "The nest, as it was built"
    assert read["summary"] == "Read a nest."
    assert read["description"] == "This text is its description in the document."
    assert read["responses"]["404"]["description"] == "There is no such nest"
    assert document["paths"]["/eggs"]["get"]["deprecated"] is True
