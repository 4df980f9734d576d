"""What the check of the interface takes for a break, what not, and what it says: `nox -s interface`."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from interface import announced, breaks, check, is_announced, read, unpromised

PROJECT = """
[tool.velocipy]
stable = ["velocipy", "velocipy.things"]
"""
FRONT_DOOR = """
from typing import TYPE_CHECKING
from velocipy._hidden import Base, Thing, Thing as Item
from velocipy.things import make
if TYPE_CHECKING:
    from velocipy.elsewhere import Far as Far
"""
HIDDEN = """
class _Hidden:
    def shown(self) -> int: ...
    def _not_shown(self) -> int: ...
class Base(_Hidden):
    size: int
class Thing(Base):
    def __init__(self, name: str) -> None:
        self.name = name
    def __repr__(self) -> str: ...
    @property
    def title(self) -> str: ...
    @classmethod
    async def load(cls, name: str) -> "Thing": ...
"""
THINGS = """
import re
from typing import NamedTuple, overload
from velocipy._hidden import Thing
__all__ = ["LIMIT", "Marker", "Pair", "Thing", "make", "mark"]
LIMIT: int = 3
def internal() -> None: ...
class Pair(NamedTuple):
    left: int
    right: str = "r"
@overload
def make(a: int) -> int: ...
@overload
def make(a: str) -> str: ...
def make(a: int | str, /, b: int = 1, *rest: int, c: str = "x", **others: str) -> int | str: ...
class Marker:
    def __call__(self, default: int) -> int: ...
mark = Marker()
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "packages" / "velocipy-core"
    source = folder / "src" / "velocipy"
    source.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n", "utf-8")
    (source / "__init__.py").write_text(FRONT_DOOR, "utf-8")
    (source / "_hidden.py").write_text(HIDDEN, "utf-8")
    (source / "things.py").write_text(THINGS, "utf-8")
    return folder


@pytest.fixture
def git(package: Path) -> Callable[..., None]:
    def run(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=package.parent.parent, check=True, capture_output=True)

    run("init")
    run("add", ".")
    run("commit", "--message=one")
    return run


def edit(package: Path, module: str, old: str, new: str) -> None:
    path = package / "src" / "velocipy" / module
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_an_interface_is_the_public_names_of_the_stable_modules_and_what_they_are(package: Path) -> None:
    assert read(package) == {
        "velocipy.Base": "class (_Hidden)",
        "velocipy.Base.shown": "def () -> int",  # its own class has no public name
        "velocipy.Base.size": "attribute: int",
        "velocipy.Far": "as velocipy.elsewhere.Far",
        "velocipy.Item": "as velocipy.Thing",
        "velocipy.Thing": "class (velocipy.Base)",
        "velocipy.Thing.__init__": "def (name: str) -> None",
        "velocipy.Thing.load": "async classmethod def (name: str) -> Thing",
        "velocipy.Thing.name": "attribute",
        "velocipy.Thing.title": "property: str",
        "velocipy.make": "def (a: int | str, /, b: int = 1, *rest: int, c: str = 'x', **others: str) -> int | str",
        "velocipy.make#1": "def (a: int) -> int",
        "velocipy.make#2": "def (a: str) -> str",
        "velocipy.things.LIMIT": "attribute: int",
        "velocipy.things.Marker": "class ()",
        "velocipy.things.Marker.__call__": "def (default: int) -> int",
        "velocipy.things.Pair": "class (NamedTuple)",
        "velocipy.things.Pair.__init__": "def (left: int, right: str = 'r')",
        "velocipy.things.Pair.left": "attribute: int",
        "velocipy.things.Pair.right": "attribute: str",
        "velocipy.things.Thing": "as velocipy.Thing",
        "velocipy.things.make": "as velocipy.make",
        "velocipy.things.mark": "attribute",
        "velocipy.things.mark.__call__": "def (default: int) -> int",
    }


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ("def (a)", "attribute", "kind"),
        ("def (a)", "async def (a)", "kind"),
        ("def (a, b)", "def (a)", "'b' is gone"),
        ("def (a, b)", "def (b, a)", "another place"),
        ("def (a, b=1)", "def (a, new=1, b=1)", "'b' has another place"),
        ("def (a, b)", "def (a, *, b)", "'b' has another place"),
        ("def (a, b)", "def (a, b, /)", "has no name any more"),
        ("def (a, /)", "def ()", "'a' is gone"),
        ("def (a=1)", "def (a)", "became required"),
        ("def (*, a=1)", "def (*, a)", "became required"),
        ("def (a=1)", "def (a=2)", "default of 'a'"),
        ("def (*, a)", "def ()", "'a' is gone"),
        ("def (*, a)", "def (*, b=1)", "'a' is gone"),
        ("def (a)", "def (a, b)", "new parameter 'b'"),
        ("def (a)", "def (a, *, b)", "new parameter 'b'"),
        ("def (*a)", "def ()", "takes no arguments"),
        ("def (**a)", "def ()", "takes no arguments"),
        ("def () -> int", "def () -> str", "returns something else"),
        ("class (A, B)", "class (A)", "is no B any more"),
        ("attribute: int", "attribute: str", "is another"),
        ("property: int", "attribute: int", "another kind"),
        ("as velocipy.A", "as velocipy.B", "is another"),
    ],
)
def test_what_callers_lose_is_a_break(was: str, now: str, problem: str) -> None:
    [found] = breaks({"x.y": was}, {"x.y": now})
    assert (found.name, problem in found.problem) == ("x.y", True), found


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("def (a)", "def (a, b=1, *c, d=2, **e)"),
        ("def (a, /)", "def (b)"),
        ("def (*, a)", "def (a)"),
        ("def (*, a)", "def (**others)"),
        ("def (a: int)", "def (a: int | str)"),
        ("def (a)", "def (a=1)"),
        ("def ()", "def () -> int"),
        ("class (A)", "class (A, Generic[T])"),
        ("attribute", "attribute: int"),
    ],
)
def test_what_callers_gain_is_none(was: str, now: str) -> None:
    assert breaks({"x.y": was}, {"x.y": now, "x.new": "def (a)"}) == []


