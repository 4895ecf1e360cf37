"""Panels share an axis: nothing in a later panel may be cut off because an earlier one is lower."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import make_record
from matplotlib.figure import Figure

from ablate.records import Record
from ablate.report import load_frame
from ablate.report.figures.curves import draw_curves, measure_curves
from ablate.report.figures.depth import draw_depth_errors, measure_depth_errors
from ablate.report.figures.sizes import draw_sizes, measure_sizes
from ablate.spec import Study


def assert_all_is_seen(figure: Figure) -> None:
    for axis in figure.axes:
        low, high = axis.get_ylim()
        drawn = np.concatenate([np.asarray(line.get_ydata(), float) for line in axis.get_lines()])
        assert low == 0
        assert np.nanmax(drawn) < high


@pytest.fixture
def rising(study: Study) -> dict[str, Record]:
    """Test errors far above the training errors, and the second panel's nets far worse than the first's."""
    records = {}
    for trial in study.trials:
        record = make_record(trial, 2.0 if trial.cell.factors["architecture.shortcut"] == "none" else 60.0)
        scale = 0.01 if trial.cell.factors["architecture.shortcut"] == "none" else 1.0
        history = tuple(
            epoch.model_copy(
                update={"train_error": scale * epoch.train_error, "test_error": scale * (epoch.test_error or 0) + 8}
            )
            for epoch in record.history
        )
        final = {**record.final, "train_error": 1.0, "test_error": history[-1].test_error}
        records[trial.id] = record.model_copy(update={"history": history, "final": final})
    return records


def test_curves(study: Study, rising: dict[str, Record]) -> None:
    panels, _ = measure_curves(study, rising)
    assert_all_is_seen(draw_curves(panels))
    assert_all_is_seen(draw_curves(panels[::-1]))


def test_errors_against_depth(study: Study, rising: dict[str, Record]) -> None:
    numbers = measure_depth_errors(study, load_frame(study, rising))
    assert numbers
    assert_all_is_seen(draw_depth_errors(numbers))


def test_errors_against_size(study: Study, rising: dict[str, Record]) -> None:
    assert_all_is_seen(draw_sizes(measure_sizes(study, load_frame(study, rising))))
