"""Live: requests per second over real servers, one worker each, all contenders of a server side by side.

Servers of all contenders run at the same time and idle while another is under load; contenders take turns in short
rounds. Answers are checked over the wire before anything is timed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection

from benchmarks.checks import findings as wrong_answers
from benchmarks.contenders import RAW, Contender
from benchmarks.environments import Environments
from benchmarks.load import Load, Loader, loader
from benchmarks.options import Options
from benchmarks.results import Findings, Row
from benchmarks.scenarios import Request, Scenario
from benchmarks.servers import HOST, Server, running

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
        ports = {}
        for contender in contenders:
            app = f"{contender.modules[server.protocol]}:{attribute}"
            ports[contender.name] = stack.enter_context(
                running(server, environments.python(contender.environment), app)
            )
        for name in list(ports):
            wrong = _check(name, server, ports[name], scenarios)
            if wrong:
                findings.wrong += wrong
                del ports[name]
        if RAW not in ports:
            return []
        return [row for scenario in scenarios for row in _rounds(server, ports, scenario, load, options, findings)]


def _check(name: str, server: Server, port: int, scenarios: Sequence[Scenario]) -> list[str]:
    connection = HTTPConnection(HOST, port, timeout=10)

    def ask(request: Request) -> tuple[int, str, bytes]:
        connection.request(request.method, request.target, request.body or None, dict(request.entity_headers))
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-type", ""), answer.read()

    try:
        return [f"{name}, {server.name}: {wrong}" for scenario in scenarios for wrong in wrong_answers(scenario, ask)]
    finally:
        connection.close()


def _rounds(
    server: Server, ports: Mapping[str, int], scenario: Scenario, load: Loader, options: Options, findings: Findings
) -> list[Row]:
    options.say(f"live, {server.name}, {scenario.name}: {', '.join(ports)}")
    names = list(ports)
    loads: dict[str, list[Load]] = {name: [] for name in names}
    for turn in range(options.repeats(ROUNDS, QUICK_ROUNDS)):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            loads[name].append(load(scenario.request, ports[name], SECONDS))
    for name in names:
        findings.wrong += [f"{name}, {server.name}, {scenario.name}: {bad}" for bad in _failures(scenario, loads[name])]
    per_second = {name: [one.per_second for one in loads[name]] for name in names}
    return [Row("live", server.name, scenario.name, name, "rps", per_second[name], per_second[RAW]) for name in names]


def _failures(scenario: Scenario, loads: Sequence[Load]) -> list[str]:
    """What was wrong under load: requests without an answer, or answers with a status that is not the scenario's."""
    broken = sum(one.broken for one in loads)
    requests, refused = sum(one.requests for one in loads), sum(one.refused for one in loads)
    expected = requests if scenario.status >= 400 else 0
    failures = [f"{broken} requests broke under load"] if broken else []
    return failures + ([f"{refused} of {requests} answers had a status of 400 or more"] if refused != expected else [])
