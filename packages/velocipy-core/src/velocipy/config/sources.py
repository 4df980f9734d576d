"""Where values of a Config are looked for: each source finds the value of a path of names, and says where it was."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from velocipy.config.config import Options, Paths
from velocipy.config.dotenv import Line, MalformedLine, parse
from velocipy.errors import ConfigProblem

At = tuple[str, ...]
"""The names of the sections that lead to a field, and its own."""

Kind = Literal["text", "data", "python"]


class Found(NamedTuple):
    """A value as it came: text, what JSON and TOML know, or any object of the program."""

    value: Any
    place: str
    kind: Kind


class Source(Protocol):
    """One place to look."""

    def find(self, at: At) -> Found | None:
        """Return the value of a field or of a whole section, None if it is not there."""
        ...

    def has_within(self, at: At) -> bool:
        """Tell whether there is a value of any field of the section *at*."""
        ...

    def names(self, at: At) -> Sequence[tuple[str, str]]:
        """Return each name that is in the section *at* and the place of it, where none but fields may be."""
        ...

    def hint(self, at: At) -> str:
        """Return how to put a value there, "" if this is no place to name."""
        ...


class Tree:
    """Values within values: what a program gave, a file of TOML or JSON, or a section that was written as JSON."""

    def __init__(
        self, values: Mapping[str, Any], origin: str, kind: Kind, base: At = (), *, missing: bool = False
    ) -> None:
        self._values = values
        self._origin = origin
        self._kind: Kind = kind
        self._base = base
        self._missing = missing

    def _section(self, at: At) -> Mapping[str, Any]:
        if at[: len(self._base)] != self._base:
            return {}
        section = self._values
        for name in at[len(self._base) :]:
            inner = section.get(name)
            if not isinstance(inner, Mapping):
                return {}
            section = inner
        return section

    def _place(self, at: At) -> str:
        name = ".".join(at[len(self._base) :])
        return f"{name} in {self._origin}" if self._origin else f"the argument {name}"

    def find(self, at: At) -> Found | None:
        if len(at) <= len(self._base):
            return None
        section = self._section(at[:-1])
        return Found(section[at[-1]], self._place(at), self._kind) if at[-1] in section else None

    def has_within(self, at: At) -> bool:
        return bool(self._section(at))

    def names(self, at: At) -> Sequence[tuple[str, str]]:
        return [(str(name), self._place((*at, str(name)))) for name in self._section(at)]

    def hint(self, at: At) -> str:
        if not self._origin or self._base:
            return ""
        return f"write {'.'.join(at)} into {self._origin}" + " (which is not there)" * self._missing


class Names:
    """Texts by name, of the environment or a `.env` file: `PREFIX_SECTION__FIELD`, in any case."""

    def __init__(self, lines: Mapping[str, tuple[str, str]], prefix: str, hint: str) -> None:
        # Where names differ by their case alone, the one in capitals counts.
        self._lines = {name.lower(): (name, *lines[name]) for name in sorted(lines, reverse=True)}
        self._prefix = prefix
        self._hint = hint

    def find(self, at: At) -> Found | None:
        line = self._lines.get(environment_name(self._prefix, at).lower())
        return None if line is None else Found(line[1], f"{line[0]} in {line[2]}", "text")

    def has_within(self, at: At) -> bool:
        start = environment_name(self._prefix, (*at, "")).lower()
        return any(name.startswith(start) for name in self._lines) or self.find(at) is not None

    def names(self, at: At) -> Sequence[tuple[str, str]]:
        return []  # the environment has many users

    def hint(self, at: At) -> str:
        return self._hint.format(environment_name(self._prefix, at))


class Folder:
    """A folder of secrets, one file for each name, as Docker and Kubernetes mount them."""

    def __init__(self, path: str, prefix: str, problems: list[ConfigProblem]) -> None:
        self._path = path
        self._prefix = prefix
        self._problems = problems
        self._files: dict[str, str] = {}
        self._missing = False
        try:
            self._files = {entry.name.lower(): entry.path for entry in os.scandir(path) if entry.is_file()}
        except FileNotFoundError:
            self._missing = True
        except OSError as error:
            problems.append(_unreadable(path, error))

    def find(self, at: At) -> Found | None:
        path = self._files.get(environment_name(self._prefix, at).lower())
        if path is None:
            return None
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            self._problems.append(_unreadable(path, error))
            return None
        return Found(data.decode("utf-8", "surrogateescape").rstrip("\r\n"), f"the file {path}", "text")

    def has_within(self, at: At) -> bool:
        start = environment_name(self._prefix, (*at, "")).lower()
        return any(name.startswith(start) for name in self._files) or self.find(at) is not None

    def names(self, at: At) -> Sequence[tuple[str, str]]:
        return []

    def hint(self, at: At) -> str:
        path = Path(self._path, environment_name(self._prefix, at).lower())
        return f"write it into the file {path}" + " (whose folder is not there)" * self._missing


def environment_name(prefix: str, at: At) -> str:
    """Return the name of a field in the environment: `APP_DATABASE__HOST`."""
    return prefix + "__".join(at).upper()


def open_sources(options: Options, problems: list[ConfigProblem]) -> list[Source]:
    """Return the sources that *options* name, the first that counts first, and add what is wrong with files."""
    prefix = options.env_prefix or ""
    sources: list[Source] = []
    if options.env_prefix is not None or options.env_file != ():
        environment = dict(os.environ)
        lines = {name: (value, "the environment") for name, value in environment.items()}
        sources.append(Names(lines, prefix, "set {} in the environment"))
        sources += [_read_env_file(path, prefix, environment, problems) for path in reversed(_paths(options.env_file))]
    sources += [Folder(path, prefix, problems) for path in reversed(_paths(options.secrets_dir))]
    sources += [_read_config_file(path, problems) for path in reversed(_paths(options.config_file))]
    return sources


def _paths(paths: Paths) -> list[str]:
    several: Iterable[str | os.PathLike[str]] = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return [os.fspath(path) for path in several]


def _read(path: str, problems: list[ConfigProblem]) -> bytes | None:
    """Return what is in a file, None if it is not there or cannot be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(_unreadable(path, error))
        return b""


