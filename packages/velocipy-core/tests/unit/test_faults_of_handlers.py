"""Handlers that can never answer: context managers, what cannot be called, statuses and methods that are none."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import pytest

from velocipy import Body, Depends, Form, VelociPy
from velocipy.errors import DependencyError, ParameterError, StartupError
from velocipy.security_scheme import HTTPScheme


async def fine() -> None: ...


def mistake_of(app: VelociPy) -> StartupError:
    with pytest.raises(StartupError) as caught:
        app.freeze()
    return caught.value


def test_a_context_manager_is_no_handler() -> None:
    @asynccontextmanager
    async def async_context() -> AsyncIterator[int]:
        yield 1

    @contextmanager
    def context() -> Iterator[int]:
        yield 1

    for handler, words in ((async_context, "an async context manager"), (context, "a context manager")):
        app = VelociPy()
        app.add_route("/", handler)
        error = mistake_of(app)
        assert isinstance(error, ParameterError)
        assert words in str(error)
        assert "dependency" in error.remedy


def label(value: object) -> str:
    """Return the name of a case, which is the same in every process."""
    return repr(value).partition(" at 0x")[0]


@pytest.mark.parametrize("handler", [5, "text", None, [], object()], ids=label)
def test_what_cannot_be_called_is_no_handler(handler: Any) -> None:
    app = VelociPy()

    def start() -> None:
        app.add_route("/where", handler)
        app.freeze()

    with pytest.raises((StartupError, TypeError), match="call"):
        start()


@pytest.mark.parametrize("status", [0, 99, 100, 199, 600, -200, "200", "x", 200.5, None.__class__], ids=repr)
def test_a_status_that_is_none_is_a_mistake(status: Any) -> None:
    app = VelociPy()

    def start() -> None:
        app.add_route("/", fine, status_code=status)
        app.freeze()

    with pytest.raises((StartupError, ValueError, TypeError), match="status"):
        start()


def test_a_form_and_a_json_body_in_one_request() -> None:
    def json(a: Annotated[int, Body()]) -> int:
        return a

    app = VelociPy()

    @app.post("/")
    async def handler(b: Annotated[str, Form()], a: Annotated[int, Depends(json)]) -> None: ...

    error = mistake_of(app)
    assert isinstance(error, ParameterError)
    assert error.handler == "handler"
    assert "'b'" in str(error)
    assert "'a'" in str(error)


class Bearer:
    """A security scheme as packages write it."""

    def __init__(self, realm: str = "") -> None:
        self.security_scheme = HTTPScheme(scheme_name=realm or "Bearer", scheme="bearer")

    security_scheme: Any = None

    async def __call__(self) -> str:
        return "token"


class User:
    """What a scheme is, besides that nobody calls it."""

    security_scheme = HTTPScheme(scheme_name="User", scheme="bearer")


def test_the_class_of_a_security_scheme_asks_nothing_of_anybody() -> None:
    """An object would be made of the query, and everybody let in."""
    app = VelociPy()
    app.add_route("/", fine, dependencies=[Depends(Bearer)])
    error = mistake_of(app)
    assert isinstance(error, DependencyError)
    assert error.remedy == "Give Depends() an object: Bearer(...)."
    good = VelociPy()
    good.add_route("/", fine, dependencies=[Depends(Bearer()), Depends(User)])
    good.freeze()


class Checker:
    """Called by something else, and not for each request."""

    not_a_dependency = "Depend on Checked(...)."

    async def __call__(self, key: str) -> str:
        return key


@pytest.mark.parametrize("checker", [Checker(), Checker])
def test_what_says_that_it_is_no_dependency(checker: Any) -> None:
    app = VelociPy()
    app.add_route("/", fine, dependencies=[Depends(checker)])
    error = mistake_of(app)
    assert isinstance(error, DependencyError)
    assert error.problem == "it depends on Checker, which is called by something else."
    assert error.remedy == "Depend on Checked(...)."


def test_a_dependency_of_which_depends_was_forgotten() -> None:
    async def limit() -> None: ...

    app = VelociPy()

    @app.get("/")
    async def handler(_: Annotated[None, "never a value"] = limit) -> None: ...  # type: ignore[assignment]

    error = mistake_of(app)
    assert isinstance(error, DependencyError)
    assert "the function limit" in str(error)
    assert "Depends(...)" in str(error)


def test_an_application_without_routes_starts() -> None:
    assert VelociPy().freeze() == ()
