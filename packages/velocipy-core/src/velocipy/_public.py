"""The one list of what `from velocipy import ...` offers."""

from velocipy._version import __version__
from velocipy.application import VelociPy
from velocipy.background import BackgroundTasks
from velocipy.errors import (
    ClientDisconnect,
    HTTPException,
    PayloadTooLargeException,
    RouteConflictError,
    StartupError,
    StartupErrorGroup,
    ValidationError,
    VelociPyException,
)
from velocipy.files.static import StaticFiles
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
from velocipy.http.uploads import UploadFile, UploadStream
from velocipy.plans.dependencies import Depends
from velocipy.plans.sources import Body, Cookie, File, Form, Header, Path, Query
from velocipy.routing.options import Route
from velocipy.routing.router import Router
from velocipy.routing.router import Router as APIRouter
from velocipy.routing.versions import APIVersion
from velocipy.types import State

__all__ = [
    "APIRouter",
    "APIVersion",
    "BackgroundTasks",
    "BaseMiddleware",
    "Body",
    "ClientDisconnect",
    "Cookie",
    "Depends",
    "File",
    "FileResponse",
    "Form",
    "FormLimits",
    "HTMLResponse",
    "HTTPException",
    "Header",
    "JSONResponse",
    "Middleware",
    "Path",
    "PayloadTooLargeException",
    "PlainTextResponse",
    "Query",
    "RedirectResponse",
    "Request",
    "Response",
    "Route",
    "RouteConflictError",
    "Router",
    "StartupError",
    "StartupErrorGroup",
    "State",
    "StaticFiles",
    "StreamingResponse",
    "UploadFile",
    "UploadStream",
    "ValidationError",
    "VelociPy",
    "VelociPyException",
    "__version__",
]
