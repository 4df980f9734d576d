"""Middleware: what five built-in ones add to a request, in process, on both protocols."""

from __future__ import annotations

import json
import subprocess

from benchmarks.contenders import VELOCIPY
from benchmarks.environments import ROOT, Environments
from benchmarks.options import Options
from benchmarks.results import Measure

ROUNDS, QUICK_ROUNDS = 200, 40
BUDGET = 6.0  # us


def measure(options: Options, environments: Environments) -> list[Measure]:
    """The microseconds that they add, one `Measure` for each protocol."""
    options.say("middleware: five built-in ones")
    rounds = options.repeats(ROUNDS, QUICK_ROUNDS)
    command = [environments.python(VELOCIPY), "-m", "benchmarks.middleware", str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    samples: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return [Measure(f"five middleware, {name}: added", "us", added, BUDGET) for name, added in samples.items()]
