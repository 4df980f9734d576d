"""Catch-alls: the rest of a path, as it was written."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import VelociPy

app = VelociPy()


@app.get("/star/{rest*}")
async def star(rest: str) -> list[str]:
    return ["star", rest]


@app.get("/path/{rest:path}")
async def path(rest: str) -> list[str]:
    return ["path", rest]


@app.get("/star/known")
async def known() -> list[str]:
    return ["known"]


@app.get("/buckets/{bucket}/{key*}")
async def key(bucket: int, key: str) -> list[Any]:
    return [bucket, key]


@app.get("/untyped/{rest*}")
async def untyped(rest) -> list[str]:  # type: ignore[no-untyped-def]
    return [rest]


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/a", "a"),
        ("/a/b/c", "a/b/c"),
        ("", ""),
        ("/", ""),
        ("/a%20b/%C3%BC", "a b/ü"),
        ("/a//b", "a//b"),
        ("/a/", "a/"),
        ("/known/more", "known/more"),
    ],
)
@pytest.mark.parametrize("kind", ["star", "path"])
def test_the_rest_is_what_was_written(client: Client, kind: str, path: str, rest: str) -> None:
    assert client.get(f"/{kind}{path}").json() == [kind, rest]


def test_text_goes_before_the_rest(client: Client) -> None:
    assert client.get("/star/known").json() == ["known"]


def test_values_before_the_rest_are_converted(client: Client) -> None:
    assert client.get("/buckets/5/a/b").json() == [5, "a/b"]
    assert client.get("/buckets/5").json() == [5, ""]
    assert client.get("/buckets/x/a").json()["detail"][0]["loc"] == ["path", "bucket"]


def test_the_rest_needs_no_annotation(client: Client) -> None:
    assert client.get("/untyped/a/b").json() == ["a/b"]
