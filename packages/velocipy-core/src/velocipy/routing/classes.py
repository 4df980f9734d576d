"""Classes as handlers: which of their methods answer which HTTP methods."""

from __future__ import annotations

from collections.abc import Sequence

from velocipy.types import Handler

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


def methods_of(cls: type, wanted: Sequence[str], path: str) -> list[tuple[str, Handler, bool]]:
    """Return the HTTP methods that *cls* answers, each with the function that does, `get` for GET.

    The last of each three tells whether it is called of an instance; class methods and static methods are not.

    Args:
        cls: The class.
        wanted: The methods that the route is for; none for all that the class has.
        path: Of the route, for messages.

    Raises:
        ValueError: If the class has no function for a method that is wanted, or none at all.
    """
    found = []
    for method in wanted or METHODS:
        function = getattr(cls, method.lower(), None)
        if callable(function):
            as_written = next(vars(base)[method.lower()] for base in cls.__mro__ if method.lower() in vars(base))
            found.append((method, function, not isinstance(as_written, (classmethod, staticmethod))))
    answered = [method for method, _, _ in found]
    missing = [method.lower() for method in wanted if method not in answered]
    if missing or not found:
        lacks = " and ".join(f"{name}()" for name in missing) or "methods such as get() or post()"
        raise ValueError(f"{path}: the class {cls.__qualname__} cannot answer without {lacks}")
    return found
