"""Values as what JSON knows, without the bytes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from velocipy.serialization import StdlibCodec

_codec = StdlibCodec()


def jsonable_encoder(
    value: Any,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
) -> Any:
    """Return *value* as dicts, lists, strings, numbers, bools and None: what its JSON would be read as.

    Args:
        value: Whatever a handler could return as JSON.
        include, exclude: Names of the fields that are kept, or that are not; of the outermost object alone.
        by_alias, exclude_unset, exclude_defaults: Of models of pydantic; see their `model_dump`.
        exclude_none: Whether fields are left out that are None.

    Raises:
        TypeError: If a part of it has no JSON.
    """
    if hasattr(value, "model_dump"):
        return value.model_dump(
            mode="json",
            include=None if include is None else set(include),
            exclude=None if exclude is None else set(exclude),
            by_alias=by_alias,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )
    plain = _codec.decode(_codec.encode(value))
    if not isinstance(plain, dict):
        return plain
    return {
        name: item
        for name, item in plain.items()
        if (include is None or name in include)
        and (exclude is None or name not in exclude)
        and not (exclude_none and item is None)
    }
