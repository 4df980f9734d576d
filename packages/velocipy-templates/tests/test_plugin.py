"""The plugin as every plugin has to be; templates for handlers and other plugins; pages that are checked."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import pytest

from velocipy import APIRouter, Router, StartupError, VelociPy
from velocipy.description import describe
from velocipy.plugin import Setup
from velocipy.template_engine import TEMPLATE_ENGINE, TemplateEngine, TemplateError
from velocipy.templates import TEMPLATES, TemplateResponse, Templates, TemplatesPlugin
from velocipy.testing import TestClient
from velocipy.testing.plugins import PluginConformance
from velocipy.testing.websocket_clients import WebSocketClient

from .pages import BASE, made

FOLDER = made(
    base_html=BASE,
    hello_html="Hello, {{ name }}",
    shop_html="{{ shop }} {{ name|shout }} {% include 'part.html' %} {{ user }}",
    page_html='{% extends "base.html" %}{% block body %}{{ name }}{% endblock %}',
    syntax_html="fine\n{% if %}",
    includes_html="fine\n{% include 'gone.html' %}",
    includes_syntax_html="{% include 'syntax.html' %}",
    lenient_html="{% include 'gone.html' ignore missing %}{% include which %}{% include ['gone.html', 'base.html'] %}",
    feed_xml="<feed></feed>",
    cycle_html="{% include 'cycle.html' %}",
)


async def hello(name: str, templates: Templates) -> TemplateResponse:
    return templates.TemplateResponse("hello.html", {"name": name})


async def nothing() -> None: ...


class TestTemplates(PluginConformance):
    distribution = "velocipy-templates"
    options = {"templates": str(FOLDER)}  # noqa: RUF012 - as the kit has it
    first_party = True

    def make(self) -> TemplatesPlugin:
        return TemplatesPlugin(FOLDER)

    def use(self, router: Router) -> None:
        router.add_route("/hello/{name}", hello)

    def check(self, client: WebSocketClient) -> None:
        assert client.get("/hello/<b>").text == "Hello, &lt;b&gt;"


class Shop:
    """What another plugin may add."""

    name = "shop"
    requires = ("templates",)

    def setup(self, setup: Setup) -> None:
        templates = setup.find(TEMPLATES)
        assert templates is not None
        templates.globals["shop"] = "<shop>"
        templates.filters["shout"] = str.upper
        templates.add_loader(jinja2.DictLoader({"part.html": "part", "hello.html": "not this one"}))
        templates.add_context_processor(lambda request: {"user": request.path})


def test_another_plugin_adds_globals_filters_loaders_and_context() -> None:
    app = VelociPy(plugins=[Shop(), TemplatesPlugin(FOLDER)])

    @app.get("/shop")
    async def shop(templates: Templates) -> TemplateResponse:
        return templates.TemplateResponse("shop.html", {"name": "<b>"})

    app.add_route("/hello/{name}", hello)
    with TestClient(app) as client:
        assert client.get("/shop").text == "&lt;shop&gt; &lt;B&gt; part /shop"
        assert client.get("/hello/x").text == "Hello, x"


def test_each_scope_has_its_own() -> None:
    app = VelociPy(plugins=[TemplatesPlugin(FOLDER)])
    inner = APIRouter(prefix="/inner", plugins=[TemplatesPlugin(Templates(made(hello_html="inner {{ name }}")))])
    for router in (app, inner):
        router.add_route("/hello/{name}", hello)
    app.include_router(inner)
    with TestClient(app) as client:
        assert client.get("/hello/x").text == "Hello, x"
        assert client.get("/inner/hello/x").text == "inner x"


def test_two_applications_share_nothing() -> None:
    plugin = TemplatesPlugin(FOLDER)
    found: list[Templates] = []

    class Finding:
        name = "finding"
        after = ("templates",)

        def setup(self, setup: Setup) -> None:
            found.extend(filter(None, [setup.find(TEMPLATES)]))

    for _ in range(2):
        VelociPy(plugins=[plugin, Finding()]).freeze()
    first, second = found
    assert first is not second


def test_the_folder_is_templates_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = VelociPy(plugins=[TemplatesPlugin()])
    with pytest.raises(StartupError, match="/templates of Templates does not exist; create it"):
        app.freeze()
    tmp_path.joinpath("templates").mkdir()
    VelociPy(plugins=[TemplatesPlugin()]).freeze()


# -- other engines ---------------------------------------------------------------------------------------------------


class Upper:
    """An engine of another kind."""

    async def render(self, name: str, context: Mapping[str, Any], *, block: str | None = None) -> str:
        if name != "hello":
            raise TemplateError("there is no such template", name)
        return f"{block or name}: {context['name']} {context['url_for']('hello', name='x')}".upper()

    async def stream(self, name: str, context: Mapping[str, Any]) -> AsyncIterator[str]:
        yield await self.render(name, context)
        yield "!"

    def check(self, name: str, block: str | None = None) -> None:
        if name != "hello":
            raise TemplateError("there is no such template", name)


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_another_engine_renders(interface: Any) -> None:
    app = VelociPy(plugins=[TemplatesPlugin()])
    app.provide(TEMPLATE_ENGINE, Upper())

    @app.get("/{name}", name="hello")
    async def page(name: str, templates: Templates, stream: bool = False, block: str | None = None) -> TemplateResponse:
        return templates.TemplateResponse("hello", {"name": name}, stream=stream, block=block)

    with TestClient(app, interface=interface) as client:
        assert client.get("/ian").text == "HELLO: IAN /X"
        assert client.get("/ian?block=foot").text == "FOOT: IAN /X"
        assert client.get("/ian?stream=1").text == "HELLO: IAN /X!"


def test_the_engine_is_there_for_plugins() -> None:
    found: list[TemplateEngine | None] = []

    class Finding:
        name = "finding"
        after = ("templates",)

        def setup(self, setup: Setup) -> None:
            found.append(setup.find(TEMPLATE_ENGINE))

    templates = Templates(FOLDER)
    VelociPy(plugins=[TemplatesPlugin(templates), Finding()]).freeze()
    assert found == [templates.engine]


def test_another_engine_has_nothing_of_jinja() -> None:
    templates = Templates(engine=Upper())
    with pytest.raises(TypeError, match="Upper renders these templates, and has no environment of Jinja"):
        _ = templates.env
    with pytest.raises(TypeError, match="Upper renders these templates, and takes no loader of Jinja"):
        templates.add_loader(jinja2.DictLoader({}))


# -- pages -----------------------------------------------------------------------------------------------------------


def paged(name: str, **options: Any) -> VelociPy:
    templates = Templates(FOLDER)
    app = VelociPy()

    @app.get("/", response_class=templates.page(name, **options))
    async def index(name: str = "<b>") -> dict[str, Any]:
        return {"name": name}

    return app


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_handler_returns_the_context_of_its_page(interface: Any) -> None:
    with TestClient(paged("page.html", htmx_block="body", headers={"x-kept": "1"}), interface=interface) as client:
        response = client.get("/")
        assert "<!doctype html>\n<title>base</title>\n&lt;b&gt;" in response.text
        assert (response.headers["content-type"], response.headers["x-kept"]) == ("text/html; charset=utf-8", "1")
        assert client.get("/", headers={"hx-request": "true"}).text == "&lt;b&gt;"
        assert client.get("/?name=x", headers={"hx-request": "true"}).text == "x"
    with TestClient(paged("hello.html", stream=True), interface=interface) as client:
        assert client.get("/").text == "Hello, &lt;b&gt;"


def test_a_handler_may_return_nothing_and_have_another_status() -> None:
    templates = Templates(FOLDER)
    app = VelociPy()

    @app.post("/", status_code=201, response_class=templates.page("hello.html"))
    async def index() -> None: ...

    with TestClient(app) as client:
        response = client.post("/")
        assert (response.status_code, response.text) == (201, "Hello, ")


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("gone.html", {}, "gone.html: there is no template 'gone.html'; looked in "),
        ("syntax.html", {}, "syntax.html:2: Expected an expression"),
        ("includes.html", {}, "includes.html:2: there is no template 'gone.html'; looked in "),
        ("includes.syntax.html", {}, "syntax.html:2: Expected an expression"),
        ("page.html", {"block": "foot"}, "page.html: there is no block 'foot'; there are body, title"),
        ("page.html", {"htmx_block": "foot"}, "page.html: there is no block 'foot'; there are body, title"),
    ],
)
def test_a_page_that_cannot_be_made_ends_the_start(name: str, options: Any, problem: str) -> None:
    with pytest.raises(StartupError) as failed:
        paged(name, **options).freeze()
    assert f"its page cannot be made: {problem}" in str(failed.value)
    assert "test_plugin.py" in str(failed.value)
    assert "index()" in str(failed.value)


@pytest.mark.parametrize("name", ["lenient.html", "cycle.html", "page.html"])
def test_what_only_a_request_can_tell_ends_no_start(name: str) -> None:
    paged(name).freeze()


def test_an_engine_is_asked_for_its_pages() -> None:
    templates = Templates(engine=Upper())
    app = VelociPy()
    app.add_route("/", nothing, response_class=templates.page("nothing"))
    with pytest.raises(StartupError, match="nothing: there is no such template"):
        app.freeze()


def test_options_of_a_page_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="say one of them"):
        Templates(FOLDER).page("page.html", block="body", htmx_block="body")


# -- documents -------------------------------------------------------------------------------------------------------


def test_documents_tell_of_html() -> None:
    templates = Templates(FOLDER)

    async def answer() -> TemplateResponse:
        return templates.TemplateResponse("hello.html")

    app = VelociPy()
    app.add_route("/hello", answer)
    app.add_route("/page", nothing, response_class=templates.page("page.html"))
    app.add_route("/feed", nothing, response_class=templates.page("feed.xml"))
    described = {
        route.path: [content.media_type for response in route.responses for content in response.content]
        for route in describe(app).routes
        if route.include_in_schema
    }
    assert described == {"/hello": ["text/html"], "/page": ["text/html"], "/feed": ["application/xml"]}
