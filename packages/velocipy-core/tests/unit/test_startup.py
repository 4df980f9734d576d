"""A program with mistakes does not start, and one message tells them all: where each is, and how to mend it."""

import asyncio
import json
from pathlib import Path as FilePath
from typing import Annotated, Any

import pytest

from velocipy import (
    Body,
    Depends,
    Form,
    Path,
    Request,
    RouteConflictError,
    Router,
    StartupError,
    StartupErrorGroup,
    VelociPy,
)
from velocipy.errors import DependencyError, ParameterError, PathError
from velocipy.testing import TestClient

FILE = "test_startup.py"


class Service:
    """No request brings one."""


def with_five_mistakes() -> VelociPy:
    app = VelociPy()

    @app.get("/items/{id}")
    async def forgets_the_path(q: str) -> None: ...

    @app.get("/unknown")
    async def unknown_annotation(service: Service) -> None: ...

    @app.post("/bodies")
    async def two_bodies(
        item: Annotated[str, Form()], both: Annotated[dict[str, Any], Depends(takes_json)]
    ) -> None: ...

    @app.get("/dependency")
    async def unresolved(value: Annotated[int, Depends("not a function")]) -> None: ...  # pyright: ignore[reportArgumentType]

    @app.get("/unknown")
    async def duplicate() -> None: ...

    return app


def takes_json(item: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    return item


def mistakes_of(app: VelociPy) -> list[StartupError]:
    try:
        app.freeze()
    except StartupErrorGroup as group:
        return [error for error in group.exceptions if isinstance(error, StartupError)]
    except StartupError as error:
        return [error]
    pytest.fail("it started")


def line_of(function: str) -> int:
    """Return the line of this file where the decorator of *function* stands, or the function itself."""
    lines = FilePath(__file__).read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, 1) if f"def {function}(" in line)
    return at - 1 if lines[at - 2].strip().startswith("@") else at


def test_five_mistakes_are_one_group_of_five() -> None:
    with pytest.raises(StartupErrorGroup, match="5 mistakes"):
        with_five_mistakes().freeze()
    found = {(type(error), error.handler, error.parameter) for error in mistakes_of(with_five_mistakes())}
    assert found == {
        (ParameterError, "forgets_the_path", "id"),
        (ParameterError, "unknown_annotation", "service"),
        (ParameterError, "two_bodies", "item"),
        (DependencyError, "unresolved", "value"),
        (RouteConflictError, "duplicate", ""),
    }


def test_each_mistake_says_where_it_is_and_how_to_mend_it() -> None:
    for error in mistakes_of(with_five_mistakes()):
        file, _, line = error.place.rpartition(":")
        assert file.endswith(FILE)
        assert int(line) == line_of(error.handler)
        assert error.problem
        assert error.remedy
        for part in (error.place, error.handler, error.parameter, error.problem, error.remedy):
            assert part in str(error)


def test_the_message_of_the_group_tells_every_mistake() -> None:
    with pytest.raises(StartupErrorGroup) as caught:
        with_five_mistakes().freeze()
    message = str(caught.value)
    assert message.startswith("5 mistakes keep the application from starting:")
    for error in mistakes_of(with_five_mistakes()):
        assert error.place in message
        assert error.remedy in message


def test_the_message_is_what_a_newcomer_needs() -> None:
    by_handler = {error.handler: str(error) for error in mistakes_of(with_five_mistakes())}
    assert "parameter 'id': the path has this value, but no parameter takes it" in by_handler["forgets_the_path"]
    assert "Service" in by_handler["unknown_annotation"]
    assert "Depends(" in by_handler["unknown_annotation"]
    assert "form" in by_handler["two_bodies"]
    assert "JSON" in by_handler["two_bodies"]
    assert "'not a function'" in by_handler["unresolved"]
    assert "GET /unknown" in by_handler["duplicate"]
    assert "unknown_annotation" in by_handler["duplicate"]


def test_one_mistake_keeps_its_class() -> None:
    app = VelociPy()
    for _ in range(2):

        @app.get("/a")
        async def handler() -> None: ...

    with pytest.raises(RouteConflictError):
        app.freeze()
    assert issubclass(RouteConflictError, ValueError)


def test_each_class_can_be_picked_from_the_group() -> None:
    with pytest.raises(StartupErrorGroup) as caught:
        with_five_mistakes().freeze()
    for cls, number in ((RouteConflictError, 1), (DependencyError, 1), (ParameterError, 3)):
        picked, rest = caught.value.split(cls)
        assert picked is not None
        assert rest is not None
        assert (len(picked.exceptions), len(rest.exceptions)) == (number, 5 - number)
        assert isinstance(picked, StartupErrorGroup)


