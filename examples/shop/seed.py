"""What a new shop begins with: its tables, some products, and the account of the administrator."""

import asyncio
import shutil
import tomllib
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.accounts import passwords
from shop.database import Product, Sessions, Table, User
from shop.pages import FOLDER
from shop.settings import Settings

ADMIN = "admin@shop.example"


async def fill(engine: AsyncEngine, sessions: Sessions, settings: Settings, pictures: Path) -> None:
    """Make what is missing; what is there stays."""
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    await asyncio.to_thread(shutil.copytree, FOLDER / "pictures", pictures, dirs_exist_ok=True)
    async with sessions() as db:
        if not await db.scalar(select(func.count(Product.id))):
            products = tomllib.loads((FOLDER / "products.toml").read_text("utf-8"))["product"]
            db.add_all(Product(**product) for product in products)
        if settings.admin_password and not await db.scalar(select(User.id).where(User.email == ADMIN)):
            hashed = await passwords.hash(settings.admin_password.get_secret_value())
            db.add(User(name="Admin", email=ADMIN, password_hash=hashed, is_admin=True))
        await db.commit()
