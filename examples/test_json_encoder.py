"""What the example promises, on every server."""

import pytest
from json_encoder import app as json_encoder_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return json_encoder_app


def test_values_mean_the_same_whoever_encodes_them(client: TestClient) -> None:
    values = {"when": "1993-06-11T20:30:00Z", "length": "2.10", "tags": ["loud"], "name": "Blücher"}
    for path in ("/orjson", "/msgspec", "/stdlib"):
        assert client.get(path).json() == values


def test_a_codec_of_your_own(client: TestClient) -> None:
    assert client.get("/indented").text == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}'


def test_bodies_are_decoded_by_it_too(client: TestClient) -> None:
    assert client.post("/echo", json={"a": [1, None]}).json() == {"a": [1, None]}
    response = client.post("/echo", content=b'{"a":', headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body"])
