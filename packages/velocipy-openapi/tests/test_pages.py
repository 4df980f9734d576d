"""The pages and their assets, as HTTP."""

from __future__ import annotations

import gzip
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from velocipy import Depends, Router, VelociPy
from velocipy.middleware import GZipMiddleware, SecurityHeadersMiddleware
from velocipy.openapi import OpenAPIPlugin
from velocipy.testing.websocket_clients import WebSocketClient

from . import beach

app = beach.app
moved = beach.make_app(
    openapi_url="/api/v1/schema.json",
    docs_url="/",
    redoc_url="/internal/redoc/",
    scalar_url="/internal/deep/reference",
    connect_to=["https://api.example.com:8443"],
)
fewer = beach.make_app(docs_url=None, scalar_url=None)
silent = beach.make_app(openapi_url=None)
guarded = VelociPy()
behind = Router(prefix="/internal", dependencies=[Depends(beach.ask_for_key)])
behind.plug(beach.make_plugin())
guarded.include_router(behind)
wrapped = beach.make_app()
wrapped.add_middleware(SecurityHeadersMiddleware)
wrapped.add_middleware(GZipMiddleware, minimum_size=1)
configured = beach.make_app(
    swagger_options={"docExpansion": "none", "deepLinking": False, "note": "</script><!--&\u2028"},
    swagger_oauth={"clientId": "docs"},
    redoc_options={"disableTelemetry": True, "hideDownloadButtons": True},
    scalar_options={"theme": "moon"},
)

PAGES = ["/docs", "/redoc", "/scalar"]
IMMUTABLE = "public, max-age=31536000, immutable"


