"""Every figure that a study's records allow, each with its caption and what it shows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import pandas as pd
from matplotlib.figure import Figure

from ablate.records import Record
from ablate.report.claims import Judgement
from ablate.report.effects import Effect
from ablate.report.figures.curves import draw_curves, measure_curves
from ablate.report.figures.depth import METRICS, Published, draw_depth_errors, measure_depth_errors
from ablate.report.figures.forest import Row, draw_forest, measure_claims, measure_effects
from ablate.report.figures.heatmap import draw_grid, measure_grid
from ablate.report.figures.lines import Panel
from ablate.report.figures.profiles import PROFILES, draw_profile, measure_profile
from ablate.report.figures.sizes import TIMES, draw_sizes, measure_sizes
from ablate.report.figures.style import save, style
from ablate.report.notation import decimal, integer
from ablate.report.plots import Plot
from ablate.report.references import published
from ablate.spec.study.study import Study


def plot(
    study: Study,
    records: Mapping[str, Record],
    frame: pd.DataFrame,
    judgements: Sequence[Judgement],
    effects: Sequence[Effect],
) -> list[Plot]:
    """The figures in the order of the page."""
    with style():
        found = [
            _claims(measure_claims(judgements)),
            _depth(study, frame, published(study)),
            _heatmap(study, frame),
            _curves(study, records),
            _effects(measure_effects(effects)),
            *(_profile(study, records, name) for name in PROFILES),
            _sizes(study, frame),
            _times(study, frame),
        ]
    return [one for one in found if one]


def _plot(name: str, title: str, caption: str, description: str, figure: Figure) -> Plot:
    return Plot(name, title, caption, description, save(figure, name))


def _claims(rows: Sequence[Row]) -> Plot | None:
    if len(rows) < 2:  # one claim is drawn on its card
        return None
    caption = "Mean paired difference and 95% t interval of each claim that was tested; the short bar is its margin."
    return _plot("claims", "Claims", caption, f"Mean differences in points: {_list(rows)}.", draw_forest(rows))


def _effects(rows: Sequence[Row]) -> Plot | None:
    if not rows:
        return None
    caption = "Effects on the test error: mean paired difference and 95% t interval, as in the table."
    return _plot("effects", "Effects", caption, f"Effects on test error in points: {_list(rows)}.", draw_forest(rows))


def _list(rows: Sequence[Row]) -> str:
    return "; ".join(f"{row.label}: {decimal(row.mean)} ({decimal(row.low)} to {decimal(row.high)})" for row in rows)


def _depth(study: Study, frame: pd.DataFrame, theirs: Published) -> Plot | None:
    numbers = measure_depth_errors(study, frame, theirs)
    if numbers is None:
        return None
    said = []
    for metric, lines in numbers.lines.items():
        for line in lines:
            values = ", ".join(f"{d:g}: {decimal(m)}" for d, m in zip(line.depths, line.means, strict=True))
            said.append(f"{METRICS[metric]}, {line.label}, by {numbers.axis}: {values}")
    caption = f"Lines join the means over finished seeds; each faint mark is one seed.{_left_out(numbers.left_out)}"
    if any(line.published for lines in numbers.lines.values() for line in lines):
        caption += " Hollow stars are the paper’s."
    return _plot("depth", "Error against depth", caption, f"{'; '.join(said)}.", draw_depth_errors(numbers))


def _heatmap(study: Study, frame: pd.DataFrame) -> Plot | None:
    grid = measure_grid(study, frame)
    if grid is None:
        return None
    said = (
        f"{grid.axes[0]} {row}: " + ", ".join(f"{c} {decimal(m)}" for c, m in zip(grid.columns, means, strict=True))
        for row, means in zip(grid.rows, grid.means, strict=True)
    )
    description = f"Mean test error by {grid.axes[0]} and {grid.axes[1]}. {'; '.join(said)}."
    return _plot("grid", "Test error over the grid", "Mean test error in percent.", description, draw_grid(grid))


def _curves(study: Study, records: Mapping[str, Record]) -> Plot | None:
    panels, left_out = measure_curves(study, records)
    if not panels:
        return None
    caption = "Thin: training error. Bold: test error. Means over the seeds that reached the epoch; a cross marks "
    caption += f"where a trial diverged.{_left_out(left_out)}"
    said = f"Test error in percent, first and last epoch: {_ends(panels)}."
    return _plot("curves", "Training curves", caption, said, draw_curves(panels))


def _profile(study: Study, records: Mapping[str, Record], name: str) -> Plot | None:
    panels, left_out = measure_profile(study, records, name)
    if not panels:
        return None
    profile = PROFILES[name]
    said = f"{profile.title}: {profile.axes[1]} at the first and last {profile.axes[0]}: {_ends(panels)}."
    return _plot(name, profile.title, profile.caption + _left_out(left_out), said, draw_profile(panels, name))


def _ends(panels: Sequence[Panel]) -> str:
    curves = [(cell, [v for v in lines.bold if isfinite(v)]) for panel in panels for _, cell, lines in panel.curves]
    return "; ".join(f"{cell} {decimal(values[0])}, {decimal(values[-1])}" for cell, values in curves if values)


def _sizes(study: Study, frame: pd.DataFrame) -> Plot | None:
    points = measure_sizes(study, frame)
    if not points:
        return None
    said = "; ".join(
        f"{p.cell}: {integer(p.costs['parameters'])} parameters, {decimal(p.mean)} percent" for p in points
    )
    caption = "Mean test error with one standard deviation, against learned parameters and multiply-adds of one image."
    return _plot("sizes", "Test error against size", caption, f"Test error against size. {said}.", draw_sizes(points))


def _times(study: Study, frame: pd.DataFrame) -> Plot | None:
    points = measure_sizes(study, frame, TIMES)
    if not points:
        return None
    said = "; ".join(f"{p.cell}: {decimal(p.costs['seconds'])} seconds, {decimal(p.mean)} percent" for p in points)
    caption = "Mean test error with one standard deviation, against the mean measured seconds of a training."
    said = f"Test error against measured seconds. {said}."
    return _plot("times", "Test error against time", caption, said, draw_sizes(points, TIMES))


def _left_out(count: int) -> str:
    return f" {count} more could not be drawn; all are in the tables." if count else ""
