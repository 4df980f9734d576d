"""The command line, read once into a frozen `Options`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import CONTENDERS, EMPTY, RAW, Contender
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.servers import SERVERS, Server

MODES = ("in-process", "live", "startup", "middleware", "sessions", "limits", "sockets", "transfers")
OF_LINUX = ("sockets", "transfers")  # they read /proc
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Options:
    modes: Sequence[str]
    scenarios: Sequence[Scenario]
    contenders: Sequence[Contender]  # raw is always among them
    servers: Sequence[Server]
    rounds: int | None
    quick: bool
    check: bool
    json: Path
    svg: Path
    python: str | None

    def repeats(self, usual: int, quick: int) -> int:
        """How often to repeat: what was asked for, otherwise what the mode wants, or does with in a quick run."""
        return self.rounds or (quick if self.quick else usual)

    def say(self, text: str) -> None:
        """Progress, beside the results and not among them."""
        print(text, file=sys.stderr, flush=True)


def read(arguments: Sequence[str] | None = None) -> Options:
    given = _parser().parse_args(arguments)
    names = [RAW, *given.contender] if given.contender else [one.name for one in CONTENDERS if one.name != EMPTY]
    return Options(
        modes=_all_here() if given.mode == "all" else [given.mode],
        scenarios=[one for one in SCENARIOS if not given.scenario or one.name in given.scenario],
        contenders=[one for one in CONTENDERS if one.name in names],
        servers=[one for one in SERVERS if (one.name in given.server if given.server else one.default)],
        rounds=given.rounds,
        quick=given.quick,
        check=given.check,
        json=given.json or given.out / "results.json",
        svg=given.svg or given.out / "results.svg",
        python=given.python,
    )


def _all_here() -> list[str]:
    return [mode for mode in MODES if mode not in OF_LINUX or sys.platform == "linux"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios to what is possible by hand.")
    add = parser.add_argument
    names = [contender.name for contender in CONTENDERS if contender.name != EMPTY]
    add("--mode", choices=[*MODES, "all"], default="all", help="what to measure (default: all)")
    add("--scenario", action="append", choices=[one.name for one in SCENARIOS], help="only this one; may be repeated")
    add("--contender", action="append", choices=names, help="only this one beside raw; may be repeated")
    add("--server", action="append", choices=[one.name for one in SERVERS], help="live: only this one; may be repeated")
    add("--rounds", type=int, help="how often each contender takes its turn (each mode has its own default)")
    add("--quick", action="store_true", help="few rounds, short loads: a first look, not a result")
    add("--json", type=Path, help="where all numbers go (default: results.json in --out)")
    add("--svg", type=Path, help="where the plot goes (default: results.svg in --out)")
    add("--out", type=Path, default=RESULTS, help="folder of the results (default: benchmarks/results)")
    add("--check", action="store_true", help="exit with 1 when a budget is exceeded")
    add("--python", help="an interpreter with VelociPy, msgspec and the servers, instead of an environment of our own")
    return parser
