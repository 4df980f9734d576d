"""What a run yields: one `Row` per contender, scenario and way of measuring, with the ratio to the raw application.

The ratio of a row is the median, over the rounds, of the contender's number divided by the raw application's number of
the same round. Noise that lasts longer than a round falls on both and cancels out; what is shorter is outvoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks import contenders

# design budgets: (ratio, whether more is worse)
DISPATCH_BUDGET = 1.75  # time in process, VelociPy to raw, at most
DISPATCH_AIM = 1.5  # where it costs no clarity
LIVE_BUDGET = 0.95  # requests per second over Granian RSGI, VelociPy to raw, at least


@dataclass(frozen=True, slots=True)
class Row:
    """`samples` has one number per round, in `unit`; `raw` those of the raw application beside it."""

    mode: str  # "in-process", "live", or "live-cpu": per second of the processor time that the server took
    door: str  # "rsgi", "asgi"; live: "granian-rsgi", ...
    scenario: str
    contender: str
    unit: str  # "us" per request, or "rps"
    samples: Sequence[float]
    raw: Sequence[float]

    @property
    def value(self) -> float:
        return median(self.samples)

    @property
    def ratio(self) -> float:
        return median(own / raw for own, raw in zip(self.samples, self.raw, strict=True))

    @property
    def best_ratio(self) -> float:
        """The ratio of the best rounds: shortest times, or most requests per second."""
        best = min if self.unit == "us" else max
        return best(self.samples) / best(self.raw)

    @property
    def budget(self) -> float | None:
        if self.contender != contenders.VELOCIPY:
            return None
        if self.mode == "in-process":
            return DISPATCH_BUDGET
        return LIVE_BUDGET if self.door == "granian-rsgi" else None

    @property
    def within(self) -> bool:
        if self.budget is None:
            return True
        return self.ratio <= self.budget if self.unit == "us" else self.ratio >= self.budget

    def as_json(self) -> dict[str, object]:
        return {
            "mode": self.mode,
            "door": self.door,
            "scenario": self.scenario,
            "contender": self.contender,
            "unit": self.unit,
            "median": round(self.value, 3),
            "ratio": round(self.ratio, 3),
            "best_ratio": round(self.best_ratio, 3),
            "budget": self.budget,
            "within": self.within,
            "samples": list(self.samples),
            "raw": list(self.raw),
        }


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that stands alone, and how large it may be at most."""

    name: str
    unit: str
    samples: Sequence[float]
    budget: float | None
    detail: str = ""

    @property
    def value(self) -> float:
        return median(self.samples)

    @property
    def within(self) -> bool:
        return self.budget is None or self.value <= self.budget

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "unit": self.unit,
            "median": round(self.value, 3),
            "budget": self.budget,
            "within": self.within,
            "detail": self.detail,
            "samples": [round(sample, 3) for sample in self.samples],
        }


@dataclass(slots=True)
class Findings:
    """What a run learns besides numbers: wrong answers, and who made the load."""

    wrong: list[str] = field(default_factory=list)
    load_client: str | None = None
