"""Models that are filled from many values of one place: the fields of a query, of headers, of cookies or of a form."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, cast

from velocipy.conversion.constraints import refuses_blank
from velocipy.conversion.faults import INVALID, Convert, refuse
from velocipy.conversion.scalars import anything
from velocipy.conversion.table import UnsupportedType, union_members, unwrap
from velocipy.errors import Fault
from velocipy.http.connection import HTTPConnection
from velocipy.http.uploads import UploadFile, UploadStream
from velocipy.models import Fields, ModelField, Models
from velocipy.plans.sources import Place, Source, as_source
from velocipy.plans.uploads import is_upload, upload_input

SEVERAL = "multiple_values", "Input should be a single value, but there are several"
BLANK = [""]
NO_TEXT = "string_type", "Input should be text, and not a file"
NO_FILE = "file_type", "Input should be a file, and not text"


class _Field(NamedTuple):
    name: str
    keys: tuple[str, ...]
    read: Convert
    judge: Convert
    many: bool
    required: bool
    ignores_blank: bool


class _FileField(NamedTuple):
    name: str
    keys: tuple[str, ...]
    convert: Convert
    many: bool
    required: bool


class _Files(NamedTuple):
    """What the file fields of a model are, by name, or what is wrong with them."""

    values: dict[str, Any]
    keys: dict[str | int, str]
    faults: list[Fault]
    are_there: bool


_NO_FILES = _Files({}, {}, [], are_there=False)

_Found = tuple[_Field, str, Collection[str] | None]
"""A field, the one of its keys that has values, the first if none has, and the values."""


class Member(NamedTuple):
    """A field of the model of a place: as the model has it, its names in a request, and how it is read."""

    field: ModelField
    keys: tuple[str, ...]
    many: bool
    is_file: bool


class Bundle:
    """Makes one model of the values of a place; each field is read as a parameter of its own would be.

    Args:
        source: Says the place.
        fields: Of the model.
        models: The application's conversions.
        takes_many: Tells whether a type takes all values of a name.
        default: Makes what stands for the model where the place has no field of it; None if it is needed.

    Attributes:
        names: The names that its fields have in a request.
        takes_files: Whether some of them are files.
        neighbours: The names that other parameters take from the same place, which are no extra fields of this model.
    """

    __slots__ = ("_default", "_fields", "_files", "_model", "_place", "_texts", "names", "neighbours", "takes_files")

    def __init__(
        self,
        source: Source,
        fields: Fields,
        models: Models,
        takes_many: Callable[[Any], bool],
        default: Callable[[], Any] | None,
    ) -> None:
        self._place: Place = source.place
        self._model = fields
        self._default = default
        self._fields = []
        self._files = []
        self.neighbours: frozenset[str] = frozenset()
        hyphens = source.place == "header" and source.convert_underscores
        for name, keys, annotation, required, takes_text, *_ in fields.fields:
            marker = _file_marker(annotation) if source.place == "form" else None
            if marker is not None:
                self._files.append(_file_field(name, keys, annotation, required, marker))
                continue
            if hyphens:
                keys = tuple(key.replace("_", "-") if key == name else key for key in keys)
            try:
                judge = anything if takes_text else models.text.conversion(annotation)
                read = models.text.reading(annotation) if fields.judges and not takes_text else judge
            except UnsupportedType as error:
                raise UnsupportedType(f"{name}: {error}") from None
            many = takes_many(annotation)
            ignores_blank = source.place == "form" and not many and refuses_blank(judge)
            self._fields.append(_Field(name, keys, read, judge, many, required, ignores_blank))
        self.takes_files = bool(self._files)
        self._texts = frozenset(key for field in self._fields for key in field.keys)
        self.names: frozenset[str] = self._texts | {key for field in self._files for key in field.keys}

    @property
    def forbids_extra(self) -> bool:
        """Whether the place may have no other values than those that somebody takes."""
        return self._model.forbids_extra

    def members(self) -> list[Member]:
        """Return the fields, for those who describe them."""
        files = {field.name for field in self._files}
        read = {field.name: (field.keys, field.many) for field in self._fields}
        read |= {field.name: (field.keys, field.many) for field in self._files}
        return [
            Member(field, read[field.name][0], read[field.name][1], field.name in files) for field in self._model.fields
        ]

    def read(
        self,
        values: Callable[[str], Collection[str] | None],
        names: Collection[str],
        faults: list[Fault],
        files: _Files = _NO_FILES,
    ) -> Any:
        """Return the model, or INVALID with the faults added; the default if nothing of the model is there.

        Args:
            values: Gives all values of a name.
            names: All names that are there, where others than the fields can be told.
            faults: Where faults go.
            files: What has been read of its files.
        """
        model = self._model
        found = [(field, *_first(values, field, self._place)) for field in self._fields]
        others: list[str] = []
        if model.forbids_extra or model.takes_extra:
            others = [name for name in names if name not in self.names and name not in self.neighbours]
        if self._default is not None and not others and not files.are_there and not any(raw for _, _, raw in found):
            return self._default()
        new = [*files.faults]
        arguments = self._read_fields(found, new) | files.values
        if new or (others and model.forbids_extra):
            if model.judges:  # all its values or none, and there are other faults to tell of those that can be read
                new = [*files.faults]
                self._read_fields(found, new, judge=True)
            for name in others if model.forbids_extra else ():
                refuse(new, (self._place, name), "extra_forbidden", "Extra inputs are not permitted")
            faults += new
            return INVALID
        if others:
            fields = {field.name for field in self._fields}  # which are not their names in a request
            texts = {name: list(values(name) or ()) for name in others if name not in fields}
            arguments |= {name: raw if len(raw) > 1 else raw[0] for name, raw in texts.items() if raw}  # no files
        made = model.make(arguments, (self._place,), new)
        if new:
            keys: dict[str | int, str] = {field.name: key for field, key, _ in found}
            keys |= files.keys
            for fault in new:
                if fault["loc"][1:2] and fault["loc"][1] in files.keys:
                    fault["loc"][0] = "body"  # as of a file that is a parameter of its own
                fault["loc"][1:2] = [keys.get(step, step) for step in fault["loc"][1:2]]
            faults += new
        return made

    def _read_fields(self, found: list[_Found], faults: list[Fault], *, judge: bool = False) -> dict[str, Any]:
        """Return the values of the fields by their names, and add the faults."""
        arguments: dict[str, Any] = {}
        for field, key, raw in found:
            loc = (self._place, key)
            convert = field.judge if judge else field.read
            if not raw:
                if field.required:
                    refuse(faults, loc, "missing", "Field required")
            elif field.many:
                arguments[field.name] = convert(list(raw), loc, faults)
            elif len(raw) == 1 or self._place == "header":  # of which the first counts, as everywhere
                arguments[field.name] = convert(next(iter(raw)), loc, faults)
            else:
                refuse(faults, loc, *SEVERAL)
        return arguments

    def from_query(self, query: dict[str, list[str]], faults: list[Fault]) -> Any:
        """Read the fields of a query string."""
        return self.read(query.get, query, faults)

    async def from_form_with_files(
        self, form: dict[str, list[str]], files: dict[str, list[UploadFile]], faults: list[Fault]
    ) -> Any:
        """Read the fields of a form, of which some are files."""
        found = _Files({}, {}, [], any(files.get(key) or key in form for field in self._files for key in field.keys))
        for field in self._files:
            key = next((key for key in field.keys if key in form or files.get(key)), field.keys[0])
            found.keys[field.name] = key
            loc, raw = ("body", key), files.get(key)
            if key in form:
                refuse(found.faults, loc, *NO_FILE)
            elif not raw:
                if field.required:
                    refuse(found.faults, loc, "missing", "Field required")
            elif len(raw) > 1 and not field.many:
                refuse(found.faults, loc, *SEVERAL)
            else:
                value: Any = raw if field.many else raw[0]
                if field.convert is not anything:
                    value = await field.convert(value, loc, found.faults)
                found.values[field.name] = value
        return self.from_form(form, files, faults, found)

    def from_form(
        self, form: dict[str, list[str]], files: Collection[str], faults: list[Fault], found: _Files = _NO_FILES
    ) -> Any:
        """Read the fields of a form that has files of these names as well, those of the model *found* already."""
        names = self._texts if files else ()
        of_files = [name for name in files if name in names]
        if not of_files:
            return self.read(form.get, {*form, *files} if files else form, faults, found)
        new: list[Fault] = []
        self.read(form.get, {*form, *files}, new, found)
        faults += [fault for fault in new if fault["loc"][-1] not in of_files]
        for name in of_files:
            refuse(faults, (self._place, name), *NO_TEXT)
        return INVALID

    def from_headers(self, request: HTTPConnection, faults: list[Fault]) -> Any:
        """Read the fields of the headers; others are always there, and never too many."""
        return self.read(request._header_list, (), faults)

    def from_cookies(self, request: HTTPConnection, faults: list[Fault]) -> Any:
        """Read the fields of the cookies; others may be there for other applications of the host."""
        cookies = request.cookies
        return self.read(lambda name: [cookies[name]] if name in cookies else None, (), faults)


def _file_marker(annotation: Any) -> Source | None:
    """Return what says that a field is a file, None if nothing does."""
    plain, _ = unwrap(annotation)
    for member in (annotation, *union_members(plain)):
        for item in unwrap(member)[1]:
            marker = as_source(item)
            if marker is not None and marker.place == "file":
                return marker
    return Source("file") if any(map(is_upload, union_members(plain) or (annotation,))) else None


def _file_field(name: str, keys: tuple[str, ...], annotation: Any, required: bool, marker: Source) -> _FileField:
    keys = keys if marker.alias is None else (marker.alias,)
    try:
        item = upload_input(keys[0], annotation, None, marker)
    except UnsupportedType as error:
        raise UnsupportedType(f"{name}: {error}") from None
    if item.annotation is UploadStream:
        raise UnsupportedType(f"{name}: an UploadStream comes after its form; take it as a parameter of its own")
    return _FileField(name, keys, cast("Convert", item.convert), item.many, required)


def _first(
    values: Callable[[str], Collection[str] | None], field: _Field, place: Place
) -> tuple[str, Collection[str] | None]:
    """Return the first key of *field* that has values, with them; the first of all if none has."""
    for key in field.keys:
        raw = values(key.lower() if place == "header" else key)
        if raw and not (field.ignores_blank and raw == BLANK):
            return key, raw
    return field.keys[0], None
