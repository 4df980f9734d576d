"""What both hand-written applications share: reading a query, a cookie, an int; refusing. Nothing is precomputed.

This is the limit: what a competent person writes by hand who needs just these routes, checks the same input, and
leaves decoding and encoding to msgspec (to pydantic where the scenario says so). It knows no router, no plan, no
middleware.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec
import pydantic

from benchmarks.apps.data import Order
from benchmarks.apps.pydantic_data import Order as PydanticOrder
from benchmarks.scenarios import ADMINS, REGIONS, USERS

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode

KNOWN_REGIONS = frozenset(REGIONS)


class InputError(Exception):
    """The input is wrong: the message goes out with the status."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


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


def read_pydantic_order(body: bytes) -> PydanticOrder:
    try:
        return PydanticOrder.model_validate_json(body)
    except pydantic.ValidationError as error:
        raise InputError(str(error)) from None


def read_signup(body: bytes) -> dict[str, object]:
    form = read_query(body.decode("latin-1"))  # ASCII, if it is a form; its escapes are of UTF-8
    name, email, newsletter = form.get("name"), form.get("email"), form.get("newsletter")
    if name is None or email is None or newsletter is None:
        raise InputError("name, email or newsletter is missing")
    if len(name) > 50:
        raise InputError("name is longer than 50 characters")
    age = read_int(form.get("age"), "age")
    if age < 18:
        raise InputError("age is less than 18")
    if newsletter not in ("true", "false"):
        raise InputError("newsletter is neither true nor false")
    return {"name": name, "email": email, "age": age, "newsletter": newsletter == "true"}


async def session_token(header: str | None) -> str:
    if header is None:
        raise InputError("header x-token is missing")
    return header.strip()


async def current_user(header: str | None) -> str:
    user = USERS.get(await session_token(header))
    if user is None:
        raise InputError("the token is unknown", 401)
    return user


async def current_admin(header: str | None) -> str:
    """The outermost of three nested dependencies."""
    user = await current_user(header)
    if user not in ADMINS:
        raise InputError("for admins only", 403)
    return user


async def search_term(query: dict[str, str]) -> str:
    """The dependency of the scenario `query`: a coroutine, because the frameworks' is one."""
    term = query.get("q")
    if term is None:
        raise InputError("q is missing")
    return term.strip().lower()
