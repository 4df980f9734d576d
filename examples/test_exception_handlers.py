"""What the example promises, on every server."""

import pytest
from exception_handlers import app as exception_handlers_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return exception_handlers_app


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/gate", 409, {"escaped": "a goat"}),
        ("/pens/1", 423, {"escaped": "three raptors", "from": "/pens/1"}),
        ("/pens/first", 400, {"wrong": ["number"]}),
        ("/fence", 503, {"detail": {"volts": 0}}),
        ("/lab", 500, {"detail": "Internal Server Error"}),
    ],
)
def test_an_error_is_an_answer(client: TestClient, path: str, status: int, answer: object) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (status, answer)


def test_what_is_not_there_has_a_handler_too(client: TestClient) -> None:
    response = client.get("/nowhere")
    assert (response.status_code, response.text) == (404, "nothing at /nowhere")
    assert client.get("/fence").headers["retry-after"] == "60"
