"""Singletons: jobs that run in one worker, and in another when that one is gone."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from velocipy import Depends, StartupError, VelociPy
from velocipy.singletons import FileLock
from velocipy.testing import TestClient
from velocipy.testing.servers import RunningServer

HERE = Path(__file__)


app = VelociPy()  # what the server of the fixture serves


async def clock() -> str:
    return "clock"


def ticking() -> VelociPy:
    app = VelociPy()

    @app.get("/")
    async def index() -> int:
        return os.getpid()

    async def tick(clock: Annotated[str, Depends(clock)]) -> None:
        print(f"{clock.upper()} in {os.getpid()}\n", end="", flush=True)
        try:
            await asyncio.sleep(3600)
        finally:
            print("CLOCK stopped\n", end="", flush=True)

    app.add_singleton(tick, lock=FileLock(os.environ["LOCKS"]))
    return app


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def holders(server: RunningServer) -> list[int]:
    return [int(line.split()[-1]) for line in server.log.text().splitlines() if "CLOCK in" in line]


def test_one_of_the_workers_runs_it_until_the_server_stops(live_server: Any, tmp_path: Path) -> None:
    with RunningServer.start(
        live_server.server,
        f"{HERE.stem}:ticking",
        factory=True,
        directory=HERE.parent,
        arguments=["--workers", "2"],
        environment={"LOCKS": str(tmp_path)},
        grace=15,
    ) as server:
        wait_until(lambda: len(holders(server)) == 1)
        time.sleep(2.5)  # in which the other has asked twice
        assert len(holders(server)) == 1
        server.stop()
        stopped = server.log.text().count("CLOCK stopped")
        assert len(holders(server)) == 1
    # Hypercorn kills the other workers when the first has ended.
    assert stopped == 1 or (stopped == 0 and live_server.server.name == "hypercorn")


def test_when_the_holder_is_killed_another_takes_over(live_server: Any, tmp_path: Path) -> None:
    settings: Any = {
        "factory": True,
        "directory": HERE.parent,
        "environment": {"LOCKS": str(tmp_path)},
    }
    where = f"{HERE.stem}:ticking"
    with RunningServer.start(live_server.server, where, **settings) as first:
        wait_until(lambda: len(holders(first)) == 1)
        with RunningServer.start(live_server.server, where, **settings) as second:
            time.sleep(1.5)
            assert holders(second) == []
            os.killpg(first.pid, signal.SIGKILL)
            wait_until(lambda: len(holders(second)) == 1)


@pytest.fixture
def lock(tmp_path: Path) -> FileLock:
    return FileLock(tmp_path)


@pytest.fixture(autouse=True)
def without_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASK_AGAIN", "FIRST_PAUSE"):
        monkeypatch.setattr(f"velocipy.singletons.{name}", 0.02)


@pytest.mark.in_process
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_one_of_several_applications_runs_it_and_the_next_when_that_ends(interface: str, lock: FileLock) -> None:
    running: list[int] = []

    def make(number: int) -> VelociPy:
        app = VelociPy()

        async def job() -> None:
            running.append(number)
            try:
                await asyncio.sleep(3600)
            finally:
                running.remove(number)

        app.add_singleton(job, name="job", lock=lock)
        return app

    with TestClient(make(2), interface=interface):
        wait_until(lambda: running == [2])
        with TestClient(make(1), interface=interface) as first:
            time.sleep(0.2)
            assert running == [2]
            first.close()
    assert running == []


@pytest.mark.in_process
def test_one_that_drains_does_not_take_over(lock: FileLock) -> None:
    running: list[str] = []
    apps = [VelociPy(), VelociPy()]
    for app in apps:

        async def job() -> None:
            running.append("began")
            await asyncio.sleep(3600)

        app.add_singleton(job, name="job", lock=lock)
    with TestClient(apps[1]):
        with TestClient(apps[0]):
            wait_until(lambda: running == ["began"])
            for app in apps:
                app.begin_drain()
        time.sleep(0.2)
    assert running == ["began"]


@pytest.mark.in_process
def test_what_fails_is_logged_and_starts_again(lock: FileLock, caplog: pytest.LogCaptureFixture) -> None:
    app = VelociPy()
    attempts: list[str] = []

    async def job() -> None:
        attempts.append("attempt")
        if len(attempts) < 3:
            raise RuntimeError("out of ink")
        await asyncio.sleep(3600)

    app.add_singleton(job, lock=lock)
    with caplog.at_level(logging.ERROR, "velocipy"), TestClient(app):
        wait_until(lambda: len(attempts) == 3)
    told = [record.getMessage().partition("; ")[2] for record in caplog.records]
    assert told == ["this process tries again in 0.02 s", "this process tries again in 0.04 s"]
    assert "out of ink" in caplog.text


@pytest.mark.in_process
def test_what_returns_has_done_its_work(lock: FileLock) -> None:
    app = VelociPy()
    calls: list[str] = []

    async def job() -> None:
        calls.append("called")

    app.add_singleton(job, lock=lock)
    with TestClient(app), TestClient(app):
        wait_until(lambda: calls == ["called"])
        time.sleep(0.2)
    assert calls == ["called"]


@pytest.mark.in_process
def test_what_does_not_end_when_cancelled_is_logged(lock: FileLock, caplog: pytest.LogCaptureFixture) -> None:
    app = VelociPy(background_timeout=0.1)
    began: list[str] = []

    async def stubborn() -> None:
        began.append("began")
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(1)

    app.add_singleton(stubborn, lock=lock)
    with caplog.at_level(logging.ERROR, "velocipy"), TestClient(app):
        wait_until(lambda: began == ["began"])
    assert "stubborn did not end in time" in caplog.text


@pytest.mark.in_process
def test_a_lock_that_is_lost_ends_the_job_until_it_is_got_again(caplog: pytest.LogCaptureFixture) -> None:
    events: list[str] = []

    class Lease:
        async def lost(self) -> None:
            await asyncio.sleep(0.05)

        async def release(self) -> None:
            events.append("released")

    class Lock:
        async def acquire(self, name: str) -> Lease | None:
            return Lease() if "released" not in events else None

    async def job() -> None:
        events.append("began")
        try:
            await asyncio.sleep(3600)
        finally:
            events.append("ended")

    app = VelociPy()
    app.add_singleton(job, lock=Lock())
    with caplog.at_level(logging.ERROR, "velocipy"), TestClient(app):
        wait_until(lambda: "released" in events)
    assert events == ["began", "ended", "released"]
    assert "lost its lock" in caplog.text


@pytest.mark.in_process
def test_what_needs_a_request_ends_the_start() -> None:
    app = VelociPy()

    @app.singleton
    async def job(page: int) -> None: ...

    with pytest.raises(StartupError, match="it needs 'page' of a request"), TestClient(app):
        pass


@pytest.mark.in_process
def test_a_function_that_cannot_be_cancelled_is_refused() -> None:
    def job() -> None: ...

    with pytest.raises(TypeError, match="a singleton is an async function"):
        VelociPy().add_singleton(job)


@pytest.mark.in_process
def test_the_default_directory_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = tmp_path / f"velocipy-{os.getuid()}"

    async def acquire() -> Any:
        return await FileLock().acquire("job")

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    own.symlink_to(elsewhere)  # as another user could have left it
    with pytest.raises(PermissionError, match="not a directory of this user alone"):
        asyncio.run(acquire())
    own.unlink()
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(PermissionError, match="not a directory of this user alone"):
        asyncio.run(acquire())
    own.rmdir()
    assert asyncio.run(acquire()) is not None
    assert own.stat().st_mode & 0o777 == 0o700


@pytest.mark.in_process
def test_no_name_of_a_job_leads_out_of_the_directory(lock: FileLock, tmp_path: Path) -> None:
    async def acquire() -> None:
        lease = await lock.acquire("../../outside\0")
        assert lease is not None
        assert await lock.acquire("../../outside\0") is None
        await lease.release()
        assert await lock.acquire("../../outside\0") is not None

    asyncio.run(acquire())
    (only,) = tmp_path.iterdir()
    assert only.name.endswith(".lock")


@pytest.mark.in_process
def test_a_job_that_starts_a_program_does_not_leave_it_the_lock(lock: FileLock) -> None:
    async def main() -> None:
        lease = await lock.acquire("job")
        assert lease is not None
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
        await lease.release()
        assert await lock.acquire("job") is not None
        child.kill()
        await child.wait()

    asyncio.run(main())
