"""In process: what an application itself costs per request, driven without a server.

One child per environment and protocol for raw and VelociPy, one child per peer, each with the raw application beside it
in the same process. The children do the work (`timing.py`); this module starts them and reads what they print.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.contenders import BY_NAME, EMPTY, RAW, Contender
from benchmarks.environments import ROOT, Environments
from benchmarks.options import Options
from benchmarks.results import Findings, Row
from benchmarks.types import ProtocolName

PROTOCOLS: tuple[ProtocolName, ...] = ("rsgi", "asgi")
BATCH_MS = 2
ROUNDS, QUICK_ROUNDS = 60, 10


def measure(options: Options, environments: Environments, findings: Findings) -> list[Row]:
    """Time every wanted contender on every protocol it speaks."""
    rows: dict[tuple[str, str, str], Row] = {}
    for protocol in PROTOCOLS:
        for contenders in _children(protocol, options.contenders):
            names = ", ".join(contender.name for contender in contenders)
            options.say(f"in process, {protocol}: {names}")
            python = environments.python(contenders[-1].environment)
            for row in _child(protocol, contenders, python, options, findings):
                rows.setdefault(
                    (row.door, row.contender, row.scenario), row
                )  # raw's own row comes from its first child
    return list(rows.values())


def _children(protocol: ProtocolName, wanted: Sequence[Contender]) -> Iterable[list[Contender]]:
    """Who shares a process: the raw application (and nothing at all) with one other contender."""
    beside = [BY_NAME[EMPTY], BY_NAME[RAW]]
    speaking = [contender for contender in wanted if protocol in contender.modules and contender not in beside]
    return [[*beside, contender] for contender in speaking] or [beside]


def _child(
    protocol: ProtocolName, contenders: Sequence[Contender], python: str, options: Options, findings: Findings
) -> list[Row]:
    job = {
        "protocol": protocol,
        "contenders": [contender.name for contender in contenders],
        "scenarios": [scenario.name for scenario in options.scenarios],
        "rounds": options.repeats(ROUNDS, QUICK_ROUNDS),
        "batch_ms": BATCH_MS,
    }
    command = [python, "-m", "benchmarks.timing", json.dumps(job)]
    child = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    last = contenders[-1].name
    if child.returncode:
        findings.wrong.append(f"{last}, {protocol}: the child ended with {child.returncode}, see above")
        return []
    answer: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    findings.wrong += [
        f"{name}, {protocol}: {wrong}" for name, all_wrong in answer["wrong"].items() for wrong in all_wrong
    ]
    microseconds = {(row["contender"], row["scenario"]): [ns / 1000 for ns in row["ns"]] for row in answer["rows"]}
    return [
        Row("in-process", protocol, scenario, name, "us", samples, microseconds[RAW, scenario])
        for (name, scenario), samples in microseconds.items()
    ]
