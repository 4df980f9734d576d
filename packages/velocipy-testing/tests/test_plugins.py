"""The conformance kit for plugins: it passes one that keeps the rules, and finds each rule that another breaks."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from .test_servers import INSTALLED

PLUGIN = """
import asyncio, builtins, json, logging, os, signal, socket, subprocess, sys, threading, warnings
from contextlib import asynccontextmanager
from velocipy import Depends, Router, VelociPy
from velocipy.plugin import Key

{top}

class Counter:
    def __init__(self):
        self.count = 0

class SamplePlugin:
    name = "sample"
    {body}

    def __init__(self, step=1):
        self.step = step

    def setup(self, setup):
        counter = Counter()
        setup.add_source(Counter, lambda: counter)

        @asynccontextmanager
        async def lifespan():
            stop = asyncio.Event()
            task = asyncio.create_task(stop.wait())
            {started}
            try:
                yield {{"task": task}}
            finally:
                stop.set()
                await task
            {ended}

        setup.add_lifespan(lifespan)
        {setup}
"""

SUITE = """
from velocipy.testing.plugins import PluginConformance
from velocipy_sample import Counter, SamplePlugin

async def count(counter: Counter) -> int:
    counter.count += 1
    return counter.count

class TestSample(PluginConformance):
    distribution = "velocipy-sample"
    import_budget = 20.0

    def make(self):
        return SamplePlugin(step=2)

    def use(self, router):
        router.add_route("/count", count)

    def check(self, client):
        assert [client.get("/count").json() for _ in range(3)] == [1, 2, 3]
"""

Run = Callable[..., Any]


@pytest.fixture
def kit(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that installs the sample plugin, with what is given in its places, and runs a suite of the kit."""
    folder = pytester.path / "installed"
    info = folder / "velocipy_sample-1.0.dist-info"

    def run(
        *arguments: str,
        suite: str = "",
        entry_points: str = "[velocipy.plugins]\nsample = velocipy_sample:SamplePlugin",
        files: tuple[str, ...] = ("velocipy_sample/__init__.py",),
        direct_url: str = "{}",
        apart: bool = False,
        **places: str,
    ) -> Any:
        (folder / "velocipy_sample").mkdir(parents=True)
        info.mkdir()
        code = PLUGIN.format(**{name: places.get(name, "") for name in ("top", "body", "started", "ended", "setup")})
        (folder / "velocipy_sample" / "__init__.py").write_text(code, "utf-8")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: velocipy-sample\nVersion: 1.0\n", "utf-8")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files), "utf-8")
        (info / "entry_points.txt").write_text(entry_points, "utf-8")
        (info / "direct_url.json").write_text(direct_url, "utf-8")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        pytester.makepyfile(test_sample=SUITE + suite)
        run_pytest = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return run_pytest("-p", "no:cacheprovider", "-p", "no:xdist", "-v", *arguments)

    return run


def finds(result: Any, *messages: str) -> None:
    """Assert that a test failed, and that its report has the *messages*."""
    result.assert_outcomes(failed=1, deselected=result.parseoutcomes().get("deselected", 0))
    output = " ".join(line.removeprefix("E").strip() for line in result.outlines)
    for message in messages:
        assert message in output, result.stdout.str()


def test_a_plugin_that_keeps_the_rules_passes_in_process(kit: Run) -> None:
    outcomes = kit("-k", "not server").parseoutcomes()
    assert outcomes.keys() == {"passed", "deselected"}
    assert outcomes["passed"] == 20


def test_it_passes_on_every_server_that_is_installed(kit: Run) -> None:
    result = kit("-k", "server", "-rs")
    outcomes = result.parseoutcomes()
    assert outcomes.get("passed", 0) == len(INSTALLED)
    assert "failed" not in outcomes
    for line in result.outlines:
        assert not line.startswith("SKIPPED [") or "pip install" in line


def test_a_suite_may_have_tests_of_its_own_which_run_wherever_tests_run(kit: Run) -> None:
    own = """
    def test_own(self, client, app):
        assert client.get("/count").json() == 1
"""
    servers = [name for name in INSTALLED if name in ("granian-rsgi", "uvicorn")]
    result = kit("-k", "test_own", "--velocipy-server", ",".join(["in-process", *servers]), suite=own)
    assert result.parseoutcomes()["passed"] == 2 + len(servers)


