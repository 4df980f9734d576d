"""The tests that a plugin must pass, for pytest.

    class TestCache(PluginConformance):
        distribution = "velocipy-cache"

        def make(self) -> Plugin:
            return CachePlugin(ttl=60)

        def use(self, router: Router) -> None:
            router.add_route("/time", read_time)

        def check(self, client: WebSocketClient) -> None:
            assert client.get("/time").text == client.get("/time").text

`check` is asked in process on ASGI and RSGI, and on every server that is installed. What is asked of a fresh process is
in `velocipy.testing.probes`, what is looked at there in `velocipy.testing.process_state`.
"""

import csv
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution
from typing import Any

from velocipy import Router, StartupError, StartupErrorGroup, VelociPy
from velocipy.description import describe
from velocipy.plugin import ENTRY_POINTS, INTERFACE_VERSION, Plugin
from velocipy.testing._pytest import pytest
from velocipy.testing._served import environment
from velocipy.testing.clients import TestClient
from velocipy.testing.logged import VARIABLE, logged_errors, marked_errors, told
from velocipy.testing.probes import INTERFACES, ask, run_fresh, source_of
from velocipy.testing.servers import SERVERS, RunningServer, ServerMissingError
from velocipy.testing.targets import SERVED
from velocipy.testing.websocket_clients import WebSocketClient

__all__ = ["PluginConformance"]

OURS = ("velocipy-core", "velocipy-testing")  # whose files nobody else may ship
DOOR = "velocipy/__init__.py"  # which only the core may ship, however it is installed here
IMPORTS = 5  # times that a module is imported; the fastest counts

_TIME = """
import time
names = {*sys.modules}
def load(name):
    begun = time.perf_counter()
    __import__(name)
    return time.perf_counter() - begun
core = load("velocipy")
loaded = {*sys.modules}
print(json.dumps([core, load(question["module"]), sorted({*sys.modules} - loaded)]))
"""

_NOT_PLUGGED_IN = """
from velocipy import VelociPy
from velocipy.testing import TestClient
with TestClient(VelociPy()) as client:
    client.get("/")
package = question["module"]
print(json.dumps(sorted(name for name in sys.modules if name == package or name.startswith(package + "."))))
"""


