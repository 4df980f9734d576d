"""Every check of the monorepo, one session each: `nox --list` is the table of contents."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2026.2.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"  # what is installed is tested, what is not is skipped
os.environ.setdefault("UV_SYSTEM_CERTS", "true")  # trust what the machine trusts, as pip does
os.environ.setdefault("NOX_ENABLE_STALENESS_CHECK", "1")  # or `-P 3.13` would reuse what another Python made

ROOT = Path(__file__).parent
PROJECTS = {path.parent.name: nox.project.load_toml(path) for path in sorted(ROOT.glob("packages/*/pyproject.toml"))}
PACKAGES = [name.removeprefix("velocipy-") for name in PROJECTS if name != "velocipy"]
PACKAGES.sort(key=lambda name: (name != "core", name))
PYTHONS = nox.project.python_versions(PROJECTS["velocipy-core"])
SERVERS = {
    "in-process": [],
    "granian-rsgi": ["velocipy-core[granian]"],
    "granian-asgi": ["velocipy-core[granian]"],
    "uvicorn": ["velocipy-core[uvicorn]"],
    "uvicorn-h11": ["velocipy-core[uvicorn]"],
    "hypercorn": ["velocipy-core[hypercorn]"],
    "hypercorn-h2": ["velocipy-core[hypercorn]"],
}
if sys.platform != "win32":  # where Gunicorn does not run
    SERVERS["gunicorn"] = ["velocipy-core[gunicorn]"]
    SERVERS["gunicorn-uvicorn"] = ["velocipy-core[gunicorn,uvicorn]", "uvicorn-worker>=0.4"]
CELLS = [(package, server) for server in SERVERS for package in PACKAGES]  # in process first: the cheapest
QUICK = ("in-process", "granian-rsgi")  # both protocols, and one real server; `nox -s tests` runs on all
PARALLEL = ("--numprocesses=auto", "--dist=loadfile")  # for what takes minutes
nox.options.sessions = [
    *("lint", "contracts", "types", "shipped"),
    *(f"tests(package={package!r}, server={server!r})" for package, server in CELLS if server in QUICK),
    *("bare", "examples"),
]


def group(name: str, project: dict[str, Any] | None = None) -> tuple[str, ...]:
    """Return a dependency group of *project*, or of the root."""
    return nox.project.dependency_groups(project or nox.project.load_toml("pyproject.toml"), name)


def editable(*packages: str) -> list[str]:
    """Return the arguments which install *packages* from this checkout, and the core."""
    return [word for name in sorted({"core", *packages}) for word in ("-e", f"packages/velocipy-{name}")]


def needs(*packages: str) -> list[str]:
    """Return the arguments which install what the tests of *packages* need."""
    own = [requirement for name in packages for requirement in group("test", PROJECTS[f"velocipy-{name}"])]
    siblings = [name for name in PACKAGES if any(word.startswith(f"velocipy-{name}") for word in own)]
    return [*group("test"), *own, *editable("testing", *packages, *siblings)]


def run_tests(session: nox.Session, *arguments: str) -> None:
    python = session.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    found = str(session.run("python", "--version", silent=True, log=False)).strip()
    if f" {python}." not in found:  # nox cannot tell two Pythons of one prefix apart
        session.error(f"{session.virtualenv.location} has {found}; add --reuse-venv=never")
    # Time enough after Ctrl-C for the plugin to stop its servers.
    session.run("pytest", *arguments, *session.posargs, interrupt_timeout=15, terminate_timeout=15)


def build_wheels(session: nox.Session) -> dict[str, str]:
    """Build each package as it is released, the wheel from the sdist; return the wheels."""
    dist = Path(session.create_tmp(), "dist").resolve()
    shutil.rmtree(dist, ignore_errors=True)
    for name in PROJECTS:
        session.run("uv", "build", "--quiet", f"--out-dir={dist}", f"packages/{name}")
    return {name: str(next(dist.glob(f"{name.replace('-', '_')}-*.whl"))) for name in PROJECTS}


def check_typing(session: nox.Session) -> None:
    """Check that good.py has no error and bad.py exactly the marked ones: silence could mean that all is Any."""
    for folder in ROOT.glob("packages/*/tests/typing"):
        copy = shutil.copytree(folder, Path(session.create_tmp(), "typing"), dirs_exist_ok=True).resolve()
        Path(copy, "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', "utf-8")
        lines = (copy / "bad.py").read_text("utf-8").splitlines()
        marked = [number for number, line in enumerate(lines, 1) if line.endswith("# error")]
        with session.chdir(copy):  # away from the checkout: only what is installed can be imported
            for checker in (["mypy", "--strict"], ["pyright"]):
                session.run(*checker, "good.py")
                report = str(session.run(*checker, "bad.py", silent=True, success_codes=[1]))
                found = sorted({int(number) for number in re.findall(r"bad\.py:(\d+):(?:\d+ -)? error", report)})
                if found != marked:
                    session.error(f"{checker[0]}: errors on lines {found}, marked are {marked}\n{report}")


@nox.session
def lint(session: nox.Session) -> None:
    """Format and lint, from the one configuration at the root; the workflows too."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("zizmor", "--offline", "--quiet", ".github")


