"""No work at all, on ASGI: what the harness itself costs."""

from __future__ import annotations

from benchmarks.types import AsgiScope, Receive, Send


async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
