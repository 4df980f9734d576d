"""
Where a test's application comes from, in this process or in a server's.

An application object cannot travel to another process, so a server's process builds its own: a `Source` says from which
file or module, and by which name. The name leads to an application, to a factory (a plain function that can be called
without arguments and is no coroutine function), or to a fixture function without arguments.
"""

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard


@dataclass(frozen=True, slots=True)
class Source:
    """
    How to get an application in any process.

    Attributes:
        attribute: The dotted name in the module.
        module: The module's name.
        file: The module's file, absolute, for modules that have no importable name, as test modules; "" if it has one.
    """

    attribute: str
    module: str
    file: str = ""

    @classmethod
    def parse(cls, text: str) -> "Source":
        """
        Read an import string, "package.module:attribute".

        Raises:
            ValueError: If it is none.
        """
        module, colon, attribute = text.partition(":")
        if not colon or not module or not attribute:
            raise ValueError(f"{text!r} is no import string; write 'package.module:attribute'")
        return cls(attribute=attribute, module=module)

    @classmethod
    def from_json(cls, text: str) -> "Source":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Write the source down, to be carried to another process."""
        return json.dumps(asdict(self))

    def load(self) -> Any:
        """
        Import the module, and give the application; a factory or fixture function is called.

        Raises:
            AttributeError: If the module has no such name.
            TypeError: If what it names is None.
        """
        module = import_file(Path(self.file), self.module) if self.file else importlib.import_module(self.module)
        return build(module, self.attribute)


def build(module: ModuleType, attribute: str) -> Any:
    """Give the application that *module* has under the dotted name *attribute*."""
    owner: Any = None
    found: Any = module
    for name in attribute.split("."):
        owner, found = found, getattr(found, name, None)
    if found is None:
        raise AttributeError(f"{module.__name__} ({module.__file__}) has no application named {attribute!r}")
    function = fixture_function(found)
    if function is not None:
        made = function(owner()) if inspect.isclass(owner) else function()
        if inspect.isgenerator(made):
            made = next(made)
    else:
        made = found
    if is_factory(made):
        made = made()
    if isinstance(made, str):
        return Source.parse(made).load() if ":" in made else build(module, made)
    if made is None:
        raise TypeError(f"{attribute!r} of {module.__name__} gave None; return the application")
    return made


def is_factory(value: object) -> TypeGuard[Callable[[], Any]]:
    """Whether *value* is a plain function to be called without arguments, and not itself an application."""
    if not inspect.isfunction(value) or inspect.iscoroutinefunction(value):
        return False
    return all(
        parameter.default is not parameter.empty or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        for parameter in inspect.signature(value).parameters.values()
    )


def fixture_function(value: object) -> Any:
    """The function behind a pytest fixture; None if *value* is no fixture."""
    unwrap = getattr(value, "_get_wrapped_function", None)
    return unwrap() if unwrap is not None else None


def import_file(path: Path, name: str) -> ModuleType:
    """
    Import the module in *path*.

    Inside a package (folders with `__init__.py`) it gets its name there, so that relative imports work; elsewhere it is
    called *name*.
    """
    parts = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if len(parts) > 1:
        sys.path.insert(0, str(folder))
        return importlib.import_module(".".join(parts))
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # annotations are resolved there
    specification.loader.exec_module(module)
    return module
