"""What a route has from the routers around it, and from where they were included. Imported at first use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from velocipy.http.middleware import Middleware
from velocipy.routing.options import Limits, Route
from velocipy.types import ExceptionHandler, ExceptionKey

if TYPE_CHECKING:
    from datetime import date

    from velocipy.http.response import Response
    from velocipy.routing.plugged import Plugged, Plugins
    from velocipy.routing.router import Router


class Around(NamedTuple):
    """What a route has from the routers around it, the outermost first.

    Attributes:
        prefix: Of the path; the version, where it stands in the path, comes between it and `rest`.
        exact_slashes: Whether "/" below a prefix is another path than the prefix.
        plugins: What plugins have added to the application, if there are any.
        plugged: Of that, what they have added to the routers around, the innermost first.
    """

    prefix: str = ""
    rest: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()
    dependencies: tuple[Any, ...] = ()
    middleware: tuple[Middleware, ...] = ()
    limits: Limits = Limits()
    host: str | None = None
    version: str | None = None
    deprecated: bool | date = False
    sunset: date | None = None
    response_class: type[Response] | None = None
    responses: Mapping[int | str, Any] = MappingProxyType({})
    include_in_schema: bool = True
    exception_handlers: tuple[Mapping[ExceptionKey, ExceptionHandler], ...] = ()
    version_in_path: bool = True
    exact_slashes: bool = False
    plugins: Plugins | None = None
    plugged: tuple[Plugged, ...] = ()

    def within(self, router: Router, included: Inclusion) -> Around:
        """Return what a route of *router* has, which is included here."""
        version = _first(included.version, router.api_version)
        prefix, rest = self.prefix, self.rest + included.prefix + router.prefix
        added = self.added(router)
        if version is not None:
            prefix, rest = prefix + rest, ""
        return self._replace(
            prefix=prefix,
            rest=rest,
            name=self.name + (f"{router.name}." if router.name else ""),
            tags=(*self.tags, *included.tags, *router.tags),
            dependencies=(
                *self.dependencies,
                *included.dependencies,
                *(item for part in added for item in part.dependencies),
                *router.dependencies,
            ),
            middleware=(*self.middleware, *router._around_routes(added)),
            limits=router.limits.within(self.limits),
            host=_first(included.host, router.host, self.host),
            version=_first(version, self.version),
            deprecated=included.deprecated or router.deprecated or self.deprecated,
            sunset=included.sunset or router.sunset or self.sunset,
            response_class=router.default_response_class or self.response_class,
            responses={**self.responses, **router.responses, **included.responses},
            include_in_schema=self.include_in_schema and router.include_in_schema and included.include_in_schema,
            exception_handlers=(
                router.exception_handlers,
                *(part.exception_handlers for part in added),
                *self.exception_handlers,
            ),
            plugged=(*(self.plugins.of(router) if self.plugins else ()), *self.plugged),
        )

    def added(self, router: Router) -> list[Router]:
        """Return what plugins have added to *router*, if they have."""
        return [plugged.added for plugged in self.plugins.of(router)] if self.plugins else []

    def complete(self, route: Route) -> Route:
        """Return *route* as it is here."""
        version = _first(route.version, self.version)
        prefix, rest = self.prefix, self.rest
        if route.version is not None:
            prefix, rest = prefix + rest, ""
        if version is not None and self.version_in_path:
            prefix = f"{prefix}/{version}"
        prefix += rest
        path = prefix + route.path
        if route.path == "/" and prefix and not self.exact_slashes:
            path = prefix
        return route._replace(
            path=path,
            name=self.name + route.name,
            tags=(*self.tags, *route.tags),
            dependencies=(*self.dependencies, *route.dependencies),
            middleware=(*self.middleware, *route.middleware),
            limits=route.limits.within(self.limits),
            host=_first(route.host, self.host),
            version=version,
            deprecated=route.deprecated or self.deprecated,
            sunset=route.sunset or self.sunset,
            response_class=route.response_class or self.response_class,
            responses={**self.responses, **route.responses},
            include_in_schema=self.include_in_schema and route.include_in_schema,
            exception_handlers=self.exception_handlers,
            plugged=self.plugged,
        )


class Inclusion(NamedTuple):
    """A router, and what was said where a router was included."""

    router: Router
    prefix: str = ""
    tags: tuple[str, ...] = ()
    dependencies: tuple[Any, ...] = ()
    host: str | None = None
    version: str | None = None
    deprecated: bool | date = False
    sunset: date | None = None
    responses: Mapping[int | str, Any] = MappingProxyType({})
    include_in_schema: bool = True


def _first(*said: str | None) -> str | None:
    return next((item for item in said if item is not None), None)
