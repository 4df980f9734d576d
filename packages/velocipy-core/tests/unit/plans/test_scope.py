"""Dependencies outside a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from velocipy import Depends, Header, Request, Response, VelociPy
from velocipy.errors import ParameterError

events: list[str] = []


async def pool() -> AsyncIterator[str]:
    events.append("pool open")
    try:
        yield "pool"
    except ValueError as error:
        events.append(f"pool saw {error}")
        raise
    finally:
        events.append("pool closed")


def session(pool: Annotated[str, Depends(pool)]) -> Iterator[str]:
    events.append("session open")
    yield f"session of {pool}"
    events.append("session closed")


async def job(count: int, session: Annotated[str, Depends(session)]) -> tuple[int, str]:
    return count, session


def call(function: Any, app: VelociPy | None = None, **values: Any) -> Any:
    async def run() -> Any:
        async with (app or VelociPy()).scope() as scope:
            result = await scope.call(function, **values)
            events.append("called")
            return result

    events.clear()
    return asyncio.run(run())


def test_a_function_is_called_with_what_it_depends_on() -> None:
    assert call(job, count=3) == (3, "session of pool")
    assert events == ["pool open", "session open", "called", "session closed", "pool closed"]


def test_what_has_the_scope_of_the_handler_closes_with_the_call() -> None:
    async def brief(pool: Annotated[str, Depends(pool, scope="handler")]) -> str:
        return pool

    assert call(brief) == "pool"
    assert events == ["pool open", "pool closed", "called"]


def test_an_error_is_raised_at_the_yield() -> None:
    async def fails(pool: Annotated[str, Depends(pool)]) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        call(fails)
    assert events == ["pool open", "pool saw no", "pool closed"]


def test_overrides_count() -> None:
    app = VelociPy()
    app.dependency_overrides[session] = lambda: "stub"
    assert call(job, app, count=1) == (1, "stub")


def test_plain_functions_and_callables_are_called() -> None:
    assert call(lambda: 1) == 1
    assert call(sorted_, values=[2, 1]) == [1, 2]


def sorted_(values: list[int]) -> list[int]:
    return sorted(values)


async def takes_header(x_id: Annotated[str, Header()]) -> None: ...


async def takes_request(request: Request) -> None: ...


async def takes_response(response: Response) -> None: ...


@pytest.mark.parametrize(
    ("function", "needed"), [(takes_header, "'x-id'"), (takes_request, "'request'"), (takes_response, "'request'")]
)
def test_what_needs_a_request_says_so(function: Any, needed: str) -> None:
    with pytest.raises(ParameterError, match=f"needs {needed} of a request, and there is none") as caught:
        call(function)
    assert "test_scope.py:" in caught.value.place
