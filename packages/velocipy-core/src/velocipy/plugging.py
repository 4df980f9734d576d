"""Plugins from their names to their end: found, put in order, set up, started and ended. Imported at first use."""

from __future__ import annotations

import logging
import re
import sysconfig
import traceback
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from velocipy.errors import ConfigError, PluginError, StartupError
from velocipy.places import shown_place
from velocipy.plans.signature import find_place
from velocipy.plugin import ENTRY_POINTS, INTERFACE_VERSION, Lifespan, Setup
from velocipy.routing.plugged import Owner, Plug, Plugged, Plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from velocipy.application import VelociPy
    from velocipy.description import ApplicationDescription, RouteDescription, WebSocketDescription
    from velocipy.plugin import Plugin
    from velocipy.routing.options import Route

INSTALLED = "installed"
"""Stands for all plugins that are installed, in the order of their names: `VelociPy(plugins="installed")`."""

_logger = logging.getLogger("velocipy")


class _Found(NamedTuple):
    plug: Plug
    plugin: Plugin
    requires: tuple[str, ...]
    after: tuple[str, ...]


def set_up(app: VelociPy, plugins: Plugins, faults: list[StartupError]) -> None:
    """Have every plugin of *app* that is new add to its scope, those of routers after those of the routers around."""
    _set_up_scope(app, plugins, plugins.of_application, faults)


def _set_up_scope(app: VelociPy, plugins: Plugins, plugged: Plugged, faults: list[StartupError]) -> None:
    for found in _in_order(_find(_plugs_of(plugged), plugged, faults), plugged, faults):
        owner = Owner(found.plugin.name, found.plug.place)
        plugged.plugs[owner.name] = found.plug
        with _blamed(owner, "cannot be set up", "Correct its options, or tell its authors.", faults):
            setup = Setup(owner, plugged, plugins, app, partial(_describe, app, plugged))
            try:
                made: Any = found.plugin.setup(setup)  # type: ignore[func-returns-value]
            finally:
                setup._is_over = True
            if made is not None:
                _refuse_result(made)
    for inclusion in (*plugged.router._included, *plugged.added._included):
        _set_up_scope(app, plugins, plugins.open(inclusion.router, plugged), faults)


def _describe(app: VelociPy, plugged: Plugged) -> ApplicationDescription:
    from velocipy.description.applications import describe_application  # which few plugins ask for

    return describe_application(app, scope=None if plugged.router is app else plugged)


def _refuse_result(made: Any) -> None:
    """Refuse what setup() should not return: a coroutine or a generator, by which nothing has happened yet."""
    if hasattr(made, "close"):
        made.close()
    kind = type(made).__name__.replace("_", " ")
    remedy = "It is a plain function; what is to be opened goes into add_lifespan()"
    raise TypeError(f"its setup() returned a {kind}, and so has registered nothing. {remedy}")


def _plugs_of(plugged: Plugged) -> Iterator[Plug]:
    """Yield what was plugged into a router, and what those that it includes have for it."""
    router = plugged.router
    yield from (plug for plug in router._plugs if not plug.export or plugged.around is None)
    exported = {id(plug): plug for inclusion in router._included for plug in inclusion.router._plugs if plug.export}
    yield from exported.values()


# -- finding ---------------------------------------------------------------------------------------------------------


def _find(plugs: Iterator[Plug], plugged: Plugged, faults: list[StartupError]) -> list[_Found]:
    """Return the plugins that are not set up in the scope yet."""
    found: dict[str, _Found] = {}
    known = {id(plug) for plug in plugged.plugs.values()}
    for plug in _named(plugs, {*plugged.plugs}):
        if id(plug) in known:
            continue
        try:
            item = _read(plug)
            name = item.plugin.name
            first = found[name].plug if name in found else plugged.plugs.get(name)
            if first is not None:
                where = f", at {first.place}" if first.place else ""
                problem = f"the plugin {name!r} is plugged into one scope twice{where} as well."
                raise PluginError(problem, "Keep one of them.", plugin=name, place=plug.place)
            found[name] = item
        except PluginError as error:
            faults.append(error)
    return list(found.values())


def _named(plugs: Iterator[Plug], known: set[str]) -> Iterator[Plug]:
    """Yield *plugs*, and for "installed" all that are installed and were not named themselves."""
    installed = None
    for plug in plugs:
        if plug.plugin == INSTALLED:
            installed = plug
        else:
            known = {*known, plug.plugin if isinstance(plug.plugin, str) else plug.plugin.name}
            yield plug
    if installed is not None:
        for name in sorted({point.name for point in _entry_points()} - known):
            yield installed._replace(plugin=name)


def _entry_points(name: str | None = None) -> list[EntryPoint]:
    from importlib.metadata import entry_points  # dear, and for names and mistakes alone

    return [point for point in entry_points(group=ENTRY_POINTS) if name in (None, point.name)]


