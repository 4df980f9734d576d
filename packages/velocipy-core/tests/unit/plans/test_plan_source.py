"""What a plan compiles to can be read, and tracebacks show its lines."""

import ast
import asyncio
import linecache
import traceback
from typing import Annotated, Any

import pytest

from velocipy import Depends, Query, VelociPy
from velocipy.plans.plan import Plan


async def resource(page: int = 1) -> int:
    return page


def one_plan(debug: bool = False) -> tuple[VelociPy, Plan]:
    app = VelociPy(debug=debug)

    @app.post("/items/{number}")
    async def update(
        number: int, data: dict[str, int], found: Annotated[int, Depends(resource)], q: Annotated[str, Query()] = "x"
    ) -> dict[str, int]:
        raise LookupError("in the handler")

    (plan,) = app.freeze()
    return app, plan


def test_the_source_is_python_of_one_async_function() -> None:
    (function,) = ast.parse(one_plan()[1].source()).body
    assert isinstance(function, ast.AsyncFunctionDef)
    assert [argument.arg for argument in function.args.args] == ["request", "path"]


@pytest.mark.parametrize(
    ("path", "takes_request", "waits"),
    [("/alone/{number}", False, False), ("/query", True, False), ("/body", True, True), ("/dependency", True, True)],
)
def test_a_plan_waits_and_takes_the_request_only_where_it_has_to(path: str, takes_request: bool, waits: bool) -> None:
    app = VelociPy()

    @app.get("/alone/{number}")
    async def alone(number: int) -> None: ...

    @app.get("/query")
    async def query(q: str, request_id: int) -> None: ...

    @app.post("/body")
    async def body(data: dict[str, int]) -> None: ...

    @app.get("/dependency")
    async def dependency(found: Annotated[int, Depends(resource)]) -> None: ...

    (plan,) = [plan for plan in app.freeze() if plan.route and plan.route.path == path]
    (function,) = ast.parse(plan.source()).body
    assert plan.takes_request is takes_request
    assert isinstance(function, ast.AsyncFunctionDef) is waits


def plain() -> dict[str, int]:
    return {}


def named() -> "str":
    return ""


def silent():  # type: ignore[no-untyped-def]
    return Opened()


def opened() -> "Opened":
    return Opened()


class Opened:
    """A class whose `__init__` returns None, and no more."""

    def __init__(self) -> None: ...


@pytest.mark.parametrize(("dependency", "looked_at"), [(plain, 0), (named, 0), (silent, 1), (opened, 1), (Opened, 1)])
def test_a_context_manager_is_looked_for_where_there_may_be_one(dependency: Any, looked_at: int) -> None:
    app = VelociPy()

    @app.get("/")
    async def handler(found: Annotated[Any, Depends(dependency)]) -> None: ...

    (plan,) = app.freeze()
    assert plan.source().count("is_context(") == looked_at


def test_the_source_names_what_happens_in_order() -> None:
    source = one_plan()[1].source()
    steps = [source.index(word) for word in ("call_resource(", "path[0]", "request.body()", "await call_handler(")]
    assert steps == sorted(steps)


def test_the_source_has_no_line_too_long_to_read() -> None:
    assert max(map(len, one_plan()[1].source().splitlines())) <= 160


def test_equal_routes_share_their_code_and_not_their_values() -> None:
    app = VelociPy()

    async def first(number: int) -> str:
        return "first"

    async def second(number: int) -> str:
        return "second"

    app.add_route("/a/{number}", first)
    app.add_route("/b/{number}", second)
    a, b = app.freeze()
    assert a.source() == b.source()
    assert a.run.__code__ is b.run.__code__
    assert a.run is not b.run


def test_a_traceback_through_a_plan_shows_its_line() -> None:
    app, plan = one_plan(debug=True)
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b'{"a": 1}', "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        head = {"type": "http", "method": "POST", "path": "/items/5", "query_string": b"", "http_version": "1.1"}
        await app({**head, "headers": [(b"content-type", b"application/json")]}, receive, send)

    asyncio.run(ask())
    text = sent[1]["body"].decode()
    assert "in the handler" in text
    (line,) = [line.strip() for line in plan.source().splitlines() if "await call_handler(" in line]
    assert line in text


def test_the_lines_stay_although_the_cache_of_lines_is_checked() -> None:
    """`traceback` calls linecache.checkcache, which forgets files that are none, unless they are marked."""
    _, plan = one_plan()
    filename = plan.run.__code__.co_filename
    linecache.checkcache()
    assert linecache.getline(filename, 1) == "async def plan(request, path):\n"
    summary = traceback.StackSummary.from_list([(filename, 1, "plan", None)])
    assert "async def plan(request, path):" in summary.format()[0]


def test_five_hundred_different_routes_freeze() -> None:
    app = VelociPy()
    for number in range(500):
        types = [int, str, float, bool]

        def make(number: int, annotation: type) -> Any:
            async def handler(value: Any, other: Any = number) -> int:
                return number

            handler.__annotations__ = {"value": annotation, "other": int, "return": int}
            return handler

        app.add_route(f"/r{number}/{{value}}", make(number, types[number % 4]), ["GET", "POST"][: number % 2 + 1])
    assert len(app.freeze()) == 500
