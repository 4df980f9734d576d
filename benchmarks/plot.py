"""Results as one SVG, by hand: a panel per way of measuring, in it a small bar chart per scenario.

In process a bar begins at the raw application (1x) and grows, on a logarithmic scale, with the time a contender takes
beyond it: shorter is better. Live a bar is the share of the raw application's requests per second: longer is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import log

from benchmarks.contenders import EMPTY, RAW, VELOCIPY
from benchmarks.results import DISPATCH_BUDGET, LIVE_BUDGET, Row

WIDTH, MARGIN, GAP = 960, 32, 40
COLUMNS = 2
CHART = (WIDTH - 2 * MARGIN - GAP) / COLUMNS
NAME, VALUE = 82, 52  # room for the contender's name and for its number
BAR, STEP = 11, 17
TITLE, FOOT = 30, 18

INK, FAINT, GRID = "#1f2933", "#66727f", "#d5dbe1"
PLOTTED = ("in-process", "live")  # the processor time of live runs is for the table
OURS, THEIRS, BUDGET = "#0b7a75", "#a9b4bf", "#c2410c"

STYLE = f"""
  text {{ font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: {INK} }}
  .h1 {{ font-size: 20px; font-weight: 600 }} .h2 {{ font-size: 15px; font-weight: 600 }}
  .h3 {{ font-weight: 600 }} .faint {{ fill: {FAINT} }} .ours {{ font-weight: 600; fill: {OURS} }}
  .end {{ text-anchor: end }}
"""


def svg(rows: Sequence[Row], caption: str) -> str:
    """The whole picture. `caption` says where the numbers come from."""
    y: float = MARGIN + 16
    body = [_text(MARGIN, y, "VelociPy and its peers, relative to hand-written applications", "h1")]
    body.append(_text(MARGIN, y + 22, caption, "faint"))
    y += 58
    for mode, door in dict.fromkeys((row.mode, row.door) for row in rows if row.mode in PLOTTED):
        panel = [row for row in rows if (row.mode, row.door) == (mode, door)]
        if all(row.contender in (RAW, EMPTY) for row in panel):
            continue
        body.append(_text(MARGIN, y, f"{mode.capitalize()}: {door}", "h2"))
        body.append(_text(MARGIN, y + 19, _reading(panel[0]), "faint"))
        y += 46
        charts = list(_charts(panel))
        for index in range(0, len(charts), COLUMNS):
            side_by_side = charts[index : index + COLUMNS]
            for column, (lines, _) in enumerate(side_by_side):
                body.append(f'<g transform="translate({MARGIN + column * (CHART + GAP):g} {y:g})">')
                body += [*lines, "</g>"]
            y += max(height for _, height in side_by_side) + FOOT
        y += 14
    height = round(y + MARGIN - 14)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
    paper = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", paper, *body, "</svg>", ""])


def _reading(row: Row) -> str:
    if row.unit == "us":
        return (
            "time per request as a multiple of the raw application's; shorter is better; logarithmic; "
            f"dashed: budget {DISPATCH_BUDGET}x"
        )
    budget = f"; dashed: budget {LIVE_BUDGET:.0%}" if row.door == "granian-rsgi" else ""
    return f"requests per second as a share of the raw application's; longer is better{budget}"


def _charts(rows: Sequence[Row]) -> Iterator[tuple[list[str], float]]:
    """One chart per scenario, as lines and a height, all on the scale of the panel."""
    largest = max(row.ratio for row in rows if row.contender not in (RAW, EMPTY))
    for scenario in dict.fromkeys(row.scenario for row in rows):
        own = [row for row in rows if row.scenario == scenario]
        raw = next(row for row in own if row.contender == RAW)
        bars = [row for row in own if row.contender not in (RAW, EMPTY)]
        bars.sort(key=lambda row: row.ratio, reverse=raw.unit == "rps")
        yield _chart(scenario, raw, bars, largest), TITLE + len(bars) * STEP


def _chart(scenario: str, raw: Row, bars: Sequence[Row], largest: float) -> list[str]:
    in_process = raw.unit == "us"
    room = CHART - NAME - VALUE
    bottom = TITLE - 8 + len(bars) * STEP

    def length(ratio: float) -> float:
        if in_process:
            return room * log(max(ratio, 1)) / log(max(largest, 2 * DISPATCH_BUDGET))
        return room * ratio / max(largest, 1)

    raw_value = f"raw: {raw.value:.2f} us" if in_process else f"raw: {raw.value:,.0f} requests/s"
    lines = [_text(0, 12, scenario, "h3"), _text(CHART, 12, raw_value, "faint end")]
    lines.append(_line(NAME + (0 if in_process else length(1)), bottom, GRID))
    if raw.door in ("rsgi", "asgi", "granian-rsgi"):
        lines.append(_line(NAME + length(DISPATCH_BUDGET if in_process else LIVE_BUDGET), bottom, BUDGET, "3 3"))
    for index, row in enumerate(bars):
        y = TITLE - 8 + index * STEP
        ours = row.contender == VELOCIPY
        shown = f"{row.ratio:.2f}x" if in_process else f"{row.ratio:.0%}"
        long = max(length(row.ratio), 1)
        lines += [
            _text(NAME - 8, y + 11, row.contender, "ours end" if ours else "end"),
            f'<rect x="{NAME}" y="{y + 2:g}" width="{long:.1f}" height="{BAR}" fill="{OURS if ours else THEIRS}"/>',
            f'<rect x="{NAME + long + 4:.1f}" y="{y + 2:g}" width="{7 * len(shown)}" height="{BAR}" fill="#ffffff"/>',
            _text(NAME + long + 6, y + 11, shown, "ours" if ours else "faint"),
        ]
    return lines


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:g}" class="{style}">{escape(text)}</text>'


def _line(x: float, bottom: float, colour: str, dashes: str = "none") -> str:
    return (
        f'<line x1="{x:.1f}" y1="{TITLE - 10}" x2="{x:.1f}" y2="{bottom:g}" '
        f'stroke="{colour}" stroke-dasharray="{dashes}"/>'
    )
