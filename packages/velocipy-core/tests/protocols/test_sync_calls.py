"""Plain functions: in worker threads, as many at once as there are threads, with whatever they raise."""

import contextvars
import threading
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, HTTPException, Request, VelociPy

app = VelociPy()

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")

together = threading.Barrier(2, timeout=20)


@app.get("/meet")
def meet() -> str:
    together.wait()
    return "met"


@app.get("/stop")
def stop() -> Any:
    return next(iter([]))


def stopping() -> Any:
    raise StopIteration("nothing left")


@app.get("/stop-dependency")
async def stop_dependency(value: Annotated[Any, Depends(stopping)]) -> Any:
    return value


@app.get("/stop-async")
async def stop_async() -> Any:
    raise StopAsyncIteration


@app.get("/exit")
def generator_exit() -> Any:
    raise HTTPException(418)


async def login(request: Request) -> None:
    user.set(request.query_params["user"])


@app.get("/whoami")
def whoami(_: Annotated[None, Depends(login)]) -> str:
    before = user.get()
    user.set("changed in the thread")
    return before


@app.get("/thread")
def thread() -> str:
    return threading.current_thread().name


@app.get("/coroutine")
def gives_coroutine() -> Any:
    async def later() -> str:
        return "later"

    return later()


def test_two_plain_handlers_run_at_once(client: Client) -> None:
    answers: list[str] = []
    other = threading.Thread(target=lambda: answers.append(client.get("/meet").text))
    other.start()
    answers.append(client.get("/meet").text)
    other.join()
    assert answers == ["met", "met"]


@pytest.mark.parametrize("path", ["/stop", "/stop-dependency", "/stop-async"])
def test_stop_iteration_is_an_error_like_any_other(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_an_http_exception_crosses_the_thread(client: Client) -> None:
    assert client.get("/exit").status_code == 418


def test_the_context_goes_into_the_thread_and_not_out_of_it(client: Client) -> None:
    assert client.get("/whoami?user=ada").text == "ada"
    assert client.get("/whoami?user=bob").text == "bob"


def test_it_is_a_thread_of_ours(client: Client) -> None:
    assert client.get("/thread").text.startswith("velocipy")


def test_what_a_plain_function_gives_to_be_awaited_is_awaited(client: Client) -> None:
    assert client.get("/coroutine").text == "later"
