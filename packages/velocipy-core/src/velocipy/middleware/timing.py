"""How long it took to answer, told to whoever asked."""

from __future__ import annotations

from time import perf_counter

from velocipy.http.middleware import HTTPApp, own_responses
from velocipy.http.request import Request
from velocipy.http.response import Response


class TimingMiddleware:
    """Tells in `Server-Timing` how long everything within took: ``total;dur=1.234``, in milliseconds.

    It ends when the response is there, before its body is sent. `request.state.duration_ms` has the same as a float
    from then on. Other metrics that the response has stay (https://www.w3.org/TR/server-timing/).
    """

    @own_responses
    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        start = perf_counter()
        response = await call_next(request)
        duration = request.state["duration_ms"] = (perf_counter() - start) * 1000
        response.headers._pairs.append(("server-timing", f"total;dur={duration:.3f}"))
        return response
