"""`StaticFiles`: a folder as routes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velocipy import Depends, HTTPException, Request, Response, Router, StartupError, StaticFiles, VelociPy
from velocipy.routing.static import StaticFiles as Documented

FOLDER = Path(os.environ["VELOCIPY_TEST_FOLDER"], "static")
SITE = FOLDER / "site"
MODIFIED = 1_700_000_000
LARGE = b"".join(number.to_bytes(4, "big") for number in range(300_000))

CONTENTS = {
    "index.html": b"<h1>home</h1>",
    "app.3f2a.js": b"app()",
    "style.css": b"p {}" * 100,
    "large.bin": LARGE,
    "about/index.html": b"<h1>about</h1>",
    "about/team.html": b"<h1>team</h1>",
    "empty/keep.txt": b"",
    "with space/\xfcber uns.txt": b"spelt",
    "100%.txt": b"percent",
    "a+b.txt": b"plus",
    ".env": b"SECRET=1",
    ".well-known/security.txt": b"contact",
    "deep/.git/config": b"[core]",
}
COMPRESSED = {
    "style.css.gz": b"as gzip",
    "style.css.br": b"as br",
    "style.css.zst": b"as zstd",
    "about/team.html.gz": b"older",
}


async def require_key(request: Request) -> None:
    if request.header("x-key") != "velociraptor":
        raise HTTPException(401)


guarded = Router("/guarded", dependencies=[Depends(require_key)])
guarded.mount("/files", StaticFiles(SITE))

app = VelociPy()
app.mount("/static", StaticFiles(SITE), name="static")
app.mount("/html", StaticFiles(str(SITE), html=True))
app.mount("/spa/", StaticFiles(SITE, fallback="index.html"))
app.mount("/compressed", StaticFiles(SITE, precompressed=True))
app.mount("/dotted", StaticFiles(SITE, dotfiles=True))
app.mount("/well-known", StaticFiles(SITE / ".well-known"))
app.mount("/cached", StaticFiles(SITE, cache_control="no-cache"))
app.mount(
    "/rules",
    StaticFiles(
        SITE,
        html=True,
        cache_control={"*.????.js": StaticFiles.IMMUTABLE, "about/*": "public, max-age=60", "*.html": "no-cache"},
    ),
)
app.include_router(guarded)


@app.get("/static/known")
async def known() -> str:
    return "a route"


@app.get("/links")
async def links(request: Request) -> list[str]:
    paths = ("about/team.html", "/about/team.html", "with space/x")
    return [app.url_for("static", path=path) for path in paths]


site = VelociPy()
site.mount("/", StaticFiles(SITE, html=True))


@site.get("/api/items")
async def items() -> list[int]:
    return [1]


@site.post("/api/items")
async def add_item() -> int:
    return 2


polite = VelociPy()
polite.mount("/static", StaticFiles(SITE))


@polite.exception_handler(404)
async def answer_missing(request: Request, error: HTTPException) -> Response:
    return Response(f"nothing at {request.path}", 404, {"x-handled": "1"})


@polite.exception_handler(405)
async def answer_refused(request: Request, error: HTTPException) -> Response:
    return Response("no", 405, error.headers)


@pytest.fixture(autouse=True, scope="module")
def _files() -> Iterator[None]:
    for name, content in {**CONTENTS, **COMPRESSED}.items():
        path = SITE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))
    os.utime(SITE / "about/team.html.gz", (MODIFIED - 1, MODIFIED - 1))
    os.mkfifo(SITE / "pipe")
    yield
    (SITE / "pipe").unlink()


def test_the_documented_names_are_one() -> None:
    assert Documented is StaticFiles


@pytest.mark.parametrize(
    "name", ["index.html", "about/team.html", "large.bin", "with%20space/%C3%BCber%20uns.txt", "100%25.txt", "a+b.txt"]
)
def test_a_file_is_served_as_it_is(client: Any, name: str) -> None:
    from urllib.parse import unquote

    response = client.get(f"/static/{name}")
    assert (response.status_code, response.content) == (200, CONTENTS[unquote(name)])
    assert "cache-control" not in response.headers
    assert "vary" not in response.headers
    head = client.head(f"/static/{name}")
    assert (head.status_code, head.content) == (200, b"")
    for field in ("content-length", "content-type", "etag", "last-modified"):
        assert head.headers[field] == response.headers[field]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/about", "/about/", "/empty/", "/nothing.txt", "/nothing/at/all", "/index.html/", "/index.html/x"),
        *("//index.html", "/about//team.html", "/pipe", "/x" * 200, "/" + "x" * 300, "/%ff"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_no_file_is_a_404_like_any_other(client: Any, path: str, method: str) -> None:
    response = client.request(method, f"/static{path}")
    assert response.status_code == 404
    if method == "GET":
        assert response.json() == client.get("/nowhere").json()


@pytest.mark.in_process  # Gunicorn refuses it by itself
def test_a_path_longer_than_any_system_takes_is_a_404(client: Any) -> None:
    assert client.get("/static" + "/x" * 10_000).status_code == 404


def test_refusals_pass_through_exception_handlers(client_factory: Any) -> None:
    client = client_factory("polite")
    response = client.get("/static/nothing.txt")
    assert (response.status_code, response.text) == (404, "nothing at /static/nothing.txt")
    response = client.delete("/static/index.html")
    assert (response.status_code, response.text, response.headers["allow"]) == (405, "no", "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(client: Any, method: str) -> None:
    for path in ("/static", "/static/", "/static/index.html", "/static/nothing.txt"):
        response = client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.in_process  # servers refuse some by themselves
@pytest.mark.parametrize("method", ["QUERY", "ANSWER", "__CLASS__", "CALL", "get", "Get"])
def test_cve_2026_48817_a_method_is_no_name_of_ours(client: Any, method: str) -> None:
    """Starlette looked methods up as attributes."""
    assert client.request(method, "/static/index.html").status_code in (200 if method.upper() == "GET" else 405, 405)


def test_options_tells_the_methods(client: Any) -> None:
    response = client.options("/static/index.html")
    assert (response.status_code, response.headers["allow"]) == (200, "GET, HEAD, OPTIONS")


def test_routes_go_before_a_mount(client: Any) -> None:
    assert client.get("/static/known").text == "a route"


def test_a_mount_has_urls(client: Any) -> None:
    assert client.get("/links").json() == ["/static/about/team.html"] * 2 + ["/static/with%20space/x"]


def test_dependencies_of_its_router_come_first(client: Any) -> None:
    assert client.get("/guarded/files/index.html").status_code == 401
    assert client.get("/guarded/files/nothing.html").status_code == 401
    response = client.get("/guarded/files/index.html", headers={"x-key": "velociraptor"})
    assert response.content == CONTENTS["index.html"]


@pytest.mark.parametrize("path", ["/.env", "/.well-known/security.txt", "/deep/.git/config", "/.", "/..."])
def test_names_that_start_with_a_dot_are_served_only_on_demand(client: Any, path: str) -> None:
    assert client.get(f"/static{path.replace('.', '%2e')}").status_code == 404
    response = client.get(f"/dotted{path.replace('.', '%2e')}")
    assert response.content == CONTENTS[path[1:]] if path[1:] in CONTENTS else response.status_code == 404


def test_a_folder_whose_name_starts_with_a_dot_may_be_mounted(client: Any) -> None:
    assert client.get("/well-known/security.txt").content == CONTENTS[".well-known/security.txt"]


# Nothing is remembered


def test_a_file_that_comes_changes_and_goes_does_so_at_once(client: Any) -> None:
    """VelociPy 0.3.0 remembered what was missing, and the dates of what was there, for ever."""
    path = SITE / "changing.txt"
    assert client.get("/static/changing.txt").status_code == 404
    path.write_bytes(b"first")
    first = client.get("/static/changing.txt")
    assert first.content == b"first"
    path.write_bytes(b"other")
    os.utime(path, (MODIFIED, MODIFIED))
    second = client.get("/static/changing.txt", headers={"if-none-match": first.headers["etag"]})
    assert (second.status_code, second.content) == (200, b"other")
    path.unlink()
    assert client.get("/static/changing.txt", headers={"if-none-match": second.headers["etag"]}).status_code == 404


def test_a_404_keeps_nothing_of_the_one_before(client: Any) -> None:
    first, second = client.head("/static/nothing.txt"), client.get("/static/nothing.txt")
    assert first.content == b""
    assert second.json() == {"detail": "Not Found"}


def test_a_folder_that_is_replaced_is_another_one_at_once(client: Any) -> None:
    """A deployment changes a link that leads to the folder, or one in it."""
    for release in ("first", "second"):
        (FOLDER / release).mkdir(exist_ok=True)
        (FOLDER / release / "name.txt").write_text(release)
        (FOLDER / "next").symlink_to(FOLDER / release)
        (FOLDER / "next").replace(SITE / "current")
        assert client.get("/static/current/name.txt").status_code == 404  # it leads out
        (SITE / "current").unlink()
        (SITE / release).mkdir(exist_ok=True)
        (SITE / release / "name.txt").write_text(release)
        (SITE / "next").symlink_to(release)
        (SITE / "next").replace(SITE / "current")
        assert client.get("/static/current/name.txt").text == release


# Pages


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/html/", "index.html"),
        ("/html/index.html", "index.html"),
        ("/html/about/", "about/index.html"),
        ("/html/about/team.html", "about/team.html"),
    ],
)
def test_a_folder_is_answered_with_its_page(client: Any, path: str, name: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content) == (200, CONTENTS[name])
    assert response.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "location"),
    [("/html", "./html/"), ("/html/about", "./about/"), ("/html/about?a=1&b=%20", "./about/?a=1&b=%20")],
)
def test_a_folder_without_a_slash_is_sent_to_where_its_links_work(client: Any, path: str, location: str) -> None:
    response = client.get(path, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, location)
    assert client.get(path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("path", ["/html/empty", "/html/empty/", "/html/nothing", "/html/nothing/", "/html/pipe"])
def test_a_folder_without_a_page_is_a_404(client: Any, path: str) -> None:
    assert client.get(path, follow_redirects=False).status_code == 404


def test_cve_2024_27306_folders_are_never_listed(client: Any) -> None:
    """aiohttp listed names unescaped; there is no listing here."""
    (SITE / "<script>").mkdir(exist_ok=True)
    for path in ("/static/", "/html/empty/", "/html/%3Cscript%3E/", "/dotted/"):
        response = client.get(path)
        assert response.status_code == 404
        assert "script" not in response.text


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/", 200, CONTENTS["index.html"]),
        ("/about/", 200, CONTENTS["about/index.html"]),
        ("/style.css", 200, CONTENTS["style.css"]),
        ("/api/items", 200, b"[1]"),
        ("/api/nothing", 404, b'{"detail":"Not Found"}'),
    ],
)
def test_a_mount_may_be_everything(client_factory: Any, path: str, status: int, content: bytes) -> None:
    response = client_factory("site").get(path)
    assert (response.status_code, response.content) == (status, content)


def test_a_mount_of_everything_leaves_other_methods_to_routes(client_factory: Any) -> None:
    client = client_factory("site")
    assert client.post("/api/items").json() == 2
    response = client.post("/style.css")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", ["/spa", "/spa/", "/spa/dashboard", "/spa/users/5/", "/spa/about", "/spa/about/"])
def test_a_route_of_the_browser_is_answered_with_the_fallback(client: Any, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content) == (200, CONTENTS["index.html"])


@pytest.mark.parametrize("path", ["/spa/old.3f2b.js", "/spa/users/x.png/", "/spa/.env", "/spa/a%5Cb", "/spa/a%00b"])
def test_a_file_that_is_missing_is_no_route_of_the_browser(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


# Headers


def test_one_rule_for_all_files(client: Any) -> None:
    response = client.get("/cached/style.css")
    assert response.headers["cache-control"] == "no-cache"
    fresh = client.get("/cached/style.css", headers={"if-none-match": response.headers["etag"]})
    assert (fresh.status_code, fresh.headers["cache-control"]) == (304, "no-cache")
    assert "cache-control" not in client.get("/cached/nothing.css").headers


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/app.3f2a.js", "public, max-age=31536000, immutable"),
        ("/about/team.html", "public, max-age=60"),
        ("/about/", "public, max-age=60"),
        ("/", "no-cache"),
        ("/style.css", None),
    ],
)
def test_the_first_rule_that_fits_counts(client: Any, path: str, value: str | None) -> None:
    assert client.get(f"/rules{path}").headers.get("cache-control") == value


def test_rules_that_cannot_be_sent_are_refused_where_they_are_written() -> None:
    with pytest.raises(ValueError, match="cache-control"):
        StaticFiles(SITE, cache_control={"*": "no-cache\r\nset-cookie: a=b"})


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip", "gzip"),
        ("gzip;q=1, br;q=0.1", "gzip"),
        ("br;q=0, *", "zstd"),
        ("identity", None),
        ("deflate", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
def test_a_compressed_file_is_sent_to_who_takes_it(client: Any, accepted: str, coding: str | None) -> None:
    # Read as it came: the client would unpack what is not packed here.
    with client.stream("GET", "/compressed/style.css", headers={"accept-encoding": accepted}) as response:
        content = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding") == coding
    assert content == (f"as {coding}".encode() if coding else CONTENTS["style.css"])
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert response.headers["vary"] == "accept-encoding"


def test_each_coding_is_another_representation(client: Any) -> None:
    tags = set()
    for coding in ("br", "gzip", "zstd", "identity"):
        head = client.head("/compressed/style.css", headers={"accept-encoding": coding})
        tags.add(head.headers["etag"])
        fresh = {"accept-encoding": coding, "if-none-match": head.headers["etag"]}
        response = client.get("/compressed/style.css", headers=fresh)
        assert (response.status_code, response.headers["vary"]) == (304, "accept-encoding")
    assert len(tags) == 4
    with client.stream(
        "GET", "/compressed/style.css", headers={"accept-encoding": "gzip", "range": "bytes=3-"}
    ) as response:
        assert (response.status_code, b"".join(response.iter_raw())) == (206, b"gzip")
        assert response.headers["content-range"] == "bytes 3-6/7"


def test_a_compressed_file_that_is_older_is_not_sent(client: Any) -> None:
    response = client.get("/compressed/about/team.html", headers={"accept-encoding": "gzip"})
    assert (response.content, response.headers.get("content-encoding")) == (CONTENTS["about/team.html"], None)


def test_a_compressed_file_is_a_file_of_its_own_too(client: Any) -> None:
    response = client.get("/compressed/style.css.gz")
    assert (response.content, response.headers["content-type"]) == (b"as gzip", "application/gzip")
    assert "content-encoding" not in response.headers


# The start


@pytest.mark.parametrize(("name", "problem"), [("nothing", "does not exist"), ("site/index.html", "is no directory")])
def test_a_folder_that_is_missing_ends_the_start(name: str, problem: str) -> None:
    broken = VelociPy()
    broken.mount("/static", StaticFiles(FOLDER / name))
    with pytest.raises(StartupError, match=problem) as raised:
        broken.freeze()
    assert str(FOLDER / name) in str(raised.value)


@pytest.mark.parametrize("fallback", ["nothing.html", "about", ".env", "../static/site/index.html"])
def test_a_fallback_that_is_missing_ends_the_start(fallback: str) -> None:
    broken = VelociPy()
    broken.mount("/", StaticFiles(SITE, fallback=fallback))
    with pytest.raises(StartupError, match="fallback"):
        broken.freeze()


def test_what_cannot_be_mounted_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="path comes first"):
        VelociPy().mount(StaticFiles(SITE), "/static")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cannot be called"):
        VelociPy().mount("/static", "site")  # type: ignore[arg-type]


def test_two_mounts_at_one_place_end_the_start() -> None:
    broken = VelociPy()
    broken.mount("/static", StaticFiles(SITE))
    broken.mount("/static/", StaticFiles(SITE, html=True))
    with pytest.raises(StartupError, match="already answered"):
        broken.freeze()


def test_the_folder_is_that_of_the_start_wherever_the_process_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    relative = VelociPy()
    relative.mount("/static", StaticFiles("site"))
    monkeypatch.chdir("/")
    relative.freeze()
