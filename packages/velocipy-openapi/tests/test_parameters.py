"""Parameters: what stands in the head of a request, of handlers and of all that they depend on."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from velocipy import Cookie, Depends, Header, Path, Query, Request, VelociPy

from .documents import document_of, parameters_of


class Color(Enum):
    RED = "red"
    BLUE = "blue"


def test_constraints_defaults_and_descriptions() -> None:
    app = VelociPy()

    @app.get("/")
    async def index(
        page: Annotated[
            int, Query(ge=1, lt=10, multiple_of=2, title="Page", description="From 1", deprecated=True)
        ] = 4,
        word: Annotated[str, Query(min_length=2, max_length=5, pattern="^a", examples=["ab"])] = "abc",
        needed: str = Query(alias="word[]"),
    ) -> None: ...

    assert parameters_of(app) == {
        "page": {
            "name": "page",
            "in": "query",
            "required": False,
            "description": "From 1",
            "deprecated": True,
            "schema": {
                "type": "integer",
                "minimum": 1,
                "exclusiveMaximum": 10,
                "multipleOf": 2,
                "title": "Page",
                "default": 4,
            },
        },
        "word": {
            "name": "word",
            "in": "query",
            "required": False,
            "schema": {
                "type": "string",
                "minLength": 2,
                "maxLength": 5,
                "pattern": "^a",
                "examples": ["ab"],
                "default": "abc",
            },
        },
        "word[]": {"name": "word[]", "in": "query", "required": True, "schema": {"type": "string"}},
    }


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int | None, {"type": "integer"}),
        (Color | None, {"$ref": "#/components/schemas/Color"}),
        (Literal["a", "b"] | None, {"enum": ["a", "b"], "type": "string"}),
        (int | str | None, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (list[Color] | None, {"type": "array", "items": {"$ref": "#/components/schemas/Color"}}),
    ],
)
def test_nothing_in_a_query_stands_for_null(annotation: Any, schema: dict[str, Any]) -> None:
    app = VelociPy()

    async def index(value: Annotated[annotation, Query()] = None) -> None: ...  # pyright: ignore[reportInvalidTypeForm]

    app.get("/")(index)
    assert parameters_of(app)["value"]["schema"] == schema
    assert parameters_of(app)["value"]["required"] is False


def test_several_values_of_one_name() -> None:
    app = VelociPy()

    @app.get("/")
    async def index(
        needed: Annotated[list[int], Query(max_length=3)],
        some: Annotated[set[str], Query()] = frozenset(),  # type: ignore[assignment]
        x_many: Annotated[list[str] | None, Header()] = None,
    ) -> None: ...

    told = parameters_of(app)
    assert told["needed"]["schema"] == {"type": "array", "items": {"type": "integer"}, "maxItems": 3, "minItems": 1}
    assert (told["needed"]["style"], told["needed"]["explode"]) == ("form", True)
    assert told["some"]["schema"]["uniqueItems"] is True
    assert "minItems" not in told["some"]["schema"]
    assert (told["x-many"]["style"], told["x-many"]["explode"]) == ("simple", False)


def test_parameters_of_dependencies_and_each_once() -> None:
    app = VelociPy()

    def inner(x_token: Annotated[str, Header(max_length=8)], limit: Annotated[int, Query(ge=1)] = 5) -> int:
        return limit

    def outer(inner: Annotated[int, Depends(inner)], theme: Annotated[str, Cookie()] = "light") -> int:
        return inner

    @app.get("/{shelf}")
    async def index(
        shelf: int, outer: Annotated[int, Depends(outer)], limit: Annotated[int, Query(le=9)] = 5
    ) -> None: ...

    told = parameters_of(app, "/{shelf}")
    assert {name: (item["in"], item["required"]) for name, item in told.items()} == {
        "x-token": ("header", True),
        "limit": ("query", False),
        "theme": ("cookie", False),
        "shelf": ("path", True),
    }
    assert told["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 9, "default": 5}


def test_a_spread_dataclass_tells_its_fields() -> None:
    app = VelociPy()

    @dataclass
    class Filter:
        needed: str
        limit: Annotated[int, Query(ge=1, description="How many")] = 10
        order: Literal["up", "down"] | None = None

    @app.get("/")
    async def index(filter: Annotated[Filter, Query()]) -> None: ...

    assert parameters_of(app) == {
        "needed": {"name": "needed", "in": "query", "required": True, "schema": {"type": "string"}},
        "limit": {
            "name": "limit",
            "in": "query",
            "required": False,
            "description": "How many",
            "schema": {"type": "integer", "minimum": 1, "default": 10},
        },
        "order": {
            "name": "order",
            "in": "query",
            "required": False,
            "schema": {"enum": ["up", "down"], "type": "string"},
        },
    }
    assert "Filter" not in document_of(app)["components"]["schemas"]


def test_a_spread_struct_tells_its_fields() -> None:
    msgspec = pytest.importorskip("msgspec", reason="a model of msgspec")
    kind = Annotated[int, msgspec.Meta(ge=0, title="Count", description="How often", examples=[3])]
    heads = msgspec.defstruct("Heads", [("x_trace", str), ("x_count", kind, 3)])
    app = VelociPy()

    async def index(heads: Annotated[heads, Header()]) -> None: ...  # type: ignore[valid-type]

    app.get("/")(index)
    told = parameters_of(app)
    assert told["x-trace"]["required"] is True
    assert told["x-count"] == {
        "name": "x-count",
        "in": "header",
        "required": False,
        "description": "How often",
        "schema": {"type": "integer", "minimum": 0, "title": "Count", "examples": [3], "default": 3},
    }


def test_a_spread_model_of_pydantic_tells_its_fields() -> None:
    pydantic = pytest.importorskip("pydantic", reason="a model of pydantic")

    class Deep(pydantic.BaseModel):  # type: ignore[misc,name-defined]
        depth: int = pydantic.Field(3, ge=0, title="How deep", description="Levels", deprecated=True)
        since: str = pydantic.Field(alias="from", examples=["x"], json_schema_extra={"x-more": 1})
        words: list[str] = pydantic.Field(default_factory=list, max_length=2)

    app = VelociPy()

    async def index(deep: Annotated[Deep, Query()]) -> None: ...

    app.get("/")(index)
    told = parameters_of(app)
    assert told["depth"] == {
        "name": "depth",
        "in": "query",
        "required": False,
        "description": "Levels",
        "deprecated": True,
        "schema": {"type": "integer", "minimum": 0, "title": "How deep", "default": 3},
    }
    assert told["from"]["schema"] == {"type": "string", "examples": ["x"], "x-more": 1}
    assert told["from"]["required"] is True
    assert told["words"]["schema"] == {"type": "array", "items": {"type": "string"}, "maxItems": 2}


def test_what_is_not_for_documents() -> None:
    app = VelociPy()

    @app.get("/")
    async def index(
        request: Request,
        accept: Annotated[str, Header()] = "",
        hidden: Annotated[str, Query(include_in_schema=False)] = "",
        authorization: Annotated[str, Header()] = "",
        shown: Annotated[str, Query(openapi_examples={"one": {"value": "x"}})] = "",
    ) -> None: ...

    told = parameters_of(app)
    assert {*told} == {"shown"}  # section 4.8.12.2: the headers are told otherwise
    assert told["shown"]["examples"] == {"one": {"value": "x"}}


def test_paths_without_convertors_and_with_parts_of_segments() -> None:
    app = VelociPy()

    @app.get("/files/{name}.{suffix}/{rest:path}")
    async def index(name: str, suffix: Annotated[str, Path(max_length=3)], rest: str) -> None: ...

    assert {*parameters_of(app, "/files/{name}.{suffix}/{rest}")} == {"name", "suffix", "rest"}
