"""What becomes of the values of a Config: the table that reads parameters reads them."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from velocipy.conversion.constraints import constrain, read_constraints, refuses_blank
from velocipy.conversion.faults import Convert, refuse
from velocipy.conversion.records import is_record
from velocipy.conversion.scalars import anything
from velocipy.conversion.table import DICTS, LISTS, Table, UnsupportedType, is_optional, union_members, unwrap
from velocipy.errors import Fault
from velocipy.models import Models
from velocipy.serialization import JSONCodec

_OWN_WORDS = (
    "Input should ",
    "String should ",
    "Value should ",
    "List should ",
    "Data should ",
    "Decimal input ",
)


class Reader:
    """Makes the values of one type.

    A type that neither text nor data become can be given by the program alone.
    """

    def __init__(self, annotation: Any, models: Models, codec: JSONCodec) -> None:
        plain, metadata = unwrap(annotation)
        members = [unwrap(item)[0] for item in union_members(plain) if item is not type(None)] or [plain]
        self._annotation = annotation
        self._decode = codec.decode
        self._is_list = all((get_origin(item) or item) in LISTS for item in members)
        self._is_object = all((get_origin(item) or item) in DICTS or models.is_model(item) for item in members)
        self._text = _conversion(models.text, Any if self._is_object else annotation)
        self._data = _conversion(models.data, annotation)
        try:
            self._judge = constrain(anything, read_constraints(metadata))
        except ValueError as error:
            self._judge = _refusing(str(error))
        self.takes_blank = self._is_list or not (self._is_object or refuses_blank(self._text))

    def from_text(self, text: str, faults: list[Fault]) -> Any:
        """Return the value that *text* means: lists are JSON, or their items with commas between; objects are JSON."""
        if not text.isascii() and unwrap(self._annotation)[0] is not bytes:
            try:
                text.encode()
            except UnicodeEncodeError:  # of what os.environ keeps of other bytes
                return refuse(faults, (), "unicode", "Input should be UTF-8")
        if self._is_object or (self._is_list and text.lstrip().startswith("[")):
            try:
                data = self._decode(text.encode())
            except (ValueError, RecursionError):
                return refuse(faults, (), "json_invalid", "Input should be valid JSON")
            return self._data(data, (), faults)
        if self._is_list:
            return self._text([item.strip() for item in text.split(",")] if text.strip() else [], (), faults)
        return self._text(text, (), faults)

    def from_data(self, value: Any, faults: list[Fault]) -> Any:
        """Return the value that JSON or TOML means."""
        return self._data(value, (), faults)

    def from_python(self, value: Any, faults: list[Fault]) -> Any:
        """Return a value of the program as it is, or what its text or its data mean if it is of another type."""
        if _is_of(self._annotation, value):
            return self._judge(value, (), faults)
        refused: list[Fault] = []
        made = self.from_text(value, refused) if isinstance(value, str) else self._data(value, (), refused)
        if refused and refused[0]["type"] == "unsupported":
            return refuse(faults, (), "is_instance_of", f"Input should be a {_shown(self._annotation)}")
        faults += refused
        return made


def tell(fault: Fault, *, secret: bool) -> str:
    """Return the sentence of a fault; of a *secret* none but those of ours, which have no values."""
    if secret:
        ours = fault["msg"].startswith(_OWN_WORDS) and fault["type"] != "value_error"
        return fault["msg"] if ours else "Input is not what it should be"
    within = "".join(f"[{step!r}]" for step in fault["loc"])
    return f"{within}: {fault['msg']}" if within else fault["msg"]


def _conversion(table: Table, annotation: Any) -> Convert:
    try:
        return table.conversion(annotation)
    except UnsupportedType as error:
        return _refusing(f"{error}: give it in the program")


def _refusing(message: str) -> Convert:
    return lambda value, loc, faults: refuse(faults, loc, "unsupported", message)


def _is_of(annotation: Any, value: Any) -> bool:
    """Tell whether *value* is of a type already, as far as its class says."""
    plain, _ = unwrap(annotation)
    if value is None:
        return plain in (Any, object) or is_optional(annotation)
    if union_members(plain):
        return any(_is_of(member, value) for member in union_members(plain))
    origin = get_origin(plain) or plain
    if origin is Literal:
        return any(type(value) is type(item) and value == item for item in get_args(plain))
    if isinstance(origin, type) and origin is not Any:
        if isinstance(value, bool) and origin is int:
            return False
        try:
            return isinstance(value, origin)
        except TypeError:  # a TypedDict is read as data; nothing can be asked of a Protocol
            return not is_record(origin)
    return True


def _shown(annotation: Any) -> str:
    plain, _ = unwrap(annotation)
    return plain.__name__ if isinstance(plain, type) and not get_args(plain) else str(plain)
