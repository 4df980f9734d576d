"""
Real servers as child processes, for tests.

    with RunningServer.start("granian-rsgi", "main:app", arguments=["--workers", "2"]) as server:
        with server.client() as client:
            assert client.get("/").status_code == 200

Every server runs on a free loopback port, in a process group of its own, and ends with the process that started it,
whatever ends that one.
"""

from velocipy.testing.servers.log import Log
from velocipy.testing.servers.process import RunningServer, ServerError
from velocipy.testing.servers.table import SERVERS, Server, ServerMissingError, find_server

__all__ = ["SERVERS", "Log", "RunningServer", "Server", "ServerError", "ServerMissingError", "find_server"]
