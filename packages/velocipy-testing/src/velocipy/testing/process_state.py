"""
What all code in a process shares, noted at one moment, and what has changed since.

`Shared` is what nobody may change but the program itself: functions and classes of other modules, loggers, the
environment, signal handlers and the like. `Held` is what somebody opened and has to close: threads, tasks, descriptors
(files and sockets), child processes.
"""

import asyncio
import builtins
import contextlib
import gc
import locale
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

_DESCRIPTORS = next((path for path in (Path("/proc/self/fd"), Path("/dev/fd")) if path.is_dir()), None)
_CHILDREN = Path("/proc/self/task")


class Shared:
    """
    What code of others relies on.

    Args:
        own: Names of top-level packages that are the plugin's: what stands in them is its own business.
    """

    def __init__(self, own: Collection[str]) -> None:
        self._own = frozenset(own)
        self._settings = _settings()
        self._loggers = _loggers()
        self._modules = frozenset(sys.modules)
        self._callables = {name: (value, _code(value)) for name, value in self._attributes(self._modules)}

    def changes(self) -> list[str]:
        """Tell what is otherwise now, a sentence without its dot each."""
        found = []
        for name, value in _settings().items():
            if value != self._settings[name]:
                found.append(f"{name} was changed{_difference(self._settings[name], value)}")
        for name, state in _loggers().items():
            before = self._loggers.get(name, _Untouched)
            found += [
                f"{what} of the logger {name or 'root'!r} was changed from {old!r} to {new!r}"
                for what, old, new in zip(_LOGGER, before, state, strict=True)
                if old != new
            ]
        return found + list(self._replaced())

    def _replaced(self) -> Iterator[str]:
        now = dict(self._attributes(self._modules))
        for name, (old, code) in self._callables.items():
            value = now.get(name)
            if value is None:
                if callable(old):
                    yield f"{name} was removed"
            elif value is not old and callable(old):
                yield f"{name} was replaced by {_named(value)}"
            elif value is old and _code(value) is not code:
                yield f"the code of {name} was replaced"
        for name, value in now.items():
            if name not in self._callables and _package(getattr(value, "__module__", None)) in self._own:
                yield f"{name} was added: {_named(value)}"

    def _attributes(self, modules: Collection[str]) -> Iterator[tuple[str, Any]]:
        """Yield what can be called in *modules* and their classes, with its dotted name."""
        for module_name in modules:
            module = sys.modules.get(module_name)
            if module is None or module_name == "__main__" or _package(module_name) in self._own:
                continue
            for name, value in list(vars(module).items()):
                if not callable(value):
                    continue
                yield f"{module_name}.{name}", value
                if isinstance(value, type) and value.__module__ == module_name:
                    for attribute, member in list(vars(value).items()):
                        if callable(member) or isinstance(member, (classmethod, staticmethod, property)):
                            yield f"{module_name}.{name}.{attribute}", member


class Held:
    """What is open, with the words to tell it by."""

    def __init__(self) -> None:
        self._open = _open()

    def left_open(self) -> list[str]:
        """Tell what is open now and was not then."""
        gc.collect()  # what nobody holds any more may close now
        return [words for key, words in _open().items() if key not in self._open]


def _settings() -> dict[str, Any]:
    mask = os.umask(0)
    os.umask(mask)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CPython 3.14 deprecates policies
        policy = asyncio.get_event_loop_policy()
    handlers = {}
    for number in signal.valid_signals():
        with contextlib.suppress(ValueError, OSError):
            handlers[getattr(number, "name", str(number))] = signal.getsignal(number)
    return {
        "os.environ": dict(os.environ),
        "sys.path": list(sys.path),
        "sys.meta_path": list(sys.meta_path),
        "sys.path_hooks": list(sys.path_hooks),
        "sys.stdout": sys.stdout,
        "sys.stderr": sys.stderr,
        "builtins": {name: value for name, value in vars(builtins).items() if name != "_"},
        "the signal handlers": handlers,
        "the event loop policy of asyncio": policy,
        "warnings.filters": list(warnings.filters),
        "the working directory": Path.cwd(),
        "the umask": mask,
        "the locale": locale.setlocale(locale.LC_ALL),
        "the recursion limit": sys.getrecursionlimit(),
        "the switch interval": sys.getswitchinterval(),
        "the garbage collector": (gc.isenabled(), gc.get_threshold()),
        "the default timeout of sockets": socket.getdefaulttimeout(),
        "the tracing functions": (sys.gettrace(), sys.getprofile()),
        "the hooks of exceptions": (sys.excepthook, sys.unraisablehook, threading.excepthook),
        "logging.disable": logging.root.manager.disable,
        "the class of loggers": logging.getLoggerClass(),
    }


_LOGGER = ("the level", "the propagation", "the disabling", "the list of filters", "the list of handlers")
_Untouched: tuple[Any, ...] = (logging.NOTSET, True, False, [], [])


def _loggers() -> dict[str, tuple[Any, ...]]:
    loggers = [logging.root, *(item for item in logging.root.manager.loggerDict.values() if hasattr(item, "handlers"))]
    return {
        item.name if item is not logging.root else "": (
            item.level,
            item.propagate,
            item.disabled,
            list(item.filters),
            [handler for handler in item.handlers if not isinstance(handler, logging.NullHandler)],
        )
        for item in loggers
        if isinstance(item, logging.Logger)
    }


def _open() -> dict[object, str]:
    found: dict[object, str] = {thread: f"the thread {thread.name!r}" for thread in threading.enumerate()}
    with contextlib.suppress(RuntimeError):  # no loop runs here
        current = asyncio.current_task()
        found |= {task: f"the task {_task(task)}" for task in asyncio.all_tasks() if task is not current}
    if _DESCRIPTORS is not None:
        for path in _DESCRIPTORS.iterdir():
            try:
                target = str(path.readlink())
            except FileNotFoundError:  # that of the listing, which is closed by now
                continue
            except OSError:  # a system where it is no link
                target = "a file or socket"
            found[path.name, target] = f"the descriptor {path.name} ({target})"
    for path in _CHILDREN.glob("*/children"):  # of Linux
        with contextlib.suppress(OSError):
            found |= {("child", pid): f"the child process {pid}" for pid in path.read_text().split()}
    return found


def _task(task: "asyncio.Task[Any]") -> str:
    coroutine = task.get_coro()
    code = getattr(coroutine, "cr_code", None)  # none of what is compiled, or no coroutine
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return f"{task.get_name()!r} of {getattr(coroutine, '__qualname__', coroutine)}{place}"


def _difference(old: Any, new: Any) -> str:
    """Tell what of a setting is other, if it is a list or a dict; values of the environment may be secret."""
    if isinstance(new, dict):
        names = sorted(str(name) for name in {*old, *new} if old.get(name) != new.get(name))
        return f": {', '.join(names)}"
    if isinstance(new, list):
        added, gone = [item for item in new if item not in old], [item for item in old if item not in new]
        shown = [f"{_named(item)} was added" for item in added] + [f"{_named(item)} was removed" for item in gone]
        return f": {', '.join(shown) or 'its order'}"
    return f" from {_named(old)} to {_named(new)}"


def _named(value: Any) -> str:
    name = getattr(value, "__qualname__", None)
    return f"{value.__module__}.{name}" if name and getattr(value, "__module__", None) else repr(value)


def _package(name: object) -> str:
    return str(name).partition(".")[0]


def _code(value: Any) -> object:
    return value.__code__ if isinstance(value, FunctionType) else None
