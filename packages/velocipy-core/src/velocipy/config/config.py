"""The class `Config`: its fields, how an instance comes by its values, and the register of classes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from os import PathLike
from threading import RLock
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, overload

from velocipy.types import STARS, UNSET

Some = TypeVar("Some", bound="Config")
Other = TypeVar("Other")

_SECRET_WORDS = frozenset({"password", "passwd", "passphrase", "secret", "secrets", "token", "tokens", "credentials"})
_USER_OF_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/\s]*@")


Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


class Options(NamedTuple):
    """Which sources a class of Config has."""

    env_prefix: str | None = None
    env_file: Paths = ()
    secrets_dir: Paths = ()
    config_file: Paths = ()


class Declaration(NamedTuple):
    """What a class of Config says: its sources, and its fields by name with their defaults, UNSET where there is none.

    `local` are names that its annotations may mean, where it stands in a function.
    """

    options: Options
    defaults: dict[str, Any]
    local: dict[str, Any]


class _Frozen(type):
    """Keeps the defaults of a class of Config, as its instances keep their values."""

    __declaration__: Declaration

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._refuse(name)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        cls._refuse(name)
        super().__delattr__(name)

    def _refuse(cls, name: str) -> None:
        if name in cls.__declaration__.defaults:
            raise AttributeError(
                f"{cls.__name__}.{name} cannot be changed; give {name}= to {cls.__name__}(), or make a subclass"
            )


class Config(metaclass=_Frozen):
    """Typed settings that do not change: the base of classes whose annotated attributes are the fields.

    A value of the class is the default of its field. A class reads nothing but its keywords, unless it names sources;
    its subclasses have them as well. The first that has a value counts: keywords, the environment, `.env` files,
    folders of secrets, files of TOML or JSON, defaults. Of several paths of one source, the last counts.

    A field whose class is a Config is a section. Names that begin with an underscore are no fields.

    Args of a class:
        env_prefix: What stands before the names in the environment, "" for nothing. None, the default, leaves the
            environment alone, unless there is an *env_file*.
        env_file: Path or paths of `.env` files. One that is not there is empty, as are those below.
        secrets_dir: Path or paths of folders with one file for each name.
        config_file: Path or paths of files of TOML, with that suffix, or of JSON. Each belongs to one class: what is
            no field of it is wrong.

    Args:
        values: Fields by name.

    Raises:
        TypeError: If a keyword is no field.
        ConfigError: If values are missing or wrong; it tells all of them.
    """

    __declaration__: ClassVar[Declaration] = Declaration(Options(), {}, {})

    def __init_subclass__(
        cls,
        *,
        env_prefix: str | None = UNSET,
        env_file: Paths = UNSET,
        secrets_dir: Paths = UNSET,
        config_file: Paths = UNSET,
        **others: Any,
    ) -> None:
        super().__init_subclass__(**others)
        said: dict[str, Any] = {
            "env_prefix": env_prefix,
            "env_file": env_file,
            "secrets_dir": secrets_dir,
            "config_file": config_file,
        }
        inherited = cls.__declaration__.options
        options = inherited._replace(**{name: value for name, value in said.items() if value is not UNSET})
        around = sys._getframe(1)
        is_local = around.f_locals is not around.f_globals and any(
            isinstance(annotation, str) for annotation in _annotations(cls).values()
        )
        local = {**cls.__declaration__.local, **(around.f_locals if is_local else {})}
        cls.__declaration__ = Declaration(options, _defaults(cls), local)

    def __init__(self, /, **values: Any) -> None:
        _check_names(type(self), values)
        from velocipy.config.loading import load  # what it needs is dear, and for nothing where there is no instance

        vars(self).update(load(type(self), values))

    # -- the register --------------------------------------------------------------------------------------------------

    @overload
    @staticmethod
    def register(key: str, /) -> Callable[[type[Some]], type[Some]]: ...
    @overload
    @staticmethod
    def register(key: type[Some], /) -> type[Some]: ...
    @staticmethod
    def register(key: Any, /) -> Any:
        """Have `Config.get` know a class, by itself (`@Config.register`) or by a key too (`@Config.register("key")`).

        Raises:
            ValueError: If another class has the key.
        """
        if isinstance(key, str):
            return lambda cls: _register(cls, key)
        return _register(key, None)

    @overload
    @staticmethod
    def get(key: str, /) -> type[Config]: ...
    @overload
    @staticmethod
    def get(key: str, /, default: Other) -> type[Config] | Other: ...
    @overload
    @staticmethod
    def get(key: type[Some], /) -> Some: ...
    @overload
    @staticmethod
    def get(key: type[Some], /, default: Other) -> Some | Other: ...
    @staticmethod
    def get(key: Any, /, default: Any = UNSET) -> Any:
        """Return the class that is registered by a key, or, of a class that is registered, its one instance.

        The instance is made when it is first asked for: one in each process.

        Raises:
            KeyError: If it is not registered, and there is no *default*.
            ConfigError: If values of the instance are missing or wrong.
        """
        if isinstance(key, str):
            found: Any = _classes.get(key)
        else:
            with _lock:
                found = _instances.get(key)
                if found is None and key in _instances:
                    found = _instances[key] = key()
        if found is not None:
            return found
        if default is not UNSET:
            return default
        if isinstance(key, str):
            raise KeyError(f"no Config is registered as {key!r}{suggest(key, _classes)}")
        raise KeyError(f"{key!r} is not registered: put @Config.register above the class")

    # -- what an instance can do ---------------------------------------------------------------------------------------

    def replace(self, /, **changes: Any) -> Self:
        """Return a copy with other values of some fields; no source is read again.

        Raises:
            TypeError: If a keyword is no field.
            ConfigError: If a value is wrong.
        """
        from velocipy.config.loading import check

        _check_names(type(self), changes)
        copy = object.__new__(type(self))
        vars(copy).update(values_of(self) | check(type(self), changes))
        return copy

    __replace__ = replace  # copy.replace of Python 3.13

    def as_dict(self) -> dict[str, Any]:
        """Return the values by name, sections as dicts. A `Secret` stays one, which hides itself."""
        return {
            name: value.as_dict() if isinstance(value, Config) else value for name, value in values_of(self).items()
        }

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed: {name}; replace({name}=...) returns another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return values_of(self) == values_of(other)

    def __hash__(self) -> int:
        return hash((type(self), *values_of(self).values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_shown(name, value)}" for name, value in values_of(self).items())
        return f"{type(self).__name__}({shown})"


_RESERVED = frozenset(name for name in vars(Config) if not name.startswith("_"))
_classes: dict[str, type[Config]] = {}
_instances: dict[type[Config], Config | None] = {}
_lock = RLock()


def _register(cls: Any, key: str | None) -> Any:
    if not (isinstance(cls, type) and issubclass(cls, Config)):
        raise TypeError(f"{cls!r} is no class of Config")
    with _lock:
        known = cls if key is None else _classes.get(key, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):  # else it was loaded again
            raise ValueError(f"{key!r} is {known.__module__}.{known.__qualname__} already; choose another key")
        if key is not None:
            _classes[key] = cls
        _instances.setdefault(cls, None)
    return cls


def _defaults(cls: type[Config]) -> dict[str, Any]:
    """Return the fields of a class and of its bases with their defaults.

    Raises:
        TypeError: If a field has the name of a method.
    """
    defaults: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if not issubclass(base, Config) or base is Config:
            continue
        for name, annotation in _annotations(base).items():
            if name in _RESERVED:
                raise TypeError(f"{base.__name__}.{name}: the name is taken by Config.{name}(); choose another")
            if not name.startswith("_") and not _is_class_variable(annotation):
                defaults.setdefault(name, UNSET)
        defaults.update((name, value) for name, value in vars(base).items() if name in defaults)
    return defaults


def _annotations(cls: type) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    annotations: dict[str, Any] = vars(cls).get("__annotations__", {})
    return annotations


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return re.match(r"(\w+\.)?ClassVar\b", annotation) is not None
    return annotation is ClassVar or getattr(annotation, "__origin__", None) is ClassVar


def _check_names(cls: type[Config], values: Mapping[str, Any]) -> None:
    known = cls.__declaration__.defaults
    for name in values:
        if name not in known:
            raise TypeError(f"{cls.__name__} has no field {name!r}{suggest(name, known)}")


def values_of(config: Config) -> dict[str, Any]:
    """Return the values of the fields by name, sections as they are."""
    return {name: vars(config)[name] for name in config.__declaration__.defaults}


def default_of(value: Any) -> Any:
    """Return a default as an instance has it: what can be changed is copied."""
    return deepcopy(value) if isinstance(value, (list, dict, set, bytearray)) else value


def is_secret_name(name: str) -> bool:
    """Tell whether the name of a field says that its text is a secret, although its type does not."""
    words = name.lower().split("_")
    return not _SECRET_WORDS.isdisjoint(words) or words[-1] in ("key", "keys")


def _shown(name: str, value: Any) -> str:
    if isinstance(value, (str, bytes)) and is_secret_name(name):
        return repr(STARS)
    return _USER_OF_URL.sub(rf"\1:{STARS}@", repr(value))


def suggest(name: str, known: Mapping[str, Any]) -> str:
    """Return a question after the name that was meant, "" if none is like it."""
    from difflib import get_close_matches

    matches = get_close_matches(name, known, 1)
    return f"; did you mean {matches[0]!r}?" if matches else ""
