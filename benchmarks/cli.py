"""One run: measure what was asked for, print tables, write the numbers and the plot."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from benchmarks import inprocess, live, options
from benchmarks.environments import Environments
from benchmarks.facts import machine
from benchmarks.results import Findings, Row
from benchmarks.tables import tables


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = options.read(arguments)
    environments = Environments(wanted.python)
    findings = Findings()
    rows: list[Row] = []
    if "in-process" in wanted.modes:
        rows += inprocess.measure(wanted, environments, findings)
    if "live" in wanted.modes:
        rows += live.measure(wanted, environments, findings)
    print("\n".join(tables(rows)))
    _write(wanted, rows, findings)
    for wrong in findings.wrong:
        print(f"WRONG  {wrong}", file=sys.stderr)
    missed = wanted.check and not all(row.within for row in rows)
    return 1 if findings.wrong or missed else 0


def _write(wanted: options.Options, rows: Sequence[Row], findings: Findings) -> None:
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": machine(),
        "versions": findings.versions,
        "load_client": findings.load_client,
        "wrong": findings.wrong,
        "rows": [row.as_json() for row in rows],
    }
    wanted.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"numbers: {wanted.json}", file=sys.stderr)
