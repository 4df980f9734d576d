"""A real Redis Cluster for tests: three primaries and three replicas, on loopback."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from velocipy.testing.redis_servers import RedisServer, free_port

from .waiting import PATIENCE


def has_cluster_tools() -> bool:
    """Return whether a cluster can be made."""
    return RedisServer.is_installed() and shutil.which("redis-cli") is not None


@contextmanager
def redis_cluster(folder: Path) -> Iterator[list[RedisServer]]:
    """Make one, and stop it at the end; a primary that does not answer for a second is replaced."""
    with ExitStack() as stack:
        nodes = []
        for number in range(6):
            place = folder / str(number)
            place.mkdir()
            options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port"]
            nodes.append(stack.enter_context(RedisServer(place, *options, str(free_port()))))
        addresses = [f"127.0.0.1:{node.port}" for node in nodes]
        _cli("--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes")
        deadline = time.monotonic() + PATIENCE
        while not all(is_whole(node) for node in nodes):
            if time.monotonic() > deadline:
                raise TimeoutError("the cluster does not come up")
            time.sleep(0.05)
        yield nodes


def is_whole(node: RedisServer) -> bool:
    """Return whether *node* sees all slots served, and every replica has what its primary has."""
    state = _cli("-p", str(node.port), "cluster", "info")
    replication = _cli("-p", str(node.port), "info", "replication")
    is_linked = "master_link_status:up" in replication or "connected_slaves:1" in replication
    return "cluster_state:ok" in state and "cluster_known_nodes:6" in state and is_linked


def _cli(*arguments: str) -> str:
    done = subprocess.run(["redis-cli", *arguments], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout
