"""Live: requests per second over real servers, one worker each, all contenders of a server side by side.

Servers of all contenders run at the same time and idle while another is under load; contenders take turns in short
rounds. Answers are checked over the wire before anything is timed. Where the system tells, the processor time that a
server took is a second measure: requests per second of it hardly depend on what else the machine does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection

from benchmarks.checks import findings as wrong_answers
from benchmarks.contenders import RAW, Contender
from benchmarks.environments import Environments
from benchmarks.load import Load, Loader, loader
from benchmarks.options import Options
from benchmarks.results import Findings, Row
from benchmarks.scenarios import Request, Scenario
from benchmarks.servers import HOST, Running, Server, running

SECONDS = 1  # of one load
ROUNDS, QUICK_ROUNDS = 5, 2


def measure(options: Options, environments: Environments, findings: Findings) -> list[Row]:
    """Load every wanted contender on every wanted server that speaks its protocol."""
    name, load = loader()
    findings.load_client = name
    options.say(f"live: load by {name}")
    rows: list[Row] = []
    for server in options.servers:
        contenders = [contender for contender in options.contenders if server.protocol in contender.modules]
        for large in (False, True):
            scenarios = [scenario for scenario in options.scenarios if scenario.large == large]
            if scenarios:
                rows += _side_by_side(server, contenders, scenarios, load, options, environments, findings)
    return rows


def _side_by_side(
    server: Server,
    contenders: Sequence[Contender],
    scenarios: Sequence[Scenario],
    load: Loader,
    options: Options,
    environments: Environments,
    findings: Findings,
) -> list[Row]:
    """Start one server per contender, with the application that serves these scenarios, and time them in turns."""
    attribute = "app500" if scenarios[0].large else "app"
    with ExitStack() as stack:
        servers: dict[str, Running] = {}
        for contender in contenders:
            app = f"{contender.modules[server.protocol]}:{attribute}"
            started = stack.enter_context(running(server, environments.python(contender.environment), app))
            wrong = _check(started.port, scenarios)
            findings.wrong += [f"{contender.name}, {server.name}: {sentence}" for sentence in wrong]
            if not wrong:
                servers[contender.name] = started
        if RAW not in servers:
            return []
        rows = []
        for scenario in scenarios:
            options.say(f"live, {server.name}, {scenario.name}: {', '.join(servers)}")
            turns = _rounds(servers, scenario, load, options.repeats(ROUNDS, QUICK_ROUNDS))
            findings.wrong += [f"{server.name}, {scenario.name}: {failure}" for failure in _failures(scenario, turns)]
            rows += _rows(server, scenario, turns)
        return rows


def _check(port: int, scenarios: Sequence[Scenario]) -> list[str]:
    connection = HTTPConnection(HOST, port, timeout=10)

    def ask(request: Request) -> tuple[int, str, bytes]:
        connection.request(request.method, request.target, request.body or None, dict(request.entity_headers))
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-type", ""), answer.read()

    try:
        return [wrong for scenario in scenarios for wrong in wrong_answers(scenario, ask)]
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Turn:
    """One contender's load in one round, and the processor time its server took for it, if known."""

    load: Load
    processor_seconds: float | None

    @property
    def per_processor_second(self) -> float | None:
        return self.load.requests / self.processor_seconds if self.processor_seconds else None


def _rounds(servers: Mapping[str, Running], scenario: Scenario, load: Loader, rounds: int) -> dict[str, list[Turn]]:
    names = list(servers)
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            server = servers[name]
            before = server.processor_seconds()
            done = load(scenario.request, server.port, SECONDS)
            after = server.processor_seconds()
            spent = None if before is None or after is None else after - before
            turns[name].append(Turn(done, spent))
    return turns


def _rows(server: Server, scenario: Scenario, turns: Mapping[str, Sequence[Turn]]) -> list[Row]:
    per_second = {name: [turn.load.per_second for turn in own] for name, own in turns.items()}
    rows = [Row("live", server.name, scenario.name, name, "rps", per_second[name], per_second[RAW]) for name in turns]
    processor = {name: [turn.per_processor_second for turn in own] for name, own in turns.items()}
    known = {name: [number for number in numbers if number] for name, numbers in processor.items()}
    if known == processor:
        rows += [Row("live-cpu", server.name, scenario.name, name, "rps", known[name], known[RAW]) for name in turns]
    return rows


def _failures(scenario: Scenario, turns: Mapping[str, Sequence[Turn]]) -> Iterator[str]:
    """What was wrong under load: requests without an answer, or answers with a status that is not the scenario's."""
    for name, own in turns.items():
        broken = sum(turn.load.broken for turn in own)
        requests, refused = sum(turn.load.requests for turn in own), sum(turn.load.refused for turn in own)
        if broken:
            yield f"{name}: {broken} requests broke under load"
        if refused != (requests if scenario.status >= 400 else 0):
            yield f"{name}: {refused} of {requests} answers had a status of 400 or more"
