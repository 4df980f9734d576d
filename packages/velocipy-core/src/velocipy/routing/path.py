"""Path templates: "/items/{id:int}" as segments. Every spelling mistake is reported here."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable
from keyword import iskeyword
from typing import NamedTuple

from velocipy.errors import PathError
from velocipy.routing.convertors import BUILT_IN, CATCH_ALL

_in_flask = re.compile(r"<(?:(\w+)(?:\([^<>/]*\))?:)?(\w+)>").search
_VALUE = re.compile(r"\{([^{}:*]*)(?::([^{}:*]*))?(\*?)\}")


class Pattern(NamedTuple):
    """A segment of several parts, such as "{name}.{ext}": literal text before, between and after values.

    The text between values is looked for from the end, so that the last value is the shortest: "a.tar.gz" is "a.tar"
    and "gz". No value is empty.
    """

    literals: tuple[str, ...]  # one more than there are values
    values: tuple[tuple[str, str | None], ...]  # names and convertors

    def match(self, text: str) -> tuple[str, ...] | None:
        """Return the values in *text*, None if it is not of this pattern; in time linear in its length."""
        first, *between, last = self.literals
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        text = text[len(first) : len(text) - len(last)]
        found: list[str] = []
        for literal in reversed(between):
            text, separator, value = text.rpartition(literal)
            if not separator or not value:
                return None
            found.append(value)
        return (text, *reversed(found)) if text else None


class Segment(NamedTuple):
    """One part of a path between slashes: literal text, one value, several parts, or the whole rest."""

    text: str  # as it is written
    name: str | None = None  # of the value, where there is one and nothing else
    convertor: str | None = None
    catches_all: bool = False
    pattern: Pattern | None = None

    @property
    def values(self) -> tuple[tuple[str, str | None], ...]:
        """The names of the values, each with its convertor."""
        if self.pattern is not None:
            return self.pattern.values
        return () if self.name is None else ((self.name, self.convertor),)

    @property
    def shape(self) -> Hashable:
        """What two segments have alike that lead to the same place."""
        if self.pattern is not None:
            return self.pattern.literals
        return self.text if self.name is None else self.catches_all


def split_path(path: str, *, exact: bool = False) -> list[str]:
    """Return the parts of a path; empty ones, which slashes at the end or in a row make, only count if *exact*."""
    return path.split("/")[1:] if exact else [part for part in path.split("/") if part]


def parse_path(path: str, known: Collection[str] = BUILT_IN, *, exact: bool = False) -> list[Segment]:
    """Return the segments of a template.

    Args:
        path: What was written.
        known: The names of the convertors.
        exact: Whether empty segments count.

    Raises:
        PathError: If it is none; the message quotes it.
    """
    what = f"the path {path!r}"
    if not path.startswith("/"):
        raise path_error(what, "does not start with a slash.", f"Write {'/' + path!r}.")
    for mark in "?#":
        if mark in path:
            raise path_error(what, f"has a {mark!r}, no part of a path.", "Declare query values as parameters.")
    if (other := _in_flask(path)) is not None:
        name = other[2] if other[1] is None or other[1] not in known else f"{other[2]}:{other[1]}"
        raise path_error(what, f"has {other[0]}, which would be text.", f"Write {{{name}}}.")
    segments = [parse_segment(what, text, known) for text in split_path(path, exact=exact)]
    names = [name for segment in segments for name, _ in segment.values]
    for name in names:
        if names.count(name) > 1:
            raise path_error(what, f"names {name!r} twice.", "Give each value a name of its own.")
    for segment in segments[:-1]:
        if segment.catches_all:
            raise path_error(what, f"goes on after {segment.text}, which takes the whole rest.", "Put it last.")
    return segments


def parse_segment(what: str, text: str, known: Collection[str] = BUILT_IN) -> Segment:
    """Return one segment, which stands in *what*.

    Raises:
        PathError: If it is none.
    """
    if "{" not in text and "}" not in text:
        return Segment(text)
    values = list(_VALUE.finditer(text))
    literals = _VALUE.sub("\0", text).split("\0")
    if not values or any(mark in literal for literal in literals for mark in "{}"):
        raise path_error(what, f"has {text!r}, where braces do not match.", "Write {name} or {name:convertor}.")
    for match in values:
        _check_value(what, match[1], match[2], known)
    if len(values) == 1 and text == values[0][0]:
        name, convertor, star = values[0].groups()
        return Segment(text, name, convertor, bool(star) or convertor == CATCH_ALL)
    if any(star or convertor == CATCH_ALL for _, convertor, star in (match.groups() for match in values)):
        raise path_error(what, f"has {text!r}, where a part takes the whole rest.", "Let it fill the segment.")
    if "" in literals[1:-1]:
        raise path_error(what, f"has {text!r}, where nothing parts two values.", "Put text between them.")
    named = tuple((match[1], match[2]) for match in values)
    return Segment(text, pattern=Pattern(tuple(literals), named))


def _check_value(what: str, name: str, convertor: str | None, known: Collection[str]) -> None:
    if not name.isidentifier() or iskeyword(name):
        raise path_error(what, f"has the value name {name!r}, which no parameter can have.", "Use a Python identifier.")
    if convertor is not None and convertor not in known:
        raise path_error(what, f"has the unknown convertor {convertor!r}.", f"There are {', '.join(sorted(known))}.")


def path_error(what: str, problem: str, remedy: str) -> PathError:
    """Return the error of a template that cannot be read."""
    return PathError(f"{what} {problem}", remedy)