def _read(plug: Plug) -> _Found:
    """Return what *plug* says, loaded if it is a name.

    Raises:
        PluginError: If it cannot be had, or is none.
    """
    plugin = _load(plug) if isinstance(plug.plugin, str) else plug.plugin
    name = plugin.name
    interface = getattr(plugin, "interface", INTERFACE_VERSION)
    if not isinstance(interface, int):
        problem = f"the plugin {_shown(name)} has the interface {interface!r}, which is no number."
        raise PluginError(problem, f"Its authors may write {INTERFACE_VERSION}.", plugin=name, place=plug.place)
    if interface > INTERFACE_VERSION:
        problem = f"the plugin {_shown(name)} was written for interface {interface}; this core has {INTERFACE_VERSION}."
        raise PluginError(problem, "Run: pip install --upgrade velocipy-core", plugin=name, place=plug.place)
    named = []
    for attribute in ("requires", "after"):
        names = getattr(plugin, attribute, ())
        if isinstance(names, str):
            problem = f"the plugin {_shown(name)} has the text {names!r} as {attribute}."
            raise PluginError(problem, f"Its authors may write ({names!r},).", plugin=name, place=plug.place)
        named.append(tuple(names))
    return _Found(plug, plugin, *named)


def _load(plug: Plug) -> Plugin:
    name: str = plug.plugin
    candidates = list({_distribution(point): point for point in _entry_points(name)}.values())
    if not candidates:
        points = _entry_points()
        known = ", ".join(sorted(f"{point.name!r} ({_distribution(point)})" for point in points)) or "none"
        problem = f"no plugin {name!r} is installed; there are: {known}."
        raise PluginError(problem, _similar(name), plugin=name, place=plug.place)
    if len(candidates) > 1:
        problem = f"several distributions have a plugin {name!r}: {', '.join(map(_distribution, candidates))}."
        raise PluginError(problem, "Uninstall one, or plug in the object.", plugin=name, place=plug.place)
    (point,) = candidates
    faults: list[StartupError] = []
    owner, plugin, factory = Owner(name, plug.place), None, None
    entry = f'the entry point {name} = "{point.value}" of {_distribution(point)}'
    with _blamed(owner, f"cannot be loaded by {entry}", "Its authors may correct that.", faults):
        factory = point.load()
        if not callable(factory):
            raise TypeError(f"{point.value} is a {type(factory).__name__}, which cannot be called")
    if not faults:
        with _blamed(owner, f"cannot be made{_with(plug.options)}", _options_of(factory), faults):
            plugin = factory(**plug.options)
    if faults:
        raise faults[0]
    if not callable(getattr(plugin, "setup", None)) or getattr(plugin, "name", None) != name:
        called = getattr(plugin, "name", None)
        problem = f"{entry} made a {type(plugin).__name__} of the name {called!r}, no plugin of the name {name!r}."
        raise PluginError(problem, "Tell its authors.", plugin=name, place=plug.place)
    loaded: Any = plugin
    return loaded  # type: ignore[no-any-return]


def _similar(name: str) -> str:
    """Return what to do about a name that nobody has: the one that was meant, if there is one like it."""
    from difflib import get_close_matches

    plain = re.sub("^velocipy[-_]", "", name.lower())
    similar = get_close_matches(plain, [point.name for point in _entry_points()], 1)
    if similar:
        return f"Did you mean {similar[0]!r}?"
    return f"Correct the name, or install the package that has it, often velocipy-{plain}."


def _with(options: Mapping[str, Any]) -> str:
    return f" with {', '.join(options)}" if options else ""


def _options_of(factory: Any) -> str:
    """Return the remedy for options that a plugin does not take: those which it takes."""
    from inspect import signature

    try:
        names = [name for name, item in signature(factory).parameters.items() if item.kind is not item.VAR_KEYWORD]
    except (TypeError, ValueError):  # nothing to be called, or a builtin
        names = []
    return f"Correct its options: {', '.join(names)}." if names else "Correct its options."


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _shown(name: str) -> str:
    """Return the name of a plugin for messages, with its distribution if it has one."""
    dists = [_distribution(point) for point in _entry_points(name)]
    return f"{name!r} ({dists[0]})" if dists else repr(name)


# -- order -----------------------------------------------------------------------------------------------------------


def _in_order(found: Sequence[_Found], plugged: Plugged, faults: list[StartupError]) -> list[_Found]:
    """Return *found*, each after what it requires or comes after, else as it was plugged in."""
    names = {item.plugin.name for item in found}
    waiting = []
    for item in found:
        missing = [name for name in item.requires if name not in names and not plugged.has(name)]
        faults += (_missing(item, name) for name in missing)
        if not missing:
            waiting.append(item)
    ordered: list[_Found] = []
    while waiting:
        left = {item.plugin.name for item in waiting}
        ready = next((item for item in waiting if not left & {*item.requires, *item.after}), None)
        if ready is None:
            faults.append(_circle(waiting))
            break
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _missing(item: _Found, needed: str) -> PluginError:
    name = item.plugin.name
    problem = f"the plugin {_shown(name)} requires {needed!r}, which is plugged in neither here nor around."
    remedy = f"Add plug({needed!r})."
    if not _entry_points(needed):
        remedy = f"Install the package that has it, often velocipy-{needed}, and add plug({needed!r})."
    return PluginError(problem, remedy, plugin=name, place=item.plug.place)


