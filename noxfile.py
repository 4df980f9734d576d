"""Every check of the monorepo, one session each: `nox --list` is the table of contents."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

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
PARALLEL = ("--numprocesses=auto", "--dist=loadfile")
# Both protocols in process, and the core on a real server; `nox -s tests` runs every package on every server.
# All tests of testing are in `alone`: they need none of its extras.
QUICK = [
    cell for cell in CELLS if (cell[1] == "in-process" and cell[0] != "testing") or cell == ("core", "granian-rsgi")
]
nox.options.sessions = [
    *("lint", "contracts", "interface", "types", "shipped", "without"),
    *(f"tests(package={package!r}, server={server!r})" for package, server in QUICK),
    *("alone", "docs", *(f"examples(server={server!r})" for server in ("in-process", "granian-rsgi", "uvicorn"))),
    "template",
]
BUILT: dict[str, str] = {}  # the wheels, once they are built
if (_results := "VELOCIPY_RESULTS") not in os.environ:  # else another nox has started this one, and reports
    os.environ[_results] = tempfile.mkdtemp(prefix="velocipy-results-")
    atexit.register(lambda: report_results())
RESULTS = Path(os.environ[_results])


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


def run_tests(session: nox.Session, cell: str, *arguments: str) -> None:
    """Run pytest; what comes of it stands under *cell* in the table at the end."""
    python = session.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    found = str(session.run("python", "--version", silent=True, log=False)).strip()
    if f" {python}." not in found:  # nox cannot tell two Pythons of one prefix apart
        session.error(f"{session.virtualenv.location} has {found}; add --reuse-venv=never")
    result = RESULTS / str(python) / f"{cell}.xml"
    result.parent.mkdir(parents=True, exist_ok=True)
    result.touch()  # so that the table has it, whatever happens
    # Time enough after Ctrl-C for the plugin to stop its servers.
    limits: Any = {"interrupt_timeout": 15, "terminate_timeout": 15}
    session.run("pytest", *arguments, f"--junitxml={result}", *session.posargs, **limits)


def report_results() -> None:
    """Print the table of what the tests came to, one row a cell, one column a Python; .nox/results.md keeps it."""
    files = sorted(RESULTS.glob("*/*.xml"), key=lambda path: path.stat().st_ctime)
    if files:
        pythons = [python for python in PYTHONS if Path(RESULTS, python).exists()]
        cells = dict.fromkeys(path.stem for path in files)
        rows = [["", *pythons], ["---"] * (1 + len(pythons))]
        rows += [[cell, *(told(RESULTS / python / f"{cell}.xml") for python in pythons)] for cell in cells]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (" | ".join(map(str.ljust, row, widths)) for row in rows)
        table = "".join(f"| {line} |\n" for line in lines)
        (ROOT / ".nox").mkdir(exist_ok=True)  # `--envdir` may have the environments elsewhere
        (ROOT / ".nox" / "results.md").write_text(table, "utf-8")
        print(f"\n{table}", file=sys.stderr)
    shutil.rmtree(RESULTS)


def told(result: Path) -> str:
    """Return what one run of pytest came to, in words."""
    if not result.exists():
        return ""
    if not result.stat().st_size:
        return "BROKEN OFF"
    suite = next(ET.parse(result).iter("testsuite")).attrib
    failed, skipped = int(suite["failures"]) + int(suite["errors"]), int(suite["skipped"])
    words = f"{int(suite['tests']) - failed - skipped} passed, {skipped} skipped, {float(suite['time']):.0f} s"
    return f"{failed} FAILED, {words}" if failed else words


def build_wheels(session: nox.Session) -> dict[str, str]:
    """Return the wheels, built as they are released, each from its sdist; once in a run."""
    if not BUILT:
        dist = Path(session.cache_dir, "dist").resolve()
        shutil.rmtree(dist, ignore_errors=True)
        for name in PROJECTS:
            session.run("uv", "build", "--quiet", f"--out-dir={dist}", f"packages/{name}")
        BUILT.update({name: str(next(dist.glob(f"{name.replace('-', '_')}-*.whl"))) for name in PROJECTS})
    return dict(BUILT)


def stable(package: str) -> list[str]:
    """Return the modules of *package* on which others may rely."""
    return list(PROJECTS[f"velocipy-{package}"]["tool"]["velocipy"]["stable"])


def contract(name: str, importers: Iterable[str], closed: Iterable[str]) -> list[str]:
    """Return the lines with which import-linter keeps *importers* from importing what is *closed*."""
    rule = [f"[importlinter:contract:{name}]", f"name = {name}", "type = forbidden"]
    rule += ["allow_indirect_imports = True", "as_packages = False"]
    rule += ["source_modules =", *(f"    {module}" for module in importers)]
    return [*rule, "forbidden_modules =", *(f"    {module}" for module in closed)]


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
    modules = [path.relative_to(source).with_suffix("").parts for path in source.rglob("*.py")]
    modules = [parts for parts in modules if "_missing" not in parts]  # no package, but a folder of the path
    core = {".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in modules}
    if unknown := {*stable("core")} - core:
        session.error(f"packages/velocipy-core/pyproject.toml: no such stable modules: {', '.join(sorted(unknown))}")
    pieces = [f"velocipy.{name}" for name in PACKAGES if name != "core"]
    rules = ["[importlinter]", "root_package = velocipy"]
    for piece in pieces:
        siblings = [pattern for other in pieces if other != piece for pattern in (other, f"{other}.**")]
        closed = [*sorted(core - {*stable("core")}), *siblings]
        rules += contract(f"{piece} imports stable modules of the core, no sibling", (piece, f"{piece}.**"), closed)
    doors = Path(session.create_tmp(), "doors.ini")
    doors.write_text("\n".join(rules), "utf-8")
    session.install(*built.values())
    session.run("lint-imports", f"--config={doors}", "--no-cache")


@nox.session
def interface(session: nox.Session) -> None:
    """What was promised: public names and signatures against the last release; `-- --record` before the first."""
    session.install(*group("interface"))
    session.run("pytest", "scripts/test_interface.py", "--quiet")
    session.run("python", "scripts/interface.py", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """mypy and pyright over the checkout, everything editable."""
    needed = (*group("types"), *group("interface"), *group("shop"), *needs(*PACKAGES), "velocipy-core[granian]", "nox")
    session.install(*needed)
    session.run("mypy", "noxfile.py")
    for folder in [
        ROOT / "docs",
        ROOT / "examples",
        ROOT / "scripts",
        ROOT / "templates",
        *(ROOT / f"packages/velocipy-{name}" for name in PACKAGES),
    ]:
        with session.chdir(folder):  # apart, because two packages may each have a tests/test_plugin.py
            session.run("mypy", ".")
    session.run("pyright")
    check_typing(session)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """The sdist, and from it the wheel, of each package, into dist/; `-- velocipy-core-v0.4.0` releases that one."""
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

    session.install(*group("types"), *group("test"), *built.values(), "velocipy[all]", "velocipy-testing[conformance]")
    session.run("uv", "pip", "check")
    with session.chdir(session.create_tmp()):  # away from the checkout: only the wheels can be imported
        session.run("python", "-c", "import velocipy" + "".join(f", velocipy.{name}" for name in PACKAGES[1:]))
        verify = ["pyright", "--verifytypes", "velocipy", "--ignoreexternal", "--outputjson"]
        report = json.loads(str(session.run(*verify, silent=True, success_codes=[0, 1])))["typeCompleteness"]
        page = ROOT / "packages/velocipy-limiter/tests/test_home_page.py"  # the example of the front page
        servers = "--velocipy-server=in-process,granian-rsgi,uvicorn"
        session.run("pytest", "-q", servers, f"--rootdir={page.parent}", str(page))
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
    where = [f"packages/velocipy-{package}/tests", f"--velocipy-server={server}"]
    run_tests(session, f"{package}, {server}", *where, *PARALLEL)


@nox.session(reuse_venv=False)
@nox.parametrize("package", PACKAGES)
def alone(session: nox.Session, package: str) -> None:
    """The tests of one package as it is shipped: wheels of it and the core alone, with none of their extras."""
    built = build_wheels(session)
    session.install(*group("test"), *(built[f"velocipy-{name}"] for name in sorted({"core", "testing", package})))
    where = str(session.run("python", "-c", "import velocipy; print(velocipy.__path__)", silent=True))
    if str(ROOT / "packages") in where:
        session.error(f"not the wheels would be tested, but {where}")
    run_tests(session, f"{package}, alone", f"packages/velocipy-{package}/tests", *PARALLEL)


@nox.session(reuse_venv=False)
def without(session: nox.Session) -> None:
    """What is left when one package is taken away: the others work, and its names say how to get it back."""
    built = build_wheels(session)
    pieces = {f"velocipy-{name}": built[f"velocipy-{name}"] for name in PACKAGES}
    session.install(*pieces.values())
    for missing in [name for name in pieces if name != "velocipy-core"]:
        session.run("uv", "pip", "uninstall", "--quiet", missing)
        rest = [name.replace("-", ".") for name in pieces if name not in {missing, "velocipy-core"}]
        with session.chdir(session.create_tmp()):  # away from the checkout: only the wheels can be imported
            session.run("python", str(ROOT / "scripts/without.py"), missing, *rest)
        session.install(pieces[missing], "--no-deps")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation: every block of it is run, and every example has a document."""
    session.install(*needs(*PACKAGES), *group("docs"), *SERVERS["granian-rsgi"], *SERVERS["uvicorn"])
    run_tests(session, "docs", "docs", *PARALLEL)


