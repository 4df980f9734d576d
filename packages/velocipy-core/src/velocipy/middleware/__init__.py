"""The built-in middleware, one module each, and what middleware of one's own is made of."""

from typing import TYPE_CHECKING, Any

from velocipy.http.middleware import BaseMiddleware, HTTPApp, Middleware, MiddlewareFunc, WebSocketApp
from velocipy.middleware.cors import CORSMiddleware
from velocipy.middleware.forwarded import ForwardedMiddleware
from velocipy.middleware.gzip import GZipMiddleware
from velocipy.middleware.https_redirect import HTTPSRedirectMiddleware
from velocipy.middleware.request_id import RequestIDFilter, RequestIDMiddleware
from velocipy.middleware.security_headers import (
    NONCE,
    ContentSecurityPolicy,
    SecurityHeadersMiddleware,
    StrictTransportSecurity,
)
from velocipy.middleware.timing import TimingMiddleware
from velocipy.middleware.trusted_host import TrustedHostMiddleware

__all__ = [
    "NONCE",
    "BaseMiddleware",
    "CORSMiddleware",
    "ContentSecurityPolicy",
    "ForwardedMiddleware",
    "GZipMiddleware",
    "HTTPApp",
    "HTTPSRedirectMiddleware",
    "Middleware",
    "MiddlewareFunc",
    "RequestIDFilter",
    "RequestIDMiddleware",
    "SecurityHeadersMiddleware",
    "StrictTransportSecurity",
    "TimingMiddleware",
    "TrustedHostMiddleware",
    "WebSocketApp",
]

if TYPE_CHECKING:
    from velocipy.sessions import SessionMiddleware as SessionMiddleware
else:

    def __getattr__(name: str) -> Any:
        if name != "SessionMiddleware":  # of another distribution
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from velocipy._elsewhere import __getattr__ as find

        return find(name)
