"""The exceptions under the name that the documentation uses; `velocipy.errors` holds them."""

from velocipy.errors import (
    ClientDisconnect,
    Fault,
    HTTPException,
    PayloadTooLargeException,
    RouteConflictError,
    StartupError,
    StartupErrorGroup,
    ValidationError,
    VelociPyException,
)

__all__ = [
    "ClientDisconnect",
    "Fault",
    "HTTPException",
    "PayloadTooLargeException",
    "RouteConflictError",
    "StartupError",
    "StartupErrorGroup",
    "ValidationError",
    "VelociPyException",
]
