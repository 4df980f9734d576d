"""The head of a request as a handler sees it: the same on every server, and hostile ones answered without harm."""

from typing import Any

import pytest

from velocipy import Request, VelociPy

app = VelociPy()


@app.get("/facts")
async def facts(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query_string": request.query_string,
        "scheme": request.scheme,
        "http_version": request.http_version,
        "client": list(request.client) if request.client else None,
        "server": list(request.server) if request.server else None,
        "root_path": request.root_path,
    }


@app.get("/headers")
async def headers(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.headers.items() if name.startswith("x-")]


@app.get("/header/{name}")
async def one_header(request: Request, name: str) -> dict[str, Any]:
    found = request.header(name, "none")
    return {"first": found, "all": request.headers.getlist(name), "upper": request.header(name.upper(), "none")}


@app.get("/cookies")
async def cookies(request: Request) -> dict[str, str]:
    return request.cookies


@app.get("/query")
async def query(request: Request) -> dict[str, Any]:
    parameters = request.query_params
    return {name: parameters.getlist(name) for name in parameters}


@app.get("/last/{name}")
async def last(request: Request, name: str) -> str:
    return request.query_params.get(name, "none")


@app.get("/path/{first}/{rest*}")
async def path(request: Request, first: str, rest: str) -> dict[str, Any]:
    return {"values": [first, rest], "params": request.path_params, "path": request.path}


def test_the_facts_of_the_connection(client: Any, velocipy_target: Any) -> None:
    told = client.get("/facts?a=%41&b").json()
    assert (told["method"], told["path"], told["query_string"]) == ("GET", "/facts", "a=%41&b")
    assert told["scheme"] == "http"
    assert told["http_version"] == ("2" if velocipy_target.name == "hypercorn-h2" else "1.1")
    assert told["root_path"] == ""
    host, port = told["client"]
    assert (host, type(port)) == ("127.0.0.1", int)
    assert port > 0


def test_the_server_is_the_address_that_was_asked(client: Any, velocipy_target: Any) -> None:
    host, port = client.get("/facts").json()["server"]
    if velocipy_target.live:
        assert (host, port) == (client.base_url.host, client.base_url.port)
    else:
        assert (host, port) == ("testserver", 80)


def test_headers_are_found_in_any_case(client: Any) -> None:
    told = client.get("/header/X-One", headers={"x-OnE": "1"}).json()
    assert told == {"first": "1", "all": ["1"], "upper": "1"}
    assert client.get("/header/X-Two").json() == {"first": "none", "all": [], "upper": "none"}


def test_repeated_headers_keep_their_order(client: Any) -> None:
    sent = [("x-b", "1"), ("x-a", "2"), ("x-b", "3")]
    assert sorted(map(tuple, client.get("/headers", headers=sent).json())) == sorted(sent)
    assert client.get("/header/x-b", headers=sent).json()["all"] == ["1", "3"]
    assert client.get("/header/x-b", headers=sent).json()["first"] == "1"


def test_cookies_are_read(client: Any) -> None:
    assert client.get("/cookies", headers={"cookie": 'a=1; b="x y"; c=%20'}).json() == {
        "a": "1",
        "b": "x y",
        "c": "%20",
    }
    assert client.get("/cookies").json() == {}


def test_cookies_in_several_fields_are_one_list(client: Any) -> None:
    """RFC 9113 section 8.2.3."""
    assert client.get("/cookies", headers=[("cookie", "a=1"), ("cookie", "b=2; a=3")]).json() == {"a": "1", "b": "2"}


@pytest.mark.parametrize("header", ["=__Host-a=1", ";;;", "a", "(=1", "=", '"', "a=1; a=2", "[x]=1;" * 50])
def test_hostile_cookies_are_no_error(client: Any, header: str) -> None:
    response = client.get("/cookies", headers={"cookie": f"{header}; good=1"})
    assert response.status_code == 200
    assert response.json()["good"] == "1"
    assert "__Host-a" not in response.json()


def test_cookies_beyond_ascii_never_pass_for_others(wire: Any) -> None:
    answer = wire.ask("GET", "/cookies", "cookie: \xa0session=evil; session=good; \x85session=evil")
    assert answer.status in (200, 400)
    if answer.status == 200 and answer.body != b"{}":  # Granian leaves such a header out
        assert b'"session":"good"' in answer.body


def test_two_thousand_cookies_are_read(client: Any, velocipy_target: Any) -> None:
    header = "; ".join(f"k{number}=v" for number in range(2000))
    response = client.get("/cookies", headers={"cookie": header})
    assert response.status_code in ((200,) if not velocipy_target.live else (200, 400, 431))
    if response.status_code == 200:
        assert len(response.json()) == 2000


def test_query_parameters_are_read(client: Any) -> None:
    assert client.get("/query?a=1&b=%C3%A9&a=2&c=&d&e=+&%C3%A9=x").json() == {
        "a": ["1", "2"],
        "b": ["\xe9"],
        "c": [""],
        "d": [""],
        "e": [" "],
        "\xe9": ["x"],
    }
    assert client.get("/last/a?a=1&a=2").text == "2"
    assert client.get("/query").json() == {}
    assert client.get("/query?").json() == {}


@pytest.mark.parametrize("text", ["a=%ff", "%ff=1", "a=%c3%28", "a=%ed%a0%80", "a=1&b=%80"])
def test_a_query_that_is_no_utf8_is_400(wire: Any, text: str) -> None:
    for target in ("/query", "/last/a"):
        answer = wire.ask("GET", f"{target}?{text}")
        assert answer.status == 400
        assert b"UTF-8" in answer.body


@pytest.mark.parametrize(
    "text", ["%", "a=%", "a=%4", "a=%zz", "&&&", "=", "a=%00", "a==", "?a=1", "a=" + "x" * 20_000, ";"]
)
def test_an_odd_query_is_no_error(wire: Any, text: str) -> None:
    assert wire.ask("GET", f"/query?{text}").status in (200, 400, 414, 431)


@pytest.mark.parametrize(
    "target",
    ["/path/%ff/x", "/path/%c3%28/x", "/path/%00/x", "/path/a%2fb/x", "/path/%2e%2e/x", "/path/a/%", "/path/a/%zz/b",
     "/path//x", "/path/a//b", "/../path/a/b", "/path/a/../../b", "/path/" + "x" * 5000 + "/y", "/" + "a/" * 3000,
     "/path/\xff/x", "//path/a/b", "/path/a/b;c=d", "/path/a\\b/c", "/path/%ed%a0%80/x", "*", "http://x/path/a/b"],
)  # fmt: skip
def test_a_hostile_path_is_no_error_of_the_server(wire: Any, target: str) -> None:
    answer = wire.ask("GET", target)
    assert answer.closed
    assert answer.status < 500
    assert wire.ask("GET", "/facts").status == 200


def test_values_in_the_path_are_decoded_once(client: Any) -> None:
    assert client.get("/path/a%20b/c%2525/d").json() == {
        "values": ["a b", "c%25/d"],
        "params": {"first": "a b", "rest": "c%25/d"},
        "path": "/path/a b/c%25/d",
    }


@pytest.mark.parametrize("method", ["__class__", "run", "G\xcbT", "get", "X" * 500, "PROPFIND", "TRACE", "CONNECT"])
def test_a_method_is_never_more_than_a_name(wire: Any, method: str) -> None:
    """CVE-2026-48817."""
    answer = wire.ask(method, "/facts")
    assert answer.status < 500
    assert answer.status != 200 or method == "get"  # which Granian and httptools may take for GET
    assert wire.ask("GET", "/facts").status == 200
