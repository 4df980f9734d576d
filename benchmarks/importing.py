"""A fresh process: time and memory of one import statement, beyond `import asyncio`. Prints one JSON object.

This module imports next to nothing itself, and json only when everything has been measured.
"""

import asyncio  # noqa: F401
import sys
from time import perf_counter


def resident_mib() -> float:
    """Resident memory now, or, where the system does not tell, its highest so far."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
            pages = int(statm.read().split()[1])
    except OSError:
        import resource

        unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    from os import sysconf

    return pages * sysconf("SC_PAGE_SIZE") / 2**20


def main(statement: str) -> None:
    resident_mib()
    modules = set(sys.modules)
    memory = resident_mib()
    begin = perf_counter()
    exec(statement, {})
    milliseconds = (perf_counter() - begin) * 1000
    mebibytes = resident_mib() - memory
    imported = sorted(set(sys.modules) - modules)

    import json

    print(json.dumps({"ms": milliseconds, "mib": mebibytes, "modules": imported}))


if __name__ == "__main__":
    main(sys.argv[1])
