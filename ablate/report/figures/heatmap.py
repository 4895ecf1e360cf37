"""Heat map of test error for a grid of two factors without a depth axis, which would be drawn as lines."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import pandas as pd
from matplotlib.figure import Figure

from ablate.report.error_table import summaries
from ablate.report.figures.style import WIDTH, shorten
from ablate.report.frame import finished
from ablate.report.notation import axis_name, fixed, written
from ablate.report.series import depth_axis, varied
from ablate.spec.study.factors import same
from ablate.spec.study.study import Study

MAX_LEVELS = 20


@dataclass(frozen=True)
class Grid:
    """Mean test error in percent by the levels of two axes; NaN where no trial has finished."""

    axes: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    means: tuple[tuple[float, ...], ...]


def measure_grid(study: Study, frame: pd.DataFrame) -> Grid | None:
    """The grid of a study that varies exactly two axes and not the depth; None for others."""
    axes = varied(study)
    errors = summaries(finished(frame, "test_error"))
    if len(axes) != 2 or depth_axis(study) or not any(error.n for error in errors.values()):
        return None
    levels = [{same(cell.factors.get(axis)): cell.factors.get(axis) for cell in study.cells} for axis in axes]
    if max(map(len, levels)) > MAX_LEVELS or min(map(len, levels)) < 2:
        return None
    means = {tuple(same(cell.factors.get(axis)) for axis in axes): errors[cell.name].mean for cell in study.cells}
    table = tuple(tuple(_known(means.get((row, column))) for column in levels[1]) for row in levels[0])
    names = (axis_name(axes[0]), axis_name(axes[1]))
    rows, columns = (tuple(written(value) for value in one.values()) for one in levels)
    return Grid(names, rows, columns, table)


def _known(mean: float | None) -> float:
    return float("nan") if mean is None else mean


def draw_grid(grid: Grid) -> Figure:
    """Darker is a higher error; the number stands in every place."""
    height = 0.95 + 0.42 * len(grid.rows)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0.2, 0.55 / height, 0.78, 1 - 0.65 / height))
    known = [mean for row in grid.means for mean in row if isfinite(mean)]
    low, high = min(known), max(known)
    top = high + (high - low or 1.0)  # so that black text can be read on the darkest place
    axes.pcolormesh(grid.means, cmap="Greys", vmin=low, vmax=top, edgecolors="white", linewidth=2)
    for y, row in enumerate(grid.means):
        for x, mean in enumerate(row):
            axes.text(x + 0.5, y + 0.5, fixed(mean), ha="center", va="center", color="black")
    axes.set_xticks([x + 0.5 for x in range(len(grid.columns))], [shorten(text, 14) for text in grid.columns])
    axes.set_yticks([y + 0.5 for y in range(len(grid.rows))], [shorten(text, 22) for text in grid.rows])
    axes.set_xlabel(grid.axes[1])
    axes.set_ylabel(grid.axes[0])
    axes.invert_yaxis()
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure
