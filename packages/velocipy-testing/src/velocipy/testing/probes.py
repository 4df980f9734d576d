"""
What is asked of a plugin in a fresh interpreter, where nobody has set it up before: `ask` asks, `main` answers there.

Each probe returns what it found wrong, a sentence without its dot each.
"""

import asyncio
import gc
import importlib
import os
import subprocess
import sys
import traceback
import weakref
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from json import dumps, loads  # bound now, for a plugin may patch them
from logging import LogRecord
from pathlib import Path
from typing import TYPE_CHECKING, Any

from velocipy import PluginError, StartupError, VelociPy
from velocipy.testing.applications import Source
from velocipy.testing.clients import AsyncTestClient, TestClient
from velocipy.testing.logged import logged_errors
from velocipy.testing.process_state import Held, Shared

if TYPE_CHECKING:
    from velocipy.testing.plugins import PluginConformance

ROUNDS = 3  # of starting and stopping
LOOKS, PAUSE = 40, 0.05  # how often it is looked, and the seconds between, for what was ended to be gone
TIMEOUT = 50.0  # seconds for a probe; a hang is a failure
INTERFACES = ("asgi", "rsgi")
_PURPOSE = "the program fails on purpose"
# As they were before any test ran: what a plugin sets in this process would hide that it sets it in a fresh one.
_ENVIRONMENT, _DIRECTORY = dict(os.environ), Path.cwd()


def ask(probe: str, suite: "type[PluginConformance]", module: str) -> list[str]:
    """
    Run *probe* for *suite*, whose plugin is in *module*, in a fresh interpreter, and return what it found wrong.

    Raises:
        AssertionError: If it could not look, for the plugin or its use failed.
    """
    question = {"probe": probe, "path": sys.path, "module": module, "source": source_of(suite).to_json()}
    answer = run_fresh("from velocipy.testing.probes import main; main(question)", question)
    if "failed" in answer:
        raise AssertionError(f"in a fresh process it fails: {answer['failed']}")
    found: list[str] = answer["found"]
    return found


def run_fresh(script: str, question: dict[str, Any]) -> Any:
    """Run *script* in a fresh interpreter with `question`, and return what it wrote as JSON on its last line."""
    start = "import json, sys; question = json.loads(sys.stdin.read()); sys.path[:] = question['path']\n"
    command = [sys.executable, "-c", start + script]
    try:
        done = subprocess.run(
            command,
            input=dumps(question),
            env=_ENVIRONMENT,
            cwd=_DIRECTORY,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"it did not end within {TIMEOUT:.0f} seconds; it wrote:\n{error.stderr!r}") from None
    assert done.returncode == 0, f"an interpreter ended with exit code {done.returncode}; it wrote:\n{done.stderr}"
    return loads(done.stdout.splitlines()[-1])


def source_of(suite: type, attribute: str = "") -> Source:
    """
    Where another process finds *suite*, or an *attribute* of it.

    Raises:
        TypeError: If it stands in a function, where no other process finds it.
    """
    if "<locals>" in suite.__qualname__:
        raise TypeError(f"{suite.__qualname__} stands in a function, where a server cannot find it: move it out of it")
    file = sys.modules[suite.__module__].__file__
    return Source(f"{suite.__qualname__}{attribute and '.'}{attribute}", suite.__module__, file or "")


def main(question: dict[str, Any]) -> None:
    """Answer what `ask` asked, on standard output."""
    try:
        answer: dict[str, Any] = {"found": PROBES[question["probe"]](question)}
    except StartupError as error:
        answer = {"failed": str(error)}
    except Exception:
        answer = {"failed": traceback.format_exc()}
    print(dumps(answer), flush=True)


# What importing and setting up change


def _probe_import(question: dict[str, Any]) -> list[str]:
    shared, held = Shared(_own(question)), Held()
    importlib.import_module(question["module"])
    return shared.changes() + [f"{words} was opened" for words in held.left_open()]


def _probe_setup(question: dict[str, Any]) -> list[str]:
    suite = _suite(question)
    _warm_up(suite)
    shared, held = Shared(_own(question, suite)), Held()
    plugin = suite.made_plugin()
    app = suite.without_plugin()
    app.plug(plugin)
    app.freeze()
    found = shared.changes() + [f"{words} was opened" for words in held.left_open()]
    gone = weakref.ref(app)
    del app
    gc.collect()
    if gone() is not None:
        found.append("the application lives on after the program has let it go: the plugin, or its module, keeps it")
    return found


