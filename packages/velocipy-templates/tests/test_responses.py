"""Pages as answers: what they are made of, what is escaped, what is not to be had."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from velocipy import Depends, HTMLResponse, HTTPException, Request, Response, VelociPy
from velocipy.middleware import HTTPApp
from velocipy.templates import TemplateResponse, Templates
from velocipy.testing import TestClient

from .pages import BASE, made

EVIL = """<script>alert('x')</script>"""

FOLDER = made(
    base_html=BASE,
    hello_html="<p title='{{ name }}'>Hello, {{ name }}</p>",
    hello_htm="{{ name }}",
    hello_xml="<a>{{ name }}</a>",
    hello_svg="<svg>{{ name }}</svg>",
    hello_jinja="{{ name }}",
    hello_j2="{{ name }}",
    hello_unknown="{{ name }}",
    hello="{{ name }}",
    hello_txt="{{ name }}",
    hello_csv="{{ name }}",
    hello_md_j2="{{ name }}",
    hello_html_j2="{{ name }}",
    about_html="{{ request.method }} {{ request.path }} {{ url_for('about', page=2) }}",
    status_html="{{ code }}",
    attributes_html="<p{{ attributes|xmlattr }}></p>",
    lazy_html="{{ session.read() }}",
    stops_html="{{ stop() }}",
)
NESTED = FOLDER / "admin"
NESTED.mkdir()
NESTED.joinpath("page.html").write_text("admin")
FOLDER.parent.joinpath("velocipy-outside.html").write_text("outside")

templates = Templates(FOLDER)
app = VelociPy()


@app.get("/hello/{ending}")
async def hello(ending: str, name: str = "", kind: str | None = None) -> Response:
    template = "hello" if ending == "none" else f"hello.{ending}"
    return templates.TemplateResponse(template, {"name": name}, media_type=kind)


@app.get("/status")
def status() -> TemplateResponse:
    return templates.TemplateResponse("status.html", {"code": 418}, status_code=418, headers={"x-tea": "no"})


@app.get("/cookie")
async def cookie(response: Response) -> TemplateResponse:
    response.set_cookie("given", "1")
    page = templates.TemplateResponse("admin/page.html")
    page.set_cookie("own", "2")
    return page


kept = templates.TemplateResponse("about.html")


@app.get("/about", name="about")
@app.get("/elsewhere")
async def about() -> TemplateResponse:
    return kept


@app.get("/starlette")
async def starlette(request: Request, keywords: bool = False) -> TemplateResponse:
    if keywords:
        return templates.TemplateResponse(request=request, name="hello.htm", context={"name": "k"}, status_code=202)
    return templates.TemplateResponse(request, "hello.htm", {"name": "p"}, status_code=201)


@app.get("/old-starlette")
async def old_starlette(request: Request) -> TemplateResponse:
    return templates.TemplateResponse("about.html", {"request": request})


@app.get("/attributes")
async def attributes(key: str) -> TemplateResponse:
    return templates.TemplateResponse("attributes.html", {"attributes": {key: 1}})


@app.get("/any")
async def any_template(name: str) -> TemplateResponse:
    return templates.TemplateResponse(name)


@dataclass
class Session:
    is_open: bool = True

    def read(self) -> str:
        return "open" if self.is_open else "closed"


async def open_session() -> AsyncIterator[Session]:
    session = Session()
    yield session
    session.is_open = False


@app.get("/lazy")
async def lazy(session: Annotated[Session, Depends(open_session)]) -> TemplateResponse:
    return templates.TemplateResponse("lazy.html", {"session": session})


@app.get("/stops")
async def stops() -> TemplateResponse:
    def stop() -> None:
        raise HTTPException(404, "no such egg")

    return templates.TemplateResponse("stops.html", {"stop": stop})


@app.exception_handler(410)
async def gone(request: Request, error: HTTPException) -> TemplateResponse:
    return templates.TemplateResponse("status.html", {"code": request.path}, status_code=410)


@app.get("/gone")
async def raise_gone() -> None:
    raise HTTPException(410)


@app.middleware("http")
async def measure(request: Request, call_next: HTTPApp) -> Response:
    if request.path == "/closed":
        return templates.TemplateResponse("status.html", {"code": "closed"}, status_code=503)
    response = await call_next(request)
    if isinstance(response.body, bytes):
        response.headers["x-length"] = str(len(response.body))
    return response


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("html", "text/html; charset=utf-8"),
        ("htm", "text/html; charset=utf-8"),
        ("html.j2", "text/html; charset=utf-8"),
        ("xml", "application/xml"),
        ("svg", "image/svg+xml"),
        ("jinja", "text/html; charset=utf-8"),
        ("j2", "text/html; charset=utf-8"),
        ("unknown", "text/html; charset=utf-8"),
        ("none", "text/html; charset=utf-8"),
    ],
)
def test_what_is_put_into_a_page_is_escaped(client: TestClient, ending: str, media_type: str) -> None:
    response = client.get(f"/hello/{ending}", params={"name": EVIL})
    assert response.headers["content-type"] == media_type
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in response.text
    assert "<script" not in response.text
    assert "'x'" not in response.text


@pytest.mark.parametrize(("ending", "kind"), [("txt", "plain"), ("csv", "csv"), ("md.j2", "markdown")])
def test_plain_text_is_not_escaped_and_never_sent_as_html(client: TestClient, ending: str, kind: str) -> None:
    response = client.get(f"/hello/{ending}", params={"name": EVIL})
    assert (response.text, response.headers["content-type"]) == (EVIL, f"text/{kind}; charset=utf-8")


def test_another_media_type_may_be_said(client: TestClient) -> None:
    response = client.get("/hello/txt", params={"name": "x", "kind": "text/calendar"})
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml", "image/svg+xml"])
@pytest.mark.parametrize("ending", ["txt", "csv", "md.j2"])
def test_plain_text_cannot_be_said_to_be_a_page(ending: str, kind: str) -> None:
    said: list[dict[str, Any]] = [{"media_type": kind}, {"headers": {"content-type": kind}}]
    for options in said:
        with pytest.raises(ValueError, match="is not escaped: it is not sent as .*; name it .html"):
            templates.TemplateResponse(f"hello.{ending}", {"name": EVIL}, **options)


def test_where_all_is_escaped_any_template_may_be_a_page() -> None:
    escaping = Templates(FOLDER)
    escaping.env.autoescape = True
    response = escaping.TemplateResponse("hello.md.j2", {"name": EVIL}, media_type="text/html")
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_status_and_headers_are_those_of_the_response(client: TestClient) -> None:
    response = client.get("/status")
    assert (response.status_code, response.headers["x-tea"], response.text) == (418, "no", "418")
    assert response.headers["content-length"] == response.headers["x-length"] == "3"


def test_head_has_the_headers_of_get(client: TestClient) -> None:
    response = client.head("/status")
    assert (response.status_code, response.headers["content-length"], response.content) == (418, "3", b"")


def test_cookies_of_the_page_and_of_the_given_response_are_set(client: TestClient) -> None:
    response = client.get("/cookie")
    assert response.text == "admin"
    assert dict(response.cookies) == {"given": "1", "own": "2"}


def test_a_page_that_is_kept_is_made_anew_for_each_request(client: TestClient) -> None:
    assert client.get("/about").text == "GET /about /about?page=2"
    assert client.get("/elsewhere").text == "GET /elsewhere /about?page=2"


def test_the_request_may_be_named_as_elsewhere(client: TestClient) -> None:
    first, second = client.get("/starlette"), client.get("/starlette?keywords=1")
    assert (first.status_code, first.text, second.status_code, second.text) == (201, "p", 202, "k")
    assert client.get("/old-starlette").text == "GET /old-starlette /about?page=2"


def test_keys_of_attributes_cannot_break_out(client: TestClient) -> None:
    """CVE-2024-22195 and CVE-2024-34064."""
    assert client.get("/attributes", params={"key": "id"}).text == '<p id="1"></p>'
    for key in ("a onload", "a/b", "a>b", "a=b"):
        assert client.get("/attributes", params={"key": key}).status_code == 500


@pytest.mark.parametrize(
    "name", ["../velocipy-outside.html", "admin/../../velocipy-outside.html", "/etc/passwd", "..\\x", "\0"]
)
def test_no_template_lies_outside(client: TestClient, name: str) -> None:
    response = client.get("/any", params={"name": name})
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_it_is_rendered_while_dependencies_are_open(client: TestClient) -> None:
    assert client.get("/lazy").text == "open"


def test_what_a_template_calls_may_end_the_request(client: TestClient) -> None:
    response = client.get("/stops")
    assert (response.status_code, response.json()) == (404, {"detail": "no such egg"})


def test_exception_handlers_and_middleware_answer_with_pages(client: TestClient) -> None:
    response = client.get("/gone")
    assert (response.status_code, response.text) == (410, "/gone")
    response = client.get("/closed")
    assert (response.status_code, response.text) == (503, "closed")


@pytest.mark.parametrize(
    ("arguments", "error", "problem"),
    [
        (((),), TypeError, "is no name of a template"),
        (("",), TypeError, "is no name of a template"),
        (("page.html", [1]), TypeError, "the context of 'page.html' is a list; give a dict"),
        (("page.html", {}, 3), TypeError, "positional"),
    ],
)
def test_what_is_no_page_is_refused(arguments: Any, error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem):
        templates.TemplateResponse(*arguments)


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({"status_code": 99}, ValueError, "status"),
        ({"headers": {"a b": "c"}}, ValueError, "token"),
        ({"block": "a", "htmx_block": "b"}, ValueError, "say one of them"),
        ({"block": "a", "stream": True}, ValueError, "a block is sent whole"),
        ({"request": "me"}, TypeError, "leave it out"),
        ({"blocks": "a"}, TypeError, "blocks"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: Any, error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem):
        templates.TemplateResponse("page.html", **options)


def test_it_is_a_html_response() -> None:
    assert isinstance(templates.TemplateResponse("page.html"), HTMLResponse)
