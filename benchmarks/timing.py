"""A child process: import contenders of one protocol side by side, check them, time them in rounds.

Started by `inprocess.py` with the Python of an environment, as `python -m benchmarks.timing JOB`; prints one JSON
object. Contenders take turns (A B C, B C A, ...) in batches of a few milliseconds, so that a disturbance of the machine
hits neighbours alike, and a ratio taken within a round compares like with like.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import scenarios
from benchmarks.checks import findings
from benchmarks.contenders import BY_NAME, EMPTY
from benchmarks.doors import Door, open_door
from benchmarks.scenarios import Request, Scenario
from benchmarks.types import ProtocolName

WARM_UP = 200  # requests before anything is timed: specialising interpreter, lazy set-up
SMALLEST_BATCH = 10
LARGEST_BATCH = 500  # prepared requests beyond this only push each other out of the processor's caches


def main(job_text: str) -> None:
    job = json.loads(job_text)
    names: list[str] = job["contenders"]
    wanted = [scenarios.BY_NAME[name] for name in job["scenarios"]]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    doors = {name: _open(name, job["protocol"], wanted, loop) for name in names}
    wrong = {name: _check(doors[name], wanted) for name in names if name != EMPTY}
    rows: list[dict[str, Any]] = []
    if not any(wrong.values()):
        for scenario in wanted:
            rows += _rounds(scenario, doors, job["rounds"], job["batch_ms"] * 1_000_000)
    for opened in doors.values():
        for door in opened.values():
            door.close()
    loop.close()
    print(json.dumps({"rows": rows, "wrong": wrong}))


def _open(
    name: str, protocol: ProtocolName, wanted: Sequence[Scenario], loop: asyncio.AbstractEventLoop
) -> dict[str, Door]:
    """The contender's application for each scenario: two in all, opened once each."""
    module = importlib.import_module(BY_NAME[name].modules[protocol])
    small = open_door(protocol, module.app, loop)
    opened = {scenario.name: small for scenario in wanted if not scenario.large}
    large = [scenario.name for scenario in wanted if scenario.large]
    if large:
        own = getattr(module, "app500", module.app)
        door = small if own is module.app else open_door(protocol, own, loop)
        opened |= dict.fromkeys(large, door)
    return opened


def _ask(door: Door) -> Callable[[Request], tuple[int, str, bytes]]:
    def ask(request: Request) -> tuple[int, str, bytes]:
        answer = door.send(request, 1)[1][0]
        return answer.status, answer.content_type, answer.body

    return ask


def _check(doors: dict[str, Door], wanted: Sequence[Scenario]) -> list[str]:
    return [finding for scenario in wanted for finding in findings(scenario, _ask(doors[scenario.name]))]


def _rounds(scenario: Scenario, doors: dict[str, dict[str, Door]], rounds: int, batch_ns: int) -> list[dict[str, Any]]:
    """Time one scenario: every contender once a round, the first of a round changing."""
    names = list(doors)
    counts = {name: _batch_size(doors[name][scenario.name], scenario, batch_ns) for name in names}
    spent: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.freeze()  # what was imported is not looked at again; garbage that a contender makes is collected as in life
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            nanoseconds = _batch(doors[name][scenario.name], scenario, counts[name], name != EMPTY)
            spent[name].append(nanoseconds / counts[name])
    return [
        {
            "contender": name,
            "scenario": scenario.name,
            "batch": counts[name],
            "ns": [round(ns, 1) for ns in spent[name]],
        }
        for name in names
    ]


def _batch_size(door: Door, scenario: Scenario, batch_ns: int) -> int:
    door.send(scenario.request, WARM_UP)
    nanoseconds = door.send(scenario.request, WARM_UP)[0] / WARM_UP
    return min(max(round(batch_ns / nanoseconds), SMALLEST_BATCH), LARGEST_BATCH)


def _batch(door: Door, scenario: Scenario, count: int, checked: bool) -> int:
    nanoseconds, answers = door.send(scenario.request, count)
    if checked and any(answer.status != scenario.status for answer in answers):
        raise RuntimeError(f"{scenario.name}: an answer of a timed batch has the wrong status")
    return nanoseconds


if __name__ == "__main__":
    main(sys.argv[1])
