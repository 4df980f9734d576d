"""What templates may call: URLs of routes and files, the nonce of the policy; and who else gives them something."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from velocipy import HTTPConnection, Request, StaticFiles, VelociPy
from velocipy.middleware import NONCE, ContentSecurityPolicy, SecurityHeadersMiddleware
from velocipy.template_engine import TemplateError
from velocipy.templates import TemplateResponse, Templates
from velocipy.testing import TestClient

from .pages import made

FILES = made(app_css="body {}")
FILES.joinpath("sub dir").mkdir()
FILES.joinpath("sub dir", "ä.js").write_text("1")
FILES.parent.joinpath("velocipy-outside.css").write_text("outside")
FOLDER = made(
    macros_html='{% macro link(name) %}<a href="{{ url_for(name, q="a&b") }}">{{ static_url("app.css") }}</a>'
    '<script nonce="{{ csp_nonce() }}"></script>{% endmacro %}',
    links_html='{% from "macros.html" import link %}{{ link("links") }}',
    item_html="{{ url_for('item', number=number) }} {{ request.url_for('item', number=number) }}",
    host_html="{{ url_for('other') }}",
    static_html="{{ static_url(path) }}",
    elsewhere_html="{{ static_url('app.css', name='nothing') }}",
    unknown_html="{{ url_for('nothing') }}",
    nonce_html="{{ csp_nonce() }}",
    given_html="{{ plain }} {{ waited }} {{ both }} {{ own }}",
)


async def waited(request: HTTPConnection) -> dict[str, Any]:
    return {"waited": f"<{request.path}>", "both": "waited", "own": "waited"}


def plain(request: HTTPConnection) -> dict[str, Any]:
    return {"plain": "plain", "both": "plain", "own": "plain"}


templates = Templates(FOLDER, context_processors=[plain, waited])
app = VelociPy()
app.mount("/static", StaticFiles(FILES), name="static")
app.add_middleware(SecurityHeadersMiddleware, content_security_policy=ContentSecurityPolicy(script_src=NONCE))


@app.get("/links")
async def links() -> TemplateResponse:
    return templates.TemplateResponse("links.html")


@app.get("/items/{number}", name="item")
async def item(number: str) -> TemplateResponse:
    return templates.TemplateResponse("item.html", {"number": number})


@app.get("/other", host="other.example.com")
async def other() -> None: ...


@app.get("/pages/{name}")
async def page(name: str, path: str = "") -> TemplateResponse:
    return templates.TemplateResponse(f"{name}.html", {"path": path})


@app.get("/given")
async def given() -> TemplateResponse:
    return templates.TemplateResponse("given.html", {"own": "own"})


@app.get("/mail")
async def mail(request: Request) -> str:
    return await templates.render("item.html", {"number": 1}, request=request)


def test_macros_have_urls_and_the_nonce_of_each_request(client: TestClient) -> None:
    nonces = set()
    for _ in range(2):
        response = client.get("/links")
        policy = response.headers["content-security-policy"]
        nonce = policy.partition("'nonce-")[2].rstrip("'")
        assert f'<script nonce="{nonce}">' in response.text.replace("&#43;", "+")
        assert '<a href="/links?q=a%26b">/static/app.css?v=' in response.text
        nonces.add(nonce)
    assert len(nonces) == 2


def test_a_value_in_a_url_is_encoded_and_escaped(client: TestClient) -> None:
    path, url = client.get("/items/a%22%3E&'").text.split(" ")
    assert path == "/items/a%22%3E&amp;&#39;"
    assert url.startswith("http://")
    assert url.endswith(path)


def test_of_a_route_with_a_host_it_is_the_whole_url(client: TestClient) -> None:
    assert client.get("/pages/host").text.startswith("http://other.example.com")


def test_urls_are_below_the_root_path() -> None:
    outer = VelociPy()
    outer.mount("/below", app)
    with TestClient(outer) as client:
        response = client.get("/below/links")
        assert '"/below/links?q=a%26b">/below/static/app.css?v=' in response.text


def test_the_url_of_a_file_leads_to_it(client: TestClient) -> None:
    for path, content in (("app.css", "body {}"), ("sub dir/ä.js", "1")):
        url = client.get("/pages/static", params={"path": path}).text
        assert "?v=" in url
        assert client.get(url).text == content


@pytest.mark.in_process
def test_another_content_has_another_url(client: TestClient) -> None:
    file = FILES / "changing.css"
    urls = []
    for content in ("one", "two, which is longer"):
        file.write_text(content)
        urls.append(client.get("/pages/static?path=changing.css").text)
    assert urls[0] != urls[1]
    file.write_text("one")
    assert client.get("/pages/static?path=changing.css").text == urls[0]


@pytest.mark.parametrize(
    ("name", "path", "problem"),
    [
        ("static", "nothing.css", "there is no file 'nothing.css' in "),
        ("static", "../velocipy-outside.css", "there is no file"),
        ("static", "sub dir", "there is no file"),
        ("elsewhere", "", "no StaticFiles is mounted under the name 'nothing'; say app.mount("),
        ("unknown", "", "no route is named 'nothing'"),
    ],
)
@pytest.mark.in_process
def test_what_is_not_there_is_a_fault_of_the_template(
    client: TestClient, caplog: pytest.LogCaptureFixture, name: str, path: str, problem: str
) -> None:
    response = client.get(f"/pages/{name}", params={"path": path})
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert f"{name}.html:1: " in caplog.text
    assert problem in caplog.text


def test_without_a_policy_the_nonce_is_empty() -> None:
    bare = VelociPy()
    bare.add_route("/", lambda: templates.TemplateResponse("nonce.html"))
    with TestClient(bare) as client:
        assert client.get("/").text == ""


def test_context_processors_give_to_every_template_and_the_handler_counts_most(client: TestClient) -> None:
    assert client.get("/given").text == "plain &lt;/given&gt; waited own"


def test_text_may_be_rendered_for_a_request(client: TestClient) -> None:
    path, url = client.get("/mail").text.split(" ")
    assert (path, url.endswith("/items/1")) == ("/items/1", True)


async def render(folder: Path, template: str, **context: Any) -> str:
    return await Templates(folder).render(template, context)


def test_text_may_be_rendered_without_a_request() -> None:
    folder = made(mail_txt="Dear {{ name }},", link_txt="{{ url_for('x') }}")
    assert asyncio.run(render(folder, "mail.txt", name="<Ian>")) == "Dear <Ian>,"
    with pytest.raises(TemplateError, match=r"link.txt:1: RuntimeError: url_for\(\) needs a request"):
        asyncio.run(render(folder, "link.txt"))


def test_a_context_processor_that_gives_no_dict_is_a_fault_that_names_it(caplog: pytest.LogCaptureFixture) -> None:
    def nothing(request: HTTPConnection) -> Any:
        return None

    broken = Templates(FOLDER, context_processors=[nothing])
    app = VelociPy()
    app.add_route("/", lambda: broken.TemplateResponse("nonce.html"))
    with TestClient(app) as client:
        assert client.get("/").status_code == 500
    assert "nothing returned a NoneType; return a dict" in caplog.text


def test_a_context_processor_takes_the_request() -> None:
    with pytest.raises(TypeError, match="is called with the request"):
        templates.add_context_processor(dict)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is called with the request"):
        templates.add_context_processor("user")  # type: ignore[arg-type]
