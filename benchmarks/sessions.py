"""Sessions: what it takes to read one, from a signed cookie and from Redis."""

from __future__ import annotations

import json
import subprocess

from benchmarks.contenders import VELOCIPY
from benchmarks.environments import ROOT, Environments
from benchmarks.options import Options
from benchmarks.results import Measure

ROUNDS, QUICK_ROUNDS = 200, 40
READ_BUDGET = 8.0  # us
CALLS_BUDGET = 1.0


def measure(options: Options, environments: Environments) -> list[Measure]:
    """The time of a signed session, and the calls of one in Redis, if there is a redis-server."""
    options.say("sessions: in a signed cookie, in Redis")
    rounds = options.repeats(ROUNDS, QUICK_ROUNDS)
    command = [environments.python(VELOCIPY), "-m", "benchmarks.remembering", str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    samples: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    measures = [Measure("session in a signed cookie: read", "us", samples.pop("read"), READ_BUDGET)]
    counted = samples.pop("calls of Redis", None)
    if counted is not None:
        measures.append(Measure("session in Redis: calls of a request", "", counted, CALLS_BUDGET))
    return [*measures, *(Measure(f"session, {name}: added", "us", added, None) for name, added in samples.items())]
