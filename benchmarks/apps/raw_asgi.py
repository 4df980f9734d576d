"""The limit on ASGI: one application by hand for all scenarios."""

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
from benchmarks.types import AsgiScope, Receive, Send

CONTENT_TYPE = (b"content-type", b"application/json")


def read_header(scope: AsgiScope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def home(scope: AsgiScope, receive: Receive) -> object:
    return {"hello": "world"}


async def search(scope: AsgiScope, receive: Receive) -> object:
    query = read_query(scope["query_string"].decode("latin-1"))
    term = await search_term(query)
    page, size = read_page(query)
    return {"term": term, "page": page, "size": size}


async def whoami(scope: AsgiScope, receive: Receive) -> object:
    request_id = read_header(scope, b"x-request-id")
    if request_id is None:
        raise InputError("header x-request-id is missing")
    return {"request_id": request_id, "session": read_cookie(read_header(scope, b"cookie") or "", "session")}


async def admin(scope: AsgiScope, receive: Receive) -> object:
    return {"admin": await current_admin(read_header(scope, b"x-token"))}


async def order(scope: AsgiScope, receive: Receive) -> object:
    body = read_order(await read_body(receive))
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


async def pydantic_order(scope: AsgiScope, receive: Receive) -> object:
    body = read_pydantic_order(await read_body(receive))
    return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}


async def signup(scope: AsgiScope, receive: Receive) -> object:
    return read_signup(await read_body(receive))


async def products(scope: AsgiScope, receive: Receive) -> object:
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


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    status = 200
    try:
        method, path = scope["method"], scope["path"]
        handler = FIXED.get((method, path))
        if handler is not None:
            value = await handler(scope, receive)
        else:
            match method, path.split("/"):
                case "GET", ["", "items", item_id]:
                    value = await item(item_id)
                case "GET", ["", "regions", region, "shops", shop_id, "orders", order_id] if region in KNOWN_REGIONS:
                    value = await regional_order(region, shop_id, order_id)
                case _:
                    status, value = 404, {"detail": "Not Found"}
    except InputError as error:
        status, value = error.status, {"detail": str(error)}
    body = encode(value)
    headers = [CONTENT_TYPE, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app500 = app
