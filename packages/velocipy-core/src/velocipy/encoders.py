"""Values as what JSON knows, without the bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from velocipy.serialization import StdlibCodec, to_builtins

_codec = StdlibCodec()


def jsonable_encoder(
    value: Any,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: Mapping[Any, Callable[[Any], Any]] | None = None,
) -> Any:
    """Return *value* as dicts, lists, strings, numbers, bools and None: what its JSON would be read as.

    Args:
        value: Whatever a handler could return as JSON.
        include, exclude: Names of the fields that are kept, or that are not: of the outermost object, or, where that is
            a list, of each in it.
        by_alias, exclude_unset, exclude_defaults: Of models of pydantic, wherever they stand; see their `model_dump`.
        exclude_none: Whether fields are left out that are None, wherever they stand.
        custom_encoder: What makes something plainer of the values of a class; models of pydantic know better.

    Raises:
        TypeError: If a part of it has no JSON, or *include* or *exclude* are no collection of names.
    """
    for option, names in (("include", include), ("exclude", exclude)):
        if isinstance(names, (str, Mapping)):
            raise TypeError(f"{option} takes several names, such as {{'a', 'b'}}, not {names!r}")
    options = {
        "by_alias": by_alias,
        "exclude_unset": exclude_unset,
        "exclude_defaults": exclude_defaults,
        "exclude_none": exclude_none,
    }
    kept = None if include is None else frozenset(include)
    cut = _Cut(options, kept, frozenset(exclude or ()), custom_encoder or {})
    return _codec.decode(_codec.encode(cut.plain(value)))


class _Cut(NamedTuple):
    """What is left of values."""

    options: dict[str, bool]
    include: frozenset[str] | None
    exclude: frozenset[str]
    encoders: Mapping[Any, Callable[[Any], Any]]

    def plain(self, value: Any) -> Any:
        """Return *value* as dicts, lists, and what else the codec takes."""
        if type(value) in (str, int, float, bool, type(None)):
            return value
        if hasattr(type(value), "model_dump"):
            return value.model_dump(mode="json", include=self.include, exclude=self.exclude, **self.options)
        for cls in type(value).__mro__:
            if cls in self.encoders:
                return self.encoders[cls](value)
        if not isinstance(value, (dict, list)):
            value = self._builtins(value)
        if isinstance(value, dict):
            within = self._replace(include=None, exclude=frozenset())
            return {key: within.plain(item) for key, item in value.items() if self._keeps(key, item)}
        return [self.plain(item) for item in value] if isinstance(value, list) else self.plain(value)

    def _builtins(self, value: Any) -> Any:
        if not hasattr(value, "__struct_fields__"):
            return list(value) if isinstance(value, tuple) else to_builtins(value)
        import msgspec  # a Struct is all at once

        within = self._replace(include=None, exclude=frozenset())
        return msgspec.to_builtins(value, enc_hook=within.plain)

    def _keeps(self, key: Any, item: Any) -> bool:
        if item is None and self.options["exclude_none"]:
            return False
        return key not in self.exclude and (self.include is None or key in self.include)
