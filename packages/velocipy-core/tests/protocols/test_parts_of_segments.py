"""Segments with several values, and their place among other routes."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from velocipy import Path, VelociPy

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


slugs = VelociPy(convertors={"slug": Annotated[str, Path(pattern="^[a-z-]+$")], "digit": Annotated[int, Path(le=9)]})


@slugs.get("/posts/{title:slug}/{page:digit}")
async def post_of(title: str, page: int) -> list[Any]:
    return [title, page]


@pytest.mark.velocipy_app("slugs")
def test_an_application_has_convertors_of_its_own(client: Any) -> None:
    assert client.get("/posts/a-b/3").json() == ["a-b", 3]
    faults = client.get("/posts/A/10").json()["detail"]
    assert [(fault["loc"], fault["type"]) for fault in faults] == [
        (["path", "title"], "string_pattern_mismatch"),
        (["path", "page"], "less_than_equal"),
    ]


def test_another_application_does_not_know_them() -> None:
    apart = VelociPy()
    apart.add_route("/{title:slug}", post_of)
    with pytest.raises(ValueError, match="unknown convertor 'slug'"):
        apart.freeze()
