"""Models that are filled from many values of one place: the fields of a query, of headers, of cookies or of a form."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from velocipy.conversion.faults import INVALID, Convert, refuse
from velocipy.conversion.table import UnsupportedType
from velocipy.errors import Fault
from velocipy.http.request import Request
from velocipy.models import Fields, Models
from velocipy.plans.sources import Place


class _Field(NamedTuple):
    name: str
    key: str
    convert: Convert
    many: bool
    required: bool


class Bundle:
    """Makes one model of the values of *place*; each field is read as a parameter of its own would be."""

    __slots__ = ("_fields", "_forbids_extra", "_make", "_place")

    def __init__(self, place: Place, fields: Fields, models: Models, takes_many: Callable[[Any], bool]) -> None:
        self._place = place
        self._make = fields.make
        self._forbids_extra = fields.forbids_extra
        self._fields = []
        for name, key, annotation, required in fields.fields:
            public = key.replace("_", "-") if place == "header" and key == name else key
            try:
                convert = models.text.conversion(annotation)
            except UnsupportedType as error:
                raise UnsupportedType(f"{name}: {error}") from None
            self._fields.append(_Field(name, public, convert, takes_many(annotation), required))

    def read(self, values: Callable[[str], Collection[str] | None], names: Collection[str], faults: list[Fault]) -> Any:
        """Return the model, or INVALID with the faults added.

        Args:
            values: Gives all values of a name.
            names: All names that are there, where others than the fields can be told.
            faults: Where faults go.
        """
        before = len(faults)
        found: dict[str, Any] = {}
        for name, key, convert, many, required in self._fields:
            loc = (self._place, key)
            raw = values(key.lower() if self._place == "header" else key)
            if not raw:
                if required:
                    refuse(faults, loc, "missing", "Field required")
            elif many:
                found[name] = convert(list(raw), loc, faults)
            elif len(raw) == 1:
                (text,) = raw
                found[name] = convert(text, loc, faults)
            else:
                refuse(faults, loc, "multiple_values", "Input should be a single value, but there are several")
        if self._forbids_extra:
            keys = {field.key for field in self._fields}
            for extra in (name for name in names if name not in keys):
                refuse(faults, (self._place, extra), "extra_forbidden", "Extra inputs are not permitted")
        return self._make(found, (self._place,), faults) if len(faults) == before else INVALID

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
