"""Operation ids: unique in a document, and the same for every start."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from velocipy.description import RouteDescription

OperationId = Callable[[RouteDescription, str], str]
"""Takes a route and one of its methods."""

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


def by_handler(route: RouteDescription, method: str) -> str:
    """Return the name of the handler: the default."""
    return route.handler.name.rpartition(".")[2]


def by_route_name(route: RouteDescription, method: str) -> str:
    """Return the name of the route, as for `url_for`."""
    return _NO_WORD.sub("_", route.name)


def by_path(route: RouteDescription, method: str) -> str:
    """Return the method and the words of the path: "get_items_id"."""
    return f"{method.lower()}_{_NO_WORD.sub('_', route.template).strip('_')}".strip("_")


class DuplicateOperationId(ValueError):
    """Two operations have the same `operation_id`, which the program gave to both."""


def name_operations(
    operations: Iterable[tuple[RouteDescription, str]], policy: OperationId
) -> dict[tuple[int, str], str]:
    """Return the id of each operation, by the identity of its route and its method.

    What `operation_id=` says counts; of a route with several methods, the method stands behind it. What the policy
    calls alike gets the method and the path behind its name.

    Raises:
        DuplicateOperationId: If two routes have one `operation_id`.
    """
    listed = list(operations)
    given: dict[str, RouteDescription] = {}
    names: dict[tuple[int, str], str] = {}
    several = Counter(id(route) for route, _ in listed)
    for route, method in listed:
        if route.operation_id is not None:
            name = route.operation_id if several[id(route)] == 1 else f"{route.operation_id}_{method.lower()}"
            if name in given:
                one, other = (f"{item.handler.name}() at {item.handler.place}" for item in (given[name], route))
                raise DuplicateOperationId(f"the operation_id {name!r} is that of {one} and of {other}")
            given[name] = route
            names[id(route), method] = name
    left = [(route, method) for route, method in listed if (id(route), method) not in names]
    wanted = {(id(route), method): policy(route, method) for route, method in left}
    count = Counter([*wanted.values(), *given])
    for route, method in left:
        key = (id(route), method)
        name = wanted[key] if count[wanted[key]] == 1 else f"{wanted[key]}_{by_path(route, method)}"
        taken = set(names.values())
        number = 2
        unique = name
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        names[key] = unique
    return names
