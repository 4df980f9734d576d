"""What tests of requests have in common: a folder, and a client below HTTP for real servers.

Of that client the server gets what a test writes, byte for byte.
"""

import atexit
import os
import re
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from velocipy.testing.servers import RunningServer

# A folder that tests have in common with the servers that they start, which are other processes.
FOLDER = "VELOCIPY_TEST_FOLDER"
if FOLDER not in os.environ:
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="velocipy-tests-")
    atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)

PATIENCE = 5.0  # seconds for an answer; whoever takes longer hangs


class Answer(NamedTuple):
    """What came back on a connection.

    Attributes:
        status: Of the first response; 0 if there was none.
        headers: Its fields, names in lower case.
        body: Everything after its head, framing included.
        closed: Whether the server ended the connection; False means that it kept the client waiting.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool


class Wire:
    """Connections to a running server."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server

    def open(self) -> socket.socket:
        return socket.create_connection((self.server.host, self.server.port), timeout=PATIENCE)

    def head(self, method: str, path: str, *fields: str) -> bytes:
        """A request head which asks the server to close the connection afterwards."""
        return "\r\n".join([f"{method} {path} HTTP/1.1", "host: x", "connection: close", *fields, "", ""]).encode(
            "latin-1"
        )

    def ask(self, method: str, path: str, *fields: str, body: bytes = b"") -> Answer:
        """Send a whole request, and read until the server closes."""
        with self.open() as connection:
            connection.sendall(self.head(method, path, *fields) + body)
            return self.read(connection)

    def read(self, connection: socket.socket) -> Answer:
        received = b""
        closed = True
        try:
            while piece := connection.recv(65536):
                received += piece
        except TimeoutError:
            closed = False
        except ConnectionError:
            pass
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        status = re.match(r"HTTP/1\.[01] (\d{3})", lines[0])
        return Answer(int(status[1]) if status else 0, headers, body, closed)

    def abandon(self, how: str, *parts: bytes) -> None:
        """Send *parts*, and leave: by closing, by a reset, or by closing one's own half and going after the answer."""
        connection = self.open()
        for part in parts:
            connection.sendall(part)
        time.sleep(0.1)  # so that the application is reading when we go
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "half":
            connection.shutdown(socket.SHUT_WR)
            self.read(connection)
        connection.close()
        time.sleep(0.1)  # and for the server to see that we have gone


@pytest.fixture
def wire(live_server: RunningServer) -> Wire:
    """Connections to the server that runs the application under test; there are none in process."""
    return Wire(live_server)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """A function that asks until the answer is the expected one, and returns the last answer."""

    def ask(question: Callable[[], Any], expected: Any, patience: float = PATIENCE) -> Any:
        deadline = time.monotonic() + patience
        while (answer := question()) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        return answer

    return ask
