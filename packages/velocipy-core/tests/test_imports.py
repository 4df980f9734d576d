"""What `import velocipy` loads and does, in a fresh process."""

import json
import subprocess
import sys
from typing import Any

import pytest

# Of the standard library, beyond what `import asyncio` loads; on any of the Pythons that we support.
ALLOWED = {
    "__future__",
    *("dataclasses", "http", "http.cookies", "json", "json.decoder", "json.encoder", "json.scanner", "_json"),
}
CEILING = 37  # of our own modules
OPTIONAL = {
    "msgspec",
    "pydantic",
    "orjson",
    "granian",
    "uvicorn",
    "hypercorn",
    "gunicorn",
    "python_multipart",
    "redis",
    "jinja2",
}


def ask(script: str, *options: str) -> Any:
    """Run *script* in a fresh process, which prints JSON."""
    result = subprocess.run([sys.executable, *options, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that `import velocipy` loads beyond `import asyncio`."""
    script = (
        "import asyncio, sys; before = set(sys.modules)\n"
        "import velocipy\n"
        "after = set(sys.modules) - before\n"
        "import json; print(json.dumps(sorted(after)))"
    )
    return set(ask(script))


def test_it_loads_no_third_party_module(loaded: set[str]) -> None:
    foreign = {name for name in loaded if name.partition(".")[0] not in {*sys.stdlib_module_names, "velocipy"}}
    assert foreign == set()
    assert not loaded & OPTIONAL


def test_it_loads_only_what_the_list_allows_of_the_standard_library(loaded: set[str]) -> None:
    assert {name for name in loaded if name.partition(".")[0] != "velocipy"} - ALLOWED == set()


def test_it_loads_the_request_path_and_nothing_that_only_starting_needs(loaded: set[str]) -> None:
    own = {name for name in loaded if name.partition(".")[0] == "velocipy"}
    assert len(own) <= CEILING, sorted(own)
    assert not own & {"velocipy.freezing", "velocipy.plans.compiler", "velocipy.plans.graph", "velocipy.models"}
    assert not own & {"velocipy.testing", "velocipy.conversion.table"}
    assert not own & {"velocipy.files.static", "velocipy.http.uploads", "velocipy.routing.versions"}


def test_it_starts_no_thread_no_loop_and_reads_no_environment_and_writes_nothing() -> None:
    script = """
import asyncio, sys, threading, json, os
events = []
quiet = {"import", "compile", "exec", "object.__getattr__", "object.__setattr__", "object.__delattr__", "marshal.loads",
         "code.__new__", "sys._getframe", "sys._getframemodulename",
         "os.listdir", "os.scandir", "cpython.run_command", "sys.unraisablehook"}
class Environment(type(os.environ)):
    def __getitem__(self, key):
        events.append(f"environ {key}")
        return super().__getitem__(key)
os.environ.__class__ = Environment
def hook(event, arguments):
    if event in quiet:
        return
    if event == "open" and (arguments[1] is None or str(arguments[0]).endswith((".py", ".pyc", ".so"))):
        return
    events.append(f"{event} {arguments}")
sys.addaudithook(hook)
before = threading.active_count()
import velocipy
done = list(events)
print(json.dumps({"events": done, "threads": threading.active_count() - before}))
"""
    told = ask(script, "-B")
    assert told == {"events": [], "threads": 0}


def test_it_works_with_warnings_as_errors_and_without_docstrings() -> None:
    assert ask("import velocipy, json; print(json.dumps(velocipy.__version__))", "-W", "error", "-OO")


def test_the_core_works_where_nothing_else_is_installed() -> None:
    script = f"""
import sys, json
for name in {sorted(OPTIONAL)!r}:
    sys.modules[name] = None
from velocipy import VelociPy
app = VelociPy()
@app.post("/items/{{number}}")
async def create(number: int, data: dict[str, int]) -> dict[str, int]:
    return data
app.freeze()
print(json.dumps("frozen"))
"""
    assert ask(script) == "frozen"


def test_importing_twice_from_threads_gives_one_module() -> None:
    script = (
        "import threading, json, sys\n"
        "found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(__import__('velocipy').VelociPy)) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(json.dumps(len(set(found))))"
    )
    assert ask(script) == 1
