"""What `from velocipy import ...` offers and every application loads; `velocipy/__init__.py` names the rest."""

from velocipy._version import __version__
from velocipy.application import VelociPy
from velocipy.background import BackgroundTasks
from velocipy.errors import (
    ClientDisconnect,
    ConfigError,
    HTTPException,
    PayloadTooLargeException,
    PluginError,
    RouteConflictError,
    StartupError,
    StartupErrorGroup,
    UnsupportedByServer,
    ValidationError,
    VelociPyDeprecationWarning,
    VelociPyException,
    WebSocketDisconnect,
    WebSocketException,
)
from velocipy.http.connection import HTTPConnection
from velocipy.http.forms import FormLimits
from velocipy.http.middleware import BaseMiddleware, Middleware
from velocipy.http.request import Request
from velocipy.http.response import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from velocipy.plans.dependencies import Depends
from velocipy.plans.sources import Body, Cookie, File, Form, Header, Path, Query
from velocipy.routing.options import Route
from velocipy.routing.router import Router
from velocipy.routing.router import Router as APIRouter
from velocipy.types import Secret, State

__all__ = [
    "APIRouter",
    "BackgroundTasks",
    "BaseMiddleware",
    "Body",
    "ClientDisconnect",
    "ConfigError",
    "Cookie",
    "Depends",
    "File",
    "FileResponse",
    "Form",
    "FormLimits",
    "HTMLResponse",
    "HTTPConnection",
    "HTTPException",
    "Header",
    "JSONResponse",
    "Middleware",
    "Path",
    "PayloadTooLargeException",
    "PlainTextResponse",
    "PluginError",
    "Query",
    "RedirectResponse",
    "Request",
    "Response",
    "Route",
    "RouteConflictError",
    "Router",
    "Secret",
    "StartupError",
    "StartupErrorGroup",
    "State",
    "StreamingResponse",
    "UnsupportedByServer",
    "ValidationError",
    "VelociPy",
    "VelociPyDeprecationWarning",
    "VelociPyException",
    "WebSocketDisconnect",
    "WebSocketException",
    "__version__",
]
