"""What can be set from outside, by SHOP_... in the environment or in the file .env."""

import secrets
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from velocipy import Config, Secret


class Settings(Config, env_prefix="SHOP_", env_file=".env"):
    """The settings; each has a default that is right on one's own machine."""

    title: str = "The Amber Shop"
    folder: Path = Path("shop-data")
    """Where the database and the pictures are; it is made if it is not there."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    """By which names the shop is called; of others requests are refused."""
    secret_key: Secret[str] = Secret(secrets.token_urlsafe(48))
    """Signs tokens of forms. By default another one at each start; set one where there are several workers."""
    admin_password: Secret[str] | None = None
    """Of the account admin@shop.example, which is there if this is."""
    page_size: Annotated[int, Meta(ge=1, le=100)] = 6
    login_limit: str = "10/minute; 50/hour"
    api_limit: str = "60/minute"
