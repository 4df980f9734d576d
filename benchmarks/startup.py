"""Start-up: what importing VelociPy costs, and what an application with 500 typed routes costs before it can serve,
and what its OpenAPI document costs.

Every number comes from fresh processes and is the median of several; the first of each kind is thrown away, because it
may still compile bytecode.
"""

from __future__ import annotations

import json
import os
import subprocess
from statistics import median
from typing import Any

from benchmarks.contenders import PEERS, VELOCIPY
from benchmarks.environments import CACHE, ROOT, Environments
from benchmarks.options import Options
from benchmarks.results import Measure

RUNS, QUICK_RUNS = 15, 5
IMPORT_TIME_BUDGET = 0.25  # of the time of `import starlette.applications`
IMPORT_MEMORY_BUDGET = 6.0  # MiB
ROUTES_BUDGET = 150.0  # ms
DOCUMENT_BUDGET = 150.0  # ms

REFERENCE = "import starlette.applications"
IMPORTS = {
    "import velocipy": VELOCIPY,
    "from velocipy import VelociPy": VELOCIPY,
    REFERENCE: PEERS,
}

# What `import velocipy` must not bring along.
UNUSED = ("msgspec", "pydantic", "orjson", "granian", "uvicorn", "hypercorn", "gunicorn", "httpx", "httpx2", "jinja2")


def measure(options: Options, environments: Environments) -> list[Measure]:
    """The budgets of importing and starting, one `Measure` each."""
    runs = options.repeats(RUNS, QUICK_RUNS)
    options.say(f"start-up: imports, {runs} fresh processes each")
    imports: dict[str, list[dict[str, Any]]] = {statement: [] for statement in IMPORTS}
    for _ in range(runs + 1):
        for statement, name in IMPORTS.items():
            imports[statement].append(_fresh(environments.python(name), "benchmarks.importing", statement))
    options.say(f"start-up: an application with 500 typed routes, {runs} fresh processes")
    python = environments.python(VELOCIPY)
    starts = [_fresh(python, "benchmarks.starting") for _ in range(runs + 1)][1:]
    options.say(f"start-up: the document of an application with 500 typed routes, {runs} fresh processes")
    documents = [_fresh(python, "benchmarks.documenting") for _ in range(runs + 1)][1:]
    measures = _imported({statement: found[1:] for statement, found in imports.items()})
    unused = sorted({module for found in imports["import velocipy"] for module in found["modules"]} & set(UNUSED))
    measures.append(Measure("import velocipy: modules of others", "", [len(unused)], 0, detail=", ".join(unused)))
    routes = f"{starts[0]['routes']} typed routes"
    measures.append(Measure(f"{routes}: declare and start", "ms", [one["total_ms"] for one in starts], ROUTES_BUDGET))
    measures.append(Measure(f"{routes}: of that, start", "ms", [one["start_ms"] for one in starts], None))
    measures.append(Measure(f"document of {routes}", "ms", [one["ms"] for one in documents], DOCUMENT_BUDGET))
    return measures


def _imported(imports: dict[str, list[dict[str, Any]]]) -> list[Measure]:
    times = {statement: [one["ms"] for one in found] for statement, found in imports.items()}
    memory = {statement: [one["mib"] for one in found] for statement, found in imports.items()}
    reference = median(times[REFERENCE])
    measures = []
    for statement in IMPORTS:
        ours = statement == "import velocipy"
        ratios = [time / reference for time in times[statement]]
        modules = [float(len(one["modules"])) for one in imports[statement]]
        measures += [
            Measure(f"{statement}: time", "ms", times[statement], None),
            Measure(f"{statement}: time / {REFERENCE}", "x", ratios, IMPORT_TIME_BUDGET if ours else None),
            Measure(f"{statement}: memory", "MiB", memory[statement], IMPORT_MEMORY_BUDGET if ours else None),
            Measure(f"{statement}: modules", "", modules, None),
        ]
    return [one for one in measures if one.name != f"{REFERENCE}: time / {REFERENCE}"]


def _fresh(python: str, module: str, *arguments: str) -> dict[str, Any]:
    command = [python, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or the compiler would be measured
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
