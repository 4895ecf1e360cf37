"""Test error against parameters, multiply-adds or measured seconds: what a point of error costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ablate.report.error_table import summaries
from ablate.report.figures.style import MARKERS, colour, legend, panels
from ablate.report.frame import finished
from ablate.report.notation import magnitude
from ablate.report.series import depth_axis, series_along
from ablate.spec.study.study import Study

SIZES = {"parameters": "parameters", "multiply_adds": "multiply-adds"}
TIMES = {"seconds": "seconds per trial"}
MAX_GROUPS = 6


@dataclass(frozen=True)
class Point:
    """One cell: its costs by column of the results, and mean and deviation of its test error in percent."""

    cell: str
    group: str
    costs: Mapping[str, float]
    mean: float
    std: float


def measure_sizes(study: Study, frame: pd.DataFrame, columns: Iterable[str] = SIZES) -> list[Point]:
    """A point per cell with a finished trial, costs averaged over them; empty where all cells cost the same."""
    axis = depth_axis(study)
    series = series_along(study, axis) if axis else ()
    groups = {cell.name: one.label for one in series[:MAX_GROUPS] for cell in one.cells}
    errors = summaries(finished(frame, "test_error"))
    costs = {column: summaries(finished(frame, column)) for column in columns}
    points = [
        Point(
            cell,
            groups.get(cell, ""),
            {column: costs[column][cell].mean or 0.0 for column in costs},
            mean,
            error.std or 0.0,
        )
        for cell, error in errors.items()
        if (mean := error.mean) is not None
    ]
    return points if any(len({point.costs[column] for point in points}) > 1 for column in costs) else []


def draw_sizes(points: Sequence[Point], columns: Mapping[str, str] = SIZES) -> Figure:
    """One panel per cost, on a logarithmic axis; the bar is one standard deviation either way."""
    groups = list(dict.fromkeys(point.group for point in points))
    labels = [group or "others" for group in groups] if any(groups) else []
    figure, axes = panels(len(columns), 2.7, labels)
    for panel, (column, title) in zip(axes, columns.items(), strict=True):
        for point in points:
            number = groups.index(point.group)
            where = (point.costs[column], point.mean, point.std)
            marker = MARKERS[number % len(MARKERS)]  # hollow, because equal costs lie over each other
            panel.errorbar(*where, color=colour(number), marker=marker, markerfacecolor="none", elinewidth=1)
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: magnitude(value)))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlabel(title)
    axes[0].set_ylim(bottom=0)  # the axis is shared: set only when all is drawn, since it then stays
    axes[0].set_ylabel("test error, %")
    marks = [
        Line2D([], [], color=colour(i), marker=MARKERS[i % len(MARKERS)], markerfacecolor="none", linestyle="")
        for i in range(len(groups))
    ]
    if labels:
        legend(figure, marks, labels)
    return figure
