"""Forest plot of the claims: mean difference, 95% interval and margin, one claim per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ablate.report.claims import Judgement, Verdict
from ablate.report.figures.style import COLOURS, INK, MUTED

MAX_ROWS = 40
_MARKS = {
    Verdict.SUPPORTED: ("o", COLOURS[2], COLOURS[2]),
    Verdict.REFUTED: ("X", COLOURS[1], COLOURS[1]),
    Verdict.INCONCLUSIVE: ("o", "none", MUTED),
}


@dataclass(frozen=True)
class Row:
    """One claim about errors; `number` counts the study's claims from 1."""

    number: int
    verdict: Verdict
    mean: float
    low: float
    high: float
    threshold: float


def measure_effects(judgements: Sequence[Judgement]) -> list[Row]:
    """The claims that were tested and are in percentage points."""
    found = []
    for number, judgement in enumerate(judgements, 1):
        comparison = judgement.evidence.comparison
        tested = judgement.verdict is not Verdict.NOT_TESTABLE and judgement.claim.metric.endswith("_error")
        if tested and comparison and comparison.low is not None:
            assert comparison.high is not None
            bounds = (comparison.mean, comparison.low, comparison.high, comparison.threshold)
            found.append(Row(number, judgement.verdict, *bounds))
    return found[:MAX_ROWS]


def draw_effects(rows: Sequence[Row]) -> Figure:
    """A row per claim, numbered as on the page; the short bar is the claim's margin."""
    height = 0.9 + 0.3 * len(rows)
    figure = Figure(figsize=(7.6, height))
    axes = figure.add_axes((0.16, 0.55 / height, 0.81, 1 - 0.7 / height))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.grid(visible=False)
    for place, row in enumerate(rows):
        marker, fill, edge = _MARKS[row.verdict]
        axes.plot([row.low, row.high], [place, place], color=edge, linewidth=1.6)
        axes.plot([row.mean], [place], marker, markerfacecolor=fill, markeredgecolor=edge, markersize=7)
        axes.plot([row.threshold] * 2, [place - 0.28, place + 0.28], color=INK, linewidth=1.2)
    axes.set_yticks(range(len(rows)), [f"{row.number}. {row.verdict}" for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("mean difference, percentage points")
    return figure
