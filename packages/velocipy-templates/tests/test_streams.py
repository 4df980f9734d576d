"""Pages that are sent while they are made."""

import asyncio
import threading
from contextlib import suppress
from typing import Any

import pytest

from velocipy import VelociPy
from velocipy.template_engine import TemplateError
from velocipy.templates import TemplateResponse, Templates
from velocipy.testing import TestClient

from .pages import made

FOLDER = made(
    numbers_html="<h1>{{ url_for('numbers', count=count) }}</h1>"
    "{% for n in range(count) %}<li>{{ n }}</li>{% endfor %}{{ url_for('numbers', count=count) }}",
    halves_html="<h1>head</h1>{{ wait() }}<p>foot</p>",
    broken_html="<h1>head</h1>{{ wait() }}{{ 1 / 0 }}",
    failing_html="{{ 1 / 0 }}",
    empty_html="",
)
templates = Templates(FOLDER)
app = VelociPy()


@app.get("/numbers/{count}", name="numbers")
async def numbers(count: int) -> TemplateResponse:
    return templates.TemplateResponse("numbers.html", {"count": count}, stream=True, headers={"x-kept": "1"})


@app.get("/pages/{name}")
async def page(name: str) -> TemplateResponse:
    return templates.TemplateResponse(name, stream=True)


@app.get("/broken")
async def broken() -> TemplateResponse:
    """Fail when the head has left: what is made of a page waits for 50 ms at most."""
    pause = threading.Event()
    return templates.TemplateResponse("broken.html", {"wait": lambda: pause.wait(0.5)}, stream=True)


@pytest.mark.parametrize("count", [0, 3, 30_000])
def test_it_is_the_whole_page(client: TestClient, count: int) -> None:
    response = client.get(f"/numbers/{count}")
    items = "".join(f"<li>{number}</li>" for number in range(count))
    assert response.text == f"<h1>/numbers/{count}</h1>{items}/numbers/{count}"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-kept"] == "1"
    assert "content-length" not in response.headers


def test_an_empty_page_is_empty(client: TestClient) -> None:
    response = client.get("/pages/empty.html")
    assert (response.status_code, response.content) == (200, b"")


def test_head_has_no_body(client: TestClient) -> None:
    response = client.head("/numbers/30000")
    assert (response.status_code, response.content, response.headers["x-kept"]) == (200, b"", "1")


@pytest.mark.parametrize("name", ["failing.html", "nothing.html"])
def test_what_fails_at_once_is_a_500(client: TestClient, name: str) -> None:
    response = client.get(f"/pages/{name}")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


@pytest.mark.in_process
def test_what_fails_later_breaks_off(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    received = ""
    with suppress(ZeroDivisionError, TemplateError), client.stream("GET", "/broken") as response:
        assert response.status_code == 200
        for text in response.iter_text():
            received += text
    assert received == "<h1>head</h1>False"
    assert "the answer to GET '/broken' broke off" in caplog.text
    assert "broken.html:1: ZeroDivisionError: division by zero" in caplog.text


async def made_in_order() -> list[str]:
    """Take a page whose second half is made when its first has arrived."""
    go_on = threading.Event()
    pieces = []
    async for piece in templates.stream("halves.html", {"wait": lambda: go_on.wait(20)}):
        pieces.append(piece)
        go_on.set()
    return pieces


def test_what_is_made_leaves_while_more_is_being_made() -> None:
    head, *rest = asyncio.run(made_in_order())
    assert (head, "".join(rest)) == ("<h1>head</h1>", "True<p>foot</p>")


async def left_early() -> tuple[list[int], list[int]]:
    """Leave a page after its first piece, and tell what was asked for until then, and when it had ended."""
    asked: list[int] = []

    def ask(number: int) -> str:
        asked.append(number)
        return "x" * 1000

    endless = Templates(made(endless_html="{% for n in range(1000000) %}{{ ask(n) }}{% endfor %}"))
    text = endless.stream("endless.html", {"ask": ask})
    async for _ in text:
        break
    await text.aclose()
    ended = list(asked)
    await asyncio.sleep(0.1)  # in which a thread that went on would ask for more
    return ended, asked


def test_who_leaves_early_ends_the_work() -> None:
    ended, asked = asyncio.run(left_early())
    assert len(ended) == len(asked) < 1000


async def cancelled_while_it_waits() -> list[Any]:
    """Cancel who reads while a thread makes a piece; the thread is waited for, since nothing can stop it."""
    begun, go_on, log = threading.Event(), threading.Event(), list[Any]()

    def wait() -> str:
        begun.set()
        log.append(go_on.wait(20))
        return ""

    async def read() -> None:
        async for _ in templates.stream("halves.html", {"wait": wait}):
            pass

    reading = asyncio.create_task(read())
    await asyncio.to_thread(begun.wait, 20)
    reading.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    await asyncio.wait({reading})
    log.append(reading.cancelled())
    return log


def test_who_is_cancelled_waits_for_the_thread() -> None:
    assert asyncio.run(cancelled_while_it_waits()) == [True, True]


async def read_broken() -> str:
    text = ""
    async for piece in templates.stream("broken.html", {"wait": lambda: "here "}):
        text += piece
    return text


def test_a_fault_in_a_stream_tells_where() -> None:
    with pytest.raises(TemplateError, match="broken.html:1: ZeroDivisionError: division by zero"):
        asyncio.run(read_broken())