def test_a_plugin_that_is_not_distributed_is_asked_for_nothing_that_installing_brings(kit: Run) -> None:
    result = kit("-k", "not server", "-rs", suite="    distribution = ''\n", entry_points="")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["skipped"]) == (13, 7)
    result.stdout.fnmatch_lines('*SKIPPED*say distribution = "velocipy-..." to have this asked*')


def test_what_it_requires_is_plugged_in_besides(kit: Run) -> None:
    suite = """
    def others(self):
        return [Other()]

class Other:
    name = "other"
    def setup(self, setup): pass
"""
    result = kit("-k", "in_process or apart or starts", suite=suite, body='requires = ("other",)')
    assert result.parseoutcomes()["passed"] == 8


# What it is


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"body": "name = 1"}, "let it be a text that is not empty"),
        ({"body": "name = ''"}, "let it be that of its entry point"),
        ({"body": "interface = 99"}, "run: pip install --upgrade velocipy-core"),
        ({"body": "requires = 'other'"}, "requires is the text 'other': write ('other',)"),
        (
            {"suite": "    def make(self): return object.__new__(type('N', (), {'name': 'n'}))"},
            "has no method: def setup",
        ),
        ({"suite": "    def make(self): return SamplePlugin"}, "the class SamplePlugin: return SamplePlugin()"),
        ({"body": "requires = ('sessions',)"}, "`requires 'sessions'`. Return it from others() of TestSample"),
    ],
)
def test_what_is_no_plugin_is_told(kit: Run, places: dict[str, str], message: str) -> None:
    suite = places.pop("suite", "") or "    def make(self): return SamplePlugin()"
    if "name" in places.get("body", ""):
        suite += "\nSamplePlugin.name = " + places.pop("body").rpartition(" ")[2]
    finds(kit("-k", "test_it_is_a_plugin", suite=suite, **places), message)


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (
            {"entry_points": "[velocipy.plugins]\nother = velocipy_sample:SamplePlugin"},
            "the plugin is called 'sample' and its entry point 'other', so that plugins=['sample'] does not find it",
        ),
        ({"entry_points": "[console_scripts]\nx = y:z"}, "has no entry point: write in pyproject.toml, below [project"),
        ({"entry_points": "[velocipy.plugins]\nsample = velocipy_sample:Counter"}, "which is no plugin 'sample'"),
        ({"suite": "    distribution = 'velocipy-smaple'\n"}, "is not installed here: run `pip install .`, or correct"),
        (
            {"entry_points": "[velocipy.plugins]\nsample = velocipy_sample:SimplePlugin"},
            '[project.entry-points."velocipy.plugins"]: sample = "velocipy_sample:SamplePlugin"',
        ),
        (
            {"entry_points": "[velocipy.plugins]\nsample = velocipy_smaple:SamplePlugin"},
            "cannot be imported: No module named 'velocipy_smaple'",
        ),
    ],
)
def test_an_entry_point_that_leads_elsewhere(kit: Run, places: dict[str, str], message: str) -> None:
    finds(kit("-k", "test_its_entry_point", **places), message)


# What it does


def test_a_set_up_that_raises_names_the_plugin(kit: Run) -> None:
    result = kit("-k", "test_it_works_in_process and object-rsgi", setup="raise LookupError('no table')")
    finds(result, "the plugin 'sample' (velocipy-sample 1.0) cannot be set up: LookupError: no table")


def test_a_fault_of_the_server_is_one_without_a_check_too(kit: Run) -> None:
    suite = "    check = PluginConformance.check\n"
    setup = "setup.add_route('/', lambda: 1 / 0)"
    result = kit("-k", "test_it_works_in_process and object-asgi", suite=suite, setup=setup)
    finds(result, "GET / was answered with 500: define check(self, client), or correct the plugin")


def test_who_cannot_be_on_a_router_has_to_say_so(kit: Run) -> None:
    suite = "    on_router = False\n"
    finds(kit("-k", "router-asgi", suite=suite), "raise a PluginError in setup() if not setup.is_application")


def test_who_refuses_routers_is_told_how_to_say_so(kit: Run) -> None:
    result = kit("-k", "router-asgi", setup="setup.add_convertor('even', int)")
    finds(result, "is plugged into a router, but", "If it belongs to an application, say on_router = False.")


