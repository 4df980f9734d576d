"""
Whether a package keeps what it has promised: `nox -s interface`.

griffe reads the public names of the stable modules, which the package's pyproject.toml lists, as they are and as they
were: in the package's last release (its tag `velocipy-core-v1.2.3`) or, before the first, in the recorded
`interface.txt`. What was taken away or changed, and is not announced in the package's changelog, is an error.

It reads sources, not what is installed: so a release of any age is read in the same way, and editable portions of
`velocipy`, which griffe does not join, do not matter.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import griffe

ROOT = Path(__file__).parent.parent

FRONT_DOOR = "velocipy"
SPECIAL = {  # methods that one calls by other means
    *("__init__", "__call__", "__eq__", "__lt__", "__or__", "__contains__", "__iter__", "__len__", "__bool__"),
    *("__getitem__", "__setitem__", "__delitem__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__aiter__"),
    *("__anext__", "__await__", "__rsgi__", "__rsgi_init__", "__rsgi_del__"),
}

Interface = dict[str, str]
"""What every public name is: "def (a: int = 1) -> str", "class (Base)", "attribute: int", "as velocipy.Name"."""


# Reading


def read(folder: Path) -> Interface:
    """Return the interface of the package in *folder*. What has several public names is told at the first of them."""
    stable = stable_modules(folder)
    loader = griffe.GriffeLoader(search_paths=[folder / "src"], allow_inspection=False)
    loader.load(stable[0])  # the front door, with all that is below it
    loader.resolve_aliases(external=False)
    modules = {name: loader.modules_collection[name] for name in stable}
    public = {f"{name}.{member.name}": member for name, module in modules.items() for member in _public(module)}
    first: dict[str, str] = {}  # where a class or function is defined → its first public name
    for name, member in sorted(public.items(), key=lambda item: _is_renamed(*item)):  # its own name before others
        if (target := _target(member)) is not None and (target.is_class or target.is_function):
            first.setdefault(target.path, name)
    found: Interface = {}
    for name, member in public.items():
        _describe(name, member, found, first)
    return dict(sorted(found.items()))


def stable_modules(folder: Path) -> list[str]:
    """Return the names of the modules on which others may rely; none for the meta-package."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    return list(project["tool"].get("velocipy", {}).get("stable", []))


def _public(owner: griffe.Object | griffe.Alias) -> Iterator[griffe.Object | griffe.Alias]:
    """Return the public members: what `__all__` lists, or what is defined there and has no underscore."""
    for name, member in sorted(owner.all_members.items()):
        if owner.is_module and owner.exports is not None:
            public = name in owner.exports
        elif isinstance(member, griffe.Alias) and owner.is_module:
            # griffe cannot read the `__all__` of the front door, which offers what it imports of ours.
            public = owner.path == FRONT_DOOR and member.target_path.startswith(f"{FRONT_DOOR}.")
            public = public and (name == "__version__" or not name.startswith("_"))
        else:
            inner = isinstance(member, griffe.Module)
            public = (name in owner.members and name in SPECIAL) or not (inner or name.startswith("_"))
        if public:
            yield member