def test_a_class_that_is_gone_is_told_once_and_its_members_are_not() -> None:
    found = breaks({"x.A": "class ()", "x.A.f": "def ()", "x.A.g": "def ()"}, {"x.A": "class ()", "x.A.g": "def ()"})
    assert [each.name for each in found] == ["x.A.f"]
    assert [each.name for each in breaks({"x.A": "class ()", "x.A.f": "def ()"}, {})] == ["x.A"]


def test_what_gets_another_public_name_or_moves_to_a_public_base_is_not_lost() -> None:
    before = {"x.a.A": "class (B)", "x.a.A.f": "def ()", "x.b.A": "as x.a.A"}
    moved = {"x.A": "class (x.B)", "x.B": "class ()", "x.B.f": "def ()", "x.a.A": "as x.A", "x.b.A": "as x.A"}
    assert breaks(before, moved) == []
    assert [each.name for each in breaks(before, {**moved, "x.B.f": "def (a)"})] == ["x.a.A.f"]
    assert [each.name for each in breaks(before, {**moved, "x.b.A": "class (B)"})] == ["x.b.A.f"]
    del moved["x.b.A"]
    assert [each.name for each in breaks(before, moved)] == ["x.b.A"]


def test_whatever_changes_in_a_protocol_breaks_those_who_implement_it() -> None:
    before = {"x.P": "class (Protocol)", "x.P.f": "def (a)"}
    assert [each.name for each in breaks(before, {**before, "x.P.f": "def (a, b=1)"})] == ["x.P.f"]
    assert [each.name for each in breaks(before, {**before, "x.P.g": "def ()"})] == ["x.P.g"]
    assert breaks({}, {**before}) == []


def test_a_break_is_announced_by_its_name_or_that_of_what_it_is_a_part_of() -> None:
    changelog = "# C\n\n## Unreleased\n\n- `x.other`\n\n### Breaking\n\n- `x.A.f` and `x.b`: gone.\n"
    changelog += "\n### Fixed\n\n- `x.c`\n\n## 1.1.0 (2026-02-28)\n\n### Breaking\n\n- `x.e`\n"
    names = announced(f"{changelog}\n\n## 1.0.0 (2026-01-31)\n\n### Breaking\n\n- `x.d`\n", "1.0.0")
    assert names == {"x.A.f", "x.b", "x.e"}
    assert is_announced("x.A.f", names)
    assert is_announced("x.b.g#1", names)
    assert not is_announced("x.A", names)
    assert announced("# C\n\n## 1.0.0 (2026-01-31)\n\n### Breaking\n\n- `x.d`\n", "1.0.0") == set()


def test_before_a_first_release_the_record_counts(package: Path, git: Callable[..., None]) -> None:
    assert "run `nox -s interface -- --record`" in check(package)[0]
    assert check(package, record=True) == []
    edit(package, "things.py", "class Marker:", "class New: ...\nclass Marker:")
    edit(package, "things.py", '"LIMIT", ', '"LIMIT", "New", ')
    assert check(package) == []  # what is added needs no word
    edit(package, "things.py", "b: int = 1", "b: int = 2")
    [problem] = check(package)
    assert problem.startswith("velocipy.make the default of 'b' is another\n    was: ")
    assert check(package, record=True) == []
    assert check(package) == []


def test_after_it_the_tag_counts_and_only_an_announcement_helps(package: Path, git: Callable[..., None]) -> None:
    git("tag", "velocipy-core-v0.9.0")
    edit(package, "_hidden.py", "async def load", "async def restore")
    git("commit", "--all", "--message=two")
    assert [text.split(" ")[0] for text in check(package)] == ["velocipy.Thing.load"]
    assert [text.split(" ")[0] for text in check(package, record=True)] == ["velocipy.Thing.load"]
    (package / "CHANGELOG.md").write_text("## Unreleased\n\n### Breaking\n\n- `velocipy.Thing.load`\n", "utf-8")
    assert check(package) == []
    git("tag", "velocipy-core-v0.10.0")  # after 0.9
    (package / "CHANGELOG.md").write_text("## Unreleased\n\n## 0.10.0 (2026-01-31)\n", "utf-8")
    assert check(package) == []


def test_a_release_that_is_not_in_what_is_checked_out_does_not_count(package: Path, git: Callable[..., None]) -> None:
    check(package, record=True)
    git("checkout", "-b", "other")
    edit(package, "things.py", "LIMIT: int", "LIMIT: float")
    git("commit", "--all", "--message=two")
    git("tag", "velocipy-core-v5.0.0")
    git("checkout", "-")
    assert check(package) == []


def test_a_package_imports_public_names_of_the_core(package: Path) -> None:
    piece = package.parent / "velocipy-piece" / "src" / "velocipy" / "piece"
    piece.mkdir(parents=True)
    good = "from velocipy import Item, things\nfrom velocipy.things import LIMIT\nfrom velocipy.piece.x import y\n"
    (piece / "__init__.py").write_text(good, "utf-8")
    assert unpromised(package.parent / "velocipy-piece", package) == []
    (piece / "__init__.py").write_text(f"{good}def f():\n    from velocipy.things import LIMIT, internal\n", "utf-8")
    [problem] = unpromised(package.parent / "velocipy-piece", package)
    assert problem.startswith("src/velocipy/piece/__init__.py:5 imports velocipy.things.internal, ")
