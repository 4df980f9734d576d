"""Applications that cannot start or stop: real servers end, say why, and do not serve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from velocipy import Request, VelociPy
from velocipy.testing.servers import RunningServer, ServerError

HERE = Path(__file__)


def failing(error: BaseException | None, at_stop: bool = False, given: Any = None) -> VelociPy:
    @asynccontextmanager
    async def lifespan(app: VelociPy) -> AsyncIterator[Any]:
        if error is not None and not at_stop:
            raise error
        yield given
        if error is not None:
            raise error

    app = VelociPy(lifespan=lifespan)

    @app.get("/")
    async def index(request: Request) -> str:
        return "served"

    return app


def no_database() -> VelociPy:
    return failing(RuntimeError("no database today"))


def exits() -> VelociPy:
    return failing(SystemExit("DATABASE_URL is missing"))


def yields_a_number() -> VelociPy:
    return failing(None, given=5)


def fails_at_stop() -> VelociPy:
    return failing(RuntimeError("cannot close"), at_stop=True)


def mistaken() -> VelociPy:
    app = VelociPy()

    @app.get("/items/{item}")
    async def first() -> None: ...

    @app.get("/items/{item}")
    async def second(item: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    return app


app = failing(None)


def start(live_server: Any, factory: str, *arguments: str) -> RunningServer:
    where = f"{HERE.stem}:{factory}"
    return RunningServer.start(live_server.server, where, factory=True, arguments=arguments, directory=HERE.parent)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("no_database", "no database today"),
        ("exits", "DATABASE_URL is missing"),
        ("yields_a_number", "the lifespan yielded a int"),
        ("mistaken", "Nowhere"),
    ],
)
def test_a_start_that_fails_ends_the_server_and_says_why(live_server: Any, factory: str, message: str) -> None:
    with pytest.raises(ServerError, match="ended with exit code (?P<code>-?\\d+)") as failure:
        start(live_server, factory)
    assert message in failure.value.log
    if not live_server.server.name.startswith("hypercorn"):  # which ends with 0 whatever its workers ended with
        assert "exit code 0" not in str(failure.value).splitlines()[0]


def test_every_mistake_of_the_program_is_listed_at_once(live_server: Any) -> None:
    with pytest.raises(ServerError) as failure:
        start(live_server, "mistaken")
    assert "first()" in failure.value.log
    assert "second()" in failure.value.log
    assert "test_failed_starts.py:" in failure.value.log


def test_an_end_that_fails_is_told(live_server: Any) -> None:
    with start(live_server, "fails_at_stop") as server:
        with server.client() as client:
            assert client.get("/").text == "served"
        server.stop()
        assert "cannot close" in server.log.text()


LIFESPAN_OFF = {
    "uvicorn": ("--lifespan", "off"),
    "uvicorn-h11": ("--lifespan", "off"),
    "gunicorn": ("--asgi-lifespan", "off"),
    "granian-asgi": ("--interface", "asginl"),
}


def test_a_server_whose_lifespan_is_off_serves(live_server: Any) -> None:
    if live_server.server.name not in LIFESPAN_OFF:
        pytest.skip("this server cannot do without the lifespan")
    arguments = LIFESPAN_OFF[live_server.server.name]
    with start(live_server, "no_database", *arguments) as server, server.client() as client:
        assert client.get("/").text == "served"
