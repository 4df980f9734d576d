"""The built-in middleware, one module each, and what middleware of one's own is made of."""

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
