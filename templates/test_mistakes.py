"""Five mistakes in a plugin that was rendered, built and installed: what its users and its author are told.

`nox -s template` runs it, where velocipy-shout is installed from its wheel beside ours.
"""

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from velocipy.testing.servers import RunningServer, ServerError

SERVERS = ("granian-rsgi", "uvicorn")

MAIN = """
from velocipy import VelociPy

app = VelociPy(plugins=["{name}"])
"""

CONFORMANCE = """
from velocipy.testing.plugins import PluginConformance
from velocipy_shout import ShoutPlugin

class TestShout(PluginConformance):
    distribution = "velocipy-shout"

    def make(self) -> ShoutPlugin:
        return ShoutPlugin()
"""

FALLING_SILENT = (
    "import contextlib",
    "@contextlib.asynccontextmanager",
    "async def falling_silent():",
    "    yield",
    '    raise LookupError("no voice")',
    "setup.add_lifespan(falling_silent)",
)


class Spoilt:
    """A copy of the installed plugin in a folder of its own, with a mistake in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        installed = distribution("velocipy-shout")
        for name in {file.parts[0] for file in installed.files or () if file.parts[0].startswith("velocipy_shout")}:
            shutil.copytree(str(installed.locate_file(name)), folder / name)
        self._source = folder / "velocipy_shout" / "plugin.py"

    def replace(self, old: str, new: str) -> None:
        text = self._source.read_text("utf-8")
        assert text.count(old) == 1
        self._source.write_text(text.replace(old, new), "utf-8")

    def add_to_setup(self, *lines: str) -> None:
        first = "        setup.add_middleware("
        self.replace(first, "".join(f"        {line}\n" for line in lines) + first)

    def start(self, server: str, name: str = "shout") -> RunningServer:
        Path(self.folder, "main.py").write_text(MAIN.format(name=name), "utf-8")
        return RunningServer.start(server, "main:app", directory=self.folder, environment=self._environment())

    def fail_to_start(self, server: str, name: str = "shout") -> str:
        """Return what the server says instead of starting."""
        with pytest.raises(ServerError) as raised:
            self.start(server, name).stop()
        return flat(raised.value.log)

    def prove(self, *tests: str) -> str:
        """Return what the conformance tests say, which have to fail."""
        Path(self.folder, "test_shout.py").write_text(CONFORMANCE, "utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir=.",
            "--import-mode=importlib",
        ]
        wanted = [f"test_shout.py::TestShout::{test}" for test in tests]
        environment = os.environ | self._environment()
        done = subprocess.run(
            [*command, *wanted], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return flat(done.stdout)

    def _environment(self) -> dict[str, str]:
        others = os.environ.get("PYTHONPATH")
        return {"PYTHONPATH": f"{self.folder}{os.pathsep}{others}" if others else str(self.folder)}


def flat(text: str) -> str:
    """Return *text* on one line: messages are broken in a log, and marked in a report of pytest."""
    return " ".join(word for word in text.split() if word != "E")


@pytest.fixture
def plugin(tmp_path: Path) -> Spoilt:
    return Spoilt(tmp_path)


def test_without_a_mistake_it_starts(plugin: Spoilt) -> None:
    for server in SERVERS:
        with plugin.start(server) as running, running.client() as client:
            assert client.get("/").headers["x-shout"] == "hello"


@pytest.mark.parametrize("server", SERVERS)
def test_a_name_that_is_misspelt(plugin: Spoilt, server: str) -> None:
    told = plugin.fail_to_start(server, name="shuot")
    assert "main.py:4: no plugin 'shuot' is installed; there are: " in told
    assert "'shout' (velocipy-shout 0.1.0)" in told
    assert "Did you mean 'shout'?" in told


@pytest.mark.parametrize("server", SERVERS)
def test_a_name_that_is_not_that_of_the_entry_point(plugin: Spoilt, server: str) -> None:
    plugin.replace('name = "shout"', 'name = "scream"')
    told = plugin.fail_to_start(server)
    assert 'the entry point shout = "velocipy_shout:from_config" of velocipy-shout 0.1.0 made a ' in told
    assert "of the name 'scream', no plugin of the name 'shout'. Tell its authors." in told


def test_a_name_that_is_not_that_of_the_entry_point_is_found_by_the_kit(plugin: Spoilt) -> None:
    plugin.replace('name = "shout"', 'name = "scream"')
    told = plugin.prove("test_its_entry_point_has_its_name_and_makes_it")
    assert "the plugin is called 'scream' and its entry point 'shout'" in told
    assert 'below [project.entry-points."velocipy.plugins"]: scream = "velocipy_shout:from_config"' in told


@pytest.mark.parametrize("server", SERVERS)
def test_a_requirement_that_is_missing(plugin: Spoilt, server: str) -> None:
    plugin.replace("    interface = 1\n", '    interface = 1\n    requires = ("megaphone",)\n')
    told = plugin.fail_to_start(server)
    assert "main.py:4: the plugin 'shout' (velocipy-shout 0.1.0) requires 'megaphone'" in told
    assert "Install the package that has it, often velocipy-megaphone, and add plug('megaphone')." in told


@pytest.mark.parametrize("server", SERVERS)
def test_a_set_up_that_raises(plugin: Spoilt, server: str) -> None:
    plugin.add_to_setup('raise LookupError("no voice")')
    told = plugin.fail_to_start(server)
    assert "main.py:4: the plugin 'shout' (velocipy-shout 0.1.0) cannot be set up: LookupError: no voice (" in told
    assert f"{Path('velocipy_shout', 'plugin.py')}:" in told
    assert "Correct its options, or tell its authors." in told


@pytest.mark.parametrize("server", SERVERS)
def test_a_teardown_that_raises(plugin: Spoilt, server: str) -> None:
    plugin.add_to_setup(*FALLING_SILENT)
    running = plugin.start(server)
    with running.client() as client:
        assert client.get("/").headers["x-shout"] == "hello"
    running.stop()
    told = flat(running.log.text())
    assert "the plugin 'shout' (velocipy-shout 0.1.0) failed when it was ended: LookupError: no voice (" in told
    assert "Tell its authors; all else was ended." in told


def test_a_teardown_that_raises_is_found_by_the_kit(plugin: Spoilt) -> None:
    plugin.add_to_setup(*FALLING_SILENT)
    assert "failed when it was ended: LookupError: no voice (" in plugin.prove("test_what_it_starts_it_ends")


def test_a_patch_of_what_is_not_its_own(plugin: Spoilt) -> None:
    plugin.add_to_setup("import json", "json.dumps = lambda value: repr(value).upper()")
    told = plugin.prove("test_setting_it_up_changes_nothing_but_what_it_is_given")
    assert "setup() changes more than the Setup that it is given" in told
    assert "json.dumps" in told
    assert "Add middleware, a dependency or a hook instead of a patch" in told
