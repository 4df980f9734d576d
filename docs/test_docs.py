"""
Every block of the documentation is tried: `nox -s docs`.

A `python` block that makes an application starts a program; the blocks after it on its page belong to it:

- `python` goes on with the program; if it has tests, pytest runs them beside the program, which is `main.py` there;
- `http` is a request and its answer, sent to the program in process, on ASGI and on RSGI: the answer must have the
  status, the headers and the body that are shown, a JSON body in any layout;
- `text` is what the program says instead of starting; "…" stands for what is another thing elsewhere.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from velocipy import StartupError, StartupErrorGroup
from velocipy.lifespan import explain
from velocipy.testing import TestClient

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(python|http|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    kind: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [Block(match[1], match[2], text.count("\n", 0, match.start()) + 2) for match in BLOCK.finditer(text)]


class Program:
    """The program of a page, as far as it has been read."""

    def __init__(self, folder: Path, interface: str) -> None:
        self.folder = folder
        self.module = ModuleType("main")
        self.interface = interface
        self._source = ""
        self._stack = ExitStack()
        self._client: TestClient | None = None

    def go_on(self, source: str) -> None:
        sys.modules["main"] = self.module  # where annotations are resolved
        exec(compile(source, "main.py", "exec"), self.module.__dict__)
        self._source += source

    def run_tests(self, source: str) -> None:
        Path(self.folder, "main.py").write_text(self._source, "utf-8")
        Path(self.folder, "test_main.py").write_text(source, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "test_main.py"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout

    def send(self, text: str) -> None:
        request, _, answer = text.partition("\nHTTP/1.1 ")
        first, headers, body = split_message(request)
        method, target = first.split(" ")
        if "multipart/" in headers.get("Content-Type", ""):
            body = body.replace("\n", "\r\n")
        response = self._open().request(method, target, headers=headers, content=body.encode())
        first, headers, body = split_message(answer)
        assert (response.status_code, response.text) == (int(first[:3]), response.text)
        assert headers.items() <= dict(response.headers).items()
        if body and re.search(r"[/+]json\b", response.headers.get("content-type", "")):
            assert response.json() == json.loads(body)
        else:
            assert response.text.strip() == body

    def fail_to_start(self, message: str) -> None:
        with pytest.raises((StartupError, StartupErrorGroup)) as raised:
            self.module.app.freeze()
        told = " ".join(explain(raised.value).split())  # on a page, long lines are broken
        pattern = ".*".join(map(re.escape, " ".join(message.split()).split("…")))
        assert re.fullmatch(pattern, told), told

    def _open(self) -> TestClient:
        if self._client is None:
            self._client = self._stack.enter_context(TestClient(self.module.app, interface=self.interface))
        return self._client

    def close(self) -> None:
        self._stack.close()
        sys.modules.pop("main", None)


def split_message(text: str) -> tuple[str, dict[str, str], str]:
    """Return the first line, the headers and the body of a request or an answer."""
    head, _, body = text.strip().partition("\n\n")
    first, *lines = head.splitlines()
    return first, dict(line.split(": ", 1) for line in lines), body


def test_the_table_of_servers_is_as_measured() -> None:
    subprocess.run([sys.executable, ROOT / "docs" / "make_servers.py", "--check"], check=True)


def test_the_stable_modules_are_those_that_are_checked() -> None:
    page = (ROOT / "docs" / "stability.md").read_text("utf-8")
    projects = [tomllib.loads(path.read_text("utf-8")) for path in ROOT.glob("packages/*/pyproject.toml")]
    stable = [name for project in projects for name in project["tool"].get("velocipy", {}).get("stable", [])]
    assert sorted(re.findall(r"^\| `(velocipy[\w.]*)` \|", page, re.MULTILINE)) == sorted(stable)


@pytest.fixture(params=["asgi", "rsgi"])
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Program]]:
    """The programs of a page, the last of them being read; none of them survives the test."""
    opened = [Program(tmp_path, request.param)]
    yield opened
    for program in opened:
        program.close()


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_a_page_says_what_is_true(page: Path, programs: list[Program]) -> None:
    for kind, text, line in blocks_of(page):
        program = programs[-1]
        try:
            if kind == "http":
                program.send(text)
            elif kind == "text":
                program.fail_to_start(text.strip())
            elif re.search(r"^(async )?def test_", text, re.MULTILINE):
                program.run_tests(text)
            else:
                if re.search(r"^app = VelociPy\(", text, re.MULTILINE):
                    program.close()
                    programs.append(Program(program.folder, program.interface))
                programs[-1].go_on(text)
        except BaseException as error:
            error.add_note(f"in the block at {page.relative_to(ROOT)}:{line}")
            raise
