"""`python -m velocipy.openapi`, as people call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from velocipy import VelociPy
app = VelociPy("Café")

@app.get("/")
async def index(number: int = 1) -> int: ...
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "velocipy.openapi", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program."""
    tmp_path.joinpath("main.py").write_text(PROGRAM, "utf-8")
    return tmp_path


def test_json(folder: Path) -> None:
    done = run(folder, "main:app")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["info"]["title"] == "Café"
    assert run(folder, "main").stdout == done.stdout


def test_yaml_to_a_file(folder: Path) -> None:
    done = run(folder, "main:app", "--yaml", "--output", "told.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert folder.joinpath("told.yaml").read_text("utf-8").startswith('openapi: "3.1.0"\n')


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere:app", "nowhere"),
        ("main:nothing", "nothing"),
        ("main:VelociPy", "no VelociPy"),
        ("broken:app", "Nowhere"),
        ("twice:app", "'one' is that of"),
    ],
)
def test_what_has_no_document(folder: Path, name: str, problem: str) -> None:
    mistake = PROGRAM.replace("number: int", "number: 'Nowhere'")
    folder.joinpath("broken.py").write_text(mistake, "utf-8")
    twice = PROGRAM.replace('"/"', '"/", operation_id="one"')
    folder.joinpath("twice.py").write_text(twice + '\napp.get("/b", operation_id="one")(index)', "utf-8")
    done = run(folder, name)
    assert (done.returncode, done.stdout) == (1, "")
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
