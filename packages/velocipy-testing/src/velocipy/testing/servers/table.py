"""
The servers: what each is called, which interface it speaks, and how it is started.

A new server is a new row. How a row becomes a process is told in `process`.
"""

from dataclasses import dataclass
from importlib.util import find_spec

EVERY = "velocipy-testing[servers]"  # what installs every server of the table
SHELL = "[]<>=!~; "  # which a shell would read otherwise


class ServerMissingError(RuntimeError):
    """The server's package is not installed; the message has the command that installs it."""


@dataclass(frozen=True, slots=True)
class Server:
    """
    A server that can be started.

    Attributes:
        name: As on the command line.
        interface: "asgi" or "rsgi".
        arguments: What follows `python -m`; `{host}`, `{port}` (an int) and `{app}` (an import string) are filled in.
        factory: The further arguments for an application that is made by calling what {app} names; empty if the server
            has its own notation in {app}.
        packages: Importable names that must be there.
        install: What `pip install` needs for them.
        http2: Whether clients speak HTTP/2 to it, with prior knowledge.
    """

    name: str
    interface: str
    arguments: tuple[str, ...]
    packages: tuple[str, ...]
    install: tuple[str, ...]
    factory: tuple[str, ...] = ()
    http2: bool = False

    def check(self) -> None:
        """
        Look whether the server is installed.

        Raises:
            ServerMissingError: If it is not.
        """
        missing = [package for package in self.packages if find_spec(package) is None]
        if missing:
            command = " ".join(["pip install", *(f'"{each}"' if {*each} & {*SHELL} else each for each in self.install)])
            raise ServerMissingError(f"the server {self.name!r} needs {' and '.join(missing)}; {command}")

    def command(self, *, host: str, port: int, app: str, factory: bool = False) -> list[str]:
        """The arguments of the Python interpreter that start the server."""
        if factory and not self.factory:
            app = f"{app}()"
        filled = [argument.format(host=host, port=port, app=app) for argument in self.arguments]
        return ["-m", filled[0], *(self.factory if factory else ()), *filled[1:]]


def _granian(name: str, interface: str) -> Server:
    return Server(
        name=name,
        interface=interface,
        arguments=("granian", "--interface", interface, "--host", "{host}", "--port", "{port}", "{app}"),
        factory=("--factory",),
        packages=("granian",),
        install=(EVERY,),
    )


def _uvicorn(name: str, http: str) -> Server:
    return Server(
        name=name,
        interface="asgi",
        arguments=("uvicorn", "--http", http, "--host", "{host}", "--port", "{port}", "{app}"),
        factory=("--factory",),
        packages=("uvicorn", http),
        install=(EVERY,),
    )


def _hypercorn(name: str, *, http2: bool) -> Server:
    return Server(
        name=name,
        interface="asgi",
        arguments=("hypercorn", "--access-logfile", "-", "--bind", "{host}:{port}", "{app}"),
        packages=("hypercorn", "h2"),
        install=(EVERY,),
        http2=http2,
    )


def _gunicorn(name: str, worker: str, *extra: str) -> Server:
    return Server(
        name=name,
        interface="asgi",
        # the control socket would be one file in the home directory for all of them
        arguments=("gunicorn", "--no-control-socket", "-k", worker, "--bind", "{host}:{port}", "{app}"),
        packages=("gunicorn", *extra),
        install=(EVERY,),
    )


SERVERS: dict[str, Server] = {
    server.name: server
    for server in (
        _granian("granian-rsgi", "rsgi"),
        _granian("granian-asgi", "asgi"),
        _uvicorn("uvicorn", "httptools"),
        _uvicorn("uvicorn-h11", "h11"),
        _hypercorn("hypercorn", http2=False),
        _hypercorn("hypercorn-h2", http2=True),
        _gunicorn("gunicorn", "asgi"),
        _gunicorn("gunicorn-uvicorn", "uvicorn_worker.UvicornWorker", "uvicorn_worker"),
    )
}


def find_server(name: str) -> Server:
    """
    The server called *name*.

    Raises:
        ValueError: If there is none; the message names those there are.
    """
    try:
        return SERVERS[name]
    except KeyError:
        raise ValueError(f"{name!r} is none of the servers {', '.join(SERVERS)}") from None
