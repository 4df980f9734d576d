"""An RSGI application that tells all about the objects it is given; run on Granian and in process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = __file__
SCOPE = ("proto", "http_version", "rsgi_version", "scheme", "method", "path", "query_string", "authority")


def outcome(function: Callable[[], Any]) -> Any:
    """What *function* gives, or the type of what it raises."""
    try:
        return repr(function())
    except Exception as error:
        return [each.__name__ for each in type(error).__mro__ if each.__module__ == "builtins"]


async def awaited(function: Callable[[], Any]) -> Any:
    try:
        return repr(await function())
    except Exception as error:
        return [each.__name__ for each in type(error).__mro__ if each.__module__ == "builtins"]


class Facts:
    def __init__(self) -> None:
        self.said: list[str] = []

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        await getattr(self, scope.path.strip("/").replace("-", "_"))(scope, protocol)

    def say(self, words: str) -> None:
        self.said.append(words)
        print(words, flush=True)

    async def objects(self, scope: Any, protocol: Any) -> None:
        headers = scope.headers
        mine = [pair for pair in headers.items() if pair[0].startswith("x-")]
        future = protocol.client_disconnect()
        told = {
            "scope": {name: repr(getattr(scope, name)) for name in SCOPE},
            "attributes": sorted(name for name in dir(scope) if not name.startswith("_")),
            "set": outcome(lambda: setattr(scope, "path", "x")),
            "add": outcome(lambda: setattr(scope, "other", "x")),
            "headers": sorted(name for name in dir(headers) if not name.startswith("_")),
            "special": sorted({"__getitem__", "__contains__", "__iter__", "__len__"} & set(dir(headers))),
            "types": [type(getattr(headers, name)()).__name__ for name in ("items", "keys", "values")],
            "mine": mine,
            "keys": [name for name in list(headers.keys()) if name.startswith("x-")],
            "iter": [name for name in headers if name.startswith("x-")],
            "get": [
                headers.get("x-a"),
                headers.get("X-A"),
                headers.get("x-l"),
                headers.get("no"),
                headers.get("no", 1),
            ],
            "get default of hidden": headers.get("x-l", "default"),
            "get_all": [headers.get_all("X-a"), headers.get_all("x-l"), headers.get_all("no")],
            "in": ["x-a" in headers, "X-A" in headers, "x-l" in headers, "no" in headers],
            "item": [outcome(lambda: headers["X-A"]), outcome(lambda: headers["no"])],
            "bytes": [outcome(lambda: headers.get(b"x-a")), outcome(lambda: b"x-a" in headers)],
            "protocol": sorted(name for name in dir(protocol) if name.startswith(("response", "client"))),
            "cancel": bool(future.cancel() or True),
            "body": await awaited(lambda: protocol()),
            "again": await awaited(lambda: protocol()),
            "iterate": outcome(lambda: protocol.__aiter__()),
            "range": outcome(lambda: protocol.response_file_range(206, [], FILE, 5, 3)),
        }
        protocol.response_str(200, [("content-type", "application/json")], json.dumps(told))

    async def pieces(self, scope: Any, protocol: Any) -> None:
        async for piece in protocol:
            self.say(f"got {piece!r}")
        self.say("the end")

    async def halves(self, scope: Any, protocol: Any) -> None:
        told = {"before": await awaited(lambda: anext(protocol)), "same": aiter(protocol) is protocol}
        length = len(await anext(protocol))
        told["again"] = outcome(lambda: aiter(protocol))
        while piece := await anext(protocol):
            length += len(piece)
        protocol.response_str(200, [("content-type", "application/json")], json.dumps({**told, "length": length}))

    async def file(self, scope: Any, protocol: Any) -> None:
        protocol.response_file(200, [("x-a", "b")], FILE)

    async def range(self, scope: Any, protocol: Any) -> None:
        protocol.response_file_range(206, [("x-a", "b")], FILE, 3, 9)

    async def range_beyond(self, scope: Any, protocol: Any) -> None:
        protocol.response_file_range(206, [], FILE, 3, 1_000_000)

    async def missing(self, scope: Any, protocol: Any) -> None:
        protocol.response_file(200, [("x-a", "b")], str(Path(FILE) / "no"))

    async def nothing(self, scope: Any, protocol: Any) -> None:
        pass

    async def empty(self, scope: Any, protocol: Any) -> None:
        protocol.response_empty(200, [("X-A", "b")])

    async def length(self, scope: Any, protocol: Any) -> None:
        protocol.response_str(200, (("Content-Length", "2"),), "ab")

    async def unicode(self, scope: Any, protocol: Any) -> None:
        protocol.response_str(200, [("x-a", "é"), ("x-b", ""), ("x-c", "a\tb")], "é")


app = Facts()