@nox.session(default=False)
def workflows(session: nox.Session) -> None:
    """actionlint; apart from lint, because its installation fetches a binary from GitHub."""
    session.install(*group("workflows"))
    session.run("actionlint")


@nox.session(reuse_venv=False)
def contracts(session: nox.Session) -> None:
    """Who may import what: the layers of the core, the doors between packages, the extras of the meta-package."""
    extras = dict(PROJECTS["velocipy"]["project"]["optional-dependencies"])
    everything = set(re.findall(r"[\w-]+", extras.pop("all")[0].partition("[")[2]))
    if faults := ({*PACKAGES} - {"core"} - extras.keys()) | (everything ^ extras.keys()):
        session.error(f"packages/velocipy/pyproject.toml: no extra, or not in `all`: {', '.join(sorted(faults))}")

    built = build_wheels(session)  # import-linter does not join editable portions of a namespace
    session.install(*group("contracts"), built.pop("velocipy-core"))
    session.run("lint-imports", "--config=contracts.ini", "--no-cache")

    source = ROOT / "packages/velocipy-core/src"
    hidden = (path.relative_to(source).with_suffix("") for path in source.rglob("_[!_]*") if path.suffix in {"", ".py"})
    private = sorted(".".join(path.parts) for path in hidden)
    pieces = [f"velocipy.{name}" for name in PACKAGES if name != "core"]
    rules = ["[importlinter]", "root_package = velocipy"]
    for piece in pieces:
        closed = [*private, *(other for other in pieces if other != piece)]
        rules += [f"[importlinter:contract:{piece}]", f"name = {piece} imports public modules of the core, no sibling"]
        rules += ["type = forbidden", f"source_modules = {piece}", "allow_indirect_imports = True"]
        rules += ["forbidden_modules =", *(f"    {module}" for module in closed)]
    doors = Path(session.create_tmp(), "doors.ini")
    doors.write_text("\n".join(rules), "utf-8")
    session.install(*built.values())
    session.run("lint-imports", f"--config={doors}", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """mypy and pyright over the checkout, everything editable."""
    session.install(*group("types"), *needs(*PACKAGES), "velocipy-core[granian]", "nox")
    session.run("mypy", "noxfile.py")
    for folder in [ROOT / "docs", ROOT / "examples", *(ROOT / f"packages/velocipy-{name}" for name in PACKAGES)]:
        with session.chdir(folder):  # apart, because two packages may each have a tests/test_plugin.py
            session.run("mypy", ".")
    session.run("pyright")
    check_typing(session)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """The sdist, and from it the wheel, of each package, into dist/; `-- velocipy-core-v0.1.0` releases that one."""
    shutil.rmtree("dist", ignore_errors=True)
    tag = session.posargs[0] if session.posargs else ""
    name, _, version = tag.rpartition("-v")
    for project in [name] if tag else PROJECTS:
        session.run("uv", "build", "--out-dir=dist", f"packages/{project}")
    built = sorted(str(path) for path in Path("dist").glob("velocipy*"))
    session.install(*group("build"))
    session.run("twine", "check", "--strict", *built)
    if tag and not built[-1].endswith(f"{name.replace('-', '_')}-{version}.tar.gz"):
        session.error(f"{tag} does not name the version of {built[-1]}")
    if tag and f"\n## {version} (20" not in Path("packages", name, "CHANGELOG.md").read_text("utf-8"):
        session.error(f"packages/{name}/CHANGELOG.md lacks a dated heading: ## {version} (2026-01-31)")


@nox.session(reuse_venv=False)
def shipped(session: nox.Session) -> None:
    """What users install: wheels which share no file, a core which brings nothing, names which resolve."""
    built = build_wheels(session)
    names = [name for wheel in built.values() for name in zipfile.ZipFile(wheel).namelist()]
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        session.error(f"shipped by two packages: {', '.join(twice)}")

    session.install(built["velocipy-core"])  # into an empty environment
    installed = str(session.run("uv", "pip", "list", "--quiet", "--format=freeze", silent=True)).split()
    if [line.partition("==")[0] for line in installed] != ["velocipy-core"]:
        session.error(f"the core is not alone: {', '.join(installed)}")
    session.run("python", "-c", "import velocipy")

    session.install(*group("types"), *built.values(), "velocipy[all]")
    session.run("uv", "pip", "check")
    with session.chdir(session.create_tmp()):  # away from the checkout: only the wheels can be imported
        session.run("python", "-c", "import velocipy" + "".join(f", velocipy.{name}" for name in PACKAGES[1:]))
        verify = ["pyright", "--verifytypes", "velocipy", "--ignoreexternal", "--outputjson"]
        report = json.loads(str(session.run(*verify, silent=True, success_codes=[0, 1])))["typeCompleteness"]
    if report["exportedSymbolCounts"]["withUnknownType"]:
        unsure = [symbol for symbol in report["symbols"] if not symbol["isTypeKnown"]]
        unknown = [symbol["name"] for symbol in unsure if not symbol["isTypeAmbiguous"]]
        session.error(f"public names of unknown type: {', '.join(unknown)}")
    check_typing(session)


@nox.session
@nox.parametrize("package, server", CELLS)
def tests(session: nox.Session, package: str, server: str) -> None:
    """The tests of one package on one server; `-P 3.13` chooses the Python."""
    session.install(*needs(package), *SERVERS[server])
    parallel = PARALLEL if package == "core" else ()
    run_tests(session, f"packages/velocipy-{package}/tests", f"--velocipy-server={server}", *parallel)


@nox.session
def bare(session: nox.Session) -> None:
    """The tests of the core with none of its extras, in process."""
    session.install(*group("test"), *editable("testing"))
    run_tests(session, "packages/velocipy-core/tests", *PARALLEL)


@nox.session
def examples(session: nox.Session) -> None:
    """The examples: their tests, in process and on every server; and every block of the documentation."""
    session.install(*needs("core", "testing"), *(word for words in SERVERS.values() for word in words))
    run_tests(session, "docs")
    for server in SERVERS:
        run_tests(session, "examples", f"--velocipy-server={server}")


@nox.session(python=PYTHONS, default=False)
def matrix(session: nox.Session) -> None:
    """Every package on every server, and the examples, on one Python or on all that are installed."""
    options = [f"--envdir=.nox/{session.python}", "--force-python", str(session.python), "--"]
    sessions = ["--session", "tests", "bare", "examples"]
    session.run(sys.executable, "-m", "nox", *sessions, *options, *session.posargs, external=True)


@nox.session(python=PYTHONS[0], default=False, reuse_venv=False)  # what is installed would be kept
@nox.parametrize("package", PACKAGES)
def lowest(session: nox.Session, package: str) -> None:
    """The lower bounds which we declare: the tests, with every extra, on the oldest of everything."""
    everything = []
    for name in {"core", "testing", package}:
        extras = ",".join(PROJECTS[f"velocipy-{name}"]["project"].get("optional-dependencies", ()))
        everything += ["-e", f"packages/velocipy-{name}[{extras}]"]
    session.install(*group("test"), *everything, "--resolution=lowest-direct")
    for server in SERVERS:
        run_tests(session, f"packages/velocipy-{package}/tests", f"--velocipy-server={server}")


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Lines and branches which the tests in process reach, all packages together."""
    session.install(*group("coverage"), *needs(*PACKAGES))
    session.run("coverage", "erase")
    for name in PACKAGES:
        session.run("coverage", "run", "-m", "pytest", f"packages/velocipy-{name}/tests")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(default=False)
def benchmark(session: nox.Session) -> None:
    """The benchmarks against raw applications and other frameworks; `-- --help` shows what to choose from."""
    session.install("uv")  # with which the benchmarks make their own environments
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Serve examples/basic.py on Granian; `-- --port 9000` adds options of Granian."""
    session.install(*editable(), "velocipy-core[granian]")
    where = ["--interface=rsgi", "--host=127.0.0.1", "--port=8000", "--working-dir=examples"]
    session.run("granian", *where, "basic:app", *session.posargs, interrupt_timeout=15, terminate_timeout=15)
