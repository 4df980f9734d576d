"""What the example promises, on every server."""

from collections.abc import Iterator

import pytest
from max_body_size import app as max_body_size_app

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    return max_body_size_app


def test_what_is_within_the_limit_is_taken(client: TestClient) -> None:
    assert client.post("/notes", json={"a": "b"}).json() == {"fields": 1}
    assert client.post("/names", content=b"x" * 10).json() == 10
    assert client.post("/films", content=b"x" * 100_000).json() == 100_000


@pytest.mark.parametrize(("path", "size"), [("/notes", 1001), ("/names", 11)])
def test_what_is_more_is_refused(client: TestClient, path: str, size: int) -> None:
    response = client.post(path, content=b" " * size)
    assert (response.status_code, response.json()) == (413, {"detail": "that is too much", "path": path})


def test_bytes_are_counted_where_no_length_is_promised(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 6] * 2

    assert client.post("/names", content=chunks()).status_code == 413