class Read(HTMLParser):
    """What a page loads and says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag = self.elements[-1][0] if self.elements else ""
        self.texts[tag] = self.texts.get(tag, "") + data

    @property
    def scripts(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == "script"]

    @property
    def styles(self) -> list[dict[str, str | None]]:
        return [told for tag, told in self.elements if tag == "link" and told["rel"] == "stylesheet"]

    @property
    def loaded(self) -> list[str]:
        urls = [told.get("src") for told in self.scripts] + [told["href"] for told in self.styles]
        return [url for url in urls if url]

    @property
    def data(self) -> Any:
        return json.loads(self.texts["script"].partition("\n")[0])


def policy_of(headers: Any) -> dict[str, str]:
    directives = (text.strip().partition(" ") for text in headers["content-security-policy"].split(";"))
    return {name: sources for name, _, sources in directives}


@pytest.mark.parametrize("path", PAGES)
def test_page_is_html_with_an_escaped_title(client: WebSocketClient, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>alert(1)" not in response.text
    assert Read(response.text).texts["title"].strip().startswith("Sea </title><script>alert(1)</script> & shop - ")


@pytest.mark.parametrize("path", PAGES)
def test_page_is_answered_to_head(client: WebSocketClient, path: str) -> None:
    response = client.head(path)

    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > 500


@pytest.mark.parametrize("path", PAGES)
def test_page_has_a_policy_without_inline_code(client: WebSocketClient, path: str) -> None:
    response = client.get(path)
    policy = policy_of(response.headers)
    page = Read(response.text)
    nonces = {told["nonce"] for told in (*page.scripts, *page.styles) if "nonce" in told}

    (nonce,) = nonces
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == f"'nonce-{nonce}'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["connect-src"].split() == ["'self'", "https://tokens.example.com"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    code = [told for told in page.scripts if "src" not in told]
    assert code == [{"id": "options", "type": "application/json"}]  # which is no code
    assert not [told for tag, told in page.elements if tag == "style" or "style" in told]
    assert not [name for _, told in page.elements for name in told if name.startswith("on")]


@pytest.mark.parametrize("path", PAGES)
def test_no_two_answers_have_the_same_nonce(client: WebSocketClient, path: str) -> None:
    policies = {client.get(path).headers["content-security-policy"] for _ in range(5)}

    assert len(policies) == 5


@pytest.mark.parametrize("path", PAGES)
def test_all_urls_of_a_page_are_relative(client: WebSocketClient, path: str) -> None:
    page = Read(client.get(path).text)
    urls = [told[name] or "" for _, told in page.elements for name in ("src", "href") if name in told]

    assert len(urls) > 3
    assert not [url for url in urls if re.match(r"/|https?:", url)]


@pytest.mark.parametrize("path", PAGES)
def test_assets_are_immutable_and_have_the_hash_of_their_content(client: WebSocketClient, path: str) -> None:
    for url in Read(client.get(path).text).loaded:
        response = client.get(urljoin(path, url))
        assert response.status_code == 200
        assert response.headers["cache-control"] == IMMUTABLE
        assert response.headers["x-content-type-options"] == "nosniff"
        kind = "text/css" if url.endswith(".css") else "text/javascript"
        assert response.headers["content-type"] == f"{kind}; charset=utf-8"
        assert url.split("/")[-2] == sha256(response.content).hexdigest()[:16]


@pytest.mark.parametrize("path", PAGES)
def test_assets_are_not_sent_again(client: WebSocketClient, path: str) -> None:
    for url in Read(client.get(path).text).loaded:
        first = client.get(urljoin(path, url))
        again = client.get(urljoin(path, url), headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == IMMUTABLE


def test_assets_are_answered_to_head(client: WebSocketClient) -> None:
    url = urljoin("/docs", Read(client.get("/docs").text).loaded[0])

    response = client.head(url)

    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["content-length"] == client.get(url).headers["content-length"]


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("br, *", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_assets_are_compressed_for_who_takes_it(client: WebSocketClient, accepted: str, is_compressed: bool) -> None:
    urls = Read(client.get("/docs").text).loaded
    url = urljoin("/docs", next(url for url in urls if url.endswith("/swagger-ui-bundle.js")))

    with client.stream("GET", url, headers={"accept-encoding": accepted}) as response:
        raw = b"".join(response.iter_raw())

    assert response.headers["vary"] == "accept-encoding"
    assert (response.headers.get("content-encoding") == "gzip") is is_compressed
    content = gzip.decompress(raw) if is_compressed else raw
    assert sha256(content).hexdigest()[:16] in url
    assert response.headers["etag"].endswith('-gzip"') is is_compressed


@pytest.mark.parametrize(
    "path",
    [
        "/docs/assets/{digest}/swagger-ui-bundle.css",
        "/docs/assets/0000000000000000/swagger-ui-bundle.js",
        "/docs/assets/{digest}/swagger-ui-bundle.js.gz",
        "/docs/assets/{digest}/LICENSE",
        "/docs/assets/{digest}/..%2Fswagger-ui-bundle.js",
        "/docs/assets/{digest}/%2e%2e/record.json",
        "/docs/assets/{digest}/",
        "/docs/assets/{digest}",
        "/docs/assets/record.json",
        "/docs/assets",
        "/docs/nothing",
        "/redoc/assets/{digest}/swagger-ui-bundle.js",
        "/redoc/oauth2-redirect.html",
    ],
)
def test_there_is_nothing_else(client: WebSocketClient, path: str) -> None:
    found = re.search(r"assets/(\w+)/swagger-ui-bundle\.js", client.get("/docs").text)
    assert found is not None

    assert client.get(path.replace("{digest}", found[1])).status_code == 404


def test_document_is_where_the_pages_say(client: WebSocketClient) -> None:
    for path in PAGES:
        data = Read(client.get(path).text).data
        url = data.get("url") or data["options"]["url"]
        response = client.get(urljoin(path, url))
        assert response.headers["content-type"] == "application/json"
        assert response.json()["openapi"] == "3.1.0"


def test_oauth2_redirect_page_runs_one_script(client: WebSocketClient) -> None:
    where = urljoin("/docs", Read(client.get("/docs").text).data["redirect"])

    response = client.get(where)

    assert response.status_code == 200
    policy = policy_of(response.headers)
    page = Read(response.text)
    (script,) = page.scripts
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'nonce-{script['nonce']}'"
    assert "connect-src" not in policy
    assert client.get(urljoin(where, script["src"] or "")).status_code == 200


@pytest.mark.velocipy_app("moved")
@pytest.mark.parametrize("path", ["/", "/internal/redoc/", "/internal/deep/reference"])
def test_pages_can_be_moved(client: WebSocketClient, path: str) -> None:
    response = client.get(path)
    page = Read(response.text)

    data = page.data
    assert urljoin(path, data.get("url") or data["options"]["url"]) == "/api/v1/schema.json"
    for url in page.loaded:
        assert client.get(urljoin(path, url)).status_code == 200
    assert policy_of(response.headers)["connect-src"].split()[-1] == "https://api.example.com:8443"
    for old in PAGES:
        assert client.get(old).status_code == 404


@pytest.mark.velocipy_app("moved")
def test_oauth2_redirect_page_moves_with_swagger_ui(client: WebSocketClient) -> None:
    response = client.get(urljoin("/", Read(client.get("/").text).data["redirect"]))

    assert response.status_code == 200
    assert client.get(urljoin("/", Read(response.text).loaded[0])).status_code == 200


@pytest.mark.velocipy_app("fewer")
def test_pages_can_be_switched_off(client: WebSocketClient) -> None:
    assert [client.get(path).status_code for path in (*PAGES, "/openapi.json")] == [404, 200, 404, 200]
    assert client.get("/docs/oauth2-redirect.html").status_code == 404


@pytest.mark.velocipy_app("silent")
def test_without_a_document_there_is_no_page(client: WebSocketClient) -> None:
    assert [client.get(path).status_code for path in (*PAGES, "/openapi.json")] == [404] * 4


@pytest.mark.velocipy_app("guarded")
def test_a_router_guards_what_is_plugged_into_it(client: WebSocketClient) -> None:
    url = urljoin("/internal/docs", Read(client.get("/internal/docs", headers={"x-key": beach.KEY}).text).loaded[0])

    assert url.startswith("/internal/docs/assets/")
    for path in (*(f"/internal{path}" for path in (*PAGES, "/openapi.json", "/docs/oauth2-redirect.html")), url):
        assert client.get(path).status_code == 403
        assert client.get(path, headers={"x-key": beach.KEY}).status_code == 200


@pytest.mark.velocipy_app("wrapped")
@pytest.mark.parametrize("path", PAGES)
def test_middleware_leaves_policies_and_assets_as_they_are(client: WebSocketClient, path: str) -> None:
    response = client.get(path)

    assert policy_of(response.headers)["default-src"] == "'none'"
    for url in Read(response.text).loaded:
        asset = client.get(urljoin(path, url))
        assert sha256(asset.content).hexdigest()[:16] in url
        assert asset.headers["cache-control"] == IMMUTABLE


@pytest.mark.velocipy_app("configured")
def test_options_reach_the_pages(client: WebSocketClient) -> None:
    swagger, redoc, scalar = (Read(client.get(path).text).data for path in PAGES)

    assert swagger["options"]["docExpansion"] == "none"
    assert swagger["options"]["deepLinking"] is False
    assert swagger["options"]["note"] == "</script><!--&\u2028"
    assert swagger["options"]["validatorUrl"] is None
    assert swagger["oauth"] == {"clientId": "docs"}
    assert redoc["options"]["hideDownloadButtons"] is True
    assert scalar["options"]["theme"] == "moon"
    assert scalar["options"]["withDefaultFonts"] is False


def test_pages_are_below_a_mount(client: WebSocketClient) -> None:
    for path in PAGES:
        where = f"/below{path}"
        page = Read(client.get(where).text)
        for url in page.loaded:
            assert urljoin(where, url).startswith(where)
            assert client.get(urljoin(where, url)).status_code == 200
        data = page.data
        document = client.get(urljoin(where, data.get("url") or data["options"]["url"])).json()
        assert document["servers"] == [{"url": "/below"}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"docs_url": "docs"}, "docs_url='docs' is no path"),
        ({"docs_url": ""}, "docs_url='' is no path"),
        ({"redoc_url": "https://example.com/redoc"}, "redoc_url='https://example.com/redoc' is no path"),
        ({"scalar_url": "//example.com"}, "scalar_url='//example.com' is no path"),
        ({"openapi_url": "/{tenant}/openapi.json"}, "without parameters"),
        ({"docs_url": "/redoc"}, "redoc_url and docs_url are both '/redoc'"),
        ({"connect_to": ["https://example.com/path"]}, "connect_to has 'https://example.com/path'"),
        ({"connect_to": ["example.com"]}, "connect_to has 'example.com'"),
        ({"connect_to": ["https://example.com; script-src *"]}, "which is no origin"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        OpenAPIPlugin(**options)


def test_one_origin_is_not_taken_for_several() -> None:
    with pytest.raises(TypeError, match="connect_to takes several origins"):
        OpenAPIPlugin(connect_to="https://example.com")


def test_options_must_be_json() -> None:
    with pytest.raises(TypeError, match="swagger_options cannot be told as JSON"):
        OpenAPIPlugin(swagger_options={"onComplete": print})
