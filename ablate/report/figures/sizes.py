"""Test error against parameters and multiply-adds: what a point of error costs."""

from __future__ import annotations

from collections.abc import Sequence
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
from ablate.spec.study import Study

COLUMNS = {"parameters": "parameters", "multiply_adds": "multiply-adds"}
MAX_GROUPS = 6


@dataclass(frozen=True)
class Point:
    """One cell: its size, and mean and deviation of its test error in percent."""

    cell: str
    group: str
    parameters: int
    multiply_adds: int
    mean: float
    std: float


def measure_sizes(study: Study, frame: pd.DataFrame) -> list[Point]:
    """A point per cell with a finished trial; empty where all cells are equally large."""
    if frame["parameters"].nunique() < 2 and frame["multiply_adds"].nunique() < 2:
        return []
    axis = depth_axis(study)
    series = series_along(study, axis) if axis else ()
    groups = {cell.name: one.label for one in series[:MAX_GROUPS] for cell in one.cells}
    errors = summaries(finished(frame, "test_error"))
    cells = frame.drop_duplicates("cell")[["cell", *COLUMNS]].itertuples(index=False, name=None)
    return [
        Point(cell, groups.get(cell, ""), parameters, multiply_adds, error.mean, error.std or 0.0)
        for cell, parameters, multiply_adds in cells
        if (error := errors[cell]).mean is not None
    ]


def draw_sizes(points: Sequence[Point]) -> Figure:
    """One panel per size, on a logarithmic axis; the bar is one standard deviation either way."""
    groups = list(dict.fromkeys(point.group for point in points))
    labels = [group or "others" for group in groups] if any(groups) else []
    figure, axes = panels(len(COLUMNS), 2.7, labels)
    for panel, (column, title) in zip(axes, COLUMNS.items(), strict=True):
        for point in points:
            number = groups.index(point.group)
            where = (getattr(point, column), point.mean, point.std)
            marker = MARKERS[number % len(MARKERS)]  # hollow, because equal sizes lie over each other
            panel.errorbar(*where, color=colour(number), marker=marker, markerfacecolor="none", elinewidth=1)
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: magnitude(value)))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlabel(title)
        panel.set_ylim(bottom=0)
    axes[0].set_ylabel("test error, %")
    marks = [
        Line2D([], [], color=colour(i), marker=MARKERS[i % len(MARKERS)], markerfacecolor="none", linestyle="")
        for i in range(len(groups))
    ]
    if labels:
        legend(figure, marks, labels)
    return figure