def _circle(waiting: Sequence[_Found]) -> PluginError:
    """Return the fault of plugins that all wait for each other."""
    by_name = {item.plugin.name: item for item in waiting}
    path = [next(iter(by_name))]
    while path.count(path[-1]) == 1:
        item = by_name[path[-1]]
        path.append(next(name for name in (*item.requires, *item.after) if name in by_name))
    circle = path[path.index(path[-1]) :]
    links = []
    for name, other in pairwise(circle):
        word = "requires" if other in by_name[name].requires else "comes after"
        place = by_name[name].plug.place
        links.append(f"{name!r}{f' at {place}' if place else ''} {word} {other!r}")
    problem = f"plugins wait for each other: {', '.join(links)}."
    place = by_name[circle[0]].plug.place
    return PluginError(problem, "Leave one of them out, or tell the authors.", plugin=circle[0], place=place)


# -- what fails ------------------------------------------------------------------------------------------------------


@contextmanager
def _blamed(owner: Owner, what: str, remedy: str, faults: list[StartupError]) -> Iterator[None]:
    """Add what is raised in the block as a fault of a plugin, with where it was plugged in and where it was raised."""
    try:
        yield
    except Exception as error:
        if isinstance(error, PluginError):
            problem, remedy = error.problem, error.remedy
        else:
            told = str(error) if isinstance(error, (StartupError, ConfigError)) else f"{type(error).__name__}: {error}"
            problem = f"the plugin {_shown(owner.name)} {what}: {told}"
        where = _raised_at(error)
        stop = "" if problem.endswith(("?", "!")) and not where else "."
        told = f"{problem.rstrip('.')}{f' ({where})' if where else ''}{stop}"
        fault = PluginError(told, remedy, plugin=owner.name, place=owner.place)
        fault.__cause__ = error if not isinstance(error, PluginError) else error.__cause__
        faults.append(fault)


def _raised_at(error: Exception) -> str:
    """Return "file:line" of the innermost frame that is the plugin's; "" if none is."""
    ours, python = str(Path(__file__).parent), sysconfig.get_paths()["stdlib"]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        foreign = frame.filename.startswith((ours, "<")) or (
            frame.filename.startswith(python) and "site-packages" not in file.parts
        )
        if not foreign:
            return shown_place(frame.filename, frame.lineno or 0)
    return ""


# -- lifespans -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def open_lifespans(plugins: Plugins) -> AsyncIterator[dict[str, Any]]:
    """Enter the lifespans of plugins in the order of set-up, and yield their state.

    Raises:
        PluginError: If one fails; the others are left all the same.
    """
    state: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        for owner, lifespan in plugins.lifespans:
            state |= await stack.enter_async_context(_open(owner, lifespan))
        yield state


@asynccontextmanager
async def _open(owner: Owner, lifespan: Lifespan) -> AsyncIterator[Mapping[str, Any]]:
    faults: list[StartupError] = []
    stack = AsyncExitStack()
    state: Any = None
    with _blamed(owner, "cannot be started", "Correct its options, or what it needs.", faults):
        manager: Any = lifespan()
        if not isinstance(manager, AbstractAsyncContextManager):
            raise TypeError(f"its lifespan returned {manager!r}, which is no async context manager")
        state = await stack.enter_async_context(manager)
        if state is not None and not isinstance(state, Mapping):
            raise TypeError(f"its lifespan yielded {state!r}, which is no mapping")
    if faults:
        await stack.aclose()
        raise faults[0]
    try:
        yield state or {}
    finally:
        with _blamed(owner, "failed when it was ended", "Tell its authors; all else was ended.", faults):
            await stack.aclose()
        if faults:
            _logger.error("%s", faults[0], exc_info=faults[0].__cause__)
            raise faults[0]


# -- hooks -----------------------------------------------------------------------------------------------------------


def check(checked: Iterable[Plugged], routes: Sequence[Route], faults: list[StartupError]) -> None:
    """Have the checks of plugins look at the *routes* of their scopes, and add what they find."""
    for plugged in checked:
        within = [route for route in routes if plugged in route.plugged]
        for owner, function in plugged.checks:
            with _blamed(owner, "failed when it looked at the routes", "Tell its authors.", faults):
                for route, problem, remedy in function(within):
                    faults.append(StartupError(problem, remedy, **find_place(route.handler)._asdict()))


def call_hooks(app: VelociPy, plugins: Plugins) -> None:
    """Call the hooks of routes and of freezing with the descriptions of *app*, which has frozen.

    Raises:
        PluginError: If one fails; the first, if several do.
    """
    from velocipy.description.applications import describe_application

    faults: list[StartupError] = []

    def tell(route: Route, described: RouteDescription | WebSocketDescription) -> None:
        for plugged in reversed(route.plugged):
            for owner, hook in plugged.on_route:
                with _blamed(owner, f"failed when it was told of {route.path}", "Tell its authors.", faults):
                    hook(described)

    application = describe_application(app, tell)
    for owner, hook in plugins.on_freeze:
        with _blamed(owner, "failed when it was told of the application", "Tell its authors.", faults):
            hook(application)
    if faults:
        raise faults[0]
