"""Plugins by name and by object: how they are found, put in order, set up and ended, and what each mistake says."""

import asyncio
import itertools
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from velocipy import (
    APIRouter,
    Depends,
    PluginError,
    Request,
    Router,
    StartupErrorGroup,
    StaticFiles,
    VelociPy,
    WebSocket,
)
from velocipy.plugin import INTERFACE_VERSION, Key, Setup
from velocipy.testing import TestClient

NAME = Key[str]("name")
log: list[str] = []


class Thing:
    pass


class Plain:
    """A plugin that does what *setup* does."""

    def __init__(self, name: str, setup: Callable[[Setup], None] | None = None, **attributes: Any) -> None:
        self.name = name
        self._setup = setup
        vars(self).update(attributes)

    def setup(self, setup: Setup) -> None:
        log.append(self.name)
        if self._setup is not None:
            self._setup(setup)


@pytest.fixture(autouse=True)
def empty_log() -> None:
    log.clear()


def living(lifespan: Callable[[], AbstractAsyncContextManager[Any]]) -> Callable[[Setup], None]:
    return lambda setup: setup.add_lifespan(lifespan)


def faults_of(app: VelociPy) -> list[str]:
    with pytest.raises((PluginError, StartupErrorGroup)) as raised:
        app.freeze()
    error = raised.value
    return [str(fault) for fault in (error.exceptions if isinstance(error, StartupErrorGroup) else [error])]


def fault_of(app: VelociPy) -> str:
    (fault,) = faults_of(app)
    return re.sub(r" \(\S+\.py:\d+\)", " (there)", re.sub(r"^\S+\.py:\d+: ", "here: ", fault))


# -- installed -------------------------------------------------------------------------------------------------------

numbers = itertools.count()
Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A function that installs a distribution with one plugin, and returns the name of its module."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, source: str = "", *, distribution: str | None = None) -> str:
        module, distribution = f"installed_{next(numbers)}", distribution or f"velocipy-{name}"
        code = f"""
            from velocipy import Config
            from velocipy.plugin import Setup

            class Options(Config, env_prefix="TEST_PLUGIN_"):
                size: int = 1

            class Plugin:
                name = {name!r}
                def __init__(self, size: int | None = None) -> None:
                    self.size = Options().size if size is None else size
                def setup(self, setup: Setup) -> None:
                    async def size() -> int:
                        return self.size
                    setup.add_route("/{name}", size)
        """
        (tmp_path / f"{module}.py").write_text(dedent(source or code), "utf-8")
        info = tmp_path / f"{distribution.replace('-', '_')}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[velocipy.plugins]\n{name} = {module}:Plugin\n", "utf-8")
        return module

    return install


def test_a_plugin_is_loaded_by_its_name_and_made_with_options(install: Install) -> None:
    install("sized")
    app = VelociPy(plugins=["sized"])
    router = APIRouter(prefix="/in")
    router.plug("sized", size=7)
    app.include_router(router)
    with TestClient(app) as client:
        assert client.get("/sized").json() == 1
        assert client.get("/in/sized").json() == 7


