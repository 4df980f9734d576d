"""Segments with several values, and their place among other routes."""

from __future__ import annotations

from typing import Any

import pytest

from velocipy import VelociPy

app = VelociPy()


@app.get("/files/{name}.{ext}")
async def file(name: str, ext: str) -> list[str]:
    return [name, ext]


@app.get("/files/{anything}")
async def other(anything: str) -> str:
    return f"other {anything}"


@app.get("/files/fixed.txt")
async def fixed() -> str:
    return "fixed"


@app.get("/v{major:int}-{minor}/notes")
async def notes(major: int, minor: int) -> list[int]:
    return [major, minor]


@app.post("/files/{anything}")
async def post(anything: str) -> str:
    return f"posted {anything}"


@pytest.mark.parametrize(
    ("path", "answer"),
    [("a.b", ["a", "b"]), ("a.tar.gz", ["a.tar", "gz"]), ("a%20b.%C3%BC", ["a b", "ü"]), ("a.b/", ["a", "b"])],
)
def test_each_part_has_its_value(client: Any, path: str, answer: list[str]) -> None:
    assert client.get(f"/files/{path}").json() == answer


@pytest.mark.parametrize("path", ["a", ".a", "a."])
def test_what_does_not_match_goes_on_to_the_plain_value(client: Any, path: str) -> None:
    assert client.get(f"/files/{path}").text == f"other {path}"


def test_literal_text_comes_first(client: Any) -> None:
    assert client.get("/files/fixed.txt").text == "fixed"


def test_another_method_finds_its_way_back(client: Any) -> None:
    assert client.post("/files/a.b").text == "posted a.b"


def test_values_are_converted_and_judged(client: Any) -> None:
    assert client.get("/v1-2/notes").json() == [1, 2]
    assert client.get("/v1-x/notes").json()["detail"][0]["loc"] == ["path", "minor"]
    assert client.get("/v-2/notes").status_code == 404