def _target(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """Return what *member* stands for, or None where that is of another distribution."""
    if not isinstance(member, griffe.Alias):
        return member
    try:
        return member.final_target
    except griffe.AliasResolutionError:
        return None


def _is_renamed(name: str, member: griffe.Object | griffe.Alias) -> bool:
    target = _target(member)
    return target is not None and target.name != name.rpartition(".")[2]


def _describe(name: str, member: griffe.Object | griffe.Alias, found: Interface, first: dict[str, str]) -> None:
    target = _target(member)
    if target is None:
        found[name] = f"as {getattr(member, 'target_path', '')}"
    elif first.get(target.path, name) != name:
        found[name] = f"as {first[target.path]}"
    elif isinstance(target, griffe.Class):
        bases = [first.get(base.canonical_path, str(base)) for base in target.bases if isinstance(base, griffe.Expr)]
        found[name] = f"class ({', '.join(bases)})"
        _describe_members(name, target, found, first)
        if any(str(base).endswith("NamedTuple") for base in target.bases):
            found[f"{name}.__init__"] = f"def ({', '.join(_fields(target))})"
    elif isinstance(target, griffe.Function):
        found[name] = _signature(target)
        for number, overload in enumerate(target.overloads or (), 1):
            found[f"{name}#{number}"] = _signature(overload)
    elif isinstance(target, griffe.Attribute):
        kind = "property" if "property" in target.labels else "attribute"
        found[name] = f"{kind}: {target.annotation}" if target.annotation else kind
        if instance := _class_of(target):  # as of Query = Marker("query"): what it can do is what it is
            _describe_members(name, instance, found, first)


def _describe_members(name: str, owner: griffe.Class, found: Interface, first: dict[str, str]) -> None:
    told = {member for base in owner.mro() if base.path in first for member in base.all_members}  # at that name
    for member in _public(owner):
        if member.name in owner.members or member.name not in told:
            _describe(f"{name}.{member.name}", member, found, first)


def _class_of(attribute: griffe.Attribute) -> griffe.Class | None:
    """Return the class of this package that is called for the value, if there is one."""
    if attribute.annotation is not None or not isinstance(attribute.value, griffe.ExprCall):
        return None
    found = attribute.module.members.get(str(attribute.value.function))
    return found if isinstance(found, griffe.Class) else None


def _fields(owner: griffe.Class) -> Iterator[str]:
    for field in owner.members.values():
        if isinstance(field, griffe.Attribute) and field.annotation is not None:
            yield f"{field.name}: {field.annotation}" + (f" = {field.value}" if field.value is not None else "")


def _signature(function: griffe.Function) -> str:
    kinds = [label for label in ("async", "classmethod", "staticmethod") if label in function.labels]
    text = function.signature().removeprefix(function.name)
    return " ".join([*kinds, "def", text])


# Comparing


class Break(NamedTuple):
    name: str
    problem: str


def breaks(before: Interface, now: Interface) -> list[Break]:
    """Return what those who use *before* lose with *now*; what is added is no loss, but in a Protocol of theirs."""
    found = []
    for name, was in _without_aliases(before, now).items():
        owner = name.rpartition(".")[0]
        now_at = _find(name, now)
        if now_at is None:
            if owner not in before or _find(owner, now):  # else its class is told of
                found.append(Break(name, f"is gone; it was: {was}"))
        elif (problem := _changed(was, now[now_at], exactly=_is_protocol(name, before))) is not None:
            found.append(Break(name, f"{problem}\n    was: {was}\n    now: {now[now_at]}"))
    new = (name for name in now.keys() - before.keys() if _is_protocol(name, before))
    found += [Break(name, f"is new in a Protocol, which others implement: {now[name]}") for name in new]
    return sorted(found)


def _without_aliases(before: Interface, now: Interface) -> Interface:
    """Return *before*; the second name of something is left out if it still is one, and else has what the first had."""
    found: Interface = {}
    for name, what in before.items():
        first = what.removeprefix("as ")
        if what == first or first not in before:
            found[name] = what
        elif (now_at := _find(name, now)) is None or now_at != _find(first, now):
            inner = {
                f"{name}{path.removeprefix(first)}": before[path] for path in before if path.startswith(f"{first}.")
            }
            found |= {name: before[first], **inner}
    return found


def _find(name: str, interface: Interface) -> str | None:
    """Return where *name* is described: there, at the first name of what it is a part of, or at a base class."""
    what = interface.get(name, "")
    if what.startswith("as ") and what.removeprefix("as ") in interface:
        return what.removeprefix("as ")
    if what:
        return name
    owner, _, member = name.rpartition(".")
    owned_at = _find(owner, interface) if owner else None
    if owned_at is None or not interface[owned_at].startswith("class ("):
        return None
    if f"{owned_at}.{member}" in interface:
        return f"{owned_at}.{member}"
    bases = (base for base in _bases(interface[owned_at]) if base in interface)
    return next((at for base in bases if (at := _find(f"{base}.{member}", interface))), None)


def _is_protocol(name: str, interface: Interface) -> bool:
    owner = interface.get(name.rpartition(".")[0], "")
    return bool(re.match(r"class \(.*\bProtocol\b", owner))


def _changed(was: str, now: str, *, exactly: bool) -> str | None:
    """Say what of one name is broken, or return None."""
    if was == now:
        return None
    if exactly:
        return "changes in a Protocol, which others implement"
    before, after = was.partition("def ("), now.partition("def (")
    if before[1] and after[1]:
        return "is of another kind" if before[0] != after[0] else _changed_call(was, now)
    if was.startswith("class (") and now.startswith("class ("):
        last = {base.rpartition(".")[2] for base in _bases(now)}  # a class may get a public name, or another
        lost = {base for base in _bases(was) if base.rpartition(".")[2] not in last}
        return f"is no {' or '.join(sorted(lost))} any more" if lost else None
    kinds = [re.split("[: ]", text)[0] for text in (was, now)]
    if kinds[0] != kinds[1]:
        return "is of another kind"
    return None if was == kinds[0] else "is another"  # where a type was added, nothing is lost


def _bases(text: str) -> list[str]:
    call = ast.parse(text.replace("class ", "bases", 1), mode="eval").body
    assert isinstance(call, ast.Call)
    return [ast.unparse(base) for base in call.args]


class _Parameters(NamedTuple):
    positional: list[str]
    only_positional: int
    by_keyword: set[str]
    defaults: dict[str, str]
    rest: bool
    keywords: bool
    returns: str


def _parameters(text: str) -> _Parameters:
    definition = ast.parse(f"def call{text[text.index('(') :]}: ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    first = [argument.arg for argument in arguments.posonlyargs]
    plain = [argument.arg for argument in arguments.args]
    named = [argument.arg for argument in arguments.kwonlyargs]
    positional = [*first, *plain]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    defaults = dict(zip(with_default, map(ast.unparse, arguments.defaults), strict=True))
    pairs = zip(named, arguments.kw_defaults, strict=True)
    defaults |= {name: ast.unparse(default) for name, default in pairs if default is not None}
    returns = ast.unparse(definition.returns) if definition.returns else ""
    rest, keywords = arguments.vararg is not None, arguments.kwarg is not None
    return _Parameters(positional, len(first), {*plain, *named}, defaults, rest, keywords, returns)


def _changed_call(was: str, now: str) -> str | None:
    before, after = _parameters(was), _parameters(now)
    for index, name in enumerate(before.positional):
        if index < before.only_positional:  # whose name nobody spells
            if index >= len(after.positional) and not after.rest:
                return f"the parameter {name!r} is gone"
        elif name not in after.by_keyword and not (after.keywords and after.rest):
            return f"the parameter {name!r} is gone, or has no name any more"
        elif name in after.by_keyword and after.positional[index : index + 1] != [name]:
            return f"the parameter {name!r} has another place"
    if (lost := before.by_keyword - after.by_keyword - {*before.positional}) and not after.keywords:
        return f"the parameter {min(lost)!r} is gone"
    if (before.rest and not after.rest) or (before.keywords and not after.keywords):
        return "takes no arguments of any number, or of any name, more"
    known = {*before.positional, *before.by_keyword}
    for name in [*after.positional, *sorted(after.by_keyword - {*after.positional})]:
        if name in known and name in before.defaults and name not in after.defaults:
            return f"the parameter {name!r} became required"
        if name in known and name in before.defaults and before.defaults[name] != after.defaults[name]:
            return f"the default of {name!r} is another"
        renamed = name in after.positional and after.positional.index(name) < before.only_positional
        if name not in known and name not in after.defaults and not renamed:
            return f"the new parameter {name!r} is required"
    if before.returns and before.returns != after.returns:
        return "returns something else"
    return None


def announced(changelog: str, since: str = "") -> set[str]:
    """Return the names in backticks under the headings `### Breaking` above the section of the release *since*."""
    newer = changelog.partition(f"\n## {since} (")[0] if since else changelog
    sections = re.findall(r"^### Breaking\n(.*?)(?=^##|\Z)", newer, re.MULTILINE | re.DOTALL)
    return {name for section in sections for name in re.findall(r"`([\w.#]+)`", section)}


def is_announced(name: str, names: set[str]) -> bool:
    """Tell whether *name*, or what it is a part of, is among *names*."""
    parts = name.partition("#")[0].split(".")
    return any(".".join(parts[:count]) in names for count in range(2, len(parts) + 1))


# Importing


def unpromised(folder: Path, core: Path) -> list[str]:
    """Say which names *folder*'s package imports from stable modules of the core that are not public there."""
    modules, public = stable_modules(core), read(core)
    found = []
    for path in sorted((folder / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in modules:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                where = f"{path.relative_to(folder).as_posix()}:{node.lineno}"
                missing = [name for name in names if name not in public and name not in modules]
                found += [f"{where} imports {name}, which is no public name of the core" for name in missing]
    return found


# Finding what was


def last_release(package: str, root: Path) -> str | None:
    """Return the tag of the last release of *package* that the checked-out commit has in it."""
    command = ["git", "tag", "--list", f"{package}-v*", "--merged", "HEAD", "--sort=-version:refname"]
    tags = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.split()
    return tags[0] if tags else None


def read_release(tag: str, package: str, root: Path) -> Interface:
    command = ["git", "archive", tag, f"packages/{package}"]
    archive = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
        return read(Path(folder, "packages", package))


def parse(text: str) -> Interface:
    return dict(line.split(" ", 1) for line in text.splitlines() if line)


def check(folder: Path, *, record: bool = False) -> list[str]:
    """Say what *folder*'s package breaks; with *record*, and before the first release, write down what it is."""
    now, recorded = read(folder), folder / "interface.txt"
    tag = last_release(folder.name, folder.parent.parent)
    if record and tag is None:
        recorded.write_text("".join(f"{name} {what}\n" for name, what in now.items()), "utf-8", newline="\n")
    if tag is None and not recorded.exists():
        return [f"{folder.name} has neither a release nor {recorded.name}; run `nox -s interface -- --record`"]
    before = read_release(tag, folder.name, folder.parent.parent) if tag else parse(recorded.read_text("utf-8"))
    released = tag.removeprefix(f"{folder.name}-v") if tag else ""
    names = announced((folder / "CHANGELOG.md").read_text("utf-8"), released)
    found = [each for each in breaks(before, now) if not is_announced(each.name, names)]
    since = tag or recorded.name
    added = len(now.keys() - before.keys())
    print(f"{folder.name}: {len(now)} names; since {since} {added} are new, {len(found)} broken without a word")
    return [f"{each.name} {each.problem}" for each in found]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().partition("\n")[0])
    parser.add_argument("--record", action="store_true", help="write down the interfaces that have no release yet")
    record = parser.parse_args().record
    folders = [path.parent for path in sorted(ROOT.glob("packages/*/pyproject.toml")) if stable_modules(path.parent)]
    core = ROOT / "packages" / "velocipy-core"
    problems = {folder.name: check(folder, record=record) for folder in folders}
    for folder in folders:
        if folder != core:
            problems[folder.name] += unpromised(folder, core)
    for package, lines in problems.items():
        for line in lines:
            print(f"{package}: {line}", file=sys.stderr)
    if any(problems.values()):
        print(
            "\nKeep the old name or signature, and retire it slowly (docs/stability.md). Or announce each break in\n"
            "CHANGELOG.md of the package: under `## Unreleased`, `### Breaking`, with its full name in backticks.\n"
            "Before a first release, `nox -s interface -- --record` writes down what is so now, for review.",
            file=sys.stderr,
        )
    return any(problems.values())


if __name__ == "__main__":
    sys.exit(main())
