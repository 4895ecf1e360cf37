"""The degradation table: does error rise with depth, and is that the optimiser's fault or overfitting?

He et al. 2015, sec. 1 and 4.1: where a deeper net has the higher *training* error, it is not overfitting that makes
it worse, for the deeper net could copy the shallower one; the optimiser fails to find that solution.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import pandas as pd

from ablate.report.error_table import summaries
from ablate.report.frame import at_chance, finished, scored
from ablate.report.notation import axis_name, interval, mean_std, signed
from ablate.report.series import Series, depth_axis, series_along
from ablate.report.statistics import Comparison, Summary, compare
from ablate.report.table import Column, Entry, Table, number
from ablate.spec.study.study import Study

OPTIMISATION = "optimisation failure"
OVERFITTING = "overfitting"
NONE = "none seen"
UNDECIDED = "undecided"
SMALL = 1.0  # percentage points: a mean gap up to this, not told from zero, is not called undecided


@dataclass(frozen=True)
class Step:
    """One cell of a series, and its gaps to the next shallower cell: error in points, paired by seed."""

    series: Series
    depth: float
    cell: str
    train: Summary
    test: Summary
    train_gap: Comparison | None
    test_gap: Comparison | None

    @property
    def diagnosis(self) -> str:
        """Optimisation failure, overfitting, none seen, or undecided; empty for the shallowest net."""
        return diagnose(self.train_gap, self.test_gap)


def diagnose(train_gap: Comparison | None, test_gap: Comparison | None) -> str:
    """Read the two gaps by their 95% intervals; a training gap above zero decides, whatever the test error does."""
    if train_gap is None or test_gap is None:
        return ""
    if train_gap.low is None or test_gap.low is None:
        return UNDECIDED
    if train_gap.low > 0:
        return OPTIMISATION
    if test_gap.low > 0 and train_gap.mean <= SMALL:
        return OVERFITTING
    return NONE if max(train_gap.mean, test_gap.mean) <= SMALL else UNDECIDED


def measure_degradation(study: Study, frame: pd.DataFrame) -> list[Step]:
    """Every cell along the depth axis, series by series; empty for a study without a depth axis."""
    axis = depth_axis(study)
    if axis is None:
        return []
    chance = at_chance(frame)
    means = {metric: summaries(finished(frame, metric)) for metric in ("train_error", "test_error")}
    gaps = {metric: scored(chance, metric) for metric in ("train_error", "test_error")}
    return [step for series in series_along(study, axis) for step in _steps(series, means, gaps)]


def _steps(
    series: Series, means: dict[str, dict[str, Summary]], gaps: dict[str, dict[str, list[float]]]
) -> Iterator[Step]:
    shallower: str | None = None
    for depth, cell in zip(series.levels, series.cells, strict=True):
        train, test = (means[metric][cell.name] for metric in ("train_error", "test_error"))
        between = [_gap(gaps[metric], cell.name, shallower) for metric in ("train_error", "test_error")]
        yield Step(series, depth, cell.name, train, test, *between)
        shallower = cell.name


def _gap(errors: dict[str, list[float]], deeper: str, shallower: str | None) -> Comparison | None:
    if shallower is None:
        return None
    both = zip(errors[deeper], errors[shallower], strict=True)
    known = [difference for this, that in both if isfinite(difference := this - that)]
    return compare(known) if known else None


def tabulate_degradation(study: Study, frame: pd.DataFrame) -> Table | None:
    """The steps as a table, None where the design has no depth axis."""
    steps = measure_degradation(study, frame)
    if not steps:
        return None
    titles = [(axis_name(steps[0].series.axis), ""), ("error", "training"), ("gap", "training")]
    titles += [("error", "test"), ("gap", "test")]
    columns = [Column("series", is_number=False), *(Column(title, group) for title, group in titles)]
    return Table(
        name="degradation",
        title="Degradation with depth",
        caption="Error in percent, and the gap to the next shallower net of the same series in percentage points with "
        "its 95% interval (paired by seed, not corrected for several tests; diverged trials at chance level). "
        f"A training gap above zero is read as {OPTIMISATION}: the deeper net could copy the shallower one, "
        f"but training does not find that. A test gap without one is read as {OVERFITTING}; "
        f"where neither is told from zero, gaps up to {SMALL:g} point are called {NONE}, larger ones {UNDECIDED}.",
        columns=(*columns, Column("reading", is_number=False)),
        rows=tuple(_row(step) for step in steps),
        numbers=pd.DataFrame([_numbers(step) for step in steps]),
    )


def _row(step: Step) -> tuple[Entry, ...]:
    return (
        Entry(step.series.label or "all"),
        number(f"{step.depth:g}", step.depth),
        number(mean_std(step.train), step.train.mean),
        _gap_entry(step.train_gap),
        number(mean_std(step.test), step.test.mean),
        _gap_entry(step.test_gap),
        Entry(step.diagnosis),
    )


def _gap_entry(gap: Comparison | None) -> Entry:
    if gap is None:
        return number("", None)
    return number(signed(gap.mean), gap.mean, interval(gap.low, gap.high) if gap.low is not None else "")


def _numbers(step: Step) -> dict[str, object]:
    row: dict[str, object] = {"series": step.series.label, "depth": step.depth, "cell": step.cell}
    for name, summary, gap in (("train", step.train, step.train_gap), ("test", step.test, step.test_gap)):
        row |= {f"{name}_error_mean": summary.mean, f"{name}_error_std": summary.std, f"{name}_n": summary.n}
        row |= {f"{name}_gap_{key}": getattr(gap, key, None) for key in ("mean", "low", "high", "n")}
    return row | {"reading": step.diagnosis}