def _unreadable(path: str, error: OSError) -> ConfigProblem:
    return ConfigProblem("", path, f"it cannot be read: {error.strerror}", "Look at its rights, and what it is.")


def _read_env_file(path: str, prefix: str, environment: Mapping[str, str], problems: list[ConfigProblem]) -> Names:
    data = _read(path, problems)
    lines: dict[str, Line] = {}
    try:
        lines = parse(data or b"", environment)
    except MalformedLine as error:
        remedy = "Write NAME=value, with quotes around a value that has spaces, quotes or several lines."
        problems.append(ConfigProblem("", f"{path}, line {error.number}", error.problem, remedy))
    places = {name: (line.value, f"{path}, line {line.number}") for name, line in lines.items()}
    missing = " (which is not there)" * (data is None)
    return Names(places, prefix, f"in {path}{missing}".replace("{", "{{").replace("}", "}}"))


def _read_config_file(path: str, problems: list[ConfigProblem]) -> Tree:
    data = _read(path, problems)
    if not data:
        return Tree({}, path, "data", missing=data is None)
    try:
        values = _read_toml(data) if path.endswith(".toml") else _read_json(data)
    except (ValueError, RecursionError) as error:  # whose words have places, and no values
        problems.append(ConfigProblem("", path, f"it cannot be read: {error}", "Correct the file."))
        return Tree({}, path, "data")
    return Tree(values, path, "data")


def _read_toml(data: bytes) -> dict[str, Any]:
    import tomllib

    return {name: _as_json(value) for name, value in tomllib.loads(data.decode("utf-8-sig")).items()}


def _read_json(data: bytes) -> dict[str, Any]:
    import json

    values = json.loads(data.decode("utf-8-sig"))
    if not isinstance(values, dict):
        raise ValueError("it is no object")
    return values


def _as_json(value: Any) -> Any:
    """Return a value of TOML as JSON would have it: times as text."""
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value
