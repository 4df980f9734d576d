"""Values of every kind in every place: each handler answers what it was given."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
import pydantic

from velocipy import APIRouter, Body, Cookie, Depends, Form, Header, Path, Query, Request

from .models import Color, Level

Value = TypeVar("Value")


@dataclass
class Echo(Generic[Value]):
    value: Value


KINDS: dict[str, Any] = {
    "integer": int,
    "number": float,
    "boolean": bool,
    "text": str,
    "decimal": Decimal,
    "uuid": UUID,
    "date": date,
    "datetime": datetime,
    "time": time,
    "duration": timedelta,
    "color": Color,
    "level": Level,
    "choice": Literal["a", "b", 3],
    "small": Annotated[int, msgspec.Meta(ge=1, le=10)],
    "code": Annotated[str, pydantic.StringConstraints(pattern="^[A-Z]{2}$")],
}
MARKERS: dict[str, Any] = {"query": Query, "header": Header, "cookie": Cookie, "form": Form, "path": Path, "body": Body}

router = APIRouter(prefix="/places", tags=["places"])


def declare(place: str, name: str, kind: Any) -> None:
    """Declare an operation with a value of *kind* in *place*, needed and optional."""
    marker = MARKERS[place]

    async def needed(value: Annotated[kind, marker()]) -> Echo[kind]:  # pyright: ignore[reportInvalidTypeForm]
        return Echo(value)

    perhaps: Any = kind | None

    async def optional(value: Annotated[perhaps, marker(description="Not needed")] = None) -> Any:  # pyright: ignore[reportInvalidTypeForm]
        return Echo(value)

    method = router.post if place in ("form", "body") else router.get
    path = f"/{place}/{name}/{{value}}" if place == "path" else f"/{place}/{name}"
    method(path, operation_id=f"{place}_{name}", summary=f"A {name} in the {place}")(needed)
    if place != "path":
        method(
            f"{path}/optional",
            operation_id=f"{place}_{name}_optional",
            response_model=Echo[perhaps],
        )(optional)


for _place in MARKERS:
    for _name, _kind in KINDS.items():
        if _place in ("query", "path") or _name in ("integer", "text", "boolean", "color", "date", "small"):
            declare(_place, _name, _kind)


@router.get("/lists")
async def lists(
    numbers: Annotated[list[int], Query(max_length=4, examples=[[1, 2]])],
    colors: Annotated[set[Color] | None, Query()] = None,
    words: Annotated[tuple[str, ...], Query(alias="word[]")] = ("a", "b"),
) -> dict[str, list[Any]]:
    """Tell lists in a query.

    Each value stands under the name of its own.
    """
    return {"numbers": numbers, "colors": sorted(item.value for item in colors or ()), "words": list(words)}


@router.get("/told")
async def told(
    made: Annotated[list[int], Query(default_factory=lambda: [1])],
    page: Annotated[int, Query(ge=1, le=100, title="Page", description="From 1", deprecated=True)] = 1,
    step: Annotated[int, Query(multiple_of=5, gt=0, lt=50)] = 5,
    word: Annotated[str, Query(min_length=2, max_length=5, pattern="^[a-z]+$")] = "abc",
    example: Annotated[str, Query(openapi_examples={"one": {"value": "x", "summary": "An x"}})] = "",
    hidden: Annotated[str, Query(include_in_schema=False)] = "",
    x_extra: Annotated[str, Header(json_schema_extra={"x-word": True})] = "",
    flag: bool = False,
) -> dict[str, Any]:
    return {"page": page, "step": step, "word": word, "flag": flag, "made": made}


@dataclass
class Filter:
    """What is looked for."""

    limit: Annotated[int, Query(ge=1, le=100, description="How many at most")] = 10
    order: Literal["name", "price"] = "name"
    tags: list[str] | None = None


class Deep(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    depth: int = pydantic.Field(3, ge=0, le=5, title="How deep", description="Levels")
    words: list[str] = pydantic.Field(default=["w"], max_length=3)
    since: date = pydantic.Field(alias="fromDate", examples=["2024-02-29"])


class Heads(msgspec.Struct):
    x_trace: str
    x_count: Annotated[int, msgspec.Meta(ge=0, description="How often")] = 3


@router.get("/spread/dataclass")
async def spread_dataclass(filter: Annotated[Filter, Query()]) -> Filter:
    return filter


@router.get("/spread/pydantic")
async def spread_pydantic(deep: Annotated[Deep, Query()]) -> Deep:
    return deep


@router.get("/spread/headers")
async def spread_headers(heads: Annotated[Heads, Header()]) -> Heads:
    return heads


@router.post("/spread/form")
async def spread_form(deep: Annotated[Deep, Form()]) -> Deep:
    return deep


async def paging(offset: Annotated[int, Query(ge=0)] = 0, x_size: Annotated[int, Header(ge=1, le=9)] = 2) -> list[int]:
    return [offset, x_size]


@router.get("/dependency/{shelf}")
async def dependency(shelf: Annotated[int, Path(le=99)], page: Annotated[list[int], Depends(paging)]) -> list[int]:
    return [shelf, *page]


@router.get("/files/{name}.{suffix}")
async def parts_of_a_segment(name: str, suffix: Literal["txt", "md"]) -> list[str]:
    return [name, suffix]


@router.get("/untaken/{word}")
async def untaken(request: Request) -> Echo[str]:
    return Echo(request.path_params["word"])


@router.get("/rest/{rest:path}")
async def rest(rest: str) -> Echo[str]:
    return Echo(rest)
