"""What the example promises, on every server."""

import pytest
from routing import app as routing_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return routing_app


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/nests", ["north", "south"]),
        ("/nests/north/eggs/3", {"nest": "north", "egg": 3}),
        ("/nests/newest", {"eggs": "/nests/south/eggs/1"}),
        ("/files/a/b.txt", {"path": "a/b.txt"}),
        ("/keepers", ["Muldoon"]),
        ("/v2/keepers/Muldoon/shifts/1993-06-11", {"keeper": "Muldoon", "day": "1993-06-11"}),
    ],
)
def test_a_route_answers(client: TestClient, path: str, answer: object) -> None:
    assert client.get(path).json() == answer


def test_methods_have_routes_of_their_own(client: TestClient) -> None:
    built = client.post("/nests", params={"name": "east"})
    assert (built.status_code, built.json()) == (201, {"built": "east"})
    assert client.patch("/nests/east").json() == {"changed": "east"}
    assert client.delete("/nests/east").status_code == 405


def test_values_of_the_path_have_their_types(client: TestClient) -> None:
    assert client.get("/nests/north/eggs/three").status_code == 422
    assert client.get("/days/1993-06-11").text == "11.06.1993"
    assert client.get("/days/tomorrow").status_code == 422
