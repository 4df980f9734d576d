"""Paths that cannot be read, conflicts, and convertors against annotations: found at start, each with its remedy."""

import re
from datetime import date
from enum import IntEnum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest

from velocipy import Path, Request, RouteConflictError, VelociPy
from velocipy.errors import ParameterError, PathError
from velocipy.testing import TestClient


async def takes_request(request: Request) -> None: ...


class Level(IntEnum):
    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "slash"),
        ("items", "'/items'"),
        ("/a?b=1", "'?'"),
        ("/a#b", "'#'"),
        ("/{a}{b}", "nothing parts"),
        ("/x{a", "braces"),
        ("/{a", "'{a'"),
        ("/a}", "'a}'"),
        ("/{}", "''"),
        ("/{1a}", "'1a'"),
        ("/{a b}", "'a b'"),
        ("/{class}", "class"),
        ("/{a:}", "convertor"),
        ("/{a:foo}", "'foo'"),
        ("/{a:Int}", "'Int'"),
        ("/{a}/{a}", "twice"),
        ("/{a*}/b", "{a*}"),
        ("/{a:path}/b", "{a:path}"),
        ("/{a*}/{b*}", "{a*}"),
        ("/{{a}}", "{{a}}"),
    ],
)
def test_a_path_that_cannot_be_read(path: str, word: str) -> None:
    app = VelociPy()
    app.add_route(path, takes_request)
    with pytest.raises(PathError) as caught:
        app.freeze()
    assert word in str(caught.value)
    assert caught.value.handler == "takes_request"
    assert "test_faults_of_paths.py" in caught.value.place
    assert caught.value.remedy


def test_an_unknown_convertor_is_told_which_there_are() -> None:
    app = VelociPy()
    app.add_route("/{a:foo}", takes_request)
    with pytest.raises(PathError, match="bool, date, float, int, path, str, uuid"):
        app.freeze()


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/<name>", "{name}"),
        ("/a/<int:number>/b", "{number:int}"),
        ("/<string:name>", "{name}"),
        ("/<path:rest>", "{rest:path}"),
        ("/<any(a, b):name>", "{name}"),
        ("/{a}/<uuid:key>", "{key:uuid}"),
    ],
)
def test_a_value_as_flask_writes_it_is_no_text(path: str, ours: str) -> None:
    app = VelociPy()
    app.add_route(path, takes_request)
    with pytest.raises(PathError, match=re.escape(f"which would be text. Write {ours}.")):
        app.freeze()


@pytest.mark.parametrize("path", ["/a<b", "/a>b", "/<", "/<>", "/<-x->"])
def test_other_angle_brackets_are_text(path: str) -> None:
    app = VelociPy()
    app.add_route(path, takes_request)
    assert len(app.freeze()) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/a", "/a"),
        ("/a", "/a/"),
        ("/a/b", "//a//b"),
        ("/{x}", "/{y}"),
        ("/{x:int}", "/{x:str}"),
        ("/{x*}", "/{y:path}"),
        ("/", ""),
    ],
)
def test_two_routes_for_one_path(first: str, second: str) -> None:
    app = VelociPy()
    app.add_route(first, takes_request)
    app.add_route(second or "/", takes_request)
    with pytest.raises(RouteConflictError, match=r"GET /.* is already answered by takes_request\(\)"):
        app.freeze()


@pytest.mark.parametrize(
    ("first", "second"), [("/a", "/A"), ("/{x}", "/{x}/b"), ("/{x}", "/{x*}"), ("/a", "/{x}"), ("/a/{x}", "/{x}/a")]
)
def test_two_routes_for_paths_that_overlap_are_no_conflict(first: str, second: str) -> None:
    app = VelociPy()
    app.add_route(first, takes_request)
    app.add_route(second, takes_request)
    assert len(app.freeze()) == 2


def test_two_methods_of_one_path_are_no_conflict() -> None:
    app = VelociPy()
    for method in ("GET", "POST", "HEAD"):
        app.add_route("/a", takes_request, [method])
    assert len(app.freeze()) == 3


def value_of(path: str, annotation: Any, text: str) -> Any:
    """Return the status and what the handler got for *text*."""
    app = VelociPy()
    seen: list[Any] = []

    async def handler(value: Any) -> None:
        seen.append(value)

    handler.__annotations__["value"] = annotation
    app.add_route(path, handler)
    with TestClient(app) as client:
        status = client.get(f"/{text}").status_code
    return status, *map(repr, seen)


@pytest.mark.parametrize(
    ("path", "annotation", "text", "expected"),
    [
        ("/{value:int}", int, "5", (204, "5")),
        ("/{value:int}", UserId, "5", (204, "5")),
        ("/{value:int}", Annotated[int, Path(ge=6)], "5", (422,)),
        ("/{value:int}", Level, "2", (204, "<Level.HIGH: 2>")),
        ("/{value:int}", Level, "3", (422,)),
        ("/{value:int}", Literal[1, 2], "2", (204, "2")),
        ("/{value:int}", Literal[1, 2], "3", (422,)),
        ("/{value:int}", Any, "5", (204, "5")),
        ("/{value:str}", str, "5", (204, "'5'")),
        ("/{value:path}", str, "a/b", (204, "'a/b'")),
    ],
)
def test_the_annotation_narrows_the_convertor(path: str, annotation: Any, text: str, expected: Any) -> None:
    assert value_of(path, annotation, text) == expected


@pytest.mark.parametrize(
    ("path", "annotation"),
    [("/{value:int}", UUID), ("/{value:uuid}", int), ("/{value:date}", UUID), ("/{value:bool}", date)],
)
def test_a_convertor_and_an_annotation_that_contradict_each_other(path: str, annotation: Any) -> None:
    app = VelociPy()

    async def handler(value: Any) -> None: ...

    handler.__annotations__["value"] = annotation
    app.add_route(path, handler)
    with pytest.raises(ParameterError) as caught:
        app.freeze()
    assert caught.value.parameter == "value"
