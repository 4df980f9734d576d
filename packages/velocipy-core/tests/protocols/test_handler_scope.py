"""`Depends(f, scope="handler")`: what it opens is closed when the answer was made, before it is sent."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    Depends,
    HTTPConnection,
    HTTPException,
    PlainTextResponse,
    Query,
    Response,
    StreamingResponse,
    VelociPy,
)
from velocipy.errors import DependencyError
from velocipy.http.response import DeferredResponse

app = VelociPy()

LOG: list[str] = []

pytestmark = pytest.mark.in_process  # the log is here


def noting(name: str, *, fails: bool = False) -> Any:
    async def dependency() -> AsyncIterator[str]:
        LOG.append(f"{name} opens")
        try:
            yield name
        except BaseException as error:
            LOG.append(f"{name} sees {type(error).__name__}")
            raise
        finally:
            LOG.append(f"{name} closes")
        if fails:
            raise OSError("the commit failed")

    return dependency


connection = noting("connection")
broken = noting("broken", fails=True)


def transaction(connection: Annotated[str, Depends(connection)]) -> Iterator[str]:
    LOG.append("transaction opens")
    try:
        yield connection
    except BaseException as error:
        LOG.append(f"transaction sees {type(error).__name__}")
        raise
    finally:
        LOG.append("transaction closes")


@asynccontextmanager
async def context() -> AsyncIterator[str]:
    LOG.append("context opens")
    yield "context"
    LOG.append("context closes")


def swallowing() -> Iterator[None]:
    try:
        yield
    except ValueError:
        LOG.append("swallowed")


Transaction = Annotated[str, Depends(transaction, scope="handler")]


@dataclass
class Named:
    name: str


class Lazy:
    """Can be read while the transaction is open, as what an object-relational mapper loads when it is asked."""

    @property
    def name(self) -> str:
        assert "transaction closes" not in LOG
        return "Blue"


@app.get("/works")
async def works(transaction: Transaction) -> dict[str, str]:
    LOG.append("handler")
    return {"in": transaction}


@app.get("/plain")
def plain(transaction: Transaction, response: Response) -> str:
    response.headers["x-one"] = "1"
    return transaction


@app.get("/fails")
async def fails(transaction: Transaction) -> None:
    raise HTTPException(409)


@app.get("/faulty")
async def faulty(transaction: Transaction, q: Annotated[int, Query()]) -> None: ...


@app.get("/broken")
async def commit_fails(transaction: Transaction, broken: Annotated[str, Depends(broken, scope="handler")]) -> str:
    return "never sent"


@app.get("/no-json")
async def no_json(transaction: Transaction) -> Any:
    return {"a": object()}


@app.get("/lazy", response_model=Named)
async def lazy(transaction: Transaction) -> Any:
    return Lazy()


@app.get("/stream")
async def stream(transaction: Transaction) -> StreamingResponse:
    def chunks() -> Iterator[str]:
        LOG.append("chunk")
        yield "chunk"

    return StreamingResponse(chunks())


class Page(DeferredResponse):
    """Is made when its handler has returned, as a page of a template."""

    async def meet(self, request: HTTPConnection) -> Response:
        LOG.append("page")
        if "fail" in request.query_params:
            raise HTTPException(418)
        return PlainTextResponse("page")


@app.get("/page")
async def page(transaction: Transaction) -> Page:
    return Page()


@app.get("/page-of-class", response_class=Page)
async def page_of_class(transaction: Transaction, response: Response) -> str:
    response.headers["x-one"] = "1"
    return ""


@app.get("/context")
async def by_context(value: Annotated[str, Depends(context, scope="handler")]) -> str:
    return value


@app.get("/swallowed", dependencies=[Depends(swallowing, scope="handler")])
async def swallowed() -> None:
    raise ValueError("nothing undoes it")


@app.get("/route", dependencies=[Depends(transaction, scope="handler")])
async def of_the_route() -> str:
    return "".join(LOG[-1:])


@app.get("/both")
async def both(
    late: Annotated[str, Depends(connection)], early: Annotated[str, Depends(connection, scope="handler")]
) -> str:
    return "both"


@pytest.fixture(autouse=True)
def empty_log() -> None:
    LOG.clear()


OPENED = ["connection opens", "transaction opens"]


def test_it_closes_before_what_lives_as_long_as_the_request(client: Client) -> None:
    assert client.get("/works").json() == {"in": "connection"}
    assert [*OPENED, "handler", "transaction closes", "connection closes"] == LOG


def test_it_closes_for_a_plain_handler_with_a_given_response(client: Client) -> None:
    answer = client.get("/plain")
    assert (answer.text, answer.headers["x-one"]) == ("connection", "1")
    assert [*OPENED, "transaction closes", "connection closes"] == LOG


def test_it_sees_the_failure_of_the_handler_before_what_it_depends_on_is_closed(client: Client) -> None:
    assert client.get("/fails").status_code == 409
    assert [
        *OPENED,
        "transaction sees HTTPException",
        "transaction closes",
        "connection sees HTTPException",
        "connection closes",
    ] == LOG


def test_it_sees_that_a_request_was_refused(client: Client) -> None:
    assert client.get("/faulty?q=x").status_code == 422
    assert LOG[2:4] == ["transaction sees ValidationError", "transaction closes"]


def test_its_failure_is_the_answer(client: Client) -> None:
    """Nobody is told that all went well when the commit failed."""
    answer = client.get("/broken")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    assert LOG[3:] == [
        "broken closes",
        "transaction sees OSError",
        "transaction closes",
        "connection sees OSError",
        "connection closes",
    ]


def test_an_answer_without_json_is_a_failure_to_it(client: Client) -> None:
    assert client.get("/no-json").status_code == 500
    assert "transaction sees TypeError" in LOG


def test_the_answer_is_encoded_while_it_is_open(client: Client) -> None:
    assert client.get("/lazy").json() == {"name": "Blue"}
    assert "transaction closes" in LOG


def test_a_stream_is_made_after_it_was_closed(client: Client) -> None:
    assert client.get("/stream").text == "chunk"
    assert [*OPENED, "transaction closes", "chunk", "connection closes"] == LOG


@pytest.mark.parametrize("path", ["/page", "/page-of-class"])
def test_a_page_is_made_while_it_is_open(client: Client, path: str) -> None:
    """A page of a template may ask a database for what it shows."""
    assert client.get(path).text == "page"
    assert [*OPENED, "page", "transaction closes", "connection closes"] == LOG


def test_it_sees_that_a_page_failed(client: Client) -> None:
    assert client.get("/page?fail").status_code == 418
    assert LOG[2:5] == ["page", "transaction sees HTTPException", "transaction closes"]


def test_a_context_manager_is_left_as_early(client: Client) -> None:
    assert client.get("/context").text == "context"
    assert LOG == ["context opens", "context closes"]


def test_a_failure_that_it_swallows_is_still_one(client: Client) -> None:
    assert client.get("/swallowed").status_code == 500
    assert LOG == ["swallowed"]


def test_a_route_may_have_one_without_taking_it(client: Client) -> None:
    assert client.get("/route").text == "transaction opens"
    assert [*OPENED, "transaction closes", "connection closes"] == LOG


def test_one_function_may_be_open_for_both(client: Client) -> None:
    assert client.get("/both").text == "both"
    assert LOG == ["connection opens", "connection opens", "connection closes", "connection closes"]


# -- mistakes end the start ------------------------------------------------------------------------------------


async def outlives(transaction: Transaction) -> AsyncIterator[str]:
    yield transaction


async def deeper(value: Annotated[str, Depends(outlives)]) -> str:
    return value


@pytest.mark.parametrize("dependency", [outlives, deeper])
def test_what_outlives_what_it_depends_on_is_a_mistake(dependency: Any) -> None:
    program = VelociPy()

    @program.get("/")
    async def handler(value: Annotated[str, Depends(dependency)]) -> None: ...

    with pytest.raises(DependencyError, match="outlives"):
        program.freeze()


def test_what_is_as_short_lived_is_none() -> None:
    program = VelociPy()

    @program.get("/")
    async def handler(value: Annotated[str, Depends(outlives, scope="handler")]) -> None: ...

    assert len(program.freeze()) == 1


def test_another_scope_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="neither 'request' nor 'handler'"):
        Depends(context, scope="session")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
