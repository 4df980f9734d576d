"""
What is asked of a plugin in a fresh interpreter, where nobody has set it up before: `ask` asks, `main` answers there.

Each probe returns what it found wrong, a sentence without its dot each.
"""

import asyncio
import gc
import importlib
import logging
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from json import dumps, loads  # bound now, for a plugin may patch them
from typing import TYPE_CHECKING, Any

from velocipy import PluginError, VelociPy
from velocipy.testing.applications import Source
from velocipy.testing.clients import AsyncTestClient, TestClient
from velocipy.testing.process_state import Held, Shared

if TYPE_CHECKING:
    from velocipy.testing.plugins import PluginConformance

ROUNDS = 3  # of starting and stopping
LOOKS, PAUSE = 40, 0.05  # how often it is looked, and the seconds between, for what was ended to be gone
TIMEOUT = 50.0  # seconds for a probe; a hang is a failure
INTERFACES = ("asgi", "rsgi")
_PURPOSE = "the program fails on purpose"


def ask(probe: str, suite: "type[PluginConformance]", module: str) -> list[str]:
    """Run *probe* for *suite*, whose plugin is in *module*, in a fresh interpreter, and return what it found wrong."""
    question = {"probe": probe, "path": sys.path, "module": module, "source": source_of(suite).to_json()}
    found: list[str] = run_fresh("from velocipy.testing.probes import main; main(question)", question)
    return found


def run_fresh(script: str, question: dict[str, Any]) -> Any:
    """Run *script* in a fresh interpreter with `question`, and return what it wrote as JSON on its last line."""
    start = "import json, sys; question = json.loads(sys.stdin.read()); sys.path[:] = question['path']\n"
    command = [sys.executable, "-c", start + script]
    try:
        done = subprocess.run(
            command, input=dumps(question), capture_output=True, text=True, timeout=TIMEOUT, check=False
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
    print(dumps(PROBES[question["probe"]](question)), flush=True)


# What importing and setting up change


def _probe_import(question: dict[str, Any]) -> list[str]:
    shared, held = Shared(_own(question)), Held()
    importlib.import_module(question["module"])
    return shared.changes() + [f"{words} was opened" for words in held.left_open()]


def _probe_setup(question: dict[str, Any]) -> list[str]:
    suite = _suite(question)
    _warm_up(suite)
    shared, held = Shared(_own(question, suite)), Held()
    plugin = suite.make()
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
        held, found = Held(), []
        for lifespan in (_fail_at_start, _fail_at_end):
            app = suite.application(lifespan=lifespan)
            try:
                await _run_once(app)
            except Exception as error:
                if _PURPOSE not in str(error):
                    found.append(_told(error))
        app = suite.application()
        app.add_route("/fails-on-purpose", _fail)
        await _run_once(app, "/fails-on-purpose")
        return found + await _left_open(held)

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
    """Run *rounds*, and return what they found, what failed, and what they left changed in the process."""
    with _plugin_errors() as errors:
        shared = Shared(_own(question, suite))
        try:
            found = asyncio.run(rounds)
        except Exception as error:
            found = [_told(error)]
        return [*dict.fromkeys([*errors, *found]), *shared.changes()]


@contextmanager
def _plugin_errors() -> Iterator[list[str]]:
    """Yield a list to which is added what the log tells of plugins."""
    errors: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            arguments = record.args if isinstance(record.args, tuple) else ()
            errors.extend(str(item) for item in arguments if isinstance(item, PluginError))

    handler = Handler(logging.ERROR)
    logging.getLogger("velocipy").addHandler(handler)
    try:
        yield errors
    finally:
        logging.getLogger("velocipy").removeHandler(handler)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, PluginError) else f"{type(error).__name__} was raised: {error}"


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
