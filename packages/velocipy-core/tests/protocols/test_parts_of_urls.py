"""The URL of a request is text that tells its parts, whatever a client calls the host."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import JSONResponse, RedirectResponse, Request, Response, VelociPy
from velocipy.http.url import URL
from velocipy.serialization import JSONCodec, MsgspecCodec, OrjsonCodec, StdlibCodec

app = VelociPy()


@app.get("/parts/{rest:path}", name="parts")
async def parts(request: Request, rest: str) -> dict[str, Any]:
    url = request.url
    return {name: getattr(url, name) for name in ("scheme", "netloc", "hostname", "port", "path", "query")}


@app.get("/base")
async def base(request: Request) -> list[Any]:
    return [request.base_url, request.base_url.hostname, request.base_url.port, request.base_url.path]


@app.get("/for")
async def url_for(request: Request) -> list[Any]:
    url = request.url_for("parts", rest="a/b", q=1)
    return [url.path, url.query, url.include_query_params(q=2, page=1), type(url).__name__]


@app.get("/changed")
async def changed(request: Request) -> list[str]:
    url = request.url
    return [
        url,
        url.include_query_params(page=2, tags=["a b", "c&d"]),
        url.include_query_params(**{"filter[name]": "ü", "self": 1}),
        url.remove_query_params("page"),
        url.remove_query_params("page", "tags"),
        url.remove_query_params(["page", "tags"]),
        url.remove_query_params("nothing"),
    ]


@app.get("/as-text")
async def as_text(request: Request) -> str:
    return request.url


@app.get("/as-header")
async def as_header(request: Request) -> Response:
    return Response(headers={"X-Url": request.url, "Link": f"<{request.url}>; rel=self"})


@app.get("/as-redirect")
async def as_redirect(request: Request) -> Response:
    return RedirectResponse(request.url_for("as_text").include_query_params(next=request.url.path))


@app.get("/response")
async def in_a_response(request: Request) -> JSONResponse:
    return JSONResponse({"url": request.url, request.base_url: [request.url]})


def test_the_parts_of_a_url(client: Client) -> None:
    answer = client.get("/parts/a%20b?q=1&q=%20", headers={"host": "Api.Example.com:8443"})
    assert answer.json() == {
        "scheme": "http",
        "netloc": "Api.Example.com:8443",
        "hostname": "api.example.com",
        "port": 8443,
        "path": "/parts/a%20b",
        "query": "q=1&q=%20",
    }


def test_what_is_not_there_is_empty(client: Client) -> None:
    told = client.get("/parts/", headers={"host": "example.com"}).json()
    assert (told["port"], told["query"], told["netloc"]) == (None, "", "example.com")


def test_a_path_that_looks_like_more_stays_a_path(client: Client) -> None:
    told = client.get("/parts/%3Fa=1%23b", headers={"host": "h"}).json()
    assert (told["path"], told["query"]) == ("/parts/%3Fa=1%23b", "")
    told = client.get("/parts//evil.com/x", headers={"host": "h"}).json()
    assert told["hostname"] == "h"


def test_the_base(client: Client) -> None:
    assert client.get("/base", headers={"host": "h:81"}).json() == ["http://h:81", "h", 81, ""]


def test_a_url_of_a_route_has_parts_too(client: Client) -> None:
    answer = client.get("/for", headers={"host": "h"}).json()
    assert answer == ["/parts/a/b", "q=1", "http://h/parts/a/b?q=2&page=1", "URL"]


def test_the_query_can_be_changed(client: Client) -> None:
    answer = client.get("/changed?page=1&tags=x&tags=y&blank=&bad=%ff", headers={"host": "h"}).json()
    assert [url.removeprefix("http://h/changed?") for url in answer] == [
        "page=1&tags=x&tags=y&blank=&bad=%ff",
        "blank=&bad=%FF&page=2&tags=a+b&tags=c%26d",
        "page=1&tags=x&tags=y&blank=&bad=%FF&filter%5Bname%5D=%C3%BC&self=1",
        "tags=x&tags=y&blank=&bad=%FF",
        "blank=&bad=%FF",
        "blank=&bad=%FF",
        "page=1&tags=x&tags=y&blank=&bad=%FF",
    ]


def test_a_query_that_becomes_empty_leaves_no_mark(client: Client) -> None:
    answer = client.get("/changed?page=1&tags=x", headers={"host": "h"}).json()
    assert answer[4] == "http://h/changed"


def test_it_is_text_wherever_text_is_wanted(client: Client) -> None:
    head = {"host": "h"}
    assert client.get("/as-text?a=1", headers=head).text == "http://h/as-text?a=1"
    answer = client.get("/as-header?a=1", headers=head)
    assert answer.headers["x-url"] == "http://h/as-header?a=1"
    assert answer.headers["link"] == "<http://h/as-header?a=1>; rel=self"
    answer = client.get("/as-redirect", headers=head)
    assert answer.headers["location"] == "http://h/as-text?next=%2Fas-redirect"
    assert client.get("/response", headers=head).json() == {
        "url": "http://h/response",
        "http://h": ["http://h/response"],
    }


@pytest.mark.in_process
@pytest.mark.parametrize("host", ["h:65536", "h:99999", "[::::]", "[:::1]:80", "[1.2.3.4]", "[12345::]"])
def test_parts_of_what_is_no_host_are_those_of_the_server(client: Client, host: str) -> None:
    told = client.get("/parts/x", headers={"host": host}).json()
    assert (told["hostname"], told["port"]) == ("testserver", 80)


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("host", "hostname", "port"),
    [("[::1]", "::1", None), ("[::FFFF:1.2.3.4]:80", "::ffff:1.2.3.4", 80), ("h:0", "h", 0), ("h:65535", "h", 65535)],
)
def test_parts_of_unusual_hosts(client: Client, host: str, hostname: str, port: int | None) -> None:
    told = client.get("/parts/x", headers={"host": host}).json()
    assert (told["hostname"], told["port"]) == (hostname, port)


def test_a_url_that_no_request_has_tells_what_it_can() -> None:
    url = URL("https://user@Example.com/a?b#c")
    assert (url.scheme, url.hostname, url.port, url.path, url.query) == ("https", "example.com", None, "/a", "b")
    assert url.include_query_params(d=1) == "https://user@Example.com/a?b=&d=1#c"
    assert URL("").path == ""
    with pytest.raises(ValueError, match="out of range"):
        _ = URL("http://h:99999").port


@pytest.mark.parametrize("make", [StdlibCodec, MsgspecCodec, OrjsonCodec])
def test_every_codec_writes_it_as_text(make: type[JSONCodec]) -> None:
    if make is not StdlibCodec:
        pytest.importorskip(make.__name__.removesuffix("Codec").lower(), reason="its codec is tested here")
    encoded = make().encode({"url": URL("http://h/a"), URL("http://h"): [URL("http://h/b")]})
    assert StdlibCodec().decode(encoded) == {"url": "http://h/a", "http://h": ["http://h/b"]}
