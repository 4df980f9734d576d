"""Typed settings that do not change, from keywords, the environment, `.env` files, secrets, TOML and JSON."""

from velocipy.config.config import Config
from velocipy.errors import ConfigError, ConfigProblem
from velocipy.types import Secret

__all__ = ["Config", "ConfigError", "ConfigProblem", "Secret"]
