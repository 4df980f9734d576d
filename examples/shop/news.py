"""What has changed, told at once to all who listen: the stock of products, the status of orders."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Generic, TypeVar

from shop.database import Status
from velocipy import Depends, HTTPConnection

Value = TypeVar("Value")


class Listener(Generic[Value]):
    """What one has not heard yet. Of each key the latest value counts, so that who is slow takes no memory."""

    def __init__(self) -> None:
        self._unheard: dict[int, Value] = {}
        self._is_new = asyncio.Event()

    def tell(self, key: int, value: Value) -> None:
        self._unheard[key] = value
        self._is_new.set()

    async def hear(self) -> dict[int, Value]:
        """Wait until there is something new, and return it."""
        await self._is_new.wait()
        self._is_new.clear()
        unheard, self._unheard = self._unheard, {}
        return unheard


class News(Generic[Value]):
    """Tells listeners in this process. Where there are several workers, a channel of Redis has to stand here."""

    def __init__(self) -> None:
        self._listeners: set[Listener[Value]] = set()

    def tell(self, key: int, value: Value) -> None:
        """Tell everybody that *key* has a new value."""
        for listener in self._listeners:
            listener.tell(key, value)

    @contextmanager
    def listen(self) -> Iterator[Listener[Value]]:
        """Listen until the end of the block."""
        listener = Listener[Value]()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


async def stock_of(connection: HTTPConnection) -> News[int]:
    """Return the news of this application: how many of a product are left."""
    news: News[int] = connection.state.stock_news
    return news


async def orders_of(connection: HTTPConnection) -> News[Status]:
    """Return the news of this application: how far an order has come."""
    news: News[Status] = connection.state.order_news
    return news


StockNews = Annotated[News[int], Depends(stock_of)]
OrderNews = Annotated[News[Status], Depends(orders_of)]
