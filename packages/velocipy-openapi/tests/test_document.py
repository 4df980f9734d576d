"""The document as a whole: its head, names of definitions, tags, webhooks, WebSockets, choices."""

from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any, Generic, Literal, TypedDict, TypeVar

import pytest

from velocipy import APIRouter, Body, VelociPy, WebSocket
from velocipy.description import describe
from velocipy.openapi.document import Content

from .documents import document_of, operation_of, schema_of

Item = TypeVar("Item")


@dataclass
class Page(Generic[Item]):
    items: list[Item]


@dataclass
class Node:
    children: "list[Node]"


class Word(TypedDict):
    word: str


def taking(*kinds: Any) -> VelociPy:
    """Return an application with an operation for each of *kinds*, which takes and returns it."""
    app = VelociPy()

    def declare(number: int, kind: Any) -> None:
        async def echo(body: Annotated[kind, Body()]) -> kind: ...  # pyright: ignore[reportInvalidTypeForm]

        app.put(f"/{number}")(echo)

    for number, kind in enumerate(kinds):
        declare(number, kind)
    return app


def own_schemas(app: VelociPy) -> dict[str, Any]:
    found: dict[str, Any] = document_of(app)["components"]["schemas"]
    return {name: part for name, part in found.items() if name not in ("ErrorBody", "HTTPValidationError", "Fault")}


def test_the_head() -> None:
    app = VelociPy(
        "Shop",
        "2.1",
        summary="It sells",
        description="All",
        terms_of_service="https://example.com/terms",
        contact={"name": "Robert"},
        license_info={"name": "MIT"},
        servers=[{"url": "https://example.com"}],
        openapi_tags=[{"name": "b", "description": "B"}],
    )

    @app.get("/", tags=["a", "b"])
    async def index() -> None: ...

    document = document_of(app, Content(external_docs={"url": "https://example.com"}, extra={"x-logo": 1}))
    assert document == {
        "openapi": "3.1.0",
        "info": {
            "title": "Shop",
            "version": "2.1",
            "summary": "It sells",
            "description": "All",
            "termsOfService": "https://example.com/terms",
            "contact": {"name": "Robert"},
            "license": {"name": "MIT"},
        },
        "externalDocs": {"url": "https://example.com"},
        "servers": [{"url": "https://example.com"}],
        "paths": {
            "/": {
                "get": {
                    "tags": ["a", "b"],
                    "summary": "Index",
                    "operationId": "index",
                    "responses": {"204": {"description": "Successful Response"}},
                }
            }
        },
        "tags": [{"name": "b", "description": "B"}, {"name": "a"}],
        "x-logo": 1,
    }


def test_generics_and_recursion_have_readable_names() -> None:
    kinds = (Page[int], Page[int | None], Page[Page[Node]], Page[dict[str, Word]], Node)
    schemas = own_schemas(taking(*kinds))
    assert {*schemas} == {
        *("Node", "Page_Node", "Page_Page_Node", "Page_dict_str_Word", "Page_int", "Page_int_or_None", "Word"),
    }
    assert schemas["Node"]["properties"]["children"]["items"] == {"$ref": "#/components/schemas/Node"}


def test_one_short_name_in_two_modules() -> None:
    kinds = []
    for module, field in (("one.models", "a"), ("two.models", "b")):
        kind = make_dataclass("Same", [(field, int)])
        kind.__module__ = module
        kinds.append(kind)
    names = {name: [*part["properties"]] for name, part in own_schemas(taking(*kinds)).items()}
    assert names == {"one_models_Same": ["a"], "two_models_Same": ["b"]}


def test_one_short_name_in_pydantic_and_elsewhere() -> None:
    pydantic = pytest.importorskip("pydantic", reason="its adapter names models by itself")
    app = taking(make_dataclass("Same", [("a", int)]), pydantic.create_model("Same", b=(int, ...)))
    document = document_of(app)
    for number, field in ((0, "a"), (1, "b")):
        reference = schema_of(document["paths"][f"/{number}"]["put"]["requestBody"])["$ref"]
        assert [*document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]] == [field]


def test_models_of_every_library_in_one_document() -> None:
    msgspec = pytest.importorskip("msgspec", reason="one of the libraries")
    pydantic = pytest.importorskip("pydantic", reason="one of the libraries")
    attrs = pytest.importorskip("attrs", reason="one of the libraries")
    kinds = (
        Node,
        Word,
        msgspec.defstruct("Struct", [("a", int)]),
        pydantic.create_model("Model", a=(int, ...)),
        attrs.make_class("Crate", {"a": attrs.field(type=int)}),
    )
    assert {*own_schemas(taking(*kinds))} == {"Node", "Word", "Struct", "Model", "Crate"}


