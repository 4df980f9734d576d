"""
What a test can run on, for the pytest plugin: the two protocols in process, and every server of the table.

A `Target` is a name and an interface, and a server or none. `ServerPool` starts servers at need, and gives the same one
to all tests that want the same application on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from velocipy.testing._served import environment
from velocipy.testing.applications import Source
from velocipy.testing.servers import SERVERS, RunningServer, Server

SERVED = "velocipy.testing._served:app"


@dataclass(frozen=True, slots=True)
class Target:
    """
    What a test runs on.

    Attributes:
        name: As in the test's id and on the command line.
        interface: "asgi" or "rsgi".
        server: The server; None in process.
    """

    name: str
    interface: str
    server: Server | None = None

    @property
    def live(self) -> bool:
        """Whether the application runs in a server's process."""
        return self.server is not None


IN_PROCESS = (Target("asgi", "asgi"), Target("rsgi", "rsgi"))
LIVE = tuple(Target(server.name, server.interface, server) for server in SERVERS.values())
CHOICES: dict[str, tuple[Target, ...]] = {
    "in-process": IN_PROCESS,
    **{target.name: (target,) for target in (*IN_PROCESS, *LIVE)},
    "all": (*IN_PROCESS, *LIVE),
}


def choose(names: Iterable[str]) -> list[Target]:
    """
    The targets of *names*, each once; without names those in process.

    Raises:
        ValueError: For a name that is none.
        ServerMissingError: For a server that is not installed.
    """
    chosen: dict[Target, None] = {}
    for name in names:
        if name not in CHOICES:
            raise ValueError(f"{name!r} is nothing that tests run on; choose from {', '.join(CHOICES)}")
        chosen.update(dict.fromkeys(CHOICES[name]))
    for target in chosen:
        if target.server is not None:
            target.server.check()
    return list(chosen or IN_PROCESS)


class ServerPool:
    """Running servers, by what they run and how."""

    def __init__(self) -> None:
        self._running: dict[tuple[Server, Source, tuple[str, ...]], RunningServer] = {}

    def get(self, server: Server, source: Source, arguments: Sequence[str] = ()) -> RunningServer:
        """A server that runs *source*, started if there is none, or if it has ended meanwhile."""
        key = (server, source, tuple(arguments))
        running = self._running.get(key)
        if running is not None and running.exit_code is None:
            return running
        running = RunningServer.start(server, SERVED, arguments=arguments, environment=environment(source))
        self._running[key] = running
        return running

    def stop(self) -> None:
        """Stop them all."""
        while self._running:
            _, running = self._running.popitem()
            running.stop()
