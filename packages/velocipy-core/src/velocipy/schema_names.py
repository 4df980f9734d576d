"""Names of the definitions of a document: short where nobody else has them, and the same for every start."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from itertools import count as count_from
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin

from velocipy.conversion.table import union_members, unwrap
from velocipy.model_adapters import SchemaMode

Schema = dict[str, Any]

_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class Definition(NamedTuple):
    """A class or an alias in one mode.

    Attributes:
        key: Which it is, and the mode.
        references: What refers to it, for the name that it will have.
        schema: What it is.
    """

    key: tuple[Hashable, SchemaMode]
    references: list[Schema]
    schema: Schema


def name_all(definitions: list[Definition], taken: set[str]) -> Iterator[tuple[Definition, str]]:
    """Yield each definition with its name; two modes that say the same have one."""
    by_type: dict[Hashable, dict[SchemaMode, Definition]] = {}
    for definition in definitions:
        annotation, mode = definition.key
        by_type.setdefault(annotation, {})[mode] = definition
    differing = _differing(by_type)
    for annotation, name in _distinct(list(by_type), taken).items():
        for mode, definition in by_type[annotation].items():
            yield definition, f"{name}-{mode.capitalize()}" if annotation in differing else name


def _differing(by_type: Mapping[Hashable, Mapping[SchemaMode, Definition]]) -> set[Hashable]:
    """Return what differs as input and output, by itself or by what it refers to."""
    targets = {id(ref): item.key for modes in by_type.values() for item in modes.values() for ref in item.references}
    bodies = {item.key: _shape(item.schema, targets) for modes in by_type.values() for item in modes.values()}
    differing: set[Hashable] = {
        annotation
        for annotation in by_type
        if len(by_type[annotation]) == 2 and bodies[annotation, "input"][0] != bodies[annotation, "output"][0]
    }
    while True:
        more = {
            annotation
            for annotation, modes in by_type.items()
            if len(modes) == 2 and annotation not in differing
            if any(target in differing for item in modes.values() for target in bodies[item.key][1])
        }
        if not more:
            return differing
        differing |= more


def _shape(schema: Any, targets: Mapping[int, tuple[Hashable, SchemaMode]]) -> tuple[Any, set[Hashable]]:
    """Return *schema* with the types that it refers to in the place of references, and these types."""
    found: set[Hashable] = set()

    def walk(part: Any) -> Any:
        if isinstance(part, dict):
            target = targets.get(id(part))
            if target is not None:
                found.add(target[0])
                return ("reference", target[0], [(key, walk(part[key])) for key in part if key != "$ref"])
            return {key: walk(value) for key, value in part.items()}
        return [walk(value) for value in part] if isinstance(part, list) else part

    return walk(schema), found


def _distinct(annotations: list[Hashable], taken: set[str]) -> dict[Hashable, str]:
    """Return a name for each: the shortest that nobody else has."""
    names: dict[Hashable, str] = {}
    left = list(annotations)
    for depth in range(1, 2 + max((_depth(item) for item in annotations), default=0)):
        count = Counter(_spelled(item, depth) for item in left)
        for item in left:
            name = _spelled(item, depth)
            if count[name] == 1 and name not in taken:
                names[item] = name
        left = [item for item in left if item not in names]
        taken = {*taken, *names.values()}
    for item in left:  # of one module and one name, such as by a function that was called twice
        short = _spelled(item, 1)
        numbered = (short if number == 1 else f"{short}_{number}" for number in count_from(1))
        names[item] = next(name for name in numbered if name not in taken)
        taken.add(names[item])
    return names


def _depth(annotation: Any) -> int:
    return getattr(get_origin(annotation) or annotation, "__module__", "").count(".") + 1


def _spelled(annotation: Any, depth: int) -> str:
    """Return the name of a class with its arguments, after *depth* - 1 parts of the name of its module."""
    members = union_members(annotation)
    if members:
        return "_or_".join(_spelled(unwrap(item)[0], depth) for item in members)
    if annotation in (None, NoneType):
        return "None"
    origin = get_origin(annotation) or annotation
    parts = [*getattr(origin, "__module__", "").split("."), getattr(origin, "__name__", str(origin))]
    arguments = "_".join(_spelled(unwrap(item)[0], 1) for item in get_args(annotation))
    name = "_".join(parts[-depth:]) + (f"_{arguments}" if arguments else "")
    return _NO_NAME.sub("_", name).strip("_")
