"""Where templates are found, what they may use, and when they are read again."""

import sys
import threading
import time
from collections.abc import Iterator
from os import utime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from velocipy import Templates as FromFrontDoor
from velocipy import VelociPy
from velocipy.templates import TemplateResponse, Templates
from velocipy.templating import Templates as FromTemplating
from velocipy.testing import TestClient

from .pages import made, write


def get(templates: Templates, template: str, *, debug: bool = False, **context: Any) -> str:
    """Return the text of a page that an application of its own sends."""
    app = VelociPy(debug=debug)

    @app.get("/")
    async def page() -> TemplateResponse:
        return templates.TemplateResponse(template, context)

    with TestClient(app) as client:
        response = client.get("/")
        assert response.status_code == 200, response.text
        return response.text


def test_it_has_three_names() -> None:
    assert FromFrontDoor is FromTemplating is Templates


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    write(tmp_path / "velocipy_shop" / "templates", a_html="package", b_html="package", c_html="package")
    tmp_path.joinpath("velocipy_shop", "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield "velocipy_shop"
    sys.modules.pop("velocipy_shop", None)


def test_the_first_place_counts(package: str) -> None:
    first, second = made(a_html="first"), made(a_html="second", b_html="second")
    loader = jinja2.DictLoader({"c.html": "loader", "d.html": "loader"})
    templates = Templates([first, str(second)], packages=[package], loaders=[loader])
    templates.add_loader(jinja2.DictLoader({"d.html": "late", "e.html": "late"}))
    assert [get(templates, f"{name}.html") for name in "abcde"] == ["first", "second", "package", "loader", "late"]


def test_the_working_directory_may_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pages", a_html="found")
    monkeypatch.chdir(tmp_path)
    templates = Templates("pages")
    monkeypatch.chdir("/")
    assert get(templates, "a.html") == "found"


def test_the_environment_takes_globals_filters_tests_and_options() -> None:
    templates = Templates(
        made(a_html="{{ site }} {{ name|shout }} {{ 3 is odd_one }} {{ mark }}", b_html="{{ nothing }}")
    )
    templates.globals["site"] = "<Nublar>"
    templates.filters["shout"] = str.upper
    templates.tests["odd_one"] = is_odd
    templates.env.undefined = jinja2.StrictUndefined
    assert get(templates, "a.html", name="<b>", mark=Markup("<i>")) == "&lt;Nublar&gt; &lt;B&gt; True <i>"
    with pytest.raises(AssertionError, match="Internal Server Error"):
        get(templates, "b.html")


def is_odd(number: int) -> bool:
    return number % 2 == 1


def rewrite(file: Path, content: str) -> None:
    """Write *file* with a time that no clock is too coarse for."""
    later = file.stat().st_mtime + 10
    file.write_text(content)
    utime(file, (later, later))


@pytest.mark.parametrize(
    ("auto_reload", "debug", "again"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_a_template_is_read_again_in_debug_or_where_it_is_said(
    auto_reload: bool | None, debug: bool, again: bool
) -> None:
    folder = made(a_html="{% include 'part.html' %}", part_html="old")
    templates = Templates(folder, auto_reload=auto_reload)
    assert get(templates, "a.html", debug=debug) == "old"
    rewrite(folder / "part.html", "new")
    assert get(templates, "a.html", debug=debug) == ("new" if again else "old")


def test_pages_are_rendered_in_threads_and_hold_up_nobody() -> None:
    """One page waits for what another request does."""
    folder = made(a_html="{{ wait() }}")
    templates, go_on, seen = Templates(folder), threading.Event(), list[str]()
    app = VelociPy()

    def wait() -> bool:
        seen.append(threading.current_thread().name)
        return go_on.wait(20)

    @app.get("/slow")
    async def slow() -> TemplateResponse:
        return templates.TemplateResponse("a.html", {"wait": wait})

    @app.get("/go-on")
    async def let_go_on() -> bool:
        go_on.set()
        return True

    with TestClient(app) as client:
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(client.get("/slow").text))
        thread.start()
        while not seen:
            time.sleep(0.001)
        assert client.get("/go-on").json() is True
        thread.join(20)
    assert answers == ["True"]
    assert seen[0].startswith("velocipy default")
