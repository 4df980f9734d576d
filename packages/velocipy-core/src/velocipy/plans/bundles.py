"""Models that are filled from many values of one place: the fields of a query, of headers, of cookies or of a form."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from velocipy.conversion.faults import INVALID, Convert, refuse
from velocipy.conversion.scalars import anything
from velocipy.conversion.table import UnsupportedType
from velocipy.errors import Fault
from velocipy.http.request import Request
from velocipy.models import Fields, Models
from velocipy.plans.sources import Place
from velocipy.types import UNSET

SEVERAL = "multiple_values", "Input should be a single value, but there are several"


class _Field(NamedTuple):
    name: str
    keys: tuple[str, ...]
    convert: Convert
    many: bool
    required: bool


class Bundle:
    """Makes one model of the values of *place*; each field is read as a parameter of its own would be.

    Attributes:
        neighbours: The names that other parameters take from the same place, which are no extra fields of this model.
    """

    __slots__ = ("_default", "_fields", "_forbids_extra", "_make", "_place", "neighbours")

    def __init__(
        self, place: Place, fields: Fields, models: Models, takes_many: Callable[[Any], bool], default: Any
    ) -> None:
        self._place: Place = place
        self._make = fields.make
        self._forbids_extra = fields.forbids_extra
        self._default = default
        self._fields = []
        self.neighbours: frozenset[str] = frozenset()
        for name, keys, annotation, required, takes_text in fields.fields:
            if place == "header":
                keys = tuple(key.replace("_", "-") if key == name else key for key in keys)
            try:
                convert = anything if takes_text else models.text.conversion(annotation)
            except UnsupportedType as error:
                raise UnsupportedType(f"{name}: {error}") from None
            self._fields.append(_Field(name, keys, convert, takes_many(annotation), required))

    @property
    def names(self) -> set[str]:
        """The names that its fields have in a request."""
        return {key for field in self._fields for key in field.keys}

    def read(self, values: Callable[[str], Collection[str] | None], names: Collection[str], faults: list[Fault]) -> Any:
        """Return the model, or INVALID with the faults added; the default if no field has a value.

        Args:
            values: Gives all values of a name.
            names: All names that are there, where others than the fields can be told.
            faults: Where faults go.
        """
        new: list[Fault] = []
        found: dict[str, Any] = {}
        for name, keys, convert, many, required in self._fields:
            key, raw = _first(values, keys, self._place)
            loc = (self._place, key)
            if not raw:
                if required:
                    refuse(new, loc, "missing", "Field required")
            elif many:
                found[name] = convert(list(raw), loc, new)
            elif len(raw) == 1:
                (text,) = raw
                found[name] = convert(text, loc, new)
            else:
                found[name] = refuse(new, loc, *SEVERAL)
        if self._forbids_extra and names:
            known = self.names | self.neighbours
            for extra in (name for name in names if name not in known):
                refuse(new, (self._place, extra), "extra_forbidden", "Extra inputs are not permitted")
        if not found and self._default is not UNSET and all(fault["type"] == "missing" for fault in new):
            return self._default
        faults += new
        return INVALID if new else self._make(found, (self._place,), faults)

    def from_query(self, query: dict[str, list[str]], faults: list[Fault]) -> Any:
        """Read the fields of a query string or a form."""
        return self.read(query.get, query, faults)

    def from_headers(self, request: Request, faults: list[Fault]) -> Any:
        """Read the fields of the headers; others are always there, and never too many."""
        return self.read(request._header_list, (), faults)

    def from_cookies(self, request: Request, faults: list[Fault]) -> Any:
        """Read the fields of the cookies; others may be there for other applications of the host."""
        cookies = request.cookies
        return self.read(lambda name: [cookies[name]] if name in cookies else None, (), faults)


def _first(
    values: Callable[[str], Collection[str] | None], keys: tuple[str, ...], place: Place
) -> tuple[str, Collection[str] | None]:
    """Return the first of *keys* that has values, with them; the first of all if none has."""
    for key in keys:
        raw = values(key.lower() if place == "header" else key)
        if raw:
            return key, raw
    return keys[0], None
