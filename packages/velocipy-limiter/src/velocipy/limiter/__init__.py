"""Rate limits: exact, atomic, and the same for all workers."""

from velocipy.limiter._version import __version__
from velocipy.limiter.backend import Identity
from velocipy.limiter.concurrency import ConcurrencyLimit, concurrency_limit
from velocipy.limiter.dependency import MessageLimit, message_limit, rate_limit
from velocipy.limiter.identifiers import Identifier
from velocipy.limiter.limiter import Limiter
from velocipy.limiter.middleware import RateLimitMiddleware
from velocipy.limiter.results import RateLimitHeaders, RateLimitResult
from velocipy.limiter.rules import RateLimitAlgorithm, RateLimitRule, StorageErrorAction

__all__ = [
    "ConcurrencyLimit",
    "Identifier",
    "Identity",
    "Limiter",
    "MessageLimit",
    "RateLimitAlgorithm",
    "RateLimitHeaders",
    "RateLimitMiddleware",
    "RateLimitResult",
    "RateLimitRule",
    "StorageErrorAction",
    "__version__",
    "concurrency_limit",
    "message_limit",
    "rate_limit",
]
