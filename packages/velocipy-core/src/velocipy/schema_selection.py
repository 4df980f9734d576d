"""The schemas of answers of which only some fields leave; see `velocipy.types.Selection`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from velocipy.schema_names import Schema
from velocipy.types import Selection


def selected(
    schema: Schema, definitions: Mapping[str, Schema], selection: Selection, names: Mapping[str, Mapping[str, str]]
) -> Schema:
    """Return *schema* with the fields that leave of its outermost objects, which stand in it and not in a definition.

    Args:
        schema: Of an answer.
        definitions: What it refers to, by the whole reference.
        selection: Says which.
        names: The names of fields by the keys that they have in JSON, by the whole reference of their object, "" for
            one that is no definition.
    """

    def walk(part: Schema, reference: str = "") -> Schema:
        if "$ref" in part:
            rest = {key: value for key, value in part.items() if key != "$ref"}
            return {**walk(definitions[part["$ref"]], part["$ref"]), **rest}
        if "properties" in part:
            return _of_object(part, selection, names.get(reference, {}))
        made = dict(part)
        for keyword in ("anyOf", "oneOf"):
            if keyword in made:
                made[keyword] = [walk(item) for item in made[keyword]]
                made.pop("discriminator", None)  # which leads to definitions
        for keyword in ("items", "additionalProperties"):
            if isinstance(made.get(keyword), dict):
                made[keyword] = walk(made[keyword])
        return made

    return walk(schema)


def _of_object(schema: Schema, selection: Selection, names: Mapping[str, str]) -> Schema:
    def leaves(key: str) -> bool:
        name = names.get(key, key)
        return (selection.include is None or name in selection.include) and name not in selection.exclude

    properties = {key: value for key, value in schema["properties"].items() if leaves(key)}
    required = [key for key in schema.get("required", ()) if key in properties]
    if selection.exclude_none:
        required = [key for key in required if not _may_be_null(properties[key])]
    made = {**schema, "properties": properties}
    made.pop("required", None)
    return {**made, "required": required} if required else made


def _may_be_null(schema: Any) -> bool:
    return schema.get("type") == "null" or {"type": "null"} in schema.get("anyOf", ()) or not ({*schema} - {"title"})


def names_by_key(by_key: Mapping[str, Schema], by_name: Mapping[str, Schema]) -> dict[str, dict[str, str]]:
    """Return the names of the fields of definitions by their keys; *by_name* has the same definitions with names."""
    return {
        reference: dict(zip(schema.get("properties", ()), by_name[reference].get("properties", ()), strict=True))
        for reference, schema in by_key.items()
    }


def reached(schemas: Iterable[Schema], definitions: Mapping[str, Schema], reference: str) -> dict[str, Schema]:
    """Return those *definitions* to which *schemas* lead."""
    found: dict[str, Schema] = {}
    known = {reference.format(name=name): name for name in definitions}

    def walk(part: Any) -> None:
        if isinstance(part, str) and part in known and known[part] not in found:
            found[known[part]] = definitions[known[part]]
            walk(definitions[known[part]])
        elif isinstance(part, (dict, list)):
            for item in part.values() if isinstance(part, dict) else part:
                walk(item)

    walk(list(schemas))
    return {name: definitions[name] for name in definitions if name in found}
