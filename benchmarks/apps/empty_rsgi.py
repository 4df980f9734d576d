"""No work at all, on RSGI: what the harness itself costs."""

from __future__ import annotations

from benchmarks.types import RsgiHttp, RsgiScope


async def app(scope: RsgiScope, http: RsgiHttp) -> None:
    http.response_empty(204, [])
