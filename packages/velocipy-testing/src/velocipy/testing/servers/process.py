"""
A server as a child process on a free loopback port.

`RunningServer.start` starts a row of the `table` under the `supervisor`, waits until it answers, and gives the way to
it; `stop`, leaving the `with` block, collecting the object, or the end of this process ends it and all its children.

The server is asked with a request line that is none: it answers 400 by itself, once the application is started, and the
application never sees it.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx2

from velocipy.testing.clients import TIMEOUT
from velocipy.testing.servers import supervisor
from velocipy.testing.servers.log import Log
from velocipy.testing.servers.table import Server, find_server
from velocipy.testing.servers.websocket import ServerClient, ServerTransport
from velocipy.testing.websocket_clients import WebSocketClient

HOST = "127.0.0.1"
ATTEMPTS = 3  # ports to try, should a foreigner take one between our look and the server's bind
PROBE = b"?\r\n\r\n"
PROBE_INTERVAL = 0.05  # seconds
START = 60.0  # seconds until its first answer
GRACE = 5.0  # seconds between SIGTERM and SIGKILL


class ServerError(RuntimeError):
    """
    The server did not start, or did not answer in time.

    Attributes:
        log: What it wrote.
    """

    def __init__(self, message: str, log: str) -> None:
        self.log = log
        super().__init__(f"{message}; it wrote:\n{log or '(nothing)'}")


class RunningServer:
    """
    A server that runs; `RunningServer.start` makes one.

    Attributes:
        server: Its row in the table.
        host: Its address.
        port: Its port.
        base_url: "http://127.0.0.1:port".
        pid: Of the server's main process, which leads a process group of its own.
        log: What it writes.
    """

    def __init__(
        self,
        server: Server,
        command: Sequence[str],
        port: socket.socket,
        *,
        environment: Mapping[str, str],
        directory: str | Path | None,
        grace: float,
    ) -> None:
        self.server = server
        self.host, self.port = port.getsockname()
        self.base_url = f"http://{self.host}:{self.port}"
        self.log = Log()
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", supervisor.__file__, str(grace), sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.sink,
            start_new_session=sys.platform != "win32",
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            cwd=directory,
        )
        self._end = weakref.finalize(self, _end, self._supervisor, port, self.log, grace)
        assert self._supervisor.stdout is not None
        self.pid = int(self._supervisor.stdout.readline().split()[1])
        self._exit_codes: list[int] = []
        reports = (self._supervisor.stdout, self._exit_codes)
        self._reader = threading.Thread(target=_read_exit_code, args=reports, daemon=True)
        self._reader.start()

    @classmethod
    def start(
        cls,
        server: str | Server,
        app: str,
        *,
        factory: bool = False,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        directory: str | Path | None = None,
        timeout: float = START,
        grace: float = GRACE,
    ) -> Self:
        """
        Start a server, and wait until it answers.

        Args:
            server: A name in the table, or a row of your own.
            app: Import string of the application, "package.module:attribute".
            factory: Whether *app* names a function that makes the application.
            arguments: Further arguments for the server, such as `["--workers", "2"]`.
            environment: Variables to add to this process's environment.
            directory: The server's working directory; this process's by default.
            timeout: Seconds to wait for its first answer.
            grace: Seconds between SIGTERM and SIGKILL when it is stopped.

        Raises:
            ValueError: For an unknown name.
            ServerMissingError: If its package is not installed.
            ServerError: If it ended, or did not answer in time; the message has its log.
        """
        row = find_server(server) if isinstance(server, str) else server
        row.check()
        for attempt in range(1, ATTEMPTS + 1):
            port = _reserve_port()
            command = row.command(host=HOST, port=port.getsockname()[1], app=app, factory=factory)
            running = cls(
                row,
                [*command, *arguments],
                port,
                environment=environment or {},
                directory=directory,
                grace=grace,
            )
            try:
                running._wait(timeout)
            except ServerError as error:
                running.stop()
                if attempt == ATTEMPTS or "in use" not in error.log:
                    raise
            except BaseException:
                running.stop()
                raise
            else:
                return running
        raise AssertionError("the last attempt returns or raises")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def exit_code(self) -> int | None:
        """What the server ended with, negative for a signal; None while it runs."""
        return self._exit_codes[0] if self._exit_codes else None

    def client(self, **options: Any) -> WebSocketClient:
        """
        A client of the server that speaks its version of HTTP, and opens WebSockets over HTTP/1.1.

        *options* are those of `httpx2.Client`.
        """
        http2 = self.server.http2
        transport = httpx2.HTTPTransport(http1=not http2, http2=http2, trust_env=False)
        settings: dict[str, Any] = {"base_url": self.base_url, "timeout": TIMEOUT, "trust_env": False} | options
        return ServerClient(self.host, self.port, transport=transport, **settings)

    def async_transport(self) -> ServerTransport:
        """A transport to the server that speaks its version of HTTP, for a `httpx2.AsyncClient`; for WebSockets too."""
        http2 = self.server.http2
        return ServerTransport(self.host, self.port, http1=not http2, http2=http2, trust_env=False)

    def stop(self) -> None:
        """End the server and all its processes, and wait until they are gone; a second time does nothing."""
        self._end()
        self._reader.join()

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self.exit_code is not None:
                message = f"{self.server.name} ended with exit code {self.exit_code} at its start"
                raise ServerError(message, self.log.text())
            if time.monotonic() > deadline:
                raise ServerError(f"{self.server.name} did not answer within {timeout} seconds", self.log.text())
            time.sleep(PROBE_INTERVAL)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1.0) as connection:
                connection.sendall(PROBE)
                return connection.recv(1) != b""
        except OSError:
            return False


def _end(process: "subprocess.Popen[bytes]", port: socket.socket, log: Log, grace: float) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(grace + 10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    port.close()
    log.close()


def _read_exit_code(reports: IO[bytes], codes: list[int]) -> None:
    with reports:
        codes.extend(int(line.split()[1]) for line in reports)


def _reserve_port() -> socket.socket:
    """
    Find a TCP port that nobody listens on, and give the UDP socket of the same number, which reserves it.

    Servers must bind the TCP port themselves, some so that others may bind it too (SO_REUSEPORT): two of them, started
    at the same time by two test runs, could share one unseen. The UDP port of that number belongs to one of us only.
    """
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            reservation = socket.socket(type=socket.SOCK_DGRAM)
            try:
                reservation.bind(probe.getsockname())
            except OSError:
                reservation.close()
            else:
                return reservation
