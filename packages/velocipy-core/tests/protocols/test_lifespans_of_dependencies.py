"""A dependency with an attribute `lifespan` lives as long as the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest

from velocipy import Depends, Router, StartupError, VelociPy
from velocipy.testing import TestClient


class Pool:
    """Something that is opened and closed."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        self.log.append("opened")
        yield
        self.log.append("closed")

    async def __call__(self) -> list[str]:
        return self.log


def make(pool: Any) -> VelociPy:
    @asynccontextmanager
    async def lifespan(app: VelociPy) -> AsyncIterator[None]:
        pool.log.append("application")
        yield

    app = VelociPy(lifespan=lifespan)
    router = Router("/below", dependencies=[Depends(pool)])

    async def needs_it(log: Annotated[list[str], Depends(pool)]) -> list[str]:
        return log

    @app.get("/")
    async def read(log: Annotated[list[str], Depends(needs_it)]) -> list[str]:
        return log

    @router.get("/")
    async def below() -> None: ...

    app.include_router(router)
    return app


def create_app() -> VelociPy:
    return make(Pool())


def test_it_is_entered_once_before_the_lifespan_of_the_application(client: TestClient) -> None:
    assert client.get("/").json() == ["opened", "application"]


@pytest.mark.in_process
def test_it_is_left_at_the_end_and_entered_again_at_the_next_start() -> None:
    pool = Pool()
    app = make(pool)
    for _ in range(2):
        with TestClient(app) as client:
            client.get("/")
    assert pool.log == ["opened", "application", "closed"] * 2


@pytest.mark.in_process
def test_it_is_entered_for_checks_and_singletons_too() -> None:
    checked, worked = Pool(), Pool()
    app = VelociPy()

    async def check(log: Annotated[list[str], Depends(checked)]) -> bool:
        return log == ["opened"]

    @app.singleton
    async def work(log: Annotated[list[str], Depends(worked)]) -> None:
        log.append("at work")

    app.add_readiness(checks=[check])
    with TestClient(app) as client:
        assert client.get("/ready").json() == {"status": "ok", "checks": {"check": "ok"}}
        while len(worked.log) < 2:
            client.get("/ready")
    assert checked.log == ["opened", "closed"]
    assert worked.log == ["opened", "at work", "closed"]


@pytest.mark.in_process
def test_a_lifespan_that_is_no_context_manager_ends_the_start() -> None:
    class Wrong(Pool):
        lifespan = print  # type: ignore[assignment]

    with pytest.raises(StartupError, match="async context manager"), TestClient(make(Wrong())):
        pass
