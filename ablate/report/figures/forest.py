"""Forest plots: a mean difference and its 95% interval per row, of claims and of other effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ablate.report.claims import Judgement, Verdict
from ablate.report.effects import Effect
from ablate.report.figures.style import COLOURS, INK, MUTED, WIDTH, shorten
from ablate.report.statistics import Comparison

MAX_ROWS = 40
_MARKS = {
    Verdict.SUPPORTED: ("o", COLOURS[2], COLOURS[2]),
    Verdict.REFUTED: ("X", COLOURS[1], COLOURS[1]),
    Verdict.INCONCLUSIVE: ("o", "none", MUTED),
    None: ("o", COLOURS[0], COLOURS[0]),
}


@dataclass(frozen=True)
class Row:
    """One difference in percentage points; a claim has a verdict and a margin."""

    label: str
    mean: float
    low: float
    high: float
    verdict: Verdict | None = None
    threshold: float | None = None


def measure_claims(judgements: Sequence[Judgement]) -> list[Row]:
    """The claims that were tested and are in percentage points, numbered as on the page."""
    rows = []
    for number, judgement in enumerate(judgements, 1):
        comparison, verdict = judgement.evidence.comparison, judgement.verdict
        claim, tested = judgement.claim, verdict is not Verdict.NOT_TESTABLE
        if comparison and tested and claim.metric.endswith("_error") and claim.form != "threshold":
            rows.append(Row(f"{number}. {verdict}", *_interval(comparison), verdict, comparison.threshold))
    return rows[:MAX_ROWS]


def measure_effects(effects: Sequence[Effect], metric: str = "test_error") -> list[Row]:
    """The effects on one metric, in the order of their table."""
    found = ((effect.name, effect.comparisons.get(metric)) for effect in effects)
    return [Row(name, *_interval(comparison)) for name, comparison in found if comparison][:MAX_ROWS]


def _interval(comparison: Comparison) -> tuple[float, float, float]:
    assert comparison.low is not None
    assert comparison.high is not None
    return comparison.mean, comparison.low, comparison.high


def draw_forest(rows: Sequence[Row]) -> Figure:
    """A row per difference; the short bar is a claim's margin."""
    labels = [shorten(row.label, 56) for row in rows]
    height, left = 0.9 + 0.3 * len(rows), min(0.52, 0.03 + 0.0088 * max(map(len, labels)))
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((left, 0.55 / height, 0.98 - left, 1 - 0.7 / height))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.grid(visible=False)
    for place, row in enumerate(rows):
        marker, fill, edge = _MARKS[row.verdict]
        axes.plot([row.low, row.high], [place, place], color=edge, linewidth=1.6)
        axes.plot([row.mean], [place], marker, markerfacecolor=fill, markeredgecolor=edge, markersize=7)
        if row.threshold is not None:
            axes.plot([row.threshold] * 2, [place - 0.28, place + 0.28], color=INK, linewidth=1.2)
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("mean difference, percentage points")
    return figure