def test_unions_that_are_told_apart() -> None:
    msgspec = pytest.importorskip("msgspec", reason="its structs have tags")
    pydantic = pytest.importorskip("pydantic", reason="its unions have discriminators")
    cat, dog = (msgspec.defstruct(name, [("a", int)], tag=name.lower()) for name in ("Cat", "Dog"))
    circle, square = (pydantic.create_model(name, kind=(Literal[name.lower()], ...)) for name in ("Circle", "Square"))
    shape: Any = Annotated[circle | square, pydantic.Field(discriminator="kind")]
    app = taking(cat | dog, shape, int | list[str])
    for path, key, names in (("/0", "type", ("Cat", "Dog")), ("/1", "kind", ("Circle", "Square"))):
        schema = schema_of(operation_of(app, path, "put")["requestBody"])
        assert schema["discriminator"] == {
            "propertyName": key,
            "mapping": {name.lower(): f"#/components/schemas/{name}" for name in names},
        }
        assert schema["oneOf"] == [{"$ref": f"#/components/schemas/{name}"} for name in names]
    assert schema_of(operation_of(app, "/2", "put")["requestBody"]) == {
        "anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]
    }


def test_webhooks_share_definitions_and_ids() -> None:
    hooks, app = taking(Node), taking(Node)
    document = document_of(app, Content(webhooks=describe(hooks)))
    assert {*document["webhooks"]} == {"0"}
    assert document["webhooks"]["0"]["put"]["operationId"] != document["paths"]["/0"]["put"]["operationId"]
    assert schema_of(document["webhooks"]["0"]["put"]["requestBody"]) == {"$ref": "#/components/schemas/Node"}


def test_websockets_are_an_extension() -> None:
    app = VelociPy()

    @app.websocket("/chat/{room}", tags=["chat"], deprecated=True)
    async def chat(socket: WebSocket, room: int, name: str = "") -> None:
        """Chat in a room."""

    @app.websocket("/hidden", include_in_schema=False)
    async def hidden(socket: WebSocket) -> None: ...

    assert document_of(app)["x-websockets"] == {
        "/chat/{room}": {
            "summary": "Chat in a room.",
            "tags": ["chat"],
            "parameters": [
                {"name": "room", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "name", "in": "query", "required": False, "schema": {"type": "string", "default": ""}},
            ],
            "deprecated": True,
        }
    }


def test_what_is_chosen_and_what_is_left_out() -> None:
    app, router = VelociPy(), APIRouter(prefix="/v1")

    @router.get("/a")
    async def a() -> None: ...

    @router.get("/b", include_in_schema=False)
    async def b() -> None: ...

    @app.get("/c")
    async def c() -> None: ...

    app.include_router(router)
    assert [*document_of(app)["paths"]] == ["/c", "/v1/a"]
    chosen = document_of(app, Content(title="One", version="1", select=lambda item: item.path.startswith("/v1")))
    assert [*chosen["paths"]] == ["/v1/a"]
    assert chosen["info"] == {"title": "One", "version": "1"}


def test_methods_that_openapi_does_not_know() -> None:
    app = VelociPy()

    @app.route("/", methods=["QUERY", "GET"])
    async def index() -> None: ...

    item = document_of(app)["paths"]["/"]
    assert {*item} == {"get", "x-methods"}
    assert item["x-methods"]["QUERY"]["operationId"] == "index_query"


def test_a_route_of_one_host_has_a_server() -> None:
    app = VelociPy()

    @app.get("/", host="{shop}.example.com")
    async def index(shop: str) -> None: ...

    assert operation_of(app, "/")["servers"] == [
        {"url": "//{shop}.example.com", "variables": {"shop": {"default": "shop"}}}
    ]
    assert "parameters" not in operation_of(app, "/")


def test_docstrings() -> None:
    app = VelociPy()

    @app.get("/")
    async def index() -> None:
        """Say it in short.

        And at length.
        """

    told = operation_of(app, "/")
    assert (told["summary"], told["description"]) == ("Say it in short.", "And at length.")


def test_a_type_without_a_schema_is_anything_and_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    class Plain:
        """Nobody knows what it has."""

    pydantic = pytest.importorskip("pydantic", reason="its models may have types that it knows nothing of")
    known = pydantic.create_model("Known", number=(int, ...))
    loose = pydantic.create_model("Loose", plain=(Plain, ...), __config__={"arbitrary_types_allowed": True})

    async def plain() -> None: ...

    async def plains() -> None: ...

    async def of_pydantic() -> None: ...

    async def of_pydantic_known() -> None: ...

    app = VelociPy()
    for function, annotation in (
        (plain, Plain),
        (plains, list[Plain]),
        (of_pydantic, loose),
        (of_pydantic_known, known),
    ):
        function.__annotations__["return"] = annotation
        app.add_route(f"/{function.__name__}", function, ["GET"])
    document = document_of(app)

    def sent(name: str) -> Any:
        return document["paths"][f"/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert sent("plain") == {}
    assert sent("plains") == {"type": "array", "items": {}}
    assert sent("of_pydantic") == {}
    assert sent("of_pydantic_known") == {"$ref": "#/components/schemas/Known"}
    first, second = (record.getMessage() for record in caplog.records)
    assert "test_document.py" in first
    assert first.endswith("the OpenAPI document tells nothing of a type: Plain has no JSON Schema")
    assert second.startswith("the OpenAPI document tells nothing of a type: Loose: pydantic has no JSON Schema for it")
