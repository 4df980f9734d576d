"""What code deep below a handler may know of the request that it runs for, by context variables."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered, in its background work too; None without `RequestIDMiddleware`."""
