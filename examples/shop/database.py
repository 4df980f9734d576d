"""The tables, and the connection to them."""

import pathlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import CheckConstraint, DateTime, Dialect, Enum, ForeignKey, String, TypeDecorator, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from velocipy import Depends, HTTPConnection, Path

Sessions = async_sessionmaker[AsyncSession]
LARGEST = 2**63 - 1  # that SQLite takes
Number = Annotated[int, Path(ge=1, le=LARGEST)]
"""Of a product or an order, in the path."""


class Table(DeclarativeBase):
    """What all tables are known to."""


class UTCDateTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite itself keeps no time zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class User(Table):
    """Somebody who has an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str]
    api_key_hash: Mapped[str | None] = mapped_column(unique=True)
    is_admin: Mapped[bool] = mapped_column(default=False)


class Product(Table):
    """Something to be sold."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("stock >= 0"), CheckConstraint("price > 0"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(String(1000))
    category: Mapped[str] = mapped_column(String(40), index=True)
    price: Mapped[int]  # in cents
    stock: Mapped[int]
    picture: Mapped[str] = mapped_column(default="none.svg")  # a name that was made here, in the folder of pictures


class Status(StrEnum):
    """How far an order has come."""

    PLACED = "placed"
    PACKED = "packed"
    SENT = "sent"

    @property
    def next(self) -> "Status | None":
        """What comes after it; nothing after the last."""
        return {Status.PLACED: Status.PACKED, Status.PACKED: Status.SENT}.get(self)


class Order(Table):
    """What a user has ordered."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    status: Mapped[Status] = mapped_column(Enum(Status, native_enum=False, length=10), default=Status.PLACED)
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=lambda: datetime.now(UTC))
    lines: Mapped[list["OrderLine"]] = relationship(lazy="selectin")

    @property
    def total(self) -> int:
        """The price of all, in cents."""
        return sum(line.price * line.quantity for line in self.lines)


class OrderLine(Table):
    """How many of one product, as it was called and what it cost at that time."""

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey(Product.id), primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    quantity: Mapped[int]


def connect(file: pathlib.Path) -> tuple[AsyncEngine, Sessions]:
    """Return the engine of a file of SQLite, which is to be disposed of at the end, and what makes sessions of it."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=5000"):  # who writes waits for who does
            connection.execute(f"PRAGMA {pragma}")

    return engine, async_sessionmaker(engine, expire_on_commit=False)


async def open_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Open a session for one request. What is not committed when it ends, or fails, is rolled back."""
    sessions: Sessions = connection.state.sessions
    async with sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(open_session, scope="handler")]  # given back before an answer is sent
