"""What both hand-written applications share: reading a query, a cookie, an int; refusing. Nothing is precomputed.

This is the limit: what a competent person writes by hand who needs just these routes, checks the same input, and
leaves decoding and encoding to msgspec. It knows no router, no plan, no middleware.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec

from benchmarks.apps.data import Order
from benchmarks.scenarios import REGIONS

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode

KNOWN_REGIONS = frozenset(REGIONS)


class InputError(Exception):
    """The input is wrong: the message goes out with 422."""


def read_query(text: str) -> dict[str, str]:
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    values = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        values[name] = value
    return values


def read_cookie(header: str, name: str) -> str:
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            return value.strip()
    raise InputError(f"cookie {name} is missing")


def read_int(text: str | None, name: str) -> int:
    if text is None:
        raise InputError(f"{name} is missing")
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{name} is not an integer") from None


def read_page(query: dict[str, str]) -> tuple[int, int]:
    page = read_int(query.get("page"), "page")
    if page < 1:
        raise InputError("page is less than 1")
    size = read_int(query.get("size"), "size")
    if size > 100:
        raise InputError("size is greater than 100")
    return page, size


def read_order(body: bytes) -> Order:
    try:
        return decode_order(body)
    except msgspec.MsgspecError as error:
        raise InputError(str(error)) from None


async def search_term(query: dict[str, str]) -> str:
    """The dependency of the scenario `query`: a coroutine, because the frameworks' is one."""
    term = query.get("q")
    if term is None:
        raise InputError("q is missing")
    return term.strip().lower()
