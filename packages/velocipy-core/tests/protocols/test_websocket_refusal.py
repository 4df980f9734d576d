"""WebSocket handshakes where nothing answers them: refused with an HTTP status, and the server goes on.

Granian 2.8 panics on a close code before the handshake is accepted, and two panics within seconds end the server.
"""

from typing import Any

import pytest

from velocipy import VelociPy

app = VelociPy()


@app.get("/")
async def index() -> str:
    return "here"


UPGRADE = (
    "upgrade: websocket",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version: 13",
)


def shake_hands(wire: Any, path: str, *fields: str) -> int:
    with wire.open() as connection:
        head = "\r\n".join([f"GET {path} HTTP/1.1", "host: x", "connection: Upgrade", *UPGRADE, *fields, "", ""])
        connection.sendall(head.encode())
        return int(connection.recv(65536).split()[1])


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_many_handshakes_in_a_row_are_refused_and_the_server_lives(wire: Any, path: str) -> None:
    assert {shake_hands(wire, path) for _ in range(4)} <= {403, 404, 426}
    assert wire.server.exit_code is None
    assert wire.ask("GET", "/").body == b"here"


def test_a_handshake_that_offers_subprotocols_is_refused(wire: Any) -> None:
    assert shake_hands(wire, "/", "sec-websocket-protocol: chat, graphql-ws") in (403, 404, 426)
    assert wire.ask("GET", "/").body == b"here"


def test_a_refused_handshake_leaves_no_traceback(wire: Any) -> None:
    start = wire.server.log.size
    shake_hands(wire, "/nowhere")
    assert "Traceback" not in wire.server.log.text(start)
    assert "panic" not in wire.server.log.text(start)
