"""Bodies, by media type."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from velocipy import Body, File, Form, Request, UploadFile, VelociPy

from .documents import document_of, operation_of, schema_of

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
BINARY = {"type": "string", "format": "binary"}


@dataclass
class Product:
    name: str
    price: float = 1.5


def body_of(app: VelociPy) -> dict[str, Any]:
    found: dict[str, Any] = operation_of(app, "/", "post")["requestBody"]
    return found


def test_one_value_is_the_body() -> None:
    app = VelociPy()

    @app.post("/")
    async def index(
        product: Annotated[Product, Body(description="What to sell", openapi_examples={"a": {"value": {"name": "a"}}})],
    ) -> None: ...

    assert body_of(app) == {
        "required": True,
        "description": "What to sell",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Product"},
                "examples": {"a": {"value": {"name": "a"}}},
            }
        },
    }


def test_several_values_are_an_object() -> None:
    app = VelociPy()

    @app.post("/")
    async def index(
        product: Product, amount: Annotated[int, Body(ge=1)], note: Annotated[str, Body()] = ""
    ) -> None: ...

    assert schema_of(body_of(app)) == {
        "type": "object",
        "properties": {
            "product": {"$ref": "#/components/schemas/Product"},
            "amount": {"type": "integer", "minimum": 1},
            "note": {"type": "string", "default": ""},
        },
        "required": ["product", "amount"],
    }


def test_a_body_that_may_be_left_out() -> None:
    app = VelociPy()

    @app.post("/")
    async def index(product: Product | None = None) -> None: ...

    assert body_of(app)["required"] is False
    assert {"type": "null"} in schema_of(body_of(app))["anyOf"]


def test_a_form() -> None:
    app = VelociPy()

    @app.post("/")
    async def index(
        name: Annotated[str, Form(max_length=9, description="How it is called")],
        sizes: Annotated[list[int], Form()],
        more: Annotated[int | None, Form()] = None,
    ) -> None: ...

    assert schema_of(body_of(app), URLENCODED) == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 9, "description": "How it is called"},
            "sizes": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
            "more": {"type": "integer"},
        },
        "required": ["name", "sizes"],
    }


def test_files_and_lists_of_files() -> None:
    pytest.importorskip("python_multipart", reason="it reads files")
    app = VelociPy()

    @app.post("/")
    async def index(one: UploadFile, many: list[UploadFile], name: Annotated[str, Form()] = "") -> None: ...

    assert {*body_of(app)["content"]} == {MULTIPART}
    schema = schema_of(body_of(app), MULTIPART)
    assert schema["properties"]["one"] == BINARY
    assert schema["properties"]["many"] == {"type": "array", "items": BINARY, "minItems": 1}
    assert schema["required"] == ["one", "many"]


def test_a_form_without_files_has_none() -> None:
    pytest.importorskip("python_multipart", reason="it reads files")
    app = VelociPy()

    @app.post("/")
    async def index(
        file: Annotated[UploadFile | None, File(description="A picture")] = None, name: Annotated[str, Form()] = ""
    ) -> None: ...

    assert schema_of(body_of(app), MULTIPART)["properties"]["file"] == {**BINARY, "description": "A picture"}
    assert {*schema_of(body_of(app), URLENCODED)["properties"]} == {"name"}


def test_a_model_of_a_form_may_forbid_more() -> None:
    pydantic = pytest.importorskip("pydantic", reason="its models forbid more")

    class Strict(pydantic.BaseModel):  # type: ignore[misc,name-defined]
        model_config = pydantic.ConfigDict(extra="forbid")
        name: str = pydantic.Field("x", description="How it is called")

    app = VelociPy()

    async def index(form: Annotated[Strict, Form()]) -> None: ...

    app.post("/")(index)
    assert schema_of(body_of(app), URLENCODED) == {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "How it is called", "default": "x"}},
        "additionalProperties": False,
    }


def test_a_raw_body_is_told_by_the_program() -> None:
    app = VelociPy()
    said = {"requestBody": {"content": {"image/png": {"schema": BINARY}}}}

    @app.post("/", openapi_extra=said)
    async def index(request: Request) -> None: ...

    assert body_of(app) == said["requestBody"]


def test_what_is_read_and_what_is_written_differ_in_name_only_where_they_differ() -> None:
    pydantic = pytest.importorskip("pydantic", reason="its models read and write different things")

    class Account(pydantic.BaseModel):  # type: ignore[misc,name-defined]
        name: str
        password: str = pydantic.Field("", exclude=True)

    app = VelociPy()

    async def account(account: Account) -> Account:
        return account

    async def product(product: Product) -> Product:
        return product

    app.post("/")(account)
    app.put("/")(product)
    schemas = document_of(app)["components"]["schemas"]
    assert {*schemas} == {"Account-Input", "Account-Output", "Product", "ErrorBody", "Fault", "HTTPValidationError"}
    assert "password" not in schemas["Account-Output"]["properties"]
