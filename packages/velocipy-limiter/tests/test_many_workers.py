"""Eight processes ask two real servers with four workers each about the same keys: exactly the limit passes.

They take a while: ``pytest --limiter-long``.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitRule, StorageErrorAction
from velocipy.limiter.storage import RedisStorage
from velocipy.testing.redis_servers import RedisServer, free_port

from .clusters import has_cluster_tools, redis_cluster

pytestmark = [
    pytest.mark.skipif(
        not all(map(find_spec, ("redis", "granian", "uvicorn"))) or not has_cluster_tools(),
        reason="there is no redis-server, redis-cli, redis-py, granian or uvicorn",
    ),
    pytest.mark.timeout(300),
]
LIMIT = 500
PROCESSES = 8
FOLDER = Path(__file__).parent
_HAMMER = """
import http.client, json, sys
ports, paths, count = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for port in ports]
codes = {path: [] for path in paths}
for number in range(count):
    for path in paths:
        connection = connections[number % len(connections)]
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        codes[path].append(answer.status)
print(json.dumps(codes))
"""


@pytest.fixture(autouse=True)
def _only_if_wanted(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--limiter-long"):
        pytest.skip("takes a minute; ask for it with --limiter-long")


@contextmanager
def servers(**environment: str) -> Iterator[list[int]]:
    """Start both, and yield their ports."""
    ports = [free_port(), free_port()]
    commands = [
        ["granian", "--interface", "rsgi", "--workers", "4", "--port", str(ports[0]), "hammered:app"],
        ["uvicorn", "--workers", "4", "--port", str(ports[1]), "hammered:app"],
    ]
    with ExitStack() as stack:
        for command, port in zip(commands, ports, strict=True):
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=FOLDER,
                env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            _wait_for(port)
        yield ports


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urlopen(f"http://127.0.0.1:{port}/nothing", timeout=5).close()
        except URLError as error:
            if hasattr(error, "code"):  # it answers: 404
                return
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not answer")
        time.sleep(0.1)


def hammer(ports: list[int]) -> dict[str, list[int]]:
    """Ask from eight processes at a time, a quarter more than passes; return all statuses by path."""
    paths = [f"/{algorithm}" for algorithm in RateLimitAlgorithm]
    command = [
        sys.executable,
        "-c",
        _HAMMER,
        json.dumps(ports),
        json.dumps(paths),
        str(LIMIT * 5 // 4 // PROCESSES + 1),
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    told = [json.loads(process.communicate(timeout=240)[0]) for process in running]
    return {path: [code for codes in told for code in codes[path]] for path in paths}


def check(codes: dict[str, list[int]]) -> None:
    for path, found in codes.items():
        assert (path, found.count(204)) == (path, LIMIT)
        assert set(found) == {204, 429}


def test_one_redis(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis, servers(HAMMERED_REDIS=str(redis.port)) as ports:
        check(hammer(ports))


def test_a_cluster(tmp_path: Path) -> None:
    with (
        redis_cluster(tmp_path) as nodes,
        servers(HAMMERED_REDIS=str(nodes[0].port), HAMMERED_CLUSTER="yes") as ports,
    ):
        check(hammer(ports))


@pytest.mark.parametrize("algorithm", [RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.SLIDING_WINDOW])
async def test_a_primary_that_is_killed_lets_pass_at_most_the_limit_once_more(
    tmp_path: Path, algorithm: RateLimitAlgorithm
) -> None:
    from redis.asyncio import RedisCluster

    limit, tasks = 3000, 20
    rule = RateLimitRule("killed", limit, 864_000, algorithm=algorithm, on_storage_error=StorageErrorAction.DENY)
    with redis_cluster(tmp_path) as nodes:
        storage = RedisStorage(redis=lambda: RedisCluster(host="127.0.0.1", port=nodes[5].port), timeout=5)
        async with Limiter(storage, pause=0.2) as limiter:
            passed = failed = refused = 0
            killed = False

            async def ask() -> None:
                nonlocal passed, failed, refused, killed
                while refused < 10 * tasks:
                    result = await limiter.check("everybody", rule)
                    if result.allowed:
                        passed += 1
                        if passed >= limit // 2 and not killed:
                            killed = True
                            await kill_the_primary()
                    elif result.storage_failed:
                        failed += 1
                        await asyncio.sleep(0.01)
                    else:
                        refused += 1

            async def kill_the_primary() -> None:
                key = limiter.backend.key_of("everybody")
                async with RedisCluster(host="127.0.0.1", port=nodes[5].port) as client:
                    primary = client.get_node_from_key(f"{{{key}}}")
                assert primary is not None
                next(node for node in nodes if node.port == primary.port).stop()

            async with asyncio.timeout(120):
                await asyncio.gather(*(ask() for _ in range(tasks)))
    print(f"killed a primary: {passed} of {limit} passed, {failed} were not decided")
    assert killed
    assert limit - 5 * tasks <= passed <= 2 * limit
