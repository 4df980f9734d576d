"""What is wrong with a template: who is told of it, and what."""

import asyncio
import logging
from typing import Any

import jinja2
import pytest

from velocipy import VelociPy
from velocipy.template_engine import TemplateError
from velocipy.templates import TemplateResponse, Templates
from velocipy.testing import TestClient

from .pages import BASE, made

SECRET = "feathers-in-amber"
FOLDER = made(
    base_html=BASE,
    child_html='{% extends "base.html" %}\n{% block body %}\n<p>{{ eggs.count }}</p>\n{% endblock %}',
    divided_html=f"<!-- {SECRET} -->\n\n{{{{ 1 / zero }}}}",
    syntax_html="fine\n{% if %}\n",
    includes_html="fine\n\n\n{% include 'gone.html' %}",
    includes_broken_html="{% include 'syntax.html' %}",
    one_of_html="{% include ['gone.html', 'gone.htm'] %}",
    part_txt="{% macro part(n) %}{{ n }}{% endmacro %}",
    includes_text_html="\n{% include 'part.txt' %}",
    includes_some_text_html="{% set name = 'part.txt' %}{% include [name] ignore missing %}",
    imports_text_html="{% import 'part.txt' as parts %}{{ parts.part('<') }}",
    extends_text_html="{% extends 'part.txt' %}",
    filter_html="\n{{ 1|shout }}",
    waits_html="\n{{ wait() }}",
    loops_html="{% for n in wait() %}{% endfor %}",
    deep_html="{% include 'deep.html' %}",
    imported_html="\n{% macro divide(n) %}\n{{ 1 / n }}{% endmacro %}",
    imports_html="{% from 'imported.html' import divide %}{{ divide(0) }}",
)
FOLDER.joinpath("bytes.html").write_bytes(b"\xff\xfe\x00")
SECOND = made(other_html="")
templates = Templates([FOLDER, SECOND], loaders=[jinja2.DictLoader({})])
TEXT = "what is put into 'part.txt' is not escaped, and so it can be no part of"  # a page's values would be scripts
FAULTS = [
    ("child", "child.html:3: UndefinedError: 'eggs' is undefined"),
    ("divided", "divided.html:3: ZeroDivisionError: division by zero"),
    ("syntax", "syntax.html:2: Expected an expression, got 'end of statement block'"),
    ("includes", "includes.html:4: there is no template 'gone.html'; looked in "),
    ("includes_broken", "syntax.html:2: Expected an expression"),
    ("one_of", "one.of.html:1: there is no template 'gone.html' or 'gone.htm'; looked in "),
    ("includes_text", f"includes.text.html:2: TemplateRuntimeError: {TEXT} 'includes.text.html'; name it .html"),
    ("includes_some_text", f"includes.some.text.html:1: TemplateRuntimeError: {TEXT} 'includes.some.text.html'"),
    ("imports_text", f"imports.text.html:1: TemplateRuntimeError: {TEXT} 'imports.text.html'"),
    ("extends_text", f"extends.text.html:1: TemplateRuntimeError: {TEXT} 'extends.text.html'"),
    ("filter", "filter.html:2: No filter named 'shout'."),
    (
        "waits",
        "waits.html:2: TypeError: templates run in threads, where nothing can be awaited; await it in the handler",
    ),
    ("loops", "loops.html:1: TypeError: 'coroutine' object is not iterable"),
    ("deep", "deep.html:1: RecursionError"),
    ("imports", "imported.html:3: ZeroDivisionError"),
    ("bytes", "bytes.html: UnicodeDecodeError"),
    ("nothing", f"nothing.html: there is no template 'nothing.html'; looked in {FOLDER}, {SECOND}, a DictLoader"),
]


def make_app(*, debug: bool) -> VelociPy:
    app = VelociPy(debug=debug)

    async def wait() -> str:
        return "never"

    @app.get("/{name}")
    async def page(name: str) -> TemplateResponse:
        template = name.replace("_", ".") + ".html"
        return templates.TemplateResponse(template, {"zero": 0, "wait": wait, "secret": SECRET})

    return app


app = make_app(debug=False)
debug = make_app(debug=True)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # which is the mistake
@pytest.mark.parametrize(("name", "problem"), FAULTS, ids=[name for name, _ in FAULTS])
@pytest.mark.in_process
def test_the_log_tells_the_template_and_the_line(
    client: TestClient, caplog: pytest.LogCaptureFixture, name: str, problem: str
) -> None:
    response = client.get(f"/{name}")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], TemplateError)
    assert problem in str(record.exc_info[1])


@pytest.mark.parametrize(("name", "problem"), FAULTS[:4])
def test_nobody_else_is_told_without_debug(client: TestClient, name: str, problem: str) -> None:
    response = client.get(f"/{name}", headers={"accept": "text/html"})
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


@pytest.mark.velocipy_app("debug")
@pytest.mark.parametrize(("name", "problem"), FAULTS[:3])
def test_the_page_of_debug_tells_the_lines(client: TestClient, name: str, problem: str) -> None:
    response = client.get(f"/{name}", headers={"accept": "text/html"})
    assert response.status_code == 500
    for text in (problem.partition(":")[0], f"line {problem.split(':')[1]}"):
        assert text in response.text
    source = {"child": "&lt;p&gt;{{ eggs.count }}&lt;/p&gt;", "divided": "{{ 1 / zero }}", "syntax": "{% if %}"}
    assert source[name] in response.text


def test_the_error_tells_its_parts() -> None:
    async def render() -> str:
        return await templates.render("divided.html", {"zero": 0})

    with pytest.raises(TemplateError) as failed:
        asyncio.run(render())
    assert (failed.value.template, failed.value.line) == ("divided.html", 3)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "problem"),
    [
        ((), {}, TypeError, r"such as Templates\('templates'\)"),
        (("nowhere",), {}, ValueError, "/nowhere of Templates does not exist; create it"),
        ((__file__,), {}, ValueError, "is no directory"),
        (([FOLDER, "nowhere"],), {}, ValueError, "nowhere of Templates does not exist"),
        ((), {"packages": ["velocipy_nothing"]}, ValueError, "the package 'velocipy_nothing' has no templates"),
        ((), {"packages": ["json"]}, ValueError, "the package 'json' has no templates"),
        ((), {"packages": "json"}, TypeError, r"say packages=\['json'\]"),
        ((FOLDER,), {"engine": object()}, TypeError, "an engine finds its templates itself"),
        ((), {"engine": object(), "auto_reload": True}, TypeError, "an engine finds its templates itself"),
    ],
)
def test_what_cannot_be_had_is_told_where_it_is_said(
    arguments: Any, options: Any, error: type[Exception], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        Templates(*arguments, **options)