def test_who_starts_nowhere_is_told_nothing_of_routers(kit: Run) -> None:
    result = kit("-k", "router-asgi", setup="raise LookupError('no table')")
    finds(result, "LookupError: no table")
    result.stdout.no_fnmatch_line("E *on_router = False*")


FAILING_HOOK = "setup.on_request_finished(lambda connection, finished: {}['key'])"


@pytest.mark.parametrize("choice", ["object-asgi", "object-rsgi", "test_two_applications"])
def test_a_hook_that_raises_though_all_is_answered(kit: Run, choice: str) -> None:
    result = kit("-k", choice, setup=FAILING_HOOK)
    finds(result, "check() passed, and the core logged errors", "KeyError: 'key' (", "__init__.py:")


@pytest.mark.parametrize("server", [name for name in INSTALLED if name in ("granian-rsgi", "gunicorn")])
def test_a_hook_that_raises_on_a_server(kit: Run, server: str) -> None:
    result = kit("-k", f"[{server}]", setup=FAILING_HOOK)
    finds(result, "check() passed, and the core logged errors", "KeyError: 'key' (", "__init__.py:")


def test_errors_that_are_meant_are_tolerated(kit: Run) -> None:
    suite = """
    tolerated = ["unhandled error in GET '/count'"]
    def use(self, router): router.add_route("/count", lambda: 1 / 0)
    def check(self, client): assert client.get("/count").status_code == 500
"""
    assert kit("-k", "test_it_works_in_process", suite=suite).parseoutcomes()["passed"] == 6


def test_who_says_so_passes(kit: Run) -> None:
    setup = "setup.add_convertor('even', int)"
    assert kit("-k", "router-", suite="    on_router = False\n", setup=setup).parseoutcomes()["passed"] == 2


READ = """
    async def number(self, item: int) -> int: return item
    async def read(self, item: str) -> str: return item
"""


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/items/{item}", "GET /items/{item} is already answered by SamplePlugin.number()"),
        ("/others/{item}", "the operation_id read is there twice, and a document can have it once"),
    ],
)
def test_routes_that_no_document_can_have(kit: Run, path: str, message: str) -> None:
    setup = f"""
        setup.add_route("/items/{{item:int}}", self.number, operation_id="read")
        setup.add_route("{path}", self.read, operation_id="read")
"""
    finds(kit("-k", "test_its_routes and object", body=READ, setup=setup), message)


def test_routes_that_documents_leave_out_are_none_of_theirs(kit: Run) -> None:
    setup = """
        setup.add_route("/items", lambda: 1, operation_id="read")
        setup.add_route("/others", lambda: 2, operation_id="read", include_in_schema=False)
"""
    assert kit("-k", "test_its_routes", setup=setup).parseoutcomes()["passed"] == 2


def test_state_that_two_applications_share(kit: Run) -> None:
    setup = "setup.add_dependency, COUNTER.append(counter); counter.__dict__ = COUNTER[0].__dict__"
    result = kit("-k", "test_two_applications", top="COUNTER = []", setup=setup)
    finds(result, "in the second: keep nothing in the module or the class")


def test_a_plugin_that_adds_to_the_first_application_only(kit: Run) -> None:
    setup = "if not vars(self).get('done'): setup.add_route('/added', lambda: 1)\n        self.done = True"
    finds(kit("-k", "test_one_plugin", setup=setup), "plugged into a second application, it added []")


def test_a_plugin_that_keeps_the_application(kit: Run) -> None:
    result = kit("-k", "test_setting_it_up", top="SETUPS = []", setup="SETUPS.append(setup)")
    finds(result, "the application lives on after the program has let it go")


def test_a_suite_that_servers_cannot_find_says_so(kit: Run) -> None:
    suite = """
def make():
    class TestInner(TestSample): pass
    return TestInner
TestInner = make()
del TestSample
"""
    finds(kit("-k", "test_what_it_starts", suite=suite), "stands in a function, where a server cannot find it")


# What it leaves alone

