"""How the values of an instance of Config are found and read, and all that is wrong with them is told at once."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

from velocipy.config.config import Config, default_of, is_secret_name, suggest, values_of
from velocipy.config.sources import At, Found, Source, Tree, open_sources
from velocipy.config.values import Reader, tell
from velocipy.conversion.table import is_optional, union_members, unwrap
from velocipy.errors import ConfigError, ConfigProblem, Fault
from velocipy.models import Models
from velocipy.serialization import default_codec
from velocipy.types import UNSET, Secret

DEFAULTS = "the defaults"


class Field(NamedTuple):
    """One field: how its values are read, or the class of Config whose section it is."""

    name: str
    default: Any
    reader: Reader
    section: type[Config] | None
    optional: bool
    wrapped: bool  # in a Secret
    secret: bool  # so that nothing that may have its value is told


def load(cls: type[Config], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a new instance, the *values* that the program gave first.

    Raises:
        ConfigError: If some are missing or wrong.
    """
    problems: list[ConfigProblem] = []
    sources = [Tree(values, "", "python"), *open_sources(cls.__declaration__.options, problems)]
    loaded = _Load(cls.__name__, problems).section(cls, sources, ())
    if problems:
        raise ConfigError(cls.__name__, problems)
    return loaded


def check(cls: type[Config], values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* that the program gave as fields have them.

    Raises:
        ConfigError: If some are wrong.
    """
    problems: list[ConfigProblem] = []
    sources = [Tree(values, "", "python")]
    reading = _Load(cls.__name__, problems)
    read = {
        field.name: reading.field(field, sources, (field.name,)) for field in fields_of(cls) if field.name in values
    }
    if problems:
        raise ConfigError(cls.__name__, problems)
    return read


class _Load:
    """One reading, and what it finds wrong."""

    def __init__(self, owner: str, problems: list[ConfigProblem]) -> None:
        self._owner = owner
        self._problems = problems

    def section(self, cls: type[Config], sources: Sequence[Source], at: At) -> dict[str, Any]:
        """Return the values of all fields of a section, or of the whole."""
        fields = fields_of(cls)
        known = {field.name: field for field in fields}
        for source in sources:
            for name, place in source.names(at):
                if name not in known:
                    self._tell((*at, name), place, f"there is no such field{suggest(name, known)}")
        return {field.name: self.field(field, sources, (*at, field.name)) for field in fields}

    def field(self, field: Field, sources: Sequence[Source], at: At) -> Any:
        """Return the value of a field, whatever it is; it is of no use when there are problems."""
        if field.section is not None:
            return self._section(field, field.section, sources, at)
        for source in sources:
            found = source.find(at)
            if found is None or (found.kind == "text" and found.value == "" and not field.reader.takes_blank):
                continue  # an empty text that means nothing is one that was left out
            return self._read(field, found, at)
        if field.default is UNSET:
            self._miss(sources, at)
        default = default_of(field.default)
        return Secret(default) if field.wrapped and default is not None and not isinstance(default, Secret) else default

    def _section(self, field: Field, cls: type[Config], sources: Sequence[Source], at: At) -> Any:
        within: list[Source] = []
        is_there = False
        default = [] if field.default is UNSET else [Tree({field.name: field.default}, DEFAULTS, "python", at[:-1])]
        for source in (*sources, *default):
            found = source.find(at)
            if found is not None and not is_there and found.value is None and field.optional:
                return None
            if found is not None and isinstance(found.value, cls):
                if not is_there:
                    return found.value
                within.append(Tree(values_of(found.value), found.place, "python", at))
                break
            is_there = is_there or found is not None or source.has_within(at)
            within.append(source)
            within += self._written(found, at)
        made = object.__new__(cls)
        vars(made).update(self.section(cls, within, at))
        return made

    def _written(self, found: Found | None, at: At) -> list[Source]:
        """Return a section that was written as JSON into one value, if there is one."""
        if found is None or found.value in (None, "") or isinstance(found.value, Mapping):
            return []
        try:
            data = default_codec().decode(found.value.encode()) if found.kind == "text" else None
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            self._tell(at, found.place, "Input should be a section, an object with its fields")
            return []
        return [Tree(data, found.place, "data", at)]

    def _read(self, field: Field, found: Found, at: At) -> Any:
        value = found.value
        if field.wrapped and isinstance(value, Secret):
            value = value.get_secret_value()
        faults: list[Fault] = []
        read = {"text": field.reader.from_text, "data": field.reader.from_data, "python": field.reader.from_python}
        made = read[found.kind](value, faults)
        for sentence in dict.fromkeys(tell(fault, secret=field.secret) for fault in faults):
            self._tell(at, found.place, sentence)
        return Secret(made) if field.wrapped and made is not None else made

    def _miss(self, sources: Sequence[Source], at: At) -> None:
        hints = [hint for source in sources if (hint := source.hint(at))]
        if not hints:
            hints = [f"give {at[0]}= to {self._owner}()"]
        remedy = ", or ".join(hints)
        self._tell(at, "", "it is missing", f"{remedy[0].upper()}{remedy[1:]}.")

    def _tell(self, at: At, place: str, problem: str, remedy: str = "") -> None:
        self._problems.append(ConfigProblem(".".join(at), place, problem, remedy))


@cache
def fields_of(cls: type[Config]) -> list[Field]:
    """Return the fields of a class; what it reads them with is made once.

    Raises:
        TypeError: If an annotation cannot be resolved.
    """
    codec = default_codec()
    models = Models((), codec)
    hints = _hints(cls)
    return [_field(name, hints[name], default, models, codec) for name, default in cls.__declaration__.defaults.items()]


def _field(name: str, annotation: Any, default: Any, models: Models, codec: Any) -> Field:
    plain, metadata = unwrap(annotation)
    members = [item for item in union_members(plain) if item is not type(None)] or [plain]
    only, inner = unwrap(members[0]) if len(members) == 1 else (plain, [])
    optional = is_optional(annotation)
    wrapped = (get_origin(only) or only) is Secret
    if wrapped:
        content = (get_args(only) or (str,))[0]
        for item in (*inner, *metadata):
            content = Annotated[content, item]
        annotation = Union[content, None] if optional else content  # noqa: UP007
    section = only if isinstance(only, type) and issubclass(only, Config) else None
    secret = wrapped or is_secret_name(name)
    reader = Reader(Any if section else annotation, models, codec)
    return Field(name, default, reader, section, optional, wrapped, secret)


def _hints(cls: type[Config]) -> dict[str, Any]:
    """Return the types of the fields, without Final."""
    try:
        hints = typing.get_type_hints(cls, localns=cls.__declaration__.local, include_extras=True)
    except Exception as error:  # of any kind: what the annotation does when it is evaluated
        message = f"an annotation of {cls.__qualname__} cannot be resolved: {error}"
        raise TypeError(f"{message}. Import the name where the program runs, or correct it") from None
    return {name: get_args(hint)[0] if get_origin(hint) is Final else hint for name, hint in hints.items()}
