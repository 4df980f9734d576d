"""The built-in middleware, one module each, and what middleware of one's own is made of."""

from velocipy.middleware.gzip import GZipMiddleware
from velocipy.middleware.request_id import RequestIDFilter, RequestIDMiddleware
from velocipy.middleware.security_headers import (
    NONCE,
    ContentSecurityPolicy,
    SecurityHeadersMiddleware,
    StrictTransportSecurity,
)
from velocipy.middleware.timing import TimingMiddleware

__all__ = [
    "NONCE",
    "ContentSecurityPolicy",
    "GZipMiddleware",
    "RequestIDFilter",
    "RequestIDMiddleware",
    "SecurityHeadersMiddleware",
    "StrictTransportSecurity",
    "TimingMiddleware",
]
