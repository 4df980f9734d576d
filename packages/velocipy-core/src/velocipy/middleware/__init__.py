"""The middleware that comes with the framework: classes for `add_middleware`."""

from velocipy.middleware.gzip import GZipMiddleware as GZipMiddleware
from velocipy.middleware.request_id import RequestIDFilter as RequestIDFilter
from velocipy.middleware.request_id import RequestIDMiddleware as RequestIDMiddleware
from velocipy.middleware.security_headers import ContentSecurityPolicy as ContentSecurityPolicy
from velocipy.middleware.security_headers import SecurityHeadersMiddleware as SecurityHeadersMiddleware
from velocipy.middleware.timing import TimingMiddleware as TimingMiddleware