def test_options_by_name_may_come_from_a_config(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("sized")
    monkeypatch.setenv("TEST_PLUGIN_SIZE", "30")
    with TestClient(VelociPy(plugins=["sized"])) as client:
        assert client.get("/sized").json() == 30


def test_what_a_config_misses_names_the_plugin(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("sized")
    monkeypatch.setenv("TEST_PLUGIN_SIZE", "many")
    fault = fault_of(VelociPy(plugins=["sized"]))
    assert fault.startswith(
        "here: the plugin 'sized' (velocipy-sized 1.5) cannot be made: Options cannot be made: size: T"
    )
    assert fault.endswith(" (there). Correct its options: size.")


def test_all_that_are_installed_are_plugged_in_by_their_names(install: Install) -> None:
    install("b-second")
    install(
        "a-first", "class Plugin:\n    name = 'a-first'\n    requires = ('b-second',)\n    def setup(self, setup): ..."
    )
    app = VelociPy(plugins="installed")
    app.plug("b-second", size=4)
    with TestClient(app) as client:
        assert client.get("/b-second").json() == 4


def test_what_is_installed_and_not_plugged_in_is_not_loaded(install: Install) -> None:
    module = install("idle", "raise SystemExit('loaded')")
    VelociPy().freeze()
    VelociPy(plugins=[Plain("other")]).freeze()
    assert module not in sys.modules


def test_a_start_without_plugins_looks_for_none() -> None:
    program = """
        import sys
        from velocipy import VelociPy
        app = VelociPy(docs_url=None, openapi_url=None)
        @app.get("/")
        async def index() -> str: return ""
        app.freeze()
        found = {"importlib.metadata", "velocipy.plugin", "velocipy.plugging"} & {*sys.modules}
        raise SystemExit(", ".join(found) or 0)
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_name_tells_those_that_there_are(install: Install) -> None:
    install("cache")
    fault = fault_of(VelociPy(plugins=["cahce"]))
    assert fault.startswith("here: no plugin 'cahce' is installed; there are: ")
    assert "'cache' (velocipy-cache 1.5)" in fault
    assert fault.endswith(". Did you mean 'cache'?")


@pytest.mark.parametrize("name", ["sessions", "velocipy-sessions", "velocipy_sessions"])
def test_an_unknown_name_like_no_other_names_the_package_that_often_has_it(name: str) -> None:
    assert fault_of(VelociPy(plugins=[name])).endswith(
        "Correct the name, or install the package that has it, often velocipy-sessions."
    )


def test_a_name_tells_where_it_was_plugged_in() -> None:
    app = VelociPy()
    app.plug("absent")
    assert re.match(rf"\S*{Path(__file__).name}:\d+: no plugin 'absent' is installed", faults_of(app)[0])


def test_a_name_of_two_distributions_is_refused(install: Install) -> None:
    install("twice")
    install("twice", distribution="acme-twice")
    fault = fault_of(VelociPy(plugins=["twice"]))
    assert re.match(
        r"here: several distributions have a plugin 'twice': \S+ 1.5, \S+ 1.5. Uninstall one, or plug in", fault
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module' (there)"),
        ("x = 1", "AttributeError: module '%' has no attribute 'Plugin'"),
        ("Plugin = 5", "TypeError: %:Plugin is a int, which cannot be called"),
    ],
    ids=["import", "attribute", "number"],
)
def test_what_cannot_be_loaded_tells_the_entry_point(install: Install, source: str, told: str) -> None:
    module = install("broken", source)
    assert fault_of(VelociPy(plugins=["broken"])) == (
        "here: the plugin 'broken' (velocipy-broken 1.5) cannot be loaded by the entry point "
        f'broken = "{module}:Plugin" of velocipy-broken 1.5: {told.replace("%", module)}. Its authors may correct that.'
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def Plugin(): raise OSError('no disk')", "cannot be made: OSError: no disk (there). Correct its options."),
        ("def Plugin(size, color=1): ...", "argument: 'size'. Correct its options: size, color."),
    ],
    ids=["call", "argument"],
)
def test_what_cannot_be_made_tells_its_options(install: Install, source: str, told: str) -> None:
    install("broken", source)
    assert fault_of(VelociPy(plugins=["broken"])).endswith(told)


def test_each_that_is_installed_and_broken_is_told(install: Install) -> None:
    for name in ("one", "two"):
        install(name, "import no_such_module")
    assert len(faults_of(VelociPy(plugins="installed"))) == 2


@pytest.mark.parametrize("made", ["None", "type('P', (), {'name': 'else', 'setup': print})()"])
def test_an_entry_point_that_makes_something_else_is_refused(install: Install, made: str) -> None:
    install("odd", f"def Plugin(): return {made}")
    fault = fault_of(VelociPy(plugins=["odd"]))
    assert re.match(
        r'here: the entry point odd = "\w+:Plugin" of velocipy-odd 1.5 made a (P|NoneType) of the name ', fault
    )
    assert fault.endswith(", no plugin of the name 'odd'. Tell its authors.")


# -- given -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        (Plain, "Plain is a class: plug in what it makes, Plain(...)"),
        (3, "3 is no plugin, for it has no method setup(); give one, or the name of one"),
        (Plain(4), "is no plugin, for its name is 4; give it one such as 'acme-cache'"),  # type: ignore[arg-type]
        (Plain("My plugin!"), "is no plugin, for its name is 'My plugin!'; give it one such as 'acme-cache'"),
    ],
    ids=["class", "number", "name", "words"],
)
def test_what_is_no_plugin_is_refused_where_it_is_written(plugin: Any, told: str) -> None:
    with pytest.raises(TypeError, match=re.escape(told)):
        VelociPy().plug(plugin)


def test_options_are_for_names() -> None:
    with pytest.raises(TypeError, match=r"the plugin 'x' has its options; say size where it is made"):
        VelociPy().plug(Plain("x"), size=3)


def test_one_name_for_many_plugins_of_a_router_is_refused() -> None:
    names: Any = "cache"
    with pytest.raises(TypeError, match=r"plugins takes several, such as \['cache'\]"):
        Router(plugins=names)


def test_a_scope_has_a_plugin_once_and_another_scope_again() -> None:
    app, router = VelociPy(plugins=[Plain("x")]), Router(plugins=[Plain("x")])
    app.include_router(router, "/a")
    app.include_router(router, "/b")
    app.freeze()
    assert log == ["x", "x"]
    app.plug(Plain("x"))
    assert "the plugin 'x' is plugged into one scope twice, at " in faults_of(app)[0]


# -- order -----------------------------------------------------------------------------------------------------------


def test_plugins_come_in_the_order_of_plugging_unless_they_say_otherwise() -> None:
    app = VelociPy(plugins=[Plain("d", requires=["a"], after=["c"]), Plain("b", after=("absent",)), Plain("a")])
    app.plug(Plain("c", requires=("a",)))
    app.freeze()
    assert log == ["b", "a", "c", "d"]


def test_a_router_may_require_what_is_around_it() -> None:
    app, router = VelociPy(), Router(plugins=[Plain("inner", lambda setup: log.append(str(setup.has("outer"))))])
    vars(router._plugs[0].plugin)["requires"] = ("outer",)
    app.include_router(router)
    app.plug(Plain("outer"))
    app.freeze()
    assert log == ["outer", "inner", "True"]


def test_what_is_required_and_missing_says_what_to_do(install: Install) -> None:
    install("here")
    app = VelociPy(plugins=[Plain("needy", requires=("gone", "here"))])
    gone, here = faults_of(app)
    assert re.sub(r"^.*py:[0-9]+: ", "", gone) == (
        "the plugin 'needy' requires 'gone', which is plugged in neither here nor around. "
        "Install the package that has it, often velocipy-gone, and add plug('gone')."
    )
    assert here.endswith("requires 'here', which is plugged in neither here nor around. Add plug('here').")
    assert log == []


def test_a_circle_is_told() -> None:
    a, b, c = Plain("a", requires=("b",)), Plain("b", after=("c",)), Plain("c", requires=("a",))
    fault = re.sub(r"\S+\.py:\d+", "here", fault_of(VelociPy(plugins=[a, b, c, Plain("d")])))
    assert fault == (
        "here: plugins wait for each other: 'a' at here requires 'b', 'b' at here comes after 'c', "
        "'c' at here requires 'a'. Leave one of them out, or tell the authors."
    )
    assert log == ["d"]


def test_a_plugin_for_a_newer_core_says_so() -> None:
    app = VelociPy(plugins=[Plain("new", interface=INTERFACE_VERSION + 1)])
    assert fault_of(app) == (
        f"here: the plugin 'new' was written for interface {INTERFACE_VERSION + 1}; this core has {INTERFACE_VERSION}. "
        "Run: pip install --upgrade velocipy-core"
    )


def test_names_that_are_a_text_are_refused() -> None:
    app = VelociPy(plugins=[Plain("x", requires="session")])
    assert (
        fault_of(app) == "here: the plugin 'x' has the text 'session' as requires. Its authors may write ('session',)."
    )


# -- set-up ----------------------------------------------------------------------------------------------------------


def test_set_up_is_once_for_each_application() -> None:
    plugin, router = Plain("x"), Router()
    router.plug(Plain("of-router"))
    for _ in range(2):
        app = VelociPy(plugins=[plugin])
        app.include_router(router)
        app.freeze()
        app.dependency_overrides[print] = repr
        app.freeze()
    assert log == ["x", "of-router"] * 2


def test_what_is_plugged_in_later_is_set_up_then() -> None:
    app = VelociPy(plugins=[Plain("first")])
    app.freeze()
    app.plug(Plain("second", requires=("first",)))
    app.freeze()
    assert log == ["first", "second"]


def test_a_router_of_a_plugin_brings_its_own() -> None:
    inner = Router("/inner", plugins=[Plain("inner", lambda setup: log.append(setup.prefix))])
    app = VelociPy(plugins=[Plain("outer", lambda setup: setup.add_routes(inner, "/x"))])
    app.freeze()
    assert log == ["outer", "inner", "/inner"]


def test_a_set_up_that_raises_says_where_and_the_next_start_begins_anew() -> None:
    attempts: list[int] = []

    def fail_once(setup: Setup) -> None:
        setup.add_route("/x", lambda: "x")
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("ttl is -1")

    app = VelociPy(plugins=[Plain("x", fail_once)])
    with pytest.raises(PluginError) as raised:
        app.freeze()
    assert re.fullmatch(
        r"\S*test_plugging\.py:\d+: the plugin 'x' cannot be set up: ValueError: ttl is -1 \(\S*\.py:\d+\)\. "
        r"Correct its options, or tell its authors\.",
        str(raised.value),
    )
    assert raised.value.plugin == "x"
    assert isinstance(raised.value.__cause__, ValueError)
    app.freeze()
    assert [route.path for route in app.routes] == ["/x"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    def fail(setup: Setup) -> None:
        raise ValueError("no")

    app = VelociPy(plugins=["absent", Plain("x", fail), Plain("y", requires=("z",))])

    @app.get("/{a}")
    async def index(b: Thing) -> None: ...

    told = "\n".join(faults_of(app))
    for part in ("no plugin 'absent'", "'x' cannot be set up", "'y' requires 'z'", "parameter 'b'", "parameter 'a'"):
        assert part in told


async def wait(*values: Any) -> None: ...


def generate(*values: Any) -> Any:
    yield


async def generate_lifespan() -> Any:
    yield


async def of_an_application(app: Any) -> Any:
    yield


MINE = "Its authors may take a class of their own."
HANDED = f"makes itself the source of Request, which handlers are handed anyway. {MINE}"
KEY = "has 'name' in the place of a key. Its authors may make one: Key[Type]('name')."
PLAIN = "Its authors may give a plain function; work that waits belongs into a task."
UNCALLABLE, MISSING = "which cannot be called", "missing a required argument:"
TOO_MANY = "too many positional arguments"
GENERATOR = "which is a generator. Its authors may put @asynccontextmanager above it."
CORRECT = "Its authors may correct it."


@pytest.mark.parametrize(
    ("method", "values", "told"),
    [
        ("add_source", (int, dict), f"makes itself the source of int. {MINE}"),
        ("add_source", (list[int], dict), f"makes itself the source of list[int]. {MINE}"),
        ("add_source", ("Thing", dict), f"makes itself the source of 'Thing'. {MINE}"),
        ("add_source", (None, dict), f"makes itself the source of None. {MINE}"),
        (
            "add_source",
            (Request, dict),
            HANDED,
        ),
        (
            "add_source",
            (Thing, Depends(Thing)),
            "has the source Depends(Thing). Its authors may give a function, without Depends().",
        ),
        ("add_dependency", (Thing,), "adds the dependency Thing. Its authors may write Depends(function)."),
        ("provide", ("name", 1), KEY),
        ("find", ("name",), KEY),
        ("on_exception", (wait,), f"has the hook wait for on_exception, which is no plain function. {PLAIN}"),
        (
            "on_request_finished",
            (generate,),
            f"has the hook generate for on_request_finished, which is no plain function. {PLAIN}",
        ),
        (
            "on_route",
            (None,),
            f"gives None for on_route, {UNCALLABLE} with 1 argument: None is not a callable object. {CORRECT}",
        ),
        (
            "on_freeze",
            (generate_lifespan,),
            f"gives generate_lifespan for on_freeze, {UNCALLABLE} with 1 argument: {TOO_MANY}. {CORRECT}",
        ),
        (
            "add_lifespan",
            (generate_lifespan,),
            f"adds the lifespan generate_lifespan, {GENERATOR}",
        ),
        (
            "add_lifespan",
            (of_an_application,),
            f"gives of_an_application for lifespan, {UNCALLABLE} without arguments: {MISSING} 'app'. {CORRECT}",
        ),
    ],
)
def test_what_a_plugin_registers_wrongly_is_refused_there(method: str, values: tuple[Any, ...], told: str) -> None:
    def setup(setup: Setup) -> None:
        getattr(setup, method)(*values)

    problem, its, remedy = told.partition(". Its ")
    assert fault_of(VelociPy(plugins=[Plain("x", setup)])) == f"here: the plugin 'x' {problem} (there){its}{remedy}"


def test_a_lifespan_is_given_without_calling_it() -> None:
    app = VelociPy(plugins=[Plain("x", living(opening("x")()))])  # type: ignore[arg-type]
    told = "adds a lifespan that was called already (there). Its authors may give the function itself."
    assert fault_of(app) == f"here: the plugin 'x' {told}"


@pytest.mark.parametrize("name", ["source", "value"])
def test_what_takes_the_place_of_another_is_refused(name: str) -> None:
    def setup(setup: Setup) -> None:
        if name == "source":
            setup.add_source(Thing, Thing)
        else:
            setup.provide(NAME, "x")

    told = "the source of Thing" if name == "source" else "'name'"
    fault = fault_of(VelociPy(plugins=[Plain("a", setup), Plain("b", setup)]))
    assert re.fullmatch(
        rf"here: the plugin 'b' is the second that has {told} in its scope, after 'a' at \S*:\d+ \(there\)\. "
        r"Leave one of them out\.",
        fault,
    )


@pytest.mark.parametrize("kind", ["coroutine", "generator", "async generator"])
def test_a_set_up_that_is_no_plain_function_is_refused(kind: str) -> None:
    async def waiting(setup: Setup) -> None: ...

    def generating(setup: Setup) -> Any:
        yield

    async def both(setup: Setup) -> Any:
        yield

    class Odd:
        name = "odd"
        setup: Any = staticmethod({"coroutine": waiting, "generator": generating, "async generator": both}[kind])

    assert fault_of(VelociPy(plugins=[Odd()])) == (
        f"here: the plugin 'odd' cannot be set up: TypeError: its setup() returned a {kind}, and so has registered "
        "nothing. It is a plain function; what is to be opened goes into add_lifespan(). "
        "Correct its options, or tell its authors."
    )


def test_what_the_program_provides_counts_more() -> None:
    found: list[str | None] = []
    app = VelociPy(
        plugins=[
            Plain("gives", lambda setup: setup.provide(NAME, "of the plugin")),
            Plain("takes", lambda setup: found.append(setup.find(NAME))),
        ]
    )
    app.provide(NAME, "of the program")
    app.freeze()
    assert found == ["of the program"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda s: s.add_convertor("x", int), "convertors belong"),
        (lambda s: s.add_model_adapter(None), "model adapters belong"),
        (lambda s: s.on_freeze(print), "on_freeze belongs"),
    ],
    ids=["convertor", "adapter", "freeze"],
)
def test_what_belongs_to_the_application_is_refused_on_a_router(wrong: Callable[[Setup], Any], told: str) -> None:
    app = VelociPy()
    app.include_router(Router("/api", plugins=[Plain("x", wrong)]))
    problem = f"here: the plugin 'x' is plugged into the router '/api', but {told} to an application (there)."
    assert fault_of(app) == f"{problem} Plug it into the application."


def test_a_convertor_of_a_plugin_gives_way_to_the_users() -> None:
    def setup(setup: Setup) -> None:
        setup.add_convertor("word", str)
        setup.add_convertor("number", str)

    app = VelociPy(plugins=[Plain("x", setup)], convertors={"number": int})

    @app.get("/{a:word}/{b:number}")
    async def index(a: str, b: int) -> list[Any]:
        return [a, b]

    with TestClient(app) as client:
        assert client.get("/x/3").json() == ["x", 3]
        assert client.get("/x/y").status_code == 422


def test_nothing_is_registered_after_set_up() -> None:
    kept: list[Setup] = []
    app = VelociPy(plugins=[Plain("x", kept.append)])
    app.freeze()
    told = r"the plugin 'x' registers something when its set-up is over\. Its authors may do that in setup\(\)\."
    for name, *values in (("add_route", "/", print), ("add_lifespan", print), ("on_freeze", print)):
        with pytest.raises(PluginError, match=told):
            getattr(kept[0], str(name))(*values)
    assert kept[0].find(NAME) is None


def test_sources_are_for_scopes_outside_requests_too() -> None:
    app = VelociPy(plugins=[Plain("x", lambda setup: setup.add_source(Thing, Thing))])

    async def use(thing: Thing) -> bool:
        return isinstance(thing, Thing)

    async def main() -> None:
        async with app.scope() as scope:
            assert await scope.call(use)

    asyncio.run(main())


# -- hooks -----------------------------------------------------------------------------------------------------------


class Told(Plain):
    """Keeps what it is told of routes and the application."""

    def __init__(self, name: str, *, whole: bool = True) -> None:
        super().__init__(name, self._hook)
        self.routes: list[str] = []
        self.applications: list[int] = []
        self._whole = whole

    def _hook(self, setup: Setup) -> None:
        setup.on_route(lambda described: self.routes.append(f"{type(described).__name__} {described.path}"))
        if self._whole:
            setup.on_freeze(lambda described: self.applications.append(len(described.routes)))


def test_routes_of_the_scope_are_told_and_then_the_application(tmp_path: Path) -> None:
    whole, part = Told("whole"), Told("part", whole=False)
    app, router = VelociPy(plugins=[whole]), APIRouter(prefix="/in", plugins=[part])
    app.include_router(router)
    app.mount("/static", StaticFiles(tmp_path))
    app.mount("/other", VelociPy())

    @app.get("/a/{x}")
    async def a(x: int) -> None: ...

    @router.get("/b")
    async def b() -> None: ...

    @router.websocket("/c")
    async def c(websocket: WebSocket) -> None: ...

    app.freeze()
    assert part.routes == ["RouteDescription /in/b", "WebSocketDescription /in/c"]
    assert whole.routes == ["RouteDescription /static/{path*}", "RouteDescription /a/{x}", *part.routes]
    assert (whole.applications, part.applications) == ([3], [])
    app.dependency_overrides[a] = b
    app.freeze()
    assert len(whole.applications) == 2


@pytest.mark.parametrize("hook", ["on_route", "on_freeze"])
def test_a_hook_that_fails_ends_the_start(hook: str) -> None:
    def fail(described: Any) -> None:
        raise KeyError("x")

    app = VelociPy(plugins=[Plain("x", lambda setup: getattr(setup, hook)(fail))])
    app.add_route("/a", lambda: None)
    for _ in range(2):
        told = r"the plugin 'x' failed when it was told of (/a|the application): KeyError: 'x' \(\S+\)\. Tell its auth"
        with pytest.raises(PluginError, match=told):
            app.freeze()


# -- lifespans -------------------------------------------------------------------------------------------------------


def opening(name: str) -> Callable[[], AbstractAsyncContextManager[Any]]:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        log.append(f"{name} starts")
        try:
            yield
        finally:
            log.append(f"{name} ends")

    return lifespan


def test_a_lifespan_that_cannot_start_ends_those_before() -> None:
    @asynccontextmanager
    async def fail() -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    app = VelociPy(plugins=[Plain("good", living(opening("good"))), Plain("bad", living(fail))])
    told = r"the plugin 'bad' cannot be started: ConnectionError: no database \("
    with pytest.raises(PluginError, match=told), TestClient(app):
        pass
    assert log == ["good", "bad", "good starts", "good ends"]


def test_a_lifespan_that_fails_at_its_end_is_told_and_the_others_end(caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def fail() -> AsyncIterator[None]:
        yield
        raise OSError("still busy")

    app = VelociPy(plugins=[Plain("good", living(opening("good"))), Plain("bad", living(fail))])
    told = r"the plugin 'bad' failed when it was ended: OSError: still busy \(\S+\)\. Tell its authors; all else was"
    with caplog.at_level(logging.ERROR, "velocipy"), pytest.raises(PluginError, match=told), TestClient(app):
        pass
    assert log[-1] == "good ends"
    assert re.search(told, caplog.text)


@pytest.mark.parametrize(
    ("lifespan", "told"),
    [
        (lambda: 3, "TypeError: its lifespan returned 3, which is no async context manager"),
        (asynccontextmanager(lambda: yielding(3)), "TypeError: its lifespan yielded 3, which is no mapping"),
    ],
    ids=["manager", "state"],
)
def test_a_lifespan_that_is_none_is_told(lifespan: Any, told: str) -> None:
    app = VelociPy(plugins=[Plain("x", living(lifespan))])
    with pytest.raises(PluginError, match=f"the plugin 'x' cannot be started: {told}"), TestClient(app):
        pass


async def yielding(value: Any) -> AsyncIterator[Any]:
    yield value


def test_the_lifespan_of_the_application_is_within() -> None:
    @asynccontextmanager
    async def own(app: VelociPy) -> AsyncIterator[dict[str, str]]:
        log.append("own starts")
        yield {"from": "own"}
        log.append("own ends")

    app = VelociPy(lifespan=own, plugins=[Plain("x", living(opening("x")))])
    with TestClient(app):
        pass
    assert log == ["x", "x starts", "own starts", "own ends", "x ends"]


def test_nothing_is_plugged_in_when_the_application_has_started() -> None:
    app, router = VelociPy(), Router()
    app.include_router(router)
    with TestClient(app) as client:
        for late in (app, router):
            with pytest.raises(RuntimeError, match="set up when the application starts, .*; plug them in before"):
                late.plug(Plain("late", living(opening("late"))))
        with pytest.raises(RuntimeError, match="plug them in before"):
            app.include_router(Router(plugins=[Plain("late")]))
        assert client.get("/").status_code == 404
