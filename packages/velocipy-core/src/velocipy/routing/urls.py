"""From the name of a route and values to its path: the way of `routing.tree` backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from velocipy.routing.path import Segment


def build_path(segments: Sequence[Segment], values: Mapping[str, Any]) -> str:
    """Return the path with *values* in their places, percent-encoded; further values become the query.

    Raises:
        KeyError: If a value of the path is missing.
        ValueError: If one is empty, which would be another path.
    """
    left = dict(values)
    parts = []
    for segment in segments:
        if segment.name is None:
            parts.append(quote(segment.text, safe="!$&'()*+,;=:@~"))
            continue
        if segment.name not in left:
            raise KeyError(f"the path has the value {segment.name!r}, which is not given")
        text = str(left.pop(segment.name))
        if segment.catches_all:
            parts.append(quote(text, safe="/!$&'()*+,;=:@~"))
        elif text:
            parts.append(quote(text, safe="!$&'()*+,;=:@~"))
        else:
            raise ValueError(f"the value {segment.name!r} of the path is empty")
    path = "/" + "/".join(parts)
    return f"{path}?{urlencode(left, doseq=True)}" if left else path
