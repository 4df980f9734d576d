"""Path templates: "/items/{id:int}" as segments. Every spelling mistake is reported here."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import NamedTuple

from velocipy.errors import PathError
from velocipy.routing.convertors import CATCH_ALL, CONVERTORS

_PARAMETER = re.compile(r"\{([^{}:*]*)(?::([^{}:*]*))?(\*?)\}").fullmatch


class Segment(NamedTuple):
    """One part of a path between slashes: literal text, one value, or the whole rest."""

    text: str  # as it is written
    name: str | None = None  # of the value, None for literal text
    convertor: str | None = None
    catches_all: bool = False


def split_path(path: str) -> list[str]:
    """Return the parts of a path; empty ones, which slashes at the end or in a row make, do not count."""
    return [part for part in path.split("/") if part]


def parse_path(path: str) -> list[Segment]:
    """Return the segments of a template.

    Raises:
        PathError: If it is none; the message quotes it.
    """
    if not path.startswith("/"):
        raise _error(path, "does not start with a slash.", f"Write {'/' + path!r}.")
    for mark in "?#":
        if mark in path:
            raise _error(path, f"has a {mark!r}, which is no part of a path.", "Declare query values as parameters.")
    segments = [_segment(path, text) for text in split_path(path)]
    names = [segment.name for segment in segments if segment.name is not None]
    for name in names:
        if names.count(name) > 1:
            raise _error(path, f"names {name!r} twice.", "Give each value a name of its own.")
    for segment in segments[:-1]:
        if segment.catches_all:
            raise _error(path, f"goes on after {segment.text}, which takes the whole rest.", "Put it last.")
    return segments


def _segment(path: str, text: str) -> Segment:
    if "{" not in text and "}" not in text:
        return Segment(text)
    match = _PARAMETER(text)
    if match is None:
        raise _error(
            path, f"has {text!r}, where a value must fill the whole segment.", "Write it as {name} or {name:convertor}."
        )
    name, convertor, star = match.groups()
    if not name.isidentifier() or iskeyword(name):
        raise _error(path, f"has the value name {name!r}, which no parameter can have.", "Use a Python identifier.")
    if convertor is not None and convertor not in CONVERTORS:
        raise _error(path, f"has the unknown convertor {convertor!r}.", f"There are {', '.join(sorted(CONVERTORS))}.")
    return Segment(text, name, convertor, bool(star) or convertor == CATCH_ALL)


def _error(path: str, problem: str, remedy: str) -> PathError:
    return PathError(f"the path {path!r} {problem}", remedy)
