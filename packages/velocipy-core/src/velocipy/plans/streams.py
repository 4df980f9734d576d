"""Handlers that yield, or return what does: of what types the items are, and what sends them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from typing import Any, Union, get_args, get_origin

from velocipy.conversion.table import UnsupportedType, union_members, unwrap
from velocipy.http.items import JSONLinesResponse, ServerSentEvent
from velocipy.http.response import JSONResponse, Response
from velocipy.models import Models
from velocipy.plans.results import Encode
from velocipy.plans.signature import call_kind
from velocipy.types import Selection

_TEXT = (str, bytes, bytearray, memoryview)


def streamed_type(declared: Any, handler: Callable[..., Any]) -> Any:
    """Return the type of the items that *handler* streams, Any if it is not told; None if it streams nothing.

    Args:
        declared: The type of what it returns, None if it is not told.
        handler: The items of a generator may be declared alone, as a `response_model`.
    """
    is_generator = call_kind(handler) in ("async generator", "generator")
    plain, _ = unwrap(declared)
    origin = get_origin(plain) or plain
    is_stream = isinstance(origin, type) and issubclass(origin, (Iterator, AsyncIterable))
    if is_stream or (is_generator and origin is Iterable):
        return (*get_args(plain), Any)[0]
    if is_generator:
        return Any if declared is None else declared
    return None


def is_text(item: Any) -> bool:
    """Tell whether items of the type *item* are sent as they are, where nothing else is said."""
    return all(member is Any or member in _TEXT for member in union_members(item) or (item,))


def item_encoding(
    item: Any, response_class: type[Response] | None, models: Models, selection: Selection, *, check: bool
) -> tuple[type[Response], Encode | None]:
    """Return the response that streams items of the type *item*, and what makes JSON of one, None for the codec.

    Raises:
        UnsupportedType: If *response_class* cannot stream them, or they have no fields that *selection* could choose.
    """
    if response_class is None or issubclass(response_class, JSONResponse):
        response_class = JSONLinesResponse
    members = [member for member in union_members(item) or (item,) if member is not ServerSentEvent]
    encode = models.encoder(Union[tuple(members)], selection, check=check) if members else None  # noqa: UP007
    if encode is not None and response_class.bind is Response.bind:
        raise UnsupportedType(f"a {response_class.__name__} streams bytes and str, and no models")
    return response_class, encode
