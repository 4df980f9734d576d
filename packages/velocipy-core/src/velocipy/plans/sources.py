"""Where the value of a parameter comes from: the markers that say it, and the rules where none does."""

from __future__ import annotations

from typing import Any, Literal

from velocipy.types import UNSET

Place = Literal["path", "query", "header", "cookie", "form", "body"]


class Source:
    """What a marker such as `Query(ge=1)` says. Its constraints are read by name; see `conversion.constraints`."""

    __slots__ = (
        "alias",
        "default",
        "deprecated",
        "description",
        "embed",
        "examples",
        "ge",
        "gt",
        "le",
        "lt",
        "max_length",
        "min_length",
        "multiple_of",
        "pattern",
        "place",
        "title",
    )

    alias: str | None
    title: str | None
    description: str | None
    examples: list[Any] | None
    deprecated: bool
    embed: bool

    def __init__(self, place: Place, default: Any = UNSET, **said: Any) -> None:
        self.place: Place = place
        self.default = UNSET if default is ... else default
        for name in self.__slots__:
            if name not in ("place", "default"):
                setattr(self, name, said.get(name))

    def __repr__(self) -> str:
        given = [
            f"{name}={getattr(self, name)!r}"
            for name in self.__slots__
            if name != "place" and getattr(self, name) not in (None, False, UNSET)
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
        examples: list[Any] | None = None,
        deprecated: bool = False,
        embed: bool = False,
    ) -> Any:
        """Say where a parameter comes from and what it must be.

        Args:
            default: The value when the request has none; `...` or nothing makes it required, unless the parameter has
                a default of its own.
            alias: The name in the request, where it is not that of the parameter.
            title, description, examples, deprecated: For documents.
            gt, ge, lt, le, multiple_of: Bounds of a number or a time.
            min_length, max_length: In characters, bytes or items.
            pattern: A regular expression that is searched for; anchor it with ^ and $ to match the whole.
            embed: Of `Body` alone: expect `{"name": value}` rather than the value itself.
        """
        return Source(
            self.place,
            default,
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
            examples=examples,
            deprecated=deprecated,
            embed=embed,
        )

    def __repr__(self) -> str:
        return self.place.capitalize()


Marker.__call__.__qualname__ = "marker"  # or a misspelt argument would be one of "Marker.__call__()"

Path = Marker("path")
Query = Marker("query")
Header = Marker("header")
Cookie = Marker("cookie")
Form = Marker("form")
Body = Marker("body")


def as_source(item: Any) -> Source | None:
    """Return what *item* says as a marker, None if it is none."""
    if isinstance(item, Marker):
        return Source(item.place)
    return item if isinstance(item, Source) else None
