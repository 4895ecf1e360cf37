"""Panels of lines: one panel per series along depth, else one per six cells; thin and bold lines for each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ablate.records import Record
from ablate.report.figures.style import INK, colour, dash, legend, panels, shorten
from ablate.report.notation import axis_name, magnitude
from ablate.report.series import depth_axis, series_along
from ablate.spec.study.study import Cell, Study, Trial

MAX_CURVES = 6  # in one panel
MAX_PANELS = 6
THIN, BOLD = 0.8, 2.0  # line widths


@dataclass(frozen=True)
class Lines:
    """A cell's two lines over the same positions, NaN where undefined; `ends` are points where trials diverged."""

    positions: tuple[float, ...]
    thin: tuple[float, ...]
    bold: tuple[float, ...]
    ends: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Panel:
    """Cells that are drawn together: label, cell's name and lines of each."""

    title: str
    curves: tuple[tuple[str, str, Lines], ...]


def arrange(study: Study, measure: Callable[[Cell], Lines | None]) -> tuple[list[Panel], int]:
    """The panels of the cells that have lines, and how many cells there was no room for."""
    groups = _groups(study)
    drawn = []
    for title, members in groups[:MAX_PANELS]:
        found = [(label, cell.name, measure(cell)) for label, cell in members[:MAX_CURVES]]
        curves = tuple((label, name, lines) for label, name, lines in found if lines)
        drawn += [Panel(title, curves)] if curves else []
    room = sum(len(members[:MAX_CURVES]) for _, members in groups[:MAX_PANELS])
    return drawn, sum(len(members) for _, members in groups) - room


def _groups(study: Study) -> list[tuple[str, list[tuple[str, Cell]]]]:
    axis = depth_axis(study)
    if axis is not None:
        name = axis_name(axis)
        return [
            (one.label, [(f"{name} {depth:g}", cell) for depth, cell in zip(one.levels, one.cells, strict=True)])
            for one in series_along(study, axis)
        ]
    cells = [(cell.name, cell) for cell in study.cells]
    return [("", cells[start : start + MAX_CURVES]) for start in range(0, len(cells), MAX_CURVES)]


def records_of(study: Study, records: Mapping[str, Record], cell: Cell) -> list[Record]:
    """The cell's records, in the order of the seeds."""
    found = (records.get(Trial(cell, seed).id) for seed in study.seeds)
    return [record for record in found if record]


def mean(rows: Sequence[Sequence[float | None]]) -> tuple[float, ...]:
    """Mean over the rows that reach each place and have a number there; NaN where none has."""
    table: npt.NDArray[np.float64] = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = np.array(values, float)
    known = np.isfinite(table)
    sums = np.where(known, table, 0).sum(axis=0)
    return tuple(np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan).tolist())


def draw_lines(
    numbers: Sequence[Panel], kinds: tuple[str, ...], axes_labels: tuple[str, str], *, log: bool = False
) -> Figure:
    """One panel per group; a label looks the same in every panel. `kinds` name the thin and the bold lines."""
    labels = list(dict.fromkeys(label for panel in numbers for label, _, _ in panel.curves))
    shared = len(numbers) == 1 or len(labels) <= MAX_CURVES  # else every panel has curves and a legend of its own
    key = [*kinds, *(labels if shared else ())]
    figure, axes = panels(len(numbers), 2.7, key)
    handles = [Line2D([], [], color=colour(i), linestyle=dash(i), linewidth=BOLD) for i in range(len(labels))]
    widths = zip(kinds, (THIN, BOLD), strict=False)
    legend(figure, [Line2D([], [], color=INK, linewidth=width) for _, width in widths] + handles * shared, key)
    for axis, panel in zip(axes, numbers, strict=True):
        places = [labels.index(label) for label, _, _ in panel.curves]
        for place, (_, _, lines) in zip(places, panel.curves, strict=True):
            _draw(axis, lines, place)
        if not shared:
            names = [shorten(label, 32) for label, _, _ in panel.curves]
            axis.legend([handles[place] for place in places], names, fontsize=6, loc="upper right")
        _finish(axis, panel, axes_labels[0], log=log)
    for axis in axes[::3]:
        axis.set_ylabel(axes_labels[1])
    if not log:
        axes[0].set_ylim(bottom=0)  # the axis is shared: set only when all is drawn, since it then stays
    return figure


def _finish(axis: Axes, panel: Panel, label: str, *, log: bool) -> None:
    axis.set(title=shorten(panel.title), xlabel=label)
    axis.margins(x=0.02)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: magnitude(value)))
        axis.yaxis.set_minor_locator(NullLocator())


def _draw(axis: Axes, lines: Lines, number: int) -> None:
    for values, width in ((lines.thin, THIN), (lines.bold, BOLD)):
        if values:
            marker = "." if any(map(isnan, values)) else ""  # a lone point has no line to be seen by
            shared = {"color": colour(number), "linestyle": dash(number), "marker": marker}
            axis.plot(lines.positions, values, linewidth=width, **shared)
    for position, value in lines.ends:
        axis.plot([position], [value], marker="x", color=colour(number), markersize=6, markeredgewidth=1.6)
