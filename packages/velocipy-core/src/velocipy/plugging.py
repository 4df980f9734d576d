"""Plugins from their names to their end: found, put in order, set up, started and ended. Imported at first use."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from velocipy.errors import ConfigError, PluginError, StartupError
from velocipy.plugin import ENTRY_POINTS, INTERFACE_VERSION, Lifespan, Setup
from velocipy.routing.plugged import Plug, Plugged, Plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from velocipy.application import VelociPy
    from velocipy.description import RouteDescription, WebSocketDescription
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
    started = len(plugins.lifespans) if app._drain.is_in_lifespan else None
    _set_up_scope(app, plugins, plugins.of_application, faults)
    if started is not None:
        for name, _ in plugins.lifespans[started:]:
            problem = f"the plugin {_shown(name)} has a lifespan, and was plugged in when the application had started."
            faults.append(PluginError(problem, "Plug it in before.", plugin=name))


def _set_up_scope(app: VelociPy, plugins: Plugins, plugged: Plugged, faults: list[StartupError]) -> None:
    for found in _in_order(_find(_plugs_of(plugged), plugged, faults), plugged, faults):
        name = found.plugin.name
        plugged.plugs[name] = found.plug
        with _blamed(name, "cannot be set up", "Correct its options, or tell its authors", faults):
            setup = Setup(name, plugged, plugins, app)
            try:
                found.plugin.setup(setup)
            finally:
                setup._is_over = True
    for inclusion in (*plugged.router._included, *plugged.added._included):
        _set_up_scope(app, plugins, plugins.open(inclusion.router, plugged), faults)


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
    for plug in sorted(plugs, key=lambda plug: plug.plugin == INSTALLED):  # what is named itself has options
        if id(plug) in known:
            continue
        try:
            for item in _read_all(plug, {*plugged.plugs, *found}) if plug.plugin == INSTALLED else (_read(plug),):
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


def _entry_points(name: str | None = None) -> list[EntryPoint]:
    from importlib.metadata import entry_points  # dear, and for names and mistakes alone

    return [point for point in entry_points(group=ENTRY_POINTS) if name in (None, point.name)]


def _read_all(plug: Plug, known: set[str]) -> list[_Found]:
    """Return all that are installed, but those which are known."""
    names = sorted({point.name for point in _entry_points()} - known)
    return [_read(plug._replace(plugin=name)) for name in names]


def _read(plug: Plug) -> _Found:
    """Return what *plug* says, loaded if it is a name.

    Raises:
        PluginError: If it cannot be had, or is none.
    """
    plugin = _load(plug) if isinstance(plug.plugin, str) else plug.plugin
    name = plugin.name
    interface = getattr(plugin, "interface", INTERFACE_VERSION)
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
        raise PluginError(
            problem, f"Correct the name, or run: pip install velocipy-{name}", plugin=name, place=plug.place
        )
    if len(candidates) > 1:
        problem = f"several distributions have a plugin {name!r}: {', '.join(map(_distribution, candidates))}."
        raise PluginError(problem, "Uninstall one, or plug in the object.", plugin=name, place=plug.place)
    faults: list[StartupError] = []
    plugin: Any = None
    with _blamed(name, "cannot be loaded", "Correct its options, or reinstall it", faults):
        plugin = candidates[0].load()(**plug.options)
    if faults:
        raise faults[0]
    if not callable(getattr(plugin, "setup", None)) or getattr(plugin, "name", None) != name:
        problem = f"the entry point {name!r} of {_distribution(candidates[0])} made {plugin!r}, no plugin of that name."
        raise PluginError(problem, "Tell its authors.", plugin=name, place=plug.place)
    loaded: Plugin = plugin
    return loaded


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
    points = _entry_points(needed)
    install = "" if points else f"run: pip install velocipy-{needed}, and "
    problem = f"the plugin {_shown(name)} requires {needed!r}, which is plugged in neither here nor around."
    remedy = f"{install}add plug({needed!r})."
    return PluginError(problem, remedy[0].upper() + remedy[1:], plugin=name, place=item.plug.place)


def _circle(waiting: Sequence[_Found]) -> PluginError:
    """Return the fault of plugins that all wait for each other."""
    by_name = {item.plugin.name: item for item in waiting}
    path = [next(iter(by_name))]
    while path.count(path[-1]) == 1:
        item = by_name[path[-1]]
        path.append(next(name for name in (*item.requires, *item.after) if name in by_name))
    circle = " -> ".join(map(repr, path[path.index(path[-1]) :]))
    problem = f"plugins come after each other in a circle: {circle}."
    return PluginError(problem, "Leave one of them out, or tell the authors.", plugin=path[-1])


# -- what fails ------------------------------------------------------------------------------------------------------


@contextmanager
def _blamed(name: str, what: str, remedy: str, faults: list[StartupError]) -> Iterator[None]:
    """Add what is raised in the block as a fault of the plugin *name*."""
    try:
        yield
    except PluginError as error:
        faults.append(error)
    except Exception as error:
        told = str(error) if isinstance(error, (StartupError, ConfigError)) else f"{type(error).__name__}: {error}"
        problem = f"the plugin {_shown(name)} {what}: {told.removesuffix('.')}."
        fault = PluginError(problem, f"{remedy}.", plugin=name, place=_raised_at(error))
        fault.__cause__ = error
        faults.append(fault)


def _raised_at(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    file = Path(frame.filename)
    return f"{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}:{frame.lineno}"


# -- lifespans -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def open_lifespans(plugins: Plugins) -> AsyncIterator[dict[str, Any]]:
    """Enter the lifespans of plugins in the order of set-up, and yield their state.

    Raises:
        PluginError: If one fails; the others are left all the same.
    """
    state: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        for name, lifespan in plugins.lifespans:
            state |= await stack.enter_async_context(_open(name, lifespan))
        yield state


@asynccontextmanager
async def _open(name: str, lifespan: Lifespan) -> AsyncIterator[Mapping[str, Any]]:
    faults: list[StartupError] = []
    stack = AsyncExitStack()
    state: Any = None
    with _blamed(name, "cannot be started", "Correct its options, or what it needs", faults):
        manager: Any = lifespan()
        if not isinstance(manager, AbstractAsyncContextManager):
            raise TypeError(f"its lifespan made a {type(manager).__name__}, which is no async context manager")
        state = await stack.enter_async_context(manager)
        if state is not None and not isinstance(state, Mapping):
            raise TypeError(f"its lifespan yielded a {type(state).__name__}, which is no mapping")
    if faults:
        await stack.aclose()
        raise faults[0]
    try:
        yield state or {}
    finally:
        with _blamed(name, "failed when it was ended", "Tell its authors; all else was ended", faults):
            await stack.aclose()
        if faults:
            _logger.error("%s", faults[0], exc_info=faults[0].__cause__)
            raise faults[0]


# -- hooks -----------------------------------------------------------------------------------------------------------


def call_hooks(app: VelociPy, plugins: Plugins) -> None:
    """Call the hooks of routes and of freezing with the descriptions of *app*, which has frozen.

    Raises:
        PluginError: If one fails; the first, if several do.
    """
    from velocipy.description.applications import describe_application

    faults: list[StartupError] = []

    def tell(route: Route, described: RouteDescription | WebSocketDescription) -> None:
        for plugged in reversed(route.plugged):
            for name, hook in plugged.on_route:
                with _blamed(name, f"failed when it was told of {route.path}", "Tell its authors", faults):
                    hook(described)

    application = describe_application(app, tell)
    for name, hook in plugins.on_freeze:
        with _blamed(name, "failed when it was told of the application", "Tell its authors", faults):
            hook(application)
    if faults:
        raise faults[0]
