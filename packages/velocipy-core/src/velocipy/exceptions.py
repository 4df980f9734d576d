"""The exceptions under the name that the documentation uses; `velocipy.errors` holds them."""

from velocipy.errors import (
    ClientDisconnect,
    ConfigError,
    ConfigProblem,
    Fault,
    HTTPException,
    PayloadTooLargeException,
    PluginError,
    RouteConflictError,
    StartupError,
    StartupErrorGroup,
    StorageError,
    ValidationError,
    VelociPyException,
)

__all__ = [
    "ClientDisconnect",
    "ConfigError",
    "ConfigProblem",
    "Fault",
    "HTTPException",
    "PayloadTooLargeException",
    "PluginError",
    "RouteConflictError",
    "StartupError",
    "StartupErrorGroup",
    "StorageError",
    "ValidationError",
    "VelociPyException",
]
