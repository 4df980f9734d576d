"""A real Redis for tests, which can be killed, hang, and come back."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 15.0  # seconds until it must answer


class RedisServer:
    """A Redis of its own, on loopback, which keeps nothing on disk. It is stopped at the end of a `with` block.

    Args:
        folder: Where it works.
        options: Further options of the command line, such as "--cluster-enabled", "yes".
        port: One that is free by default.

    Attributes:
        port: Which stays the same when it starts again.
        url: "redis://127.0.0.1:<port>/0".
    """

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_installed() -> bool:
        """Whether there is a program redis-server."""
        return shutil.which("redis-server") is not None

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            FileNotFoundError: If there is no redis-server.
            TimeoutError: If it does not answer.
        """
        program = shutil.which("redis-server")
        if program is None:
            raise FileNotFoundError("there is no program redis-server; install Redis")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen([program, *options, *self._options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise TimeoutError(f"redis-server does not answer on port {self.port}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, as it stands; all that it had is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let it hang: it takes connections, and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("it does not run")
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
