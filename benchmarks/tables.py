"""Results as text: one table per way of measuring, contenders down, scenarios across, the budget at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.contenders import EMPTY, RAW
from benchmarks.results import Measure, Row

WISHES = {
    "in-process": "time per request, lower is better",
    "live": "requests per second, higher is better",
    "live-cpu": "requests per second of the server's processor time, higher is better",
}


def tables(rows: Sequence[Row]) -> Iterator[str]:
    for mode, door in dict.fromkeys((row.mode, row.door) for row in rows):
        yield from _table(mode, door, [row for row in rows if (row.mode, row.door) == (mode, door)])


def _table(mode: str, door: str, rows: Sequence[Row]) -> Iterator[str]:
    scenarios = list(dict.fromkeys(row.scenario for row in rows))
    unit = rows[0].unit
    wish = WISHES[mode]
    lines = [["", *scenarios, "budget"]]
    for contender in dict.fromkeys(row.contender for row in rows):
        own = {row.scenario: row for row in rows if row.contender == contender}
        if contender in (RAW, EMPTY):
            lines.append([f"{contender} ({unit})", *(_number(own[name].value) for name in scenarios), ""])
        else:
            lines.append([contender, *(f"{own[name].ratio:.2f}" for name in scenarios), _verdict(list(own.values()))])
    yield f"{mode}, {door}: ratio to raw of {wish}"
    yield from aligned(lines)
    yield ""


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 1000 else f"{value:.0f}"


def _verdict(rows: Sequence[Row]) -> str:
    budget = rows[0].budget
    if budget is None:
        return ""
    over = [row.scenario for row in rows if not row.within]
    sign = "<=" if rows[0].unit == "us" else ">="
    return f"{sign} {budget} " + (f"over: {', '.join(over)}" if over else "ok")


def measures_table(measures: Sequence[Measure]) -> Iterator[str]:
    """The numbers that stand alone, each with its budget."""
    if not measures:
        return
    lines = [["", "median", "budget"]]
    for one in measures:
        number = f"{one.value:.2f} {one.unit}".strip() if one.unit else f"{one.value:.0f}"
        verdict = "" if one.budget is None else f"<= {one.budget:g} {'ok' if one.within else 'over'} {one.detail}"
        lines.append([one.name, number, verdict.rstrip()])
    yield "what has a budget of its own; imports count from `import asyncio` on"
    yield from aligned(lines)
    yield ""


def aligned(lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns: the first and the last to the left, numbers to the right."""
    lines = list(lines)
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for first, *numbers, last in lines:
        cells = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)),
        ]
        yield "  ".join([*cells, last]).rstrip()