PATCHES = {
    "json.dumps = lambda value: ''": "json.dumps was replaced by velocipy_sample.",
    "VelociPy.add_route = lambda self, *a, **o: None": "velocipy.application.VelociPy.add_route was",
    "json.JSONEncoder.default = lambda self, value: None": "json.encoder.JSONEncoder.default was replaced by",
    "json.loads.__code__ = (lambda s, **o: None).__code__": "the code of json.loads was replaced",
    "json.fast = lambda value: ''": "json.fast was added: velocipy_sample.",
    "del json.detect_encoding": "json.detect_encoding was removed",
    "builtins.plugin = 1": "builtins was changed: plugin",
    "os.environ['SAMPLE'] = 'hunter2'": "os.environ was changed: SAMPLE",
    "sys.path.append('/nowhere')": "sys.path was changed: '/nowhere' was added",
    "sys.meta_path.insert(0, Router())": "sys.meta_path was changed: ",
    "warnings.simplefilter('ignore')": "warnings.filters was changed: ",
    "asyncio.set_event_loop_policy(type('P', (asyncio.DefaultEventLoopPolicy,), {})())": "the event loop policy of asy",
    "logging.getLogger().addHandler(logging.StreamHandler())": "the list of handlers of the logger 'root' was changed",
    "logging.getLogger('velocipy').setLevel(10)": "the level of the logger 'velocipy' was changed from 0 to 10",
    "sys.excepthook = print": "the hooks of exceptions was changed",
    "socket.setdefaulttimeout(3)": "the default timeout of sockets was changed from None to 3.0",
}
if sys.platform != "win32":
    PATCHES["signal.signal(signal.SIGUSR1, signal.SIG_IGN)"] = "the signal handlers was changed: SIGUSR1"
OPENED = {"threading.Thread(target=threading.Event().wait, daemon=True, name='mine').start()": "the thread 'mine' was"}
if sys.platform == "linux":  # elsewhere no file and no child can be told
    OPENED |= {
        "self.file = open(__file__)": "velocipy_sample/__init__.py) was",
        "self.socket = socket.socket()": "(socket:[",
        "self.child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)": "the child process",
    }


def test_a_set_up_that_changes_the_process(kit: Run) -> None:
    """All at once: each is told."""
    result = kit("-k", "test_setting_it_up", setup="\n        ".join(PATCHES))
    finds(result, "Add middleware, a dependency or a hook instead of a patch", *PATCHES.values())


def test_what_is_set_in_this_process_too_is_found_in_a_fresh_one(kit: Run) -> None:
    result = kit("-k", "not server", setup="os.environ['SAMPLE'] = 'hunter2'; os.chdir('/')", apart=True)
    result.assert_outcomes(passed=16, failed=4, deselected=result.parseoutcomes()["deselected"])
    told = result.stdout.str().splitlines()
    assert len([line for line in told if line[:1] == "E" and line.endswith("- os.environ was changed: SAMPLE")]) == 4


def test_a_start_that_fails_is_not_told_as_something_left(kit: Run) -> None:
    result = kit("-k", "test_what_it_starts", started="raise LookupError('no table')")
    finds(result, "in a fresh process it fails", "cannot be started: LookupError: no table")
    result.stdout.no_fnmatch_line("E *the process is not as it was*")


def test_a_check_that_fails_in_a_fresh_process_is_shown_with_its_line(kit: Run) -> None:
    suite = "    def check(self, client): assert client.get('/nowhere').status_code == 200\n"
    result = kit("-k", "test_what_requests_open", suite=suite)
    finds(result, "in a fresh process it fails", "assert client.get('/nowhere').status_code == 200")


def test_a_set_up_that_opens_something(kit: Run) -> None:
    finds(kit("-k", "test_setting_it_up", setup="\n        ".join(OPENED)), *OPENED.values())


def test_an_import_that_changes_the_process(kit: Run) -> None:
    result = kit(
        "-k", "test_importing_it_changes", top="json.dumps = lambda *a, old=json.dumps, **o: old(*a, **o)", apart=True
    )
    finds(result, "importing velocipy_sample changes the process. Do nothing at import", "json.dumps was replaced by")


def test_changes_that_are_meant_are_tolerated(kit: Run) -> None:
    suite = "    tolerated = ['json.dumps was', 'os.environ']\n"
    setup = "json.dumps = print; os.environ['SAMPLE'] = '1'"
    assert kit("-k", "test_setting_it_up", suite=suite, setup=setup).parseoutcomes()["passed"] == 1


def test_a_lifespan_that_leaves_something_open(kit: Run) -> None:
    started = "\n            ".join(line.replace("self.", "sys.") for line in OPENED)
    finds(kit("-k", "test_what_it_starts", started=started), "join threads, close files", *OPENED.values())


