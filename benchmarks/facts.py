"""Facts about a measurement, kept beside its numbers.

`python -m benchmarks.facts` prints those of the environment it runs in as one JSON object.
"""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import distributions
from pathlib import Path


def environment() -> dict[str, object]:
    """This interpreter and everything that is installed for it."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {one.name: one.version for one in sorted(distributions(), key=lambda one: one.name.lower())},
    }


def machine() -> dict[str, object]:
    """System, processors and how busy they are."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cpu_count": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


if __name__ == "__main__":
    print(json.dumps(environment()))