@nox.session
@nox.parametrize("server", list(SERVERS))
def examples(session: nox.Session, server: str) -> None:
    """The examples: their tests on one server."""
    session.install(*needs(*PACKAGES), *group("shop"), *SERVERS[server])
    run_tests(session, f"examples, {server}", "examples", f"--velocipy-server={server}", *PARALLEL)


@nox.session(reuse_venv=False)
def template(session: nox.Session) -> None:
    """Plugins as others write them: rendered, built, installed beside our wheels in another folder, and checked."""
    with tempfile.TemporaryDirectory() as folder:
        rendered, sample = Path(folder, "velocipy-shout"), Path(folder, "velocipy-cache")
        copier = ["uv", "tool", "run", "--quiet", "--from", *group("template"), "copier", "copy", "--quiet"]
        session.run(*copier, "--defaults", "--data=name=shout", str(ROOT / "templates/plugin"), str(rendered))
        shutil.copytree(ROOT / "examples/plugin-cache", sample)
        built = build_wheels(session)
        for project in (rendered, sample):
            session.run("uv", "build", "--quiet", f"--out-dir={folder}", str(project))
        wheels = [built["velocipy-core"], built["velocipy-testing"], *map(str, Path(folder).glob("*.whl"))]
        session.install(*wheels, "velocipy-testing[pytest,servers]", "velocipy-cache[redis]", *group("test"))
        session.install(*group("lint"), *group("types"), "nox")  # by which theirs are checked

        servers = () if session.posargs else ("--velocipy-server=in-process,granian-rsgi",)
        for project in (rendered, sample):
            with session.chdir(project):
                for check in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "."], ["pyright"]):
                    session.run(*check)
                run_tests(session, f"{project.name}, a plugin", "tests", *servers, *PARALLEL)
        session.run("zizmor", "--offline", "--quiet", str(rendered))
        with session.chdir(folder):
            run_tests(session, "mistakes in a plugin", str(ROOT / "templates/test_mistakes.py"), PARALLEL[0])


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """The documentation pages and the shop in a real browser, on a server of each protocol; see .nox/screenshots."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.error("there is no Chromium; for one, and for the tests behind a proxy: apt-get install chromium nginx")
    screenshots = ROOT / ".nox/screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)
    for server in ("granian-rsgi", "uvicorn"):
        session.install(*needs(*PACKAGES), *group("shop"), *SERVERS[server])
        session.env["VELOCIPY_SCREENSHOTS"] = str(screenshots)
        for name, folder in (("openapi", "packages/velocipy-openapi/tests"), ("shop", "examples/shop/tests")):
            where = [f"{folder}/test_browser.py", f"--velocipy-server={server}"]
            run_tests(session, f"{name} in a browser, {server}", *where)


@nox.session(python=PYTHONS, default=False)
def matrix(session: nox.Session) -> None:
    """Every package on every server, alone, the examples and plugins, on one Python or on all that are installed."""
    options = [f"--envdir=.nox/{session.python}", "--force-python", str(session.python), "--"]
    sessions = ["--session", "tests", "alone", "docs", "examples", "template"]
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
    for server in SERVERS if package == "core" else ("in-process", "granian-rsgi", "uvicorn"):
        where = [f"packages/velocipy-{package}/tests", f"--velocipy-server={server}"]
        run_tests(session, f"{package}, {server}, lowest", *where, *PARALLEL)


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
    """Serve examples/basic.py on Granian, with its /docs; `-- --port 9000` adds options of Granian."""
    session.install(*editable("openapi"), "velocipy-core[granian]")
    where = ["--interface=rsgi", "--host=127.0.0.1", "--port=8000", "--working-dir=examples"]
    session.run("granian", *where, "basic:app", *session.posargs, interrupt_timeout=15, terminate_timeout=15)
