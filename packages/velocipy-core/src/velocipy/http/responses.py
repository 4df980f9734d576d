"""The responses under the name that the documentation uses; `velocipy.http.response` holds them."""

from velocipy.http.items import EventSourceResponse, JSONLinesResponse, ServerSentEvent
from velocipy.http.response import (
    DeferredResponse,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

__all__ = [
    "DeferredResponse",
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONLinesResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "ServerSentEvent",
    "StreamingResponse",
]
