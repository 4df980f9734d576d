"""What visitors do: by forms alone, as a browser without scripts does."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from httpx2 import Cookies, Response

from shop.app import create_app
from shop.seed import ADMIN
from shop.settings import Settings
from velocipy import Secret, VelociPy
from velocipy.testing import TestClient

FOLDER = "VELOCIPY_SHOP_TESTS"
PASSWORD = "clever girl"


def make_shop(**options: Any) -> VelociPy:
    """Return a shop with data of its own."""
    folder = Path(os.environ[FOLDER], uuid4().hex)
    hosts = ("testserver", "127.0.0.1")
    generous = {"login_limit": "1000/minute", "api_limit": "1000/minute"}
    return create_app(Settings(folder=folder, hosts=hosts, admin_password=Secret(PASSWORD), **generous | options))


def token_of(page: Response) -> str:
    """Return what a form of the page has to send along."""
    found = re.search(r'name="csrf_token" value="([\w-]+)"', page.text)
    assert found, f"{page.status_code} without a form: {page.text}"
    return found[1]


def submit(client: TestClient, page: str, action: str | None = None, **fields: object) -> Response:
    """Open a page, send a form of it, and return where that leads."""
    data = {"csrf_token": token_of(client.get(page)), **{name: str(value) for name, value in fields.items()}}
    answer = client.post(action or page, data=data)
    return client.get(answer.headers["location"]) if answer.status_code == 303 else answer


def register(client: TestClient) -> str:
    """Make an account, and return its address."""
    email = f"{uuid4().hex}@example.com"
    page = submit(client, "/register", name="Ellie", email=email, password=PASSWORD)
    assert "Welcome, Ellie!" in page.text
    return email


def log_in(client: TestClient, email: str = ADMIN, password: str = PASSWORD) -> Response:
    return submit(client, "/login", email=email, password=password)


@contextmanager
def somebody_else(client: TestClient) -> Iterator[None]:
    """Have *client* be another visitor until the end of the block."""
    kept = client.cookies
    client.cookies = Cookies()
    yield
    client.cookies = kept


def number_of(client: TestClient, name: str) -> int:
    """Return the number of a product."""
    found: list[dict[str, Any]] = client.get("/api/products", params={"q": name}).json()
    return int(found[0]["id"])


def stock_of(client: TestClient, number: int) -> int:
    return int(client.get(f"/api/products/{number}").json()["stock"])
