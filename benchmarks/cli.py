"""One run: measure what was asked for, print tables, write the numbers and the plot."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import around, inprocess, limits, live, options, sessions, sockets, startup, transfers
from benchmarks.environments import Environments
from benchmarks.facts import machine
from benchmarks.plot import svg
from benchmarks.results import Findings, Measure, Row
from benchmarks.servers import stop_on_signals
from benchmarks.tables import measures_table, tables


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = options.read(arguments)
    stop_on_signals()
    environments = Environments(wanted.python)
    findings = Findings()
    rows: list[Row] = []
    measures: list[Measure] = []
    if "in-process" in wanted.modes:
        rows += inprocess.measure(wanted, environments, findings)
    if "live" in wanted.modes:
        rows += live.measure(wanted, environments, findings)
    if "startup" in wanted.modes:
        measures += startup.measure(wanted, environments)
    if "middleware" in wanted.modes:
        measures += around.measure(wanted, environments)
    if "sessions" in wanted.modes:
        measures += sessions.measure(wanted, environments)
    if "limits" in wanted.modes:
        measures += limits.measure(wanted, environments)
    if "sockets" in wanted.modes:
        measures += sockets.measure(wanted, environments)
    if "transfers" in wanted.modes:
        measures += transfers.measure(wanted, environments)
    print("\n".join([*tables(rows), *measures_table(measures)]))
    used = environments.facts()
    record = {
        "machine": machine(),
        "environments": used,
        "load_client": findings.load_client,
        "wrong": findings.wrong,
        "rows": [row.as_json() for row in rows],
        "measures": [one.as_json() for one in measures],
    }
    _write(wanted.json, json.dumps(record, indent=1) + "\n")
    if rows:
        _write(wanted.svg, svg(rows, _caption(sorted({str(one["python"]) for one in used.values()}), wanted.quick)))
    for wrong in findings.wrong:
        print(f"WRONG  {wrong}", file=sys.stderr)
    within = [row.within for row in rows] + [one.within for one in measures]
    return 1 if findings.wrong or (wanted.check and not all(within)) else 0


def _caption(pythons: Sequence[str], quick: bool) -> str:
    """Where the numbers of the plot come from, in one line."""
    here = machine()
    words = [*pythons, here["system"], here["processor"], f"{here['cpu_count']} processors"]
    return ", ".join(map(str, words + ["quick run"] * quick))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(path, file=sys.stderr)
