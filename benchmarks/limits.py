"""Rate limits: what a decision in memory adds to a request, and what one in Redis takes beside a bare EVALSHA."""

from __future__ import annotations

import json
import shutil
import subprocess

from benchmarks.environments import LIMITERS, ROOT, Environments
from benchmarks.options import Options
from benchmarks.results import Measure

ROUNDS, QUICK_ROUNDS = 100, 20
BUDGETS = {"us": 3.0, "x": 1.3}


def measure(options: Options, environments: Environments) -> list[Measure]:
    """The microseconds and ratios of VelociPy, which have budgets, and of `limits` and slowapi, which have none."""
    in_redis = ", and in Redis" if shutil.which("redis-server") else "; there is no redis-server"
    options.say(f"limits: in memory{in_redis}")
    rounds = options.repeats(ROUNDS, QUICK_ROUNDS)
    command = [options.python or environments.python(LIMITERS), "-m", "benchmarks.limiting", str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    samples: dict[str, tuple[str, list[float]]] = json.loads(done.stdout.splitlines()[-1])
    return [
        Measure(name, unit, values, BUDGETS[unit] if name.startswith("velocipy") else None)
        for name, (unit, values) in samples.items()
    ]
