"""Answers and errors: statuses, media types, models, fields that leave."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from velocipy import (
    Depends,
    EventSourceResponse,
    HTMLResponse,
    HTTPException,
    PlainTextResponse,
    Response,
    VelociPy,
    raises,
)
from velocipy.http.responses import ServerSentEvent

from .documents import document_of, operation_of, schema_of


@dataclass
class Person:
    name: str
    key: str
    nickname: str | None


def content_of(app: VelociPy, status: str = "200") -> Any:
    return operation_of(app, "/")["responses"][status].get("content")


@pytest.mark.parametrize(
    ("annotation", "content"),
    [
        (int, {"application/json": {"schema": {"type": "integer"}}}),
        (str, {"text/plain": {"schema": {"type": "string"}}}),
        (bytes, {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}),
        (PlainTextResponse, {"text/plain": {"schema": {"type": "string"}}}),
        (Response, None),
    ],
)
def test_media_types_of_what_is_returned(annotation: Any, content: Any) -> None:
    app = VelociPy()

    async def index() -> annotation: ...  # pyright: ignore[reportInvalidTypeForm]

    app.get("/")(index)
    assert content_of(app) == content


def test_a_response_beside_a_model() -> None:
    app = VelociPy()

    @app.get("/", status_code=201, response_description="It was made")
    async def index() -> Person | HTMLResponse: ...  # type: ignore[empty-body]

    told = operation_of(app, "/")["responses"]
    assert told["201"]["description"] == "It was made"
    assert schema_of(told["201"]) == {"$ref": "#/components/schemas/Person"}
    assert content_of(app) == {"text/html": {"schema": {"type": "string"}}}


@pytest.mark.parametrize(
    ("options", "properties", "required"),
    [
        ({"response_model_exclude": {"key"}}, {"name", "nickname"}, ["name", "nickname"]),
        ({"response_model_include": {"name"}}, {"name"}, ["name"]),
        ({"response_model_exclude_none": True}, {"name", "key", "nickname"}, ["name", "key"]),
    ],
)
@pytest.mark.parametrize("annotation", [Person, list[Person], dict[str, Person], Person | None])
def test_fields_that_leave(annotation: Any, options: Any, properties: set[str], required: list[str]) -> None:
    app = VelociPy()

    async def index() -> annotation: ...  # pyright: ignore[reportInvalidTypeForm]

    app.get("/", **options)(index)
    schema = schema_of(operation_of(app, "/")["responses"]["200"])
    schema = schema.get("items") or schema.get("additionalProperties") or schema.get("anyOf", [schema])[0]
    assert ({*schema["properties"]}, schema["required"]) == (properties, required)
    assert "components" not in document_of(app)


def test_fields_that_leave_of_pydantic_and_their_names() -> None:
    pydantic = pytest.importorskip("pydantic", reason="its models have aliases")

    class Inner(pydantic.BaseModel):  # type: ignore[misc,name-defined]
        deep_name: str = pydantic.Field(alias="deepName")

    class Account(pydantic.BaseModel):  # type: ignore[misc,name-defined]
        user_name: str = pydantic.Field(alias="userName")
        key: str
        inner: Inner

    app = VelociPy()

    async def account() -> list[Account]:
        return []

    app.get("/whole")(account)
    app.get("/chosen", response_model_exclude={"user_name"})(account)
    app.get("/names", response_model_by_alias=False)(account)
    document = document_of(app)

    def items(path: str) -> Any:
        return schema_of(document["paths"][path]["get"]["responses"]["200"])["items"]

    assert items("/whole") == {"$ref": "#/components/schemas/Account"}
    assert {*items("/chosen")["properties"]} == {"key", "inner"}
    assert items("/chosen")["required"] == ["key", "inner"]
    assert {*items("/names")["properties"]} == {"user_name", "key", "inner"}
    inner = items("/names")["properties"]["inner"]["$ref"].rpartition("/")[2]
    schemas = document["components"]["schemas"]
    assert {*schemas} == {"Account", "Inner", inner}
    assert [{*schemas[name]["properties"]} for name in ("Inner", inner)] == [{"deepName"}, {"deep_name"}]


def test_streams() -> None:
    app = VelociPy()

    @app.get("/lines")
    async def lines() -> AsyncIterator[Person]:
        yield Person("a", "b", None)

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Person]:
        yield Person("a", "b", None)

    @app.get("/text")
    async def text() -> AsyncIterator[str]:
        yield "a"

    for path, media_type, item in (
        ("/lines", "application/jsonl", {"$ref": "#/components/schemas/Person"}),
        ("/events", "text/event-stream", {"$ref": "#/components/schemas/Person"}),
        ("/text", "text/plain", {"type": "string"}),
    ):
        content = operation_of(app, path)["responses"]["200"]["content"]
        assert content == {media_type: {"schema": {"type": "string"}, "x-item-schema": item}}


def test_what_responses_tells() -> None:
    app = VelociPy()
    header = {"X-Count": {"schema": {"type": "integer"}}}

    @app.get("/", responses={404: Person, 410: "It is gone", "5XX": {"model": int}, 200: {"headers": header}})
    async def index() -> int: ...  # type: ignore[empty-body]

    told = operation_of(app, "/")["responses"]
    assert list(told) == ["200", "404", "410", "5XX"]
    assert told["200"]["headers"] == header
    assert schema_of(told["200"]) == {"type": "integer"}
    assert told["404"]["description"] == "Not Found"
    assert schema_of(told["404"]) == {"$ref": "#/components/schemas/Person"}
    assert told["410"] == {"description": "It is gone"}
    assert schema_of(told["5XX"]) == {"type": "integer"}


def test_errors_are_those_that_can_happen() -> None:
    app = VelociPy()

    @raises(429, "Too many", headers={"Retry-After": "Seconds"})
    def limited() -> None:
        raise HTTPException(429)

    @app.get("/none")
    async def none() -> int: ...  # type: ignore[empty-body]

    @app.get("/text")
    async def text(word: str = "") -> int: ...  # type: ignore[empty-body]

    @app.get("/number/{number}")
    async def number(number: int) -> int: ...  # type: ignore[empty-body]

    @app.post("/body", dependencies=[Depends(limited)], max_content_length=None)
    async def body(person: Person) -> int: ...  # type: ignore[empty-body]

    document = document_of(app)

    def statuses(path: str, method: str = "get") -> list[str]:
        return list(document["paths"][path][method]["responses"])

    assert statuses("/none") == ["200"]
    assert statuses("/text") == ["200", "400", "422"]
    assert statuses("/number/{number}") == ["200", "422"]
    assert statuses("/body", "post") == ["200", "415", "422", "429"]
    assert document["paths"]["/body"]["post"]["responses"]["429"]["headers"] == {
        "Retry-After": {"description": "Seconds", "schema": {"type": "string"}}
    }


def test_problem_details() -> None:
    app = VelociPy(problem_details=True)

    @app.get("/")
    async def index(number: int) -> int: ...  # type: ignore[empty-body]

    reference = schema_of(operation_of(app, "/")["responses"]["422"], "application/problem+json")
    assert reference == {"$ref": "#/components/schemas/ValidationProblem"}


def test_deprecated_answers_tell_their_headers() -> None:
    from datetime import date

    app = VelociPy()

    @app.get("/", deprecated=date(2024, 1, 1))
    async def index() -> int: ...  # type: ignore[empty-body]

    told = operation_of(app, "/")
    assert told["deprecated"] is True
    assert {name.lower() for name in told["responses"]["200"]["headers"]} == {"deprecation"}


def test_events_are_told_by_their_fields() -> None:
    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("open")

    app = VelociPy()
    app.add_route("/", events, ["GET"], response_class=EventSourceResponse)
    content = document_of(app)["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert {*content["text/event-stream"]["x-item-schema"]["properties"]} == {"data", "event", "id", "retry"}
