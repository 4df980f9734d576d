"""What the example promises, on every server."""

from typing import Any

import pytest
from form_parameters import app as form_parameters_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return form_parameters_app


def test_fields_are_converted_and_have_defaults(client: TestClient) -> None:
    fields: dict[str, Any] = {"name": "Ian", "password": "chaos"}
    assert client.post("/login", data=fields).json() == {"name": "Ian", "remember": False, "visits": 1}
    fields |= {"remember": "true", "visits": "3"}
    assert client.post("/login", data=fields).json() == {"name": "Ian", "remember": True, "visits": 3}


def test_a_form_is_a_model_of_any_kind(client: TestClient) -> None:
    sighting = client.post("/sightings", data={"animal": "raptor", "places": ["dock", "lab"]})
    assert sighting.json() == {"animal": "raptor", "places": ["dock", "lab"], "number": 1}
    assert client.post("/keepers", data={"name": "Muldoon", "age": "45"}).json() == {"name": "Muldoon", "age": 45}
    assert client.post("/eggs", data={"weight": "1.5"}).json() == {"weight": 1.5, "cracked": False}


def test_what_is_wrong_is_told_by_field(client: TestClient) -> None:
    response = client.post("/login", data={"name": "", "visits": "often"})
    assert response.status_code == 422
    assert [fault["loc"][-1] for fault in response.json()["detail"]] == ["name", "password", "visits"]
    assert client.post("/keepers", data={"name": "M", "age": "45"}).status_code == 422
    assert client.post("/login", json={"name": "Ian", "password": "chaos"}).status_code == 415
