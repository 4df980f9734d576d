"""
One raw application for both protocols, which says what it was asked and misbehaves on request.

It uses no framework, so that what tests of it show is the doing of the test client, or of a server.
"""

import asyncio
import json
from typing import Any


class Raw:
    """Answers by path; see `ANSWERS`. The ASGI and the RSGI side do the same."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.sent = 0  # chunks of /endless

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                self.events.append(phase)
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await ANSWERS.get(scope["path"], about)(self, ASGISide(scope, receive, send))

    def __rsgi_init__(self, loop: Any) -> None:
        self.events.append("startup")

    def __rsgi_del__(self, loop: Any) -> None:
        self.events.append("shutdown")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        await ANSWERS.get(scope.path, about)(self, RSGISide(scope, protocol))


class ASGISide:
    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.receive, self.send = receive, send
        self.head = {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "scheme": scope["scheme"],
            "http_version": scope["http_version"],
            "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
        }

    async def pieces(self) -> Any:
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            if message["body"]:
                yield message["body"]
            more = message["more_body"]

    async def start(self, status: int, headers: dict[str, str]) -> None:
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})

    async def chunk(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self.send({"type": "http.response.body"})

    async def whole(self, status: int, headers: dict[str, str], data: bytes) -> None:
        length = {} if status in (204, 304) else {"content-length": str(len(data))}
        await self.start(status, {**headers, **length})
        await self.send({"type": "http.response.body", "body": data})

    async def disconnect(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


class RSGISide:
    def __init__(self, scope: Any, protocol: Any) -> None:
        self.protocol = protocol
        self.head = {
            "method": scope.method,
            "path": scope.path,
            "query": scope.query_string,
            "scheme": scope.scheme,
            "http_version": scope.http_version,
            "headers": [[name, value] for name, value in scope.headers.items()],
        }

    async def pieces(self) -> Any:
        async for piece in self.protocol:
            if piece:
                yield piece

    async def start(self, status: int, headers: dict[str, str]) -> None:
        self.transport = self.protocol.response_stream(status, list(headers.items()))

    async def chunk(self, data: bytes) -> None:
        await self.transport.send_bytes(data)

    async def end(self) -> None:
        pass

    async def whole(self, status: int, headers: dict[str, str], data: bytes) -> None:
        if data:
            self.protocol.response_bytes(status, list(headers.items()), data)
        else:
            self.protocol.response_empty(status, list(headers.items()))

    async def disconnect(self) -> None:
        await self.protocol.client_disconnect()


async def about(app: Raw, side: Any) -> None:
    body = b"".join([piece async for piece in side.pieces()])
    told = {**side.head, "body": body.decode("latin-1")}
    await side.whole(200, {"content-type": "application/json", "x-app": "raw"}, json.dumps(told).encode())


async def stream(app: Raw, side: Any) -> None:
    await side.start(200, {"content-type": "text/plain"})
    for chunk in (b"one", b"two", b"three"):
        await side.chunk(chunk)
    await side.end()


async def status(app: Raw, side: Any) -> None:
    code = int(side.head["query"])
    await side.whole(code, {"x-code": str(code)}, b"" if code in (204, 304) else b"body")


async def cookie(app: Raw, side: Any) -> None:
    await side.whole(200, {"set-cookie": "n=1; Path=/"}, b"set")


async def redirect(app: Raw, side: Any) -> None:
    await side.whole(303, {"location": "/target"}, b"")


async def early(app: Raw, side: Any) -> None:
    await side.whole(413, {}, b"too much")


async def endless(app: Raw, side: Any) -> None:
    """Sends until the client goes; says so in the events."""
    gone = asyncio.ensure_future(side.disconnect())
    await side.start(200, {})
    try:
        while not gone.done():
            await side.chunk(b"x" * 1000)
            app.sent += 1
            await asyncio.sleep(0.001)
    except RuntimeError:  # RSGI's way to say that the client has gone
        pass
    await gone
    app.events.append("gone")


async def crash(app: Raw, side: Any) -> None:
    raise ZeroDivisionError("crash")


async def crash_late(app: Raw, side: Any) -> None:
    await side.whole(500, {}, b"sorry")
    raise ZeroDivisionError("late")


async def crash_midway(app: Raw, side: Any) -> None:
    await side.start(200, {})
    await side.chunk(b"part")
    raise ZeroDivisionError("midway")


ANSWERS: dict[str, Any] = {
    "/stream": stream,
    "/status": status,
    "/cookie": cookie,
    "/redirect": redirect,
    "/early": early,
    "/endless": endless,
    "/crash": crash,
    "/crash-late": crash_late,
    "/crash-midway": crash_midway,
}


app = Raw()


def create() -> Raw:
    """A factory."""
    return Raw()
