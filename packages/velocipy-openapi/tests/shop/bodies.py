"""Bodies of every kind and media type; each handler answers what it was given."""

from typing import Annotated, Any

from velocipy import APIRouter, Body, File, Form, Request, UploadFile

from . import models
from .models import Account, Comment, Crate, Node, Options, Page, Person, Point, Product, Row, Shape, Struct

router = APIRouter(prefix="/bodies", tags=["bodies"])

KINDS: dict[str, Any] = {
    "dataclass": Product,
    "msgspec": Struct,
    "pydantic": Account,
    "typed-dict": Person,
    "options": Options,
    "attrs": Crate,
    "named-tuple": Point,
    "generic": Page[Product],
    "generic-pydantic": Row[int],
    "generic-of-pydantic": Page[Row[str]],
    "tree": Node,
    "comments": Comment,
    "tagged": models.Cat | models.Dog,
    "discriminated": Shape,
    "union": int | list[str] | None,
    "list": list[Product],
    "list-of-pydantic": list[Comment],
    "mapping": dict[str, int],
    "mapping-of-levels": dict[models.Color, float],
    "pair": tuple[int, str],
    "set": set[int],
    "optional": Product | None,
    **dict(zip(("same-pydantic", "same-msgspec", "same-dataclass"), models.same_name(), strict=True)),
}


def declare(name: str, kind: Any) -> None:
    """Declare an operation whose body is of *kind*, and which answers it."""

    async def echo(body: Annotated[kind, Body()]) -> kind:  # pyright: ignore[reportInvalidTypeForm]
        return body

    router.put(f"/{name}", operation_id=f"put_{name.replace('-', '_')}", summary=f"A {name}")(echo)


for _name, _kind in KINDS.items():
    declare(_name, _kind)


@router.post("/embedded", status_code=201)
async def embedded(
    product: Product, amount: Annotated[int, Body(ge=1, le=5)], note: Annotated[str, Body()] = ""
) -> Product:
    """Take two values of one body."""
    return product


@router.post("/example")
async def example(
    product: Annotated[
        Product, Body(description="What to sell", openapi_examples={"cheap": {"value": {"name": "a", "price": 1}}})
    ],
) -> Product:
    return product


@router.post("/optional-default")
async def optional_default(product: Annotated[Product | None, Body()] = None) -> Product | None:
    return product


@router.post("/form")
async def form(
    name: Annotated[str, Form(min_length=1, max_length=10)],
    sizes: Annotated[list[int] | None, Form()] = None,
    color: Annotated[models.Color, Form(description="What is seen")] = models.Color.RED,
) -> dict[str, Any]:
    return {"name": name, "sizes": sizes, "color": color}


@router.post("/file")
async def file(file: UploadFile) -> int:
    return len(await file.read())


@router.post("/file/optional")
async def optional_file(file: Annotated[UploadFile | None, File(description="A picture")] = None) -> bool:
    return file is not None


@router.post("/files")
async def files(files: list[UploadFile], title: Annotated[str, Form()] = "") -> list[int]:
    return [len(await item.read()) for item in files]


@router.post(
    "/raw",
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def raw(request: Request) -> int:
    """Count the bytes of the body, whatever it is."""
    return len(await request.body())
