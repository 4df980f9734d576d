"""One run: measure what was asked for, print tables, write the numbers and the plot."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from benchmarks import inprocess, live, options, startup
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
    if "in-process" in wanted.modes:
        rows += inprocess.measure(wanted, environments, findings)
    if "live" in wanted.modes:
        rows += live.measure(wanted, environments, findings)
    measures = startup.measure(wanted, environments) if "startup" in wanted.modes else []
    print("\n".join([*tables(rows), *measures_table(measures)]))
    _write(wanted, rows, measures, findings)
    for wrong in findings.wrong:
        print(f"WRONG  {wrong}", file=sys.stderr)
    missed = wanted.check and not all([row.within for row in rows] + [one.within for one in measures])
    return 1 if findings.wrong or missed else 0


def _write(wanted: options.Options, rows: Sequence[Row], measures: Sequence[Measure], findings: Findings) -> None:
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    facts = machine()
    caption = f"{facts['python']}, {facts['processor']}, {facts['cpu_count']} processors"
    content = {
        "machine": facts,
        "versions": findings.versions,
        "load_client": findings.load_client,
        "wrong": findings.wrong,
        "rows": [row.as_json() for row in rows],
        "start-up": [one.as_json() for one in measures],
    }
    wanted.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"numbers: {wanted.json}", file=sys.stderr)
    if rows:
        wanted.svg.parent.mkdir(parents=True, exist_ok=True)
        wanted.svg.write_text(svg(rows, caption), encoding="utf-8")
        print(f"plot: {wanted.svg}", file=sys.stderr)
