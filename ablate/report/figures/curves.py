"""Training curves: thin for the training error, bold for the test error (He et al. 2015, Fig. 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablate.records import Outcome, Record
from ablate.report.figures.style import INK, colour, dash, legend, panels, shorten
from ablate.report.notation import axis_name
from ablate.report.series import depth_axis, series_along
from ablate.spec.study import Cell, Study, Trial

MAX_CURVES = 6  # in one panel
MAX_PANELS = 6
KINDS = {"training": 0.8, "test": 2.0}  # line widths


@dataclass(frozen=True)
class Curve:
    """A cell's errors by epoch, averaged over its seeds that got so far; `ends` are where trials diverged."""

    label: str
    cell: str
    train: tuple[float, ...]
    test: tuple[float, ...]  # NaN where there is no test error
    ends: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Panel:
    """Curves that are drawn together."""

    title: str
    curves: tuple[Curve, ...]


def measure_curves(study: Study, records: Mapping[str, Record]) -> tuple[list[Panel], int]:
    """The panels (one per series along depth, else one per six cells), and how many cells with records are left out."""
    groups = [
        (title, [(label, cell) for label, cell in members if _histories(study, records, cell)])
        for title, members in _groups(study)
    ]
    groups = [(title, members) for title, members in groups if members]
    drawn = [
        Panel(
            title, tuple(_curve(label, cell, _histories(study, records, cell)) for label, cell in members[:MAX_CURVES])
        )
        for title, members in groups[:MAX_PANELS]
    ]
    return drawn, sum(len(members) for _, members in groups) - sum(len(panel.curves) for panel in drawn)


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


def _histories(study: Study, records: Mapping[str, Record], cell: Cell) -> list[Record]:
    found = (records.get(Trial(cell, seed).id) for seed in study.seeds)
    return [record for record in found if record and record.history]


def _curve(label: str, cell: Cell, records: Sequence[Record]) -> Curve:
    ends = [
        (len(record.history), record.history[-1].train_error)
        for record in records
        if record.outcome == Outcome.DIVERGED
    ]
    return Curve(label, cell.name, _mean(records, "train_error"), _mean(records, "test_error"), tuple(ends))


def _mean(records: Sequence[Record], metric: str) -> tuple[float, ...]:
    """Mean over the records that reached each epoch; NaN where none has the metric."""
    length = max(len(record.history) for record in records)
    table = np.full((len(records), length), np.nan)
    for row, record in zip(table, records, strict=True):
        values = [getattr(epoch, metric) for epoch in record.history]
        row[: len(values)] = np.array(values, float)
    known = np.isfinite(table)
    sums = np.where(known, table, 0).sum(axis=0)
    return tuple(np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan).tolist())


def draw_curves(numbers: Sequence[Panel]) -> Figure:
    """One panel per group; a label has the same colour and dashes in every panel."""
    labels = list(dict.fromkeys(curve.label for panel in numbers for curve in panel.curves))
    shared = len(numbers) == 1 or len(labels) <= MAX_CURVES  # else every panel has curves and a legend of its own
    key = [*KINDS, *(labels if shared else ())]
    figure, axes = panels(len(numbers), 2.7, key)
    lines = [Line2D([], [], color=colour(i), linestyle=dash(i), linewidth=2) for i in range(len(labels))]
    kinds = [Line2D([], [], color=INK, linewidth=width) for width in KINDS.values()]
    legend(figure, kinds + lines if shared else kinds, key)
    for axis, panel in zip(axes, numbers, strict=True):
        places = [labels.index(curve.label) for curve in panel.curves]
        for place, curve in zip(places, panel.curves, strict=True):
            _draw_curve(axis, curve, place)
        if not shared:
            shown = [lines[place] for place in places]
            axis.legend(shown, [shorten(curve.label, 32) for curve in panel.curves], fontsize=6, loc="upper right")
        axis.set(title=shorten(panel.title), xlabel="epoch")
        axis.set_ylim(bottom=0)
        axis.margins(x=0.02)
    for axis in axes[::3]:
        axis.set_ylabel("error, %")
    return figure


def _draw_curve(axis: Axes, curve: Curve, number: int) -> None:
    shared = {"color": colour(number), "linestyle": dash(number)}
    epochs = range(1, len(curve.train) + 1)
    axis.plot(epochs, curve.train, linewidth=0.8, **shared)
    axis.plot(epochs, curve.test, linewidth=2, **shared)
    for epoch, error in curve.ends:
        axis.plot([epoch], [error], marker="x", color=colour(number), markersize=6, markeredgewidth=1.6)
