"""What the example promises, on every server."""

from hashlib import sha256

import pytest
from uploads import app as uploads_app

from velocipy import VelociPy
from velocipy.testing import TestClient

PNG = ("egg.png", b"\x89PNG" * 100, "image/png")


@pytest.fixture
def app() -> VelociPy:
    return uploads_app


def test_a_file_beside_a_field(client: TestClient) -> None:
    response = client.post("/photos", files={"photo": PNG}, data={"title": "Egg"})
    assert response.status_code == 201
    assert response.json() == {"title": "Egg", "name": "egg.png", "type": "image/png", "bytes": 400}


def test_several_files(client: TestClient) -> None:
    response = client.post("/albums", files=[("photos", PNG), ("photos", ("b.png", b"b"))])
    assert response.json() == {"photos": ["egg.png", "b.png"], "cover": None}


def test_a_file_as_it_comes(client: TestClient) -> None:
    content = bytes(range(256)) * 8000
    response = client.post("/films", data={"title": "Hatching"}, files={"film": ("film.mp4", content)})
    assert response.json() == {"title": "Hatching", "bytes": 2_048_000, "sha256": sha256(content).hexdigest()}


def test_what_is_missing_or_too_much_is_refused(client: TestClient) -> None:
    assert client.post("/photos", data={"title": "Egg"}).status_code == 422
    assert client.post("/albums", files=[("photos", PNG)] * 6).status_code == 400