def test_starting_on_asgi_fails_with_every_mistake() -> None:
    sent: list[dict[str, Any]] = []

    async def start() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "lifespan.startup"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await with_five_mistakes()({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    asyncio.run(start())
    (message,) = sent
    assert message["type"] == "lifespan.startup.failed"
    for error in mistakes_of(with_five_mistakes()):
        assert str(error) in message["message"]
    assert "Traceback" not in message["message"]


def test_starting_on_rsgi_raises_every_mistake() -> None:
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(StartupErrorGroup) as caught:
            with_five_mistakes().__rsgi_init__(loop)
        assert len(caught.value.exceptions) == 5
    finally:
        loop.close()


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_client_does_not_open(interface: str) -> None:
    with pytest.raises(Exception, match="5 mistakes keep the application from starting"):  # noqa: SIM117
        with TestClient(with_five_mistakes(), interface=interface):
            pytest.fail("it started")


def test_a_mistake_in_a_shared_dependency_is_told_once() -> None:
    def dependency(service: Service) -> None: ...

    app = VelociPy()
    for number in range(3):

        @app.get(f"/{number}")
        async def handler(value: Annotated[None, Depends(dependency)]) -> None: ...

    (error,) = mistakes_of(app)
    assert (error.handler, error.parameter) == ("dependency", "service")


def test_a_conflict_of_several_methods_is_told_once() -> None:
    app = VelociPy()
    for _ in range(2):

        @app.route("/a", methods=["GET", "POST"])
        async def handler() -> None: ...

    (error,) = mistakes_of(app)
    assert "GET" in str(error)
    assert "POST" in str(error)


def test_a_mistake_does_not_hide_another_of_the_same_handler() -> None:
    app = VelociPy()

    @app.get("/{id}")
    async def two(service: Service) -> None: ...

    @app.get("no-slash")
    async def three(service: Service, other: Service) -> None: ...

    found = {(type(error), error.handler, error.parameter) for error in mistakes_of(app)}
    assert found == {
        (ParameterError, "two", "service"),
        (ParameterError, "two", "id"),
        (PathError, "three", ""),
        (ParameterError, "three", "service"),
        (ParameterError, "three", "other"),
    }


def test_a_parameter_with_a_mistake_counts_as_the_taker_of_its_path_value() -> None:
    app = VelociPy()

    @app.get("/{id}")
    async def handler(id: Service) -> None: ...

    (error,) = mistakes_of(app)
    assert error.parameter == "id"


def test_who_takes_the_request_need_not_take_the_path_values() -> None:
    app = VelociPy()

    @app.get("/{id}/{other}")
    async def handler(request: Request) -> None: ...

    @app.get("/x/{id}/y/{other}")
    async def partly(id: Annotated[int, Path()], request: Request) -> None: ...

    assert len(app.freeze()) == 2


def test_the_same_mistakes_are_told_at_every_attempt() -> None:
    app = with_five_mistakes()
    assert [str(error) for error in mistakes_of(app)] == [str(error) for error in mistakes_of(app)]


def test_mistakes_of_nested_routers_name_the_whole_path() -> None:
    router, app = Router("/inner"), VelociPy()

    @router.get("/{id}/{id}")
    async def handler(id: int) -> None: ...

    app.include_router(router, "/outer")
    (error,) = mistakes_of(app)
    assert "'/outer/inner/{id}/{id}'" in str(error)


def test_a_mistake_in_a_replacement_is_a_mistake() -> None:
    app = VelociPy()

    @app.get("/")
    async def handler(value: Annotated[int, Depends(takes_json)]) -> None: ...

    assert len(app.freeze()) == 1
    app.dependency_overrides[takes_json] = "not a function"  # type: ignore[assignment]
    (error,) = mistakes_of(app)
    assert isinstance(error, DependencyError)
    app.dependency_overrides.clear()
    assert len(app.freeze()) == 1


class Dumps:
    """What somebody gives who thinks that a codec is `json`."""

    def __init__(self, encode: Any, decode: Any) -> None:
        self.encode = encode
        self.decode = decode


@pytest.mark.parametrize(
    ("encode", "message"),
    [(json.dumps, "encodes to a str"), (lambda value: None, "encodes to a NoneType"), (5, "'int' object")],
)
@pytest.mark.parametrize("of_route", [True, False])
def test_a_codec_that_is_none_is_told_at_start(encode: Any, message: str, of_route: bool) -> None:
    codec = Dumps(encode, json.loads)
    app = VelociPy(json_encoder=None if of_route else codec)

    @app.get("/", json_encoder=codec if of_route else None)
    async def handler() -> None: ...

    with pytest.raises(StartupError, match=message):
        app.freeze()