# What starting and stopping leave


def _probe_lifespan(question: dict[str, Any]) -> list[str]:
    suite = _suite(question)
    _warm_up(suite)

    async def rounds() -> list[str]:
        await _run_once(suite.without_plugin())
        held = Held()
        for _ in range(ROUNDS):
            await _run_once(suite.application())
        return await _left_open(held)

    return _watched(suite, question, rounds())


def _probe_requests(question: dict[str, Any]) -> list[str]:
    suite = _suite(question)
    _warm_up(suite)

    async def rounds() -> list[str]:
        held = Held()
        for interface in INTERFACES * 2:
            with TestClient(suite.application(), interface=interface) as client:
                suite.check(client)
        return await _left_open(held)

    return _watched(suite, question, rounds())


def _probe_failures(question: dict[str, Any]) -> list[str]:
    suite = _suite(question)
    _warm_up(suite)

    async def rounds() -> list[str]:
        await _run_once(suite.without_plugin())
        held = Held()
        for lifespan in (_fail_at_start, _fail_at_end):
            app = suite.application(lifespan=lifespan)
            try:
                await _run_once(app)
            except Exception as error:
                if _PURPOSE not in str(error):
                    raise
        app = suite.application()
        app.add_route("/fails-on-purpose", _fail)
        await _run_once(app, "/fails-on-purpose")
        return await _left_open(held)

    return _watched(suite, question, rounds())


@asynccontextmanager
async def _fail_at_start(app: VelociPy) -> AsyncIterator[None]:
    raise RuntimeError(_PURPOSE)
    yield


@asynccontextmanager
async def _fail_at_end(app: VelociPy) -> AsyncIterator[None]:
    yield
    raise RuntimeError(_PURPOSE)


async def _fail() -> None:
    raise RuntimeError(_PURPOSE)


async def _run_once(app: VelociPy, path: str = "/") -> None:
    async with AsyncTestClient(app) as client:
        await client.get(path)


def _watched(suite: "PluginConformance", question: dict[str, Any], rounds: Coroutine[Any, Any, list[str]]) -> list[str]:
    """Run *rounds*, and return what they found, which plugins failed at their end, and what they left changed."""
    with logged_errors() as errors:
        shared = Shared(_own(question, suite))
        try:
            found = asyncio.run(rounds)
        except Exception:
            if not _failed_at_end(errors):
                raise
            found = []
        return [*_failed_at_end(errors), *found, *shared.changes()]


def _failed_at_end(errors: list[LogRecord]) -> list[str]:
    """Return what the core logged of plugins, each once: at the start it raises, and logs nothing."""
    arguments = [item for record in errors if isinstance(record.args, tuple) for item in record.args]
    return [*dict.fromkeys(str(item) for item in arguments if isinstance(item, PluginError))]


async def _left_open(held: Held) -> list[str]:
    """Tell what stays open, though it was given time to close."""
    for _ in range(LOOKS):
        if not held.left_open():
            break
        await asyncio.sleep(PAUSE)
    return [f"{words} was left" for words in held.left_open()]


# ---------------------------------------------------------------------------------------------------------------------


def _suite(question: dict[str, Any]) -> "PluginConformance":
    suite: type[PluginConformance] = Source.from_json(question["source"]).load()
    return suite()


def _own(question: dict[str, Any], suite: "PluginConformance | None" = None) -> set[str]:
    """Return the top-level packages that are the plugin's and its tests'; never `velocipy`."""
    return {name.partition(".")[0] for name in (question["module"], type(suite).__module__)} - {"velocipy", "builtins"}


def _warm_up(suite: "PluginConformance") -> None:
    """Let the core, and what the plugin requires, load all that they load at first use."""
    for interface in INTERFACES:
        with TestClient(suite.without_plugin(), interface=interface) as client:
            client.get("/")


PROBES = {
    "import": _probe_import,
    "setup": _probe_setup,
    "lifespan": _probe_lifespan,
    "requests": _probe_requests,
    "failures": _probe_failures,
}