def test_a_lifespan_that_leaves_a_task(kit: Run) -> None:
    started = "KEPT.append(asyncio.create_task(asyncio.Event().wait(), name='watch'))"
    result = kit("-k", "test_what_it_starts", top="KEPT = []", started=started)
    finds(result, "in a finally, cancel and await tasks", "the task 'watch' of Event.wait (", "locks.py:")


def test_a_lifespan_that_leaves_a_patch(kit: Run) -> None:
    result = kit("-k", "test_what_it_starts", started="json.dumps = print")
    finds(result, "json.dumps was replaced by builtins.print")


def test_a_request_that_leaves_something_open(kit: Run) -> None:
    thread = "threading.Thread(target=threading.Event().wait, daemon=True, name='mine').start()"
    result = kit("-k", "test_what_requests_open", setup=f"setup.on_request_finished(lambda c, f: {thread})")
    finds(result, "Close with the request", "the thread 'mine' was left")


def test_an_end_that_raises(kit: Run) -> None:
    result = kit("-k", "test_what_it_starts", ended="raise LookupError('too late')")
    finds(result, "failed when it was ended: LookupError: too late")


THREAD = "done = threading.Event(); threading.Thread(target=done.wait, daemon=True, name='mine').start()"


def test_what_ends_well_passes_there(kit: Run) -> None:
    assert kit("-k", "test_what_it_starts", started=THREAD, ended="done.set()").parseoutcomes()["passed"] == 1


def test_an_end_that_comes_only_when_all_went_well(kit: Run) -> None:
    body = f"""
    async def watch(self):
        {THREAD}
        yield
        done.set()
"""
    result = kit("-k", "test_it_ends_too", body=body, setup="setup.add_dependency(Depends(self.watch))")
    finds(result, "after applications that failed, the process is not as it was", "the thread 'mine' was left")


def test_an_end_that_raises_beside_what_failed(kit: Run) -> None:
    result = kit("-k", "test_it_ends_too", ended="raise LookupError('too late')")
    finds(result, "let it raise nothing", "failed when it was ended: LookupError: too late")


# What it costs where it is installed


def test_a_slow_import_tells_what_it_loads(kit: Run) -> None:
    top = "import time, xml.dom.minidom; time.sleep(0.5)"
    result = kit("-k", "test_importing_it_is_quick", top=top, suite="    import_budget = 0.25\n")
    finds(result, "times as long as velocipy; its budget is 0.25 times", "xml.dom.minidom")


def test_a_plugin_that_is_loaded_though_nobody_plugs_it_in(
    kit: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(sitecustomize="import velocipy_sample")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path), prepend=os.pathsep)
    result = kit("-k", "test_it_is_not_loaded", apart=True)
    finds(result, "an application that does not plug it in has loaded velocipy_sample")


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (
            {"files": ("velocipy/sample/__init__.py",)},
            "not its own: velocipy/sample/__init__.py. Give its",
        ),
        (
            {"files": ("velocipy/__init__.py", "velocipy/x.py"), "suite": "    first_party = True\n"},
            "it ships files of velocipy-core: velocipy/__init__.py",
        ),
        ({"files": ()}, "has no list of its files: install it from a wheel"),
    ],
)
def test_files_that_are_not_its_own(kit: Run, places: dict[str, Any], message: str) -> None:
    finds(kit("-k", "test_its_files", **places), message)


def test_files_below_velocipy_are_ours_to_ship(kit: Run) -> None:
    places: dict[str, Any] = {"files": ("velocipy/sample/__init__.py",), "suite": "    first_party = True\n"}
    assert kit("-k", "test_its_files", **places).parseoutcomes()["passed"] == 1


def test_an_editable_install_has_no_files_to_look_at(kit: Run) -> None:
    direct_url = '{"url": "file:///x", "dir_info": {"editable": true}}'
    result = kit("-k", "test_its_files", "-rs", direct_url=direct_url)
    assert result.parseoutcomes()["skipped"] == 1
    result.stdout.fnmatch_lines("*build and install its wheel*")


@pytest.mark.parametrize("module", ["plugins", "storage", "storage_losses"])
def test_without_pytest_it_says_what_to_install(module: str) -> None:
    script = f"import sys; sys.modules['pytest'] = None; import velocipy.testing.{module}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert 'need pytest: pip install "velocipy-testing[pytest]"' in done.stderr
