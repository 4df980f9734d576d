"""From the name of a route and values to its path: the way of `routing.tree` backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from velocipy.routing.hosts import HostPattern
from velocipy.routing.path import Segment

_PLAIN = "!$&'()*+,;=:@~"  # what a segment has unencoded (RFC 3986 section 3.3)


class Template(NamedTuple):
    """Where a route stands: its path, and its host if it has one; both can only be guessed where they are mistaken."""

    segments: Sequence[Segment]
    host: HostPattern | None
    is_guessed: bool = False
    is_websocket: bool = False
    is_mount: bool = False  # what follows it may be written with a slash, as Starlette has it

    @property
    def values(self) -> list[Segment]:
        """The segments of the path, and then the labels of the host."""
        return [*self.segments, *(self.host.labels if self.host else ())]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values, in the same order."""
        return tuple(name for segment in self.values for name, _ in segment.values)


def build_path(template: Template, values: Mapping[str, Any]) -> str:
    """Return the path with *values* in their places, percent-encoded; further values become the query.

    Of a template with a host it is "//host/path".

    Raises:
        KeyError: If a value of the path is missing.
        ValueError: If one is empty, which would be another path.
    """
    left = dict(values)
    path = "/" + "/".join(_parts(template.segments, left, is_mount=template.is_mount))
    if template.host is not None:
        path = f"//{'.'.join(_parts(template.host.labels, left))}{path}"
    return f"{path}?{urlencode(left, doseq=True)}" if left else path


def _parts(segments: Sequence[Segment], left: dict[str, Any], *, is_mount: bool = False) -> list[str]:
    parts = []
    for segment in segments:
        if segment.pattern is not None:
            values_here = [_taken(left, name) for name, _ in segment.pattern.values]
            pieces = [*zip(segment.pattern.literals, [*values_here, ""], strict=True)]
            parts.append(quote("".join(piece for pair in pieces for piece in pair), safe=_PLAIN))
            continue
        if segment.name is None:
            parts.append(quote(segment.text, safe=_PLAIN))
            continue
        if segment.catches_all:
            text = _taken(left, segment.name, may_be_empty=True)
            parts.append(quote(text.removeprefix("/") if is_mount else text, safe="/" + _PLAIN))
        else:
            parts.append(quote(_taken(left, segment.name), safe=_PLAIN))
    return parts


def _taken(values: dict[str, Any], name: str, *, may_be_empty: bool = False) -> str:
    if name not in values:
        raise KeyError(f"the path has the value {name!r}, which is not given")
    text = str(values.pop(name))
    if not text and not may_be_empty:
        raise ValueError(f"the value {name!r} of the path is empty")
    return text
