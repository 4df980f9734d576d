"""Blocks that are sent alone, by the handler's choice and by HTMX's."""

from collections.abc import Iterator

import pytest

from velocipy import VelociPy
from velocipy.templates import TemplateResponse, Templates
from velocipy.testing import TestClient

from .pages import BASE, made

FOLDER = made(
    base_html=BASE + "{% block foot %}foot of {{ who }}{% endblock %}",
    middle_html='{% extends "base.html" %}{% block title %}middle, {{ super() }}{% endblock %}',
    macros_html="{% macro item(text) %}<li>{{ text }}</li>{% endmacro %}",
    list_html="""{% extends "middle.html" %}
{% from "macros.html" import item %}
{% set who = "raptors" %}
{% block title %}list, {{ super() }}{% endblock %}
{% block body %}<h1>{{ user.name }}</h1>
{% block items %}{% for name in names %}{{ item(name) }}{% endfor %}{% endblock %}
{% endblock %}""",
    # No text stands above the first block, and what is around it cannot be rendered with what a part is given.
    bare_html="""{% import "macros.html" as macros %}
{% set who = "eggs" %}

{% block items %}{% for name in names %}{{ macros.item(name ~ " " ~ who) }}{% endfor %}{% endblock %}
{{ user.name.first }}{% block after %}after{% endblock %}""",
    repeated_html="{% for name in names %}{% block row scoped %}<b>{{ name }}</b>{% endblock %}{% endfor %}",
)
templates = Templates(FOLDER)
app = VelociPy()


def names() -> Iterator[str]:
    yield "Blue"
    yield "<Delta>"


@app.get("/list/{block}")
async def block_of_list(block: str) -> TemplateResponse:
    return templates.TemplateResponse("list.html", {"names": names()}, block=block)


@app.get("/bare/{block}")
async def block_of_bare(block: str) -> TemplateResponse:
    return templates.TemplateResponse("bare.html", {"names": names()}, block=block)


@app.get("/repeated")
async def repeated() -> TemplateResponse:
    return templates.TemplateResponse("repeated.html", {"name": "one"}, block="row")


@app.get("/names")
async def read_names() -> TemplateResponse:
    context = {"names": names(), "user": {"name": "Owen"}}
    return templates.TemplateResponse("list.html", context, htmx_block="items", headers={"vary": "cookie"})


@app.get("/streamed")
async def streamed() -> TemplateResponse:
    context = {"names": names(), "user": {"name": "Owen"}}
    return templates.TemplateResponse("list.html", context, htmx_block="items", stream=True)


ITEMS = "<li>Blue</li><li>&lt;Delta&gt;</li>"


def test_a_block_has_what_the_template_sets_and_imports_and_nothing_is_used_up(client: TestClient) -> None:
    assert client.get("/list/items").text == ITEMS
    assert client.get("/bare/items").text == "<li>Blue eggs</li><li>&lt;Delta&gt; eggs</li>"


def test_a_block_may_be_inherited_and_inherit(client: TestClient) -> None:
    assert client.get("/list/title").text == "list, middle, base"
    assert client.get("/list/foot").text == "foot of raptors"


def test_a_block_within_a_loop_is_rendered_once(client: TestClient) -> None:
    assert client.get("/repeated").text == "<b>one</b>"


def test_what_stands_around_a_block_is_not_rendered(client: TestClient) -> None:
    assert client.get("/bare/after").text == "after"


def test_a_block_that_is_not_there_is_a_fault_of_the_program(client: TestClient) -> None:
    assert client.get("/list/nothing").status_code == 500


@pytest.mark.parametrize("path", ["/names", "/streamed"])
def test_htmx_is_sent_the_block_and_all_others_the_page(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.text.startswith("<!doctype html>\n<title>list, middle, base</title>\n<h1>Owen</h1>")
    assert ITEMS in page.text
    part = client.get(path, headers={"HX-Request": "true"})
    assert part.text == ITEMS
    for response in (page, part):
        vary = [name.strip() for name in response.headers["vary"].lower().split(",")]
        assert "hx-request" in vary
        assert ("cookie" in vary) is (path == "/names")


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_page_in_place_of_another_is_whole(client: TestClient, header: str) -> None:
    response = client.get("/names", headers={"HX-Request": "true", header: "true"})
    assert response.text.startswith("<!doctype html>")
    assert header.lower() in response.headers["vary"].lower()


def test_only_true_is_true(client: TestClient) -> None:
    assert client.get("/names", headers={"HX-Request": "false"}).text.startswith("<!doctype html>")
