"""Nothing outside of the folder is served, whatever is asked for, and whatever is put into the folder meanwhile."""

import http.client
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from velocipy import StaticFiles, VelociPy

FOLDER = Path(os.environ["VELOCIPY_TEST_FOLDER"], "hostile")
PUBLIC = FOLDER / "public"
SECRET = b"root:x:0:0:secret"
LARGE = 300_000  # more than is read at once, so that servers send it by themselves

app = VelociPy()
app.mount("/static", StaticFiles(PUBLIC))
app.mount("/html", StaticFiles(PUBLIC, html=True))
app.mount("/compressed", StaticFiles(PUBLIC, precompressed=True))
app.mount("/spa", StaticFiles(PUBLIC, fallback="swapped.txt"))

everything = VelociPy()
everything.mount("/", StaticFiles(PUBLIC, html=True))


@pytest.fixture(autouse=True, scope="module")
def _files() -> None:
    secrets = [
        *("secret.txt", "secret.txt.gz", "index.html", "outside/secret.txt", "outside/index.html"),
        *("public-too/secret.txt", "public.txt", "outside/swapped.txt"),
    ]
    for name in secrets:
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_bytes(SECRET)
    (FOLDER / "large.bin").write_bytes(SECRET * (LARGE // len(SECRET)))
    for name in ("open.txt", "sub/open.txt", "sub/index.html", "swapped.txt", "data.txt"):
        (PUBLIC / name).parent.mkdir(parents=True, exist_ok=True)
        (PUBLIC / name).write_bytes(b"open")
    (PUBLIC / "large.bin").write_bytes(b"open" * (LARGE // 4))
    for name in (".env", "con", "nul.txt", "aux.tar.gz", "COM1", "lpt\xb9.txt", "a:b", "c\\d", "dot.", "blank ", "a*b"):
        (PUBLIC / name).write_bytes(SECRET)
    (PUBLIC / "prn").mkdir()
    (PUBLIC / "prn" / "open.txt").write_bytes(SECRET)
    links = {
        "to-file": "../secret.txt",
        "to-folder": "../outside",
        "to-root": "/",
        "to-itself": "to-itself",
        "to-dotfile": ".env",
        "absolute": str(FOLDER / "secret.txt"),
        "by-another": "to-folder/secret.txt",
        "to-process": "/proc/self/environ",
        "data.txt.gz": "../secret.txt",
        "inside": "sub/open.txt",
        "inside-folder": "sub",
        "here": ".",
        "around": "../public/open.txt",
    }
    for name, target in links.items():
        (PUBLIC / name).symlink_to(target)


class Swapping(threading.Thread):
    """Puts links out of the folder where files and folders are, and back, without end."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()

    def run(self) -> None:
        folder, aside = PUBLIC / "folder", PUBLIC / "aside"
        folder.mkdir()
        for name in ("secret.txt", "swapped.txt", "index.html"):
            (folder / name).write_bytes(b"open")
        while not self.ended.is_set():
            for name, target in (("swapped.txt", "../secret.txt"), ("swapped.bin", "../large.bin")):
                (PUBLIC / "new").symlink_to(target)
                (PUBLIC / "new").replace(PUBLIC / name)
            folder.rename(aside)
            folder.symlink_to("../outside")
            for name, content in (("swapped.txt", b"open"), ("swapped.bin", b"open" * (LARGE // 4))):
                (PUBLIC / "new").write_bytes(content)
                (PUBLIC / "new").replace(PUBLIC / name)
            folder.unlink()
            aside.rename(folder)
        for name in ("secret.txt", "swapped.txt", "index.html"):
            (folder / name).unlink()
        folder.rmdir()


@pytest.fixture
def swapping() -> Iterator[None]:
    thread = Swapping()
    thread.start()
    yield
    thread.ended.set()
    thread.join()


SWAPPED = ["swapped.txt", "swapped.bin", "folder/secret.txt", "folder/swapped.txt", "folder/"]
PARTS = [
    *("..", "..", "..", ".", "...", "", "~", "*", "C:", "c:\\", "\\\\server\\share", "..\\", "\\..\\", "file:", "con"),
    *("nul.txt", "COM1", "a:b", "open.txt::$DATA", "sub", "public", "public-too", "outside", "to-folder", "to-root"),
    *("inside-folder", "here", "etc", "proc", "self", "cwd", "root", "%2e%2e", "%", "\0", "\n", "\r\n", "\x7f", "\xe9"),
    *("\uff0e\uff0e", "\u2215", "..;", ".. ", " ..", "..\0", "static", FOLDER.name, str(FOLDER), "folder", "prn"),
]
ENDS = [
    "secret.txt",
    "to-file",
    "absolute",
    "by-another",
    "to-dotfile",
    ".env",
    "environ",
    "passwd",
    "large.bin",
    "con",
]


def hostile_paths(count: int) -> list[str]:
    """Paths as the application would see them, the same in every run."""
    chance = random.Random(14)
    paths = []
    for _ in range(count):
        parts = chance.choices(PARTS, k=chance.randint(1, 6))
        separators = chance.choices(["/", "/", "/", "//", "\\"], k=len(parts))
        path = "".join(part + separator for part, separator in zip(parts, separators, strict=True))
        paths.append(path + chance.choice(ENDS))
    return paths


ENCODINGS = {
    "raw": lambda path: quote(path, safe="/.\\:~*;$%"),
    "dots": lambda path: quote(path, safe="/").replace(".", "%2e"),
    "all": lambda path: "".join(f"%{byte:02X}" for byte in path.encode()),
    "twice": lambda path: quote("".join(f"%{byte:02x}" for byte in path.encode())),
}
PREFIXES = ["/static/", "/html/", "/compressed/", "/spa/"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_path_leads_out(client: Any, swapping: None, encoding: str) -> None:
    for number, path in enumerate(hostile_paths(300)):
        response = client.get(PREFIXES[number % 4] + ENCODINGS[encoding](path))
        assert response.status_code < 500
        assert SECRET not in response.content, path


def test_files_that_are_swapped_for_links_do_not_lead_out(client: Any, swapping: None) -> None:
    statuses = set()
    for number in range(600):
        name = SWAPPED[number % len(SWAPPED)]
        response = client.get(PREFIXES[number % 4] + name, follow_redirects=False)
        statuses.add(response.status_code)
        assert SECRET not in response.content, name
    assert {200, 404} <= statuses, "the swapping was not seen"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ten_thousand_paths_as_they_are_written_lead_nowhere(live_server: Any, swapping: None, encoding: str) -> None:
    """2500 in each encoding, byte for byte, a swapped file after each; the worker lives through it."""
    connection = http.client.HTTPConnection(live_server.host, live_server.port, timeout=10)

    def ask(path: str) -> tuple[int, bytes]:
        try:
            connection.putrequest("GET", path, skip_accept_encoding=True)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.read()
        except (http.client.HTTPException, OSError):  # refused by the server, which closes then
            connection.close()
            return 0, b""

    statuses = set()
    for number, path in enumerate(hostile_paths(2500)):
        prefix = PREFIXES[number % 4]
        _, content = ask(prefix + ENCODINGS[encoding](path))
        assert SECRET not in content, path
        status, content = ask(prefix + SWAPPED[number % len(SWAPPED)])
        assert SECRET not in content
        statuses.add(status)
    assert {200, 404} <= statuses, "the swapping was not seen"
    assert ask("/static/open.txt") == (200, b"open")
    connection.close()


def test_links_that_stay_inside_are_followed(client: Any) -> None:
    for name in ("inside", "inside-folder/open.txt", "here/open.txt", "here/here/sub/open.txt", "around"):
        response = client.get(f"/static/{name}")
        assert (response.status_code, response.content) == (200, b"open"), name


def test_cve_2024_23334_links_that_lead_out_are_not_there(client: Any) -> None:
    """aiohttp, told to follow links, followed them anywhere."""
    links = ["to-file", "to-folder/secret.txt", "to-folder/", "to-root/etc/passwd", "absolute", "by-another"]
    for link in [*links, "to-itself", "to-dotfile", "to-process", "inside-folder/../../secret.txt"]:
        for prefix in PREFIXES[:3]:
            assert client.get(prefix + quote(link.replace("..", "%2e%2e"), safe="/%")).status_code == 404, link


def test_cve_2024_42367_compressed_forms_are_judged_as_the_file_is(client: Any) -> None:
    """aiohttp checked where the file leads, but not its compressed form."""
    response = client.get("/compressed/data.txt", headers={"accept-encoding": "gzip"})
    assert (response.content, response.headers.get("content-encoding")) == (b"open", None)


def test_cve_2023_29159_a_folder_whose_name_begins_alike_is_another(client: Any) -> None:
    """Starlette compared paths by their first letters."""
    for path in ("%2e%2e/public-too/secret.txt", "%2e%2e/public.txt", "..%2fpublic-too%2fsecret.txt"):
        assert client.get(f"/static/{path}").status_code == 404


def test_cve_2024_32982_a_slash_more_does_not_lead_out(client: Any) -> None:
    """Litestar joined what looked like an absolute path."""
    for path in (
        f"/{FOLDER}/secret.txt",
        f"{FOLDER}/secret.txt",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "/%2e%2e/secret.txt",
    ):
        for prefix in PREFIXES[:3]:
            assert client.get(prefix + path).status_code == 404


def test_cve_2022_35920_encoded_dots_and_backslashes_do_not_lead_out(client: Any) -> None:
    """Sanic on Windows."""
    for path in ("%2e%2e%2fsecret.txt", "%2e%2e%5csecret.txt", "..%5c..%5csecret.txt", "sub%5c..%5c..%5csecret.txt"):
        assert client.get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["%5C%5Cserver%5Cshare%5Ca", "//server/share/a", "%2F%2Fserver%2Fshare", "C:%5Ca", "C:/a", "c:a", "%5C%5C%3F%5CC:"],
)
def test_cve_2026_48818_34515_2024_49766_shares_and_drives_are_refused(client: Any, path: str) -> None:
    """Starlette, aiohttp and Werkzeug asked foreign servers for files, with the hash of the password."""
    for prefix in PREFIXES[:3]:
        assert client.get(prefix + path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("con", "CON", "nul.txt", "NUL.TXT", "aux.tar.gz", "COM1", "com1.", "lpt%C2%B9.txt", "prn/open.txt"),
        *("a:b", "open.txt::$DATA", "open.txt:stream", "c%5Cd", "dot.", "blank%20", "open.txt.", "open.txt%20", "a*b"),
    ],
)
def test_cve_2025_66221_2026_21860_27199_names_that_mean_something_else_on_windows_are_refused(
    client: Any, path: str
) -> None:
    """Werkzeug opened devices by name, by name with an ending, and by name in the middle of a path."""
    for prefix in PREFIXES[:3]:
        assert client.get(prefix + path).status_code == 404


def test_cve_2023_28370_2021_21330_2018_14574_no_path_sends_to_another_host(client_factory: Any) -> None:
    """Tornado, aiohttp and Django sent the client to `//host/` where a slash was missing."""
    client = client_factory("everything", follow_redirects=False)
    assert client.get("/sub").headers["location"] == "./sub/"
    base = str(client.base_url).rstrip("/")
    for path in ("//evil.example/%2e%2e/sub", "//evil.example/sub", "///evil.example", "/%5Cevil.example/sub", "//sub"):
        response = client.get(base + path)
        assert response.status_code == 404 or response.headers["location"] == "./sub/"


@pytest.mark.parametrize("path", ["a%00", "%00", "open.txt%00", "open.txt%00.html", "sub/%00/open.txt"])
def test_nothing_ends_at_a_nul(client: Any, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404
