"""What the example promises, on every server."""

from typing import Any

import pytest
from model_backends import app as model_backends_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return model_backends_app


@pytest.mark.parametrize(
    ("path", "model", "wrong", "where"),
    [
        ("/nests", {"name": "north", "height": 3}, {"name": "north", "height": -1}, ["body", "height"]),
        ("/keepers", {"name": "Muldoon", "age": 45}, {"name": "M", "age": 45}, ["body", "name"]),
    ],
)
def test_models_are_read_and_written_and_their_faults_told(
    client: TestClient, path: str, model: dict[str, Any], wrong: dict[str, Any], where: list[str]
) -> None:
    assert client.post(path, json=model).json() == model
    response = client.post(path, json=wrong)
    assert (response.status_code, [fault["loc"] for fault in response.json()["detail"]]) == (422, [where])


def test_a_type_of_your_own_is_a_field_of_other_models_and_a_value_of_the_path(client: TestClient) -> None:
    assert client.post("/eggs", json={"weight": 1.5, "colour": "#ff8800"}).json() == "#ff8800"
    wrong = client.post("/eggs", json={"weight": 1.5, "colour": "red"})
    assert (wrong.status_code, wrong.json()["detail"][0]["loc"]) == (422, ["body", "colour"])
    assert client.get("/colours/%23ff8800").json() == "#0077ff"
    assert client.get("/colours/red").json()["detail"][0]["msg"] == "Input should be a colour such as #ff8800"
