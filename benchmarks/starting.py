"""A fresh process: declare 500 typed routes of five kinds on VelociPy, start the application. Prints one JSON object.

Importing VelociPy and msgspec is not part of the time (`importing.py` measures it); all that the application does up to
the point where a server may send the first request is.
"""

import asyncio
import json
from collections.abc import Callable
from time import perf_counter
from typing import Annotated, Any

from benchmarks.apps.data import PRODUCTS, Order, Product
from benchmarks.scenarios import LARGE
from velocipy import Cookie, Depends, Header, Query, VelociPy


def declare_five(app: VelociPy, number: int) -> None:
    """One route of each kind, with handlers of their own."""

    @app.get(f"/shops-{number}/{{shop_id}}/orders/{{order_id}}")
    async def path(shop_id: int, order_id: int) -> dict[str, int]:
        return {"shop_id": shop_id, "order_id": order_id}

    async def term(q: str) -> str:
        return q.strip().lower()

    @app.get(f"/search-{number}")
    async def query(
        page: Annotated[int, Query(ge=1)], size: Annotated[int, Query(le=100)], term: Annotated[str, Depends(term)]
    ) -> dict[str, Any]:
        return {"term": term, "page": page, "size": size}

    @app.get(f"/whoami-{number}")
    async def whoami(x_request_id: Annotated[str, Header()], session: Annotated[str, Cookie()]) -> dict[str, str]:
        return {"request_id": x_request_id, "session": session}

    @app.post(f"/orders-{number}")
    async def order(body: Order) -> dict[str, Any]:
        return {"customer": body.customer, "total": body.total, "lines": len(body.lines)}

    @app.get(f"/products-{number}")
    async def products() -> list[Product]:
        return PRODUCTS


def main() -> None:
    loop = asyncio.new_event_loop()
    begin = perf_counter()
    app = VelociPy()
    for number in range(LARGE // 5):
        declare_five(app, number)
    declared = perf_counter()
    start: Callable[[asyncio.AbstractEventLoop], None] = app.__rsgi_init__
    start(loop)
    ready = perf_counter()
    app.__rsgi_del__(loop)
    loop.close()
    times = {"routes": LARGE, "total_ms": (ready - begin) * 1000, "start_ms": (ready - declared) * 1000}
    print(json.dumps(times))


if __name__ == "__main__":
    main()
