"""Is an answer right? Every contender is asked here before it is timed, in process and live."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from benchmarks.scenarios import Request, Scenario

Ask = Callable[[Request], tuple[int, str, bytes]]  # one request: status, content type, body


def findings(scenario: Scenario, ask: Ask) -> Iterator[str]:
    """Ask for the scenario's answer and for each refusal; yield a sentence for everything that is wrong."""
    status, content_type, body = ask(scenario.request)
    if status != scenario.status:
        yield f"{scenario.name}: status {status}, expected {scenario.status}: {_shown(body)}"
    elif not content_type.startswith("application/json"):
        yield f"{scenario.name}: content-type {content_type!r}, expected application/json"
    elif _decoded(body) != scenario.answer:
        yield f"{scenario.name}: answered {_shown(body)}, expected {_shown(json.dumps(scenario.answer).encode())}"
    for request in scenario.refused:
        status, _, body = ask(request)
        if not 400 <= status < 500:
            sent = f"{request.method} {request.target} {request.headers} {_shown(request.body)}"
            yield f"{scenario.name}: wrong input was not refused with a 4xx: {sent} answered {status} {_shown(body)}"


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return "not JSON"


def _shown(body: bytes) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= 200 else f"{text[:200]}..."
