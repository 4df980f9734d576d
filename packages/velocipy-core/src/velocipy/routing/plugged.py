"""Plugins as routers know them: which were asked for, and what they have added. Imported at first use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from velocipy.places import caller, shown_place
from velocipy.routing.router import Router

if TYPE_CHECKING:
    from velocipy.models import ModelAdapter
    from velocipy.plugin import Check, Key, Lifespan, OnException, OnFreeze, OnRoute


class Plug(NamedTuple):
    """A plugin as it was asked for.

    Attributes:
        plugin: Itself, or its name.
        options: With which it is made, if it is named.
        export: Whether it adds to where the router is included.
        place: "file:line" of where it was plugged in.
    """

    plugin: Any
    options: Mapping[str, Any]
    export: bool
    place: str


class Owner(NamedTuple):
    """A plugin that added something: its name, and "file:line" of where it was plugged in."""

    name: str
    place: str


_is_name = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*").fullmatch


def made_plug(plugin: Any, options: Mapping[str, Any], *, export: bool) -> Plug:
    """Return what `Router.plug` notes.

    Raises:
        TypeError: If *plugin* is neither a plugin nor a name, or there are options besides.
    """
    if isinstance(plugin, type):
        raise TypeError(f"{plugin.__name__} is a class: plug in what it makes, {plugin.__name__}(...)")
    if not isinstance(plugin, str):
        name = getattr(plugin, "name", None)
        if not callable(getattr(plugin, "setup", None)):
            raise TypeError(f"{plugin!r} is no plugin, for it has no method setup(); give one, or the name of one")
        if not isinstance(name, str) or _is_name(name) is None:
            raise TypeError(f"{plugin!r} is no plugin, for its name is {name!r}; give it one such as 'acme-cache'")
        if options:
            raise TypeError(f"the plugin {plugin.name!r} has its options; say {', '.join(options)} where it is made")
    return Plug(plugin, options, export, shown_place(*caller()))


class Plugged:
    """What plugins have added to the scope of one router, in one application.

    Attributes:
        router: Whose scope it is.
        around: The scope around, None for an application.
        added: Routes, middleware, dependencies and exception handlers.
        plugs: What was plugged in, by the names of the plugins.
        sources: What makes the values of parameters, by their types.
        provided: What plugins hand to others.
        owners: Whose a source or a provided value is, by its type or key.
        checks: What looks at the routes before they are served, with their plugins.
        on_exception, on_route: Hooks, likewise.
    """

    __slots__ = (
        "added",
        "around",
        "checks",
        "on_exception",
        "on_route",
        "owners",
        "plugs",
        "provided",
        "router",
        "sources",
    )

    def __init__(self, router: Router, around: Plugged | None) -> None:
        self.router = router
        self.around = around
        self.added = Router()
        self.added._included_in.append(router)  # what is added later counts too
        self.plugs: dict[str, Plug] = {}
        self.sources: dict[Any, Callable[..., Any]] = {}
        self.provided: dict[Key[Any], Any] = {}
        self.owners: dict[Any, Owner] = {}
        self.checks: list[tuple[Owner, Check]] = []
        self.on_exception: list[tuple[Owner, OnException]] = []
        self.on_route: list[tuple[Owner, OnRoute]] = []

    def has(self, plugin: str) -> bool:
        """Tell whether *plugin* is set up here or around."""
        return plugin in self.plugs or (self.around is not None and self.around.has(plugin))

    def find(self, key: Key[Any]) -> Any:
        """Return what was provided under *key* here or around, by the program or by plugins; None if nothing was."""
        for provided in (self.router._provided, self.provided):
            if key in provided:
                return provided[key]
        return None if self.around is None else self.around.find(key)


class Plugins:
    """What plugins have added to one application: to its scopes, the first of which is its own, and to itself."""

    def __init__(self, app: Router) -> None:
        self.of_application = Plugged(app, None)
        self._scopes = {app: self.of_application}
        self.convertors: dict[str, Any] = {}
        self.model_adapters: list[ModelAdapter] = []
        self.lifespans: list[tuple[Owner, Lifespan]] = []
        self.on_freeze: list[tuple[Owner, OnFreeze]] = []

    @property
    def checked(self) -> list[Plugged]:
        """The scopes whose routes somebody wants to look at before they are served."""
        return [plugged for plugged in self._scopes.values() if plugged.checks]

    @property
    def has_hooks(self) -> bool:
        """Whether anybody wants to be told of routes, or of the application, when it has frozen."""
        return bool(self.on_freeze) or any(plugged.on_route for plugged in self._scopes.values())

    def of(self, router: Router) -> tuple[Plugged, ...]:
        """Return what was added to *router*: one, or none."""
        return (self._scopes[router],) if router in self._scopes else ()

    def open(self, router: Router, around: Plugged) -> Plugged:
        """Return the scope of *router*, made at the first time."""
        if router not in self._scopes:
            self._scopes[router] = Plugged(router, around)
        return self._scopes[router]
