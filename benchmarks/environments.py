"""The environments that contenders run in: for VelociPy and raw, all peers, limiters; made on first use, and kept.

Made with the Python that runs the benchmark, by uv when there is one, otherwise by venv and pip. An environment is made
anew when what it should hold has changed. `--python` takes an existing interpreter for VelociPy instead.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.contenders import PEERS, VELOCIPY

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = HERE / ".cache"
CORE = ROOT / "packages" / "velocipy-core"

LIMITER = ROOT / "packages" / "velocipy-limiter"
LIMITERS = "limiters"

CONTENTS = {
    VELOCIPY: [HERE / "requirements" / "velocipy.txt", HERE / "requirements" / "servers.txt", CORE / "pyproject.toml"],
    LIMITERS: [HERE / "requirements" / "limiters.txt", CORE / "pyproject.toml", LIMITER / "pyproject.toml"],
    PEERS: [HERE / "requirements" / "peers.txt", HERE / "requirements" / "servers.txt"],
}


class Environments:
    """Interpreters by environment name. `given` stands in for VelociPy's."""

    def __init__(self, given: str | None = None) -> None:
        self.pythons = {VELOCIPY: given} if given else {}

    def python(self, name: str) -> str:
        """The interpreter of an environment, which is made if need be."""
        if name not in self.pythons:
            self.pythons[name] = str(_made(name))
        return self.pythons[name]

    def facts(self) -> dict[str, dict[str, object]]:
        """Python and packages of every environment that was used."""
        return {name: _facts(python) for name, python in self.pythons.items()}


def _made(name: str) -> Path:
    folder = CACHE / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / "made-from"
    fingerprint = hashlib.sha256(b"\0".join(path.read_bytes() for path in CONTENTS[name])).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making the environment {folder.relative_to(ROOT)}", file=sys.stderr)
    requirements = ["-r", str(CONTENTS[name][0])]
    uv = shutil.which("uv")
    if uv:
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *requirements)
    else:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
    stamp.write_text(fingerprint, encoding="utf-8")
    return python


def _facts(python: str) -> dict[str, object]:
    command = [python, "-m", "benchmarks.facts"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