class PluginConformance:
    """What a plugin owes to those who plug it in, test by test.

    A subclass, whose name begins with "Test" so that pytest finds it, defines `make`, and mostly `use` and `check`. It
    stands at the top of its module, which servers import. Tests of your own in it have the application as the fixture
    `app`, and the fixtures of the pytest plugin on it, such as `client`.

    Attributes:
        distribution: The name under which the plugin is installed; "" for one that is not distributed, of which
            nothing is asked that has to do with installing.
        options: With which its entry point makes it when it is plugged in by name.
        on_router: Whether it can be plugged into a router; where not, it has to say so.
        first_party: Whether it belongs to the repository of VelociPy, and so is below `velocipy`.
        import_budget: How long its module may take to import beyond `import velocipy`, as multiples of that.
        tolerated: Beginnings of what failures list, for changes of the process and errors in the log that are meant.
    """

    distribution: str = ""
    options: Mapping[str, Any] = {}
    on_router: bool = True
    first_party: bool = False
    import_budget: float = 2.0
    tolerated: Collection[str] = ()

    def make(self) -> Plugin:
        """Return a new plugin."""
        raise NotImplementedError("define make(self), which returns a new plugin")

    def others(self) -> Iterable[Plugin | str]:
        """Return what it requires, which is plugged in before it, into the application."""
        return ()

    def use(self, router: Router) -> None:
        """Add what uses the plugin to the application or router into which it is plugged."""

    def check(self, client: WebSocketClient) -> None:
        """Assert what the plugin does, by a *client* of an application of its own that has started.

        By itself it asks for "/", which may be anything but a fault of the server. What the core logs as an error
        meanwhile is a failure too.
        """
        status = client.get("/").status_code
        assert status < 500, f"GET / was answered with {status}: define check(self, client), or correct the plugin"

    # What the tests run on

    def without_plugin(self, **options: Any) -> VelociPy:
        """Return an application that has all but the plugin and what uses it."""
        return VelociPy(plugins=list(self.others()), **options)

    def made_plugin(self) -> Plugin:
        """Return what `make` makes.

        Raises:
            AssertionError: If it is a class, or requires what `others` does not return.
        """
        plugin = self.make()
        assert not isinstance(plugin, type), f"make() returns the class {plugin.__name__}: return {plugin.__name__}()"
        others = {other if isinstance(other, str) else other.name for other in self.others()}
        required = getattr(plugin, "requires", ())
        for name in () if isinstance(required, str) or "installed" in others else required:
            assert name in others, f"`requires {name!r}`. Return it from others() of {type(self).__name__}"
        return plugin

    def application(self, way: str = "object", **options: Any) -> VelociPy:
        """Return an application with the plugin, plugged in by "object", by "name", or into a "router"."""
        plugin = self.made_plugin()
        app = self.without_plugin(**options)
        router = Router() if way == "router" else app
        if way == "name":
            router.plug(self._entry_point().name, **self.options)
        else:
            router.plug(plugin)
        self.use(router)
        if router is not app:
            app.include_router(router)
        return app

    @pytest.fixture
    def app(self) -> VelociPy:
        """The application under test, here and on servers."""
        return self.application()

    # What it is

    def test_it_is_a_plugin(self) -> None:
        plugin: Any = self.made_plugin()
        name, interface = getattr(plugin, "name", None), getattr(plugin, "interface", INTERFACE_VERSION)
        assert isinstance(name, str), f"the name of {plugin!r} is {name!r}: let it be a text that is not empty"
        assert name, f"the name of {plugin!r} is empty: let it be that of its entry point"
        assert callable(getattr(plugin, "setup", None)), f"{plugin!r} has no method: def setup(self, setup: Setup)"
        assert interface <= INTERFACE_VERSION, (
            f"it was written for interface {interface}, and is tested on a core that has {INTERFACE_VERSION}: "
            "run: pip install --upgrade velocipy-core"
        )
        for attribute in ("requires", "after"):
            names = getattr(plugin, attribute, ())
            assert not isinstance(names, str), f"{attribute} is the text {names!r}: write ({names!r},)"

    def test_its_entry_point_has_its_name_and_makes_it(self) -> None:
        point, plugin = self._entry_point(), self.made_plugin()
        name = plugin.name
        assert point.name == name, (
            f"the plugin is called {name!r} and its entry point {point.name!r}, so that plugins=[{name!r}] does not "
            f'find it: write in pyproject.toml, below [project.entry-points."{ENTRY_POINTS}"]: {name} = "{point.value}"'
        )
        try:
            load = point.load()
        except (AttributeError, ImportError) as error:
            raise AssertionError(
                f"the entry point leads to {point.value}, which cannot be imported: {error}. Write in pyproject.toml, "
                f"below {_line(plugin)}"
            ) from error
        made = load(**self.options)
        assert getattr(made, "name", None) == name and callable(getattr(made, "setup", None)), (  # noqa: PT018
            f"the entry point {point.name!r} made {made!r}, which is no plugin {name!r}: let {point.value!r} be its "
            "class, or a function that returns it"
        )

    # What it does, everywhere

    @pytest.mark.parametrize("interface", INTERFACES)
    @pytest.mark.parametrize("way", ["object", "name", "router"])
    def test_it_works_in_process(self, way: str, interface: str) -> None:
        if way == "name":
            self._entry_point()
        if way == "router" and not self.on_router:
            self._check_that_routers_are_refused()
            return
        with (
            self._explained(way),
            self._logging_no_error(),
            TestClient(self.application(way), interface=interface) as client,
        ):
            self.check(client)

    def _check_that_routers_are_refused(self) -> None:
        try:
            self.application("router").freeze()
        except (StartupError, StartupErrorGroup):
            return
        pytest.fail(
            "on_router is False, and it was plugged into a router without a fault: raise a PluginError in setup() if "
            "not setup.is_application, or let on_router be True"
        )

    @pytest.mark.parametrize("server", SERVERS)
    def test_it_works_on_the_server(self, server: str) -> None:
        try:
            SERVERS[server].check()
        except ServerMissingError as error:
            pytest.skip(str(error))
        variables = environment(source_of(type(self), "app")) | {VARIABLE: "1"}
        with RunningServer.start(server, SERVED, environment=variables) as running, running.client() as client:
            try:
                self.check(client)
            except BaseException as error:
                error.add_note(f"{server} wrote:\n{running.log.text()}")
                raise
        self._refuse_errors(marked_errors(running.log.text()))

    def test_two_applications_in_one_process_are_apart(self) -> None:
        one, other = self.application(), self.application()
        with (
            self._logging_no_error(),
            TestClient(one, interface="asgi") as first,
            TestClient(other, interface="rsgi") as second,
        ):
            for client, which in ((first, "first"), (second, "second")):
                try:
                    self.check(client)
                except AssertionError as error:
                    error.add_note(
                        f"of two applications in one process, in the {which}: keep nothing in the module or the class; "
                        "hand it on by provide(), or by the state that a lifespan yields"
                    )
                    raise

    def test_one_plugin_in_two_applications_adds_the_same_to_each(self) -> None:
        plugin = self.made_plugin()
        added = []
        for _ in range(2):
            app = self.without_plugin()
            app.plug(plugin)
            app.freeze()
            added.append(sorted(repr((route.path, route.methods)) for route in app.routes))
        first, second = added
        assert first == second, (
            f"plugged into a second application, it added {second} and not {first}: let setup() keep nothing, neither "
            "in the plugin nor in its module"
        )

    @pytest.mark.parametrize("way", ["object", "router"])
    def test_its_routes_can_be_described(self, way: str) -> None:
        # The document of OpenAPI, which is made of this, belongs here as well.
        if way == "router" and not self.on_router:
            pytest.skip("on_router is False")
        with self._explained(way):
            described = describe(self.application(way))  # which the core starts, and so refuses paths that collide
        ids = [route.operation_id for route in described.routes if route.include_in_schema and route.operation_id]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        assert not twice, (
            f"the operation_id {', '.join(twice)} is there twice, and a document can have it once: rename one"
        )

    # What it leaves alone

    def test_importing_it_changes_nothing(self) -> None:
        self._probe("import", f"importing {self._entry_point().module} changes the process", "Do nothing at import")

    def test_setting_it_up_changes_nothing_but_what_it_is_given(self) -> None:
        self._probe(
            "setup",
            "setup() changes more than the Setup that it is given",
            "Add middleware, a dependency or a hook instead of a patch; open what you need in add_lifespan()",
        )

    def test_what_it_starts_it_ends(self) -> None:
        self._probe(
            "lifespan",
            "after some rounds of starting and stopping, the process is not as it was",
            "Behind the yield of the lifespan, in a finally, cancel and await tasks, join threads, close files",
        )

    def test_what_requests_open_is_closed_in_the_end(self) -> None:
        self._probe(
            "requests",
            "after check(), on applications that were stopped, the process is not as it was",
            "Close with the request, in a dependency with yield, or with the application, in its lifespan",
        )

    def test_it_ends_too_when_the_program_fails(self) -> None:
        self._probe(
            "failures",
            "after applications that failed, the process is not as it was",
            "Put into a finally what stands behind the yield of the lifespan, and let it raise nothing",
        )

    # What it costs where it is installed

    def test_importing_it_is_quick(self) -> None:
        question = self._question()
        runs: list[tuple[float, float, list[str]]] = [run_fresh(_TIME, question) for _ in range(IMPORTS)]
        core, own = min(run[0] for run in runs), min(run[1] for run in runs)
        assert own <= self.import_budget * core, (
            f"importing {question['module']} takes {own * 1000:.0f} ms, {own / core:.1f} times as long as velocipy; "
            f"its budget is {self.import_budget:g} times. Import in functions what is needed seldom, or raise "
            f"import_budget. It loads: {', '.join(runs[0][2])}"
        )

    def test_it_is_not_loaded_where_it_is_not_plugged_in(self) -> None:
        loaded = run_fresh(_NOT_PLUGGED_IN, self._question())
        assert not loaded, (
            f"an application that does not plug it in has loaded {', '.join(loaded)}: let nothing but the entry point "
            "lead there, no .pth file and no import in another package"
        )

    def test_its_files_are_its_own(self) -> None:
        dist = self._installed()
        if '"editable": true' in (dist.read_text("direct_url.json") or ""):
            pytest.skip(f"{self.distribution} is installed as editable, without its files: build and install its wheel")
        files = _recorded(dist)
        assert files, f"{self.distribution} has no list of its files: install it from a wheel"
        if not self.first_party:
            inside = sorted(file for file in files if file.startswith("velocipy/"))
            assert not inside, (
                f"it ships files below velocipy/, which is not its own: {', '.join(inside)}. Give its package a name "
                f"of its own, such as {self.distribution.replace('-', '_')}"
            )
        for name in OURS:
            shared = sorted(files & _files_of(name))
            assert not shared, f"it ships files of {name}: {', '.join(shared)}. Take them out of its wheel"

    # ------------------------------------------------------------------------------------------------------------------

    def _probe(self, probe: str, problem: str, remedy: str) -> None:
        module = self._entry_point().module if self.distribution else type(self.made_plugin()).__module__
        self._refuse(ask(probe, type(self), module), f"{problem}. {remedy}.")

    def _refuse(self, found: Iterable[str], problem: str) -> None:
        """Fail with the *problem* if anything was *found* that is not tolerated."""
        refused = [item for item in found if not item.startswith(tuple(self.tolerated))]
        assert not refused, "\n  - ".join([problem, *refused])

    def _refuse_errors(self, errors: Iterable[str]) -> None:
        problem = "check() passed, and the core logged errors. Correct what raised, or name them in `tolerated`."
        self._refuse(dict.fromkeys(errors), problem)

    @contextmanager
    def _logging_no_error(self) -> Iterator[None]:
        with logged_errors() as errors:
            yield
        self._refuse_errors(told(record) for record in errors)

    @contextmanager
    def _explained(self, way: str) -> Iterator[None]:
        """Add to what is raised at the start what is to be said if only routers are refused."""
        try:
            yield
        except (StartupError, StartupErrorGroup) as error:
            if way == "router":
                with suppress(StartupError, StartupErrorGroup):
                    self.application().freeze()
                    error.add_note("If it belongs to an application, say on_router = False.")
            raise

    def _question(self) -> dict[str, Any]:
        return {"module": self._entry_point().module, "path": sys.path}

    def _installed(self) -> Distribution:
        if not self.distribution:
            pytest.skip('say distribution = "velocipy-..." to have this asked')
        try:
            return distribution(self.distribution)
        except PackageNotFoundError:
            problem = f"{self.distribution!r} is not installed here: run `pip install .`, or correct `distribution`"
            raise AssertionError(problem) from None

    def _entry_point(self) -> EntryPoint:
        """Return that of the plugin: the one of its name, or else the first."""
        points: Sequence[EntryPoint] = tuple(self._installed().entry_points.select(group=ENTRY_POINTS))
        plugin = self.made_plugin()
        if not points:
            line = _line(plugin)
            pytest.fail(f"{self.distribution} has no entry point: write in pyproject.toml, below {line}")
        return next((point for point in points if point.name == plugin.name), points[0])


def _files_of(name: str) -> set[str]:
    try:
        return {DOOR, *_recorded(distribution(name))}
    except PackageNotFoundError:
        return {DOOR}


def _recorded(dist: Distribution) -> set[str]:
    """Return what the wheel of *dist* has installed; `dist.files` has, since 3.12, only what is there yet."""
    return {row[0] for row in csv.reader((dist.read_text("RECORD") or "").splitlines())}


def _line(plugin: Plugin) -> str:
    """Return the table of pyproject.toml, and the line in it that leads to the plugin."""
    made = type(plugin)
    return f'[project.entry-points."{ENTRY_POINTS}"]: {plugin.name} = "{made.__module__}:{made.__name__}"'
