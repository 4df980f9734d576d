"""What a program says of an operation: it counts, and mistakes in it end the start."""

from dataclasses import dataclass
from typing import Any

import pytest

from velocipy import Body, StartupError, VelociPy
from velocipy.openapi.refinement import OpenAPI, check_routes
from velocipy.plugin import Setup
from velocipy.testing import TestClient

from .documents import document_of, operation_of, schema_of


@dataclass
class Person:
    name: str


class Checks:
    """A plugin that looks at what routes say."""

    name = "checks"
    interface = 1

    def setup(self, setup: Setup) -> None:
        setup.add_check(check_routes)


def test_everything_that_can_be_said() -> None:
    app = VelociPy()
    said = OpenAPI(
        summary="S",
        description="D",
        tags=["more"],
        responses={200: {"description": "Fine"}, 404: Person, "5XX": {"description": "A mishap"}},
        examples={200: 1, 404: {"one": {"value": {"name": "a"}}}},
        request_model=Person,
        request_example={"name": "b"},
        deprecated=True,
        external_docs={"url": "https://example.com"},
        extra={"x-cost": 3, "callbacks": {"a": {"{$url}": {"post": {"responses": {"200": {"description": "Taken"}}}}}}},
    )

    @app.post("/", tags=["one"], openapi=said)
    async def index() -> int: ...  # type: ignore[empty-body]

    told = operation_of(app, "/", "post")
    assert (told["summary"], told["description"], told["tags"]) == ("S", "D", ["one", "more"])
    assert (told["deprecated"], told["x-cost"], [*told["callbacks"]]) == (True, 3, ["a"])
    assert told["externalDocs"] == {"url": "https://example.com"}
    assert told["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}, "example": {"name": "b"}}},
    }
    assert told["responses"] == {
        "200": {"description": "Fine", "content": {"application/json": {"schema": {"type": "integer"}, "example": 1}}},
        "404": {
            "description": "Not Found",
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Person"},
                    "examples": {"one": {"value": {"name": "a"}}},
                }
            },
        },
        "5XX": {"description": "A mishap"},
    }
    assert [*document_of(app)["components"]["schemas"]] == ["Person"]


def test_words_of_openapi_are_merged_and_count() -> None:
    app = VelociPy()
    body = {"requestBody": {"content": {"application/json": {"schema": {"description": "Who"}}}}}

    @app.post("/", openapi_extra=body, openapi={"summary": "S", "tags": ["b"]}, tags=["a"])
    async def index(person: Person) -> None: ...

    told = operation_of(app, "/", "post")
    assert (told["summary"], told["tags"]) == ("S", ["b"])
    assert schema_of(told["requestBody"]) == {"$ref": "#/components/schemas/Person", "description": "Who"}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"tags": "one"}, "are several"),
        ({"responses": {99: int}}, "99 is no status"),
        ({"examples": {"6XX": 1}}, "'6XX' is no status"),
        ({"responses": {"20": int}}, "'20' is no status"),
        ({"extra": {"x-now": object()}}, "it has no JSON"),
        ({"extra": {"callback": {}}}, "no field 'callback'"),
    ],
)
def test_mistakes_where_they_are_written(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        OpenAPI(**said)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"openapi": {"sumary": "S"}}, "no field 'sumary'. Did you mean 'summary'?"),
        ({"openapi_extra": {"more": 1}}, "no field 'more'. Extensions begin with 'x-'."),
        ({"openapi": {"x-now": object()}}, "it has no JSON"),
        ({"openapi": 5}, "openapi of /a is a int. Give a mapping, or an OpenAPI."),
    ],
)
def test_mistakes_end_the_start_with_file_and_line(options: dict[str, Any], problem: str) -> None:
    app = VelociPy(plugins=[Checks()])

    async def index() -> None: ...

    app.get("/a", **options)(index)
    with pytest.raises(StartupError) as caught, TestClient(app):
        pass
    assert problem in str(caught.value)
    assert f"test_refinement.py:{index.__code__.co_firstlineno}" in str(caught.value)


def test_one_id_for_two_routes_ends_the_start() -> None:
    app = VelociPy(plugins=[Checks()])

    @app.get("/a", operation_id="same")
    async def first() -> None: ...

    @app.get("/b", operation_id="same")
    async def second(value: int = Body(0)) -> None: ...

    with (
        pytest.raises(StartupError, match=r"test_refinement.py:\d+, in second.*'same' is that of /a as well"),
        TestClient(app),
    ):
        pass
