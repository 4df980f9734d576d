"""Where the value of a parameter comes from: the markers that say it, and the rules where none does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from velocipy.types import UNSET

Place = Literal["path", "query", "header", "cookie", "form", "file", "body"]

OF_BODY: frozenset[Place] = frozenset({"form", "file", "body"})
"""The places that are known when the body has been read."""


class Source:
    """What a marker such as `Query(ge=1)` says. Its constraints are read by name; see `conversion.constraints`."""

    __slots__ = (
        "alias",
        "allow_inf_nan",
        "convert_underscores",
        "decimal_places",
        "default",
        "default_factory",
        "deprecated",
        "description",
        "embed",
        "examples",
        "ge",
        "gt",
        "include_in_schema",
        "json_schema_extra",
        "le",
        "lt",
        "max_digits",
        "max_length",
        "min_length",
        "multiple_of",
        "openapi_examples",
        "pattern",
        "place",
        "title",
    )

    alias: str | None
    allow_inf_nan: bool | None
    default_factory: Callable[[], Any] | None
    title: str | None
    description: str | None
    examples: list[Any] | None
    openapi_examples: dict[str, Any] | None
    json_schema_extra: dict[str, Any] | None
    deprecated: bool
    include_in_schema: bool
    embed: bool
    convert_underscores: bool

    def __init__(self, place: Place, default: Any = UNSET, **said: Any) -> None:
        self.place: Place = place
        self.default = UNSET if default is ... else default
        for name in self.__slots__:
            if name not in ("place", "default"):
                setattr(self, name, said.get(name, name in ("include_in_schema", "convert_underscores") or None))

    def __repr__(self) -> str:
        given = [
            f"{name}={getattr(self, name)!r}"
            for name in self.__slots__
            if name not in ("place", "include_in_schema", "convert_underscores")
            and getattr(self, name) not in (None, False, UNSET)
        ]
        return f"{self.place.capitalize()}({', '.join(given)})"


class Marker:
    """Makes the `Source` of one place: `Annotated[int, Query(ge=1)]`, or `page: int = Query(1, ge=1)`.

    The call is typed as Any, so that it can stand as the default of a parameter of any type. Used without a call
    (`Annotated[int, Query]`) it says the place alone.
    """

    __slots__ = ("place",)

    def __init__(self, place: Place) -> None:
        self.place: Place = place

    def __call__(
        self,
        default: Any = UNSET,
        *,
        default_factory: Callable[[], Any] | None = None,
        alias: str | None = None,
        title: str | None = None,
        description: str | None = None,
        gt: Any = None,
        ge: Any = None,
        lt: Any = None,
        le: Any = None,
        multiple_of: Any = None,
        min_length: int | None = None,
        max_length: int | None = None,
        pattern: str | None = None,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        allow_inf_nan: bool = False,
        examples: list[Any] | None = None,
        openapi_examples: dict[str, Any] | None = None,
        json_schema_extra: dict[str, Any] | None = None,
        deprecated: bool = False,
        include_in_schema: bool = True,
        embed: bool = False,
        convert_underscores: bool = True,
    ) -> Any:
        """Say where a parameter comes from and what it must be.

        Args:
            default: The value when the request has none; `...` or nothing makes it required, unless the parameter has
                a default of its own.
            default_factory: Makes the default, for each request that needs it.
            alias: The name in the request, where it is not that of the parameter.
            title, description, examples, openapi_examples, json_schema_extra, deprecated, include_in_schema: For
                documents.
            gt, ge, lt, le, multiple_of: Bounds of a number or a time.
            min_length, max_length: In characters, bytes or items.
            pattern: A regular expression that is searched for; anchor it with ^ and $ to match the whole.
            max_digits, decimal_places: Of a Decimal, at most.
            allow_inf_nan: Whether "nan", "inf" and "-inf" are numbers; of a float in text alone, JSON has none.
            embed: Of `Body` alone: expect `{"name": value}` rather than the value itself.
            convert_underscores: Of `Header` alone: whether the underscores of the parameter are hyphens in the header.

        Raises:
            TypeError: If there are both a default and a factory, or the factory cannot be called.
        """
        if default_factory is not None and not callable(default_factory):
            raise TypeError(f"{self!r}(default_factory={default_factory!r}) takes a function")
        if default is not UNSET and default is not ... and default_factory is not None:
            raise TypeError(f"{self!r}() takes default or default_factory, not both")
        return Source(
            self.place,
            default,
            default_factory=default_factory,
            alias=alias,
            title=title,
            description=description,
            gt=gt,
            ge=ge,
            lt=lt,
            le=le,
            multiple_of=multiple_of,
            min_length=min_length,
            max_length=max_length,
            pattern=pattern,
            max_digits=max_digits,
            decimal_places=decimal_places,
            allow_inf_nan=allow_inf_nan or None,
            examples=examples,
            openapi_examples=openapi_examples,
            json_schema_extra=json_schema_extra,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            embed=embed,
            convert_underscores=convert_underscores,
        )

    def __repr__(self) -> str:
        return self.place.capitalize()


Marker.__call__.__qualname__ = "marker"  # or a misspelt argument would be one of "Marker.__call__()"

Path = Marker("path")
Query = Marker("query")
Header = Marker("header")
Cookie = Marker("cookie")
Form = Marker("form")
File = Marker("file")
Body = Marker("body")


def as_source(item: Any) -> Source | None:
    """Return what *item* says as a marker, None if it is none."""
    if isinstance(item, Marker):
        return Source(item.place)
    return item if isinstance(item, Source) else None
