"""Error against depth, training and test side by side: He et al. 2015, Fig. 1, for every series of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from statistics import fmean
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablate.report.figures.style import MARKERS, colour, dash, legend, panels
from ablate.report.frame import finished
from ablate.report.notation import axis_name
from ablate.report.series import Series, depth_axis, series_along
from ablate.spec.study.study import Study

Published = Mapping[str, Mapping[str, float]]
MAX_SERIES = 6
METRICS = {"train_error": "training error, %", "test_error": "test error, %"}


@dataclass(frozen=True)
class Line:
    """One series and metric: depths, mean over the finished seeds (NaN for none), every seed and what is published."""

    label: str
    depths: tuple[float, ...]
    means: tuple[float, ...]
    seeds: tuple[tuple[float, float], ...]
    published: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class DepthErrors:
    """The lines of each metric; `left_out` counts the series beyond those drawn."""

    axis: str
    lines: dict[str, tuple[Line, ...]]
    left_out: int


def measure_depth_errors(study: Study, frame: pd.DataFrame, theirs: Published | None = None) -> DepthErrors | None:
    """The numbers of the figure; None where the study has no depth axis or nothing has finished.

    `theirs` holds published figures by metric, then cell.
    """
    axis = depth_axis(study)
    metrics = [metric for metric in METRICS if frame[metric].notna().any()]
    if axis is None or not metrics:
        return None
    series = series_along(study, axis)
    drawn, published = series[:MAX_SERIES], theirs or {}
    lines = {metric: _lines(drawn, finished(frame, metric), published.get(metric, {})) for metric in metrics}
    return DepthErrors(axis_name(axis), lines, max(0, len(series) - MAX_SERIES))


def _lines(
    series: Sequence[Series], errors: Mapping[str, list[float]], theirs: Mapping[str, float]
) -> tuple[Line, ...]:
    return tuple(_line(one, errors, theirs) for one in series)


def _line(series: Series, errors: Mapping[str, list[float]], theirs: Mapping[str, float]) -> Line:
    known = [[error for error in errors[cell.name] if isfinite(error)] for cell in series.cells]
    means = tuple(fmean(row) if row else nan for row in known)
    seeds = tuple((depth, error) for depth, row in zip(series.levels, known, strict=True) for error in row)
    places = zip(series.levels, series.cells, strict=True)
    published = tuple((depth, theirs[cell.name]) for depth, cell in places if cell.name in theirs)
    return Line(series.label or "all cells", series.levels, means, seeds, published)


def draw_depth_errors(numbers: DepthErrors) -> Figure:
    """One panel per metric, one line per series, a faint dot per seed."""
    labels = [line.label for line in next(iter(numbers.lines.values()))]
    figure, axes = panels(len(numbers.lines), 2.9, labels)
    handles = []
    for panel, (metric, lines) in zip(axes, numbers.lines.items(), strict=True):
        handles = [_draw_line(panel, line, number) for number, line in enumerate(lines)]
        panel.set_title(METRICS[metric])
        panel.set_xticks(sorted({depth for line in lines for depth in line.depths}))
        panel.set_xlabel(numbers.axis)
        panel.margins(x=0.07)
    axes[0].set_ylim(bottom=0)  # the axis is shared: set only when all is drawn, since it then stays
    legend(figure, handles, labels)
    return figure


def _draw_line(panel: Axes, line: Line, number: int) -> Line2D:
    shared: dict[str, Any] = {"color": colour(number), "marker": MARKERS[number % len(MARKERS)]}
    if line.seeds:
        depths, errors = zip(*line.seeds, strict=True)
        panel.plot(depths, errors, linestyle="", alpha=0.35, markersize=3, markeredgewidth=0, **shared)
    for depth, error in line.published:
        panel.plot([depth], [error], "*", markersize=11, markerfacecolor="none", color=colour(number))
    (handle,) = panel.plot(line.depths, line.means, linestyle=dash(number), markersize=5, linewidth=1.8, **shared)
    return handle
