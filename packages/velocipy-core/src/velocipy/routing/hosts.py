"""Host templates: "api.example.com" and "{tenant}.example.com", compared label by label."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from velocipy.routing.convertors import BUILT_IN
from velocipy.routing.path import Segment, parse_segment, path_error


class HostPattern(NamedTuple):
    """A host as labels, each of which is literal text, a value, or several parts.

    Hosts are compared in lower case and without the port (RFC 3986 section 3.2.2).
    """

    text: str
    labels: tuple[Segment, ...]

    def match(self, host: str) -> tuple[str, ...] | None:
        """Return the values in *host*, None if it is another."""
        labels = split_host(host)
        if len(labels) != len(self.labels):
            return None
        values: list[str] = []
        for label, wanted in zip(labels, self.labels, strict=True):
            if wanted.pattern is not None:
                found = wanted.pattern.match(label)
                if found is None:
                    return None
                values.extend(found)
            elif wanted.name is not None and label:
                values.append(label)
            elif label != wanted.text:
                return None
        return tuple(values)


def split_host(host: str) -> list[str]:
    """Return the labels of a host, in lower case, without its port and the dot at its end."""
    host = host.lower()
    if host.startswith("["):  # an IPv6 address is one label
        return [host.partition("]")[0] + "]"]
    return host.partition(":")[0].removesuffix(".").split(".")


def parse_host(host: str, known: Collection[str] = BUILT_IN) -> HostPattern:
    """Return the pattern of a template.

    Args:
        host: What was written.
        known: The names of the convertors.

    Raises:
        PathError: If it is none; the message quotes it.
    """
    what = f"the host {host!r}"
    for mark in ("/", "@", "*", " "):
        if mark in host:
            raise path_error(what, f"has a {mark!r}.", 'Write "api.example.com", or "{tenant}.example.com".')
    if host.startswith("["):
        return HostPattern(host.lower(), (Segment(host.lower()),))
    labels = []
    for text in host.removesuffix(".").split("."):
        if "{" not in text:
            if ":" in text:
                raise path_error(what, "has a port, which is not looked at.", "Leave the port out.")
            if not text:
                raise path_error(what, "has an empty part between dots.", "Correct it.")
            text = text.lower()
        segment = parse_segment(what, text, known)
        if segment.pattern is not None:
            lower = tuple(literal.lower() for literal in segment.pattern.literals)
            segment = segment._replace(pattern=segment.pattern._replace(literals=lower))
        if segment.catches_all:
            raise path_error(what, f"has {text!r}, which takes the rest of a path.", "Leave the convertor out.")
        labels.append(segment)
    return HostPattern(host, tuple(labels))
