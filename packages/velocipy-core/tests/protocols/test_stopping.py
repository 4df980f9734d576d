"""A server that is told to stop while it works: what was begun is finished, and then the lifespan is left, once."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from velocipy import BackgroundTasks, VelociPy
from velocipy.testing.servers import RunningServer

HERE = Path(__file__)
BOUND = 15.0  # seconds for the end of the server


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    yield
    print("LIFESPAN ended", flush=True)


app = VelociPy(lifespan=lifespan)


async def work(name: str) -> None:
    await asyncio.sleep(1.5)
    print("DONE", name, flush=True)


@app.get("/slow")
async def slow() -> str:
    print("SLOW began", flush=True)
    await asyncio.sleep(1)
    return "finished"


@app.post("/later")
async def later(tasks: BackgroundTasks) -> None:
    tasks.add_task(work, "background")
    app.add_task(work, "detached")


def test_at_sigterm_what_was_begun_is_finished_and_the_lifespan_left_once(live_server: Any) -> None:
    server = RunningServer.start(live_server.server, f"{HERE.stem}:app", directory=HERE.parent, grace=BOUND)
    with server, ThreadPoolExecutor(8) as pool, server.client() as client:

        def ask(_: int) -> tuple[int, str]:
            with server.client() as own:
                answer = own.get("/slow")
            return answer.status_code, answer.text

        assert client.post("/later").status_code == 204
        answers = [pool.submit(ask, number) for number in range(8)]
        wait_for(server, "SLOW began", 8)
        os.kill(server.pid, signal.SIGTERM)
        assert {answer.result() for answer in answers} == {(200, "finished")}
        client.close()  # an idle connection, for which some servers would wait
        deadline = time.monotonic() + BOUND
        while server.exit_code is None:
            assert time.monotonic() < deadline, server.log.text()
            time.sleep(0.05)
        told = [line for line in server.log.text().splitlines() if line.startswith(("DONE", "LIFESPAN"))]
    assert sorted(told) == ["DONE background", "DONE detached", "LIFESPAN ended"]
    assert told[-1] == "LIFESPAN ended"


def wait_for(server: RunningServer, text: str, count: int) -> None:
    deadline = time.monotonic() + BOUND
    while server.log.text().count(text) < count:
        assert time.monotonic() < deadline, server.log.text()
        time.sleep(0.02)
