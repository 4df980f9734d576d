"""The limit on RSGI: one application by hand for all scenarios."""

from __future__ import annotations

from benchmarks.apps.data import PRODUCTS
from benchmarks.apps.raw import (
    KNOWN_REGIONS,
    InputError,
    current_admin,
    encode,
    read_cookie,
    read_int,
    read_order,
    read_page,
    read_pydantic_order,
    read_query,
    read_signup,
    search_term,
)
from benchmarks.types import RsgiHttp, RsgiScope

CONTENT_TYPE = ("content-type", "application/json")


async def home(scope: RsgiScope, http: RsgiHttp) -> object:
    return {"hello": "world"}


async def search(scope: RsgiScope, http: RsgiHttp) -> object:
    query = read_query(scope.query_string)
    term = await search_term(query)
    page, size = read_page(query)
    return {"term": term, "page": page, "size": size}


async def whoami(scope: RsgiScope, http: RsgiHttp) -> object:
    headers = scope.headers
    request_id = headers.get("x-request-id")
    if request_id is None:
        raise InputError("header x-request-id is missing")
    return {"request_id": request_id, "session": read_cookie(headers.get("cookie", ""), "session")}


async def admin(scope: RsgiScope, http: RsgiHttp) -> object:
    return {"admin": await current_admin(scope.headers.get("x-token"))}


async def order(scope: RsgiScope, http: RsgiHttp) -> object:
    body = read_order(await http())
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


async def pydantic_order(scope: RsgiScope, http: RsgiHttp) -> object:
    body = read_pydantic_order(await http())
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


async def signup(scope: RsgiScope, http: RsgiHttp) -> object:
    return read_signup(await http())


async def products(scope: RsgiScope, http: RsgiHttp) -> object:
    return PRODUCTS


async def item(item_id: str) -> object:
    return {"item_id": read_int(item_id, "item_id")}


async def regional_order(region: str, shop_id: str, order_id: str) -> object:
    return {"region": region, "shop_id": read_int(shop_id, "shop_id"), "order_id": read_int(order_id, "order_id")}


FIXED = {
    ("GET", "/"): home,
    ("GET", "/search"): search,
    ("GET", "/whoami"): whoami,
    ("GET", "/admin"): admin,
    ("POST", "/orders"): order,
    ("POST", "/pydantic/orders"): pydantic_order,
    ("POST", "/signups"): signup,
    ("GET", "/products"): products,
}


async def app(scope: RsgiScope, http: RsgiHttp) -> None:
    status = 200
    try:
        handler = FIXED.get((scope.method, scope.path))
        if handler is not None:
            value = await handler(scope, http)
        else:
            match scope.method, scope.path.split("/"):
                case "GET", ["", "items", item_id]:
                    value = await item(item_id)
                case "GET", ["", "regions", region, "shops", shop_id, "orders", order_id] if region in KNOWN_REGIONS:
                    value = await regional_order(region, shop_id, order_id)
                case _:
                    status, value = 404, {"detail": "Not Found"}
    except InputError as error:
        status, value = error.status, {"detail": str(error)}
    http.response_bytes(status, [CONTENT_TYPE], encode(value))


app500 = app
