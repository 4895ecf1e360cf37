"""Diagnostics as figures: gradients, responses and lesions averaged over seeds, along the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablate.records import Outcome, Record
from ablate.report import write_report
from ablate.report.figures.curves import measure_curves
from ablate.report.figures.lines import mean
from ablate.report.figures.profiles import measure_profile
from ablate.spec import Study


def findings(seed: int) -> dict[str, dict[str, Any]]:
    """What a trial of two units finds, as `train` records it."""
    table = {"epoch": [0, 0, 0, 0, 8, 8, 8, 8], "unit": [0, 1, 2, 3] * 2, "weights": [1.0] * 8}
    layers = {"unit": [0, 1, 1], "layer": ["stem[0]", "branch[0]", "branch[3]"], "kernel": [7, 3, 3]}
    return {
        "gradients": {"table": table | {"signal": [8.0 + seed, 4.0, 2.0, None, 1.0, 0.5 + seed, 0.25, None]}},
        "responses": {"table": layers | {"std": [1.0, 1.5, 2.0 + seed]}},
        "lesions": {"intact": {"error": [3.0]}, "single": {"unit": [1, 2], "error": [60.0 + seed, None]}},
    }


@pytest.fixture
def diagnosed(study: Study, records: dict[str, Record]) -> dict[str, Record]:
    return {key: record.model_copy(update={"diagnostics": findings(record.seed)}) for key, record in records.items()}


def test_gradients_of_the_first_and_the_last_epoch(study: Study, diagnosed: dict[str, Record]) -> None:
    panels, left_out = measure_profile(study, diagnosed, "gradients")
    assert [panel.title for panel in panels] == ["shortcut none", "shortcut identity"]
    label, cell, lines = panels[0].curves[1]
    assert (label, cell, left_out) == ("depth 20", "shortcut=none depth=20", 0)
    assert lines.positions == (0, 1, 2, 3)
    assert lines.thin == pytest.approx((9.0, 4.0, 2.0, float("nan")), nan_ok=True)
    assert lines.bold == pytest.approx((1.0, 1.5, 0.25, float("nan")), nan_ok=True)


def test_responses_of_the_3x3_layers_and_lesions_with_gaps(study: Study, diagnosed: dict[str, Record]) -> None:
    responses = measure_profile(study, diagnosed, "responses")[0][0].curves[0][2]
    assert (responses.positions, responses.thin, responses.bold) == ((1, 2), (), (1.5, 3.0))
    lesions = measure_profile(study, diagnosed, "lesions")[0][0].curves[0][2]
    assert lesions.thin == (3.0, 3.0)
    assert lesions.bold == pytest.approx((61.0, float("nan")), nan_ok=True)


def test_a_diagnostic_that_failed_or_is_missing_is_left_out(study: Study, diagnosed: dict[str, Record]) -> None:
    for trial in study.trials:
        record = diagnosed[trial.id]
        if trial.seed == 0:
            diagnosed[trial.id] = record.model_copy(update={"diagnostics": {"gradients": {"error": "no"}}})
        if trial.seed == 1:
            diagnosed[trial.id] = record.model_copy(update={"outcome": Outcome.DIVERGED})
    assert measure_profile(study, diagnosed, "gradients")[0][0].curves[0][2].thin[0] == 10.0  # of seed 2 alone
    bare = {key: record.model_copy(update={"diagnostics": {}}) for key, record in diagnosed.items()}
    assert measure_profile(study, bare, "gradients") == ([], 0)


def test_the_page_shows_them(study: Study, diagnosed: dict[str, Record], tmp_path: Path) -> None:
    page = write_report(study, diagnosed, tmp_path / "report", command="c").page.read_text()
    for name in ("gradients", "responses", "lesions"):
        assert f'id="figure-{name}"' in page
        assert (tmp_path / "report" / "figures" / f"{name}.pdf").exists()


def test_curves_are_means_over_the_seeds_that_got_so_far(study: Study, records: dict[str, Record]) -> None:
    trials = [trial for trial in study.trials if trial.cell.name == "shortcut=none depth=56"]
    short = records[trials[0].id]
    records[trials[0].id] = short.model_copy(update={"history": short.history[:3], "outcome": Outcome.DIVERGED})
    lines = measure_curves(study, records)[0][0].curves[2][2]
    histories = [records[trial.id].history for trial in trials]
    assert lines.thin[2] == pytest.approx(sum(history[2].train_error for history in histories) / 3)
    assert lines.thin[7] == pytest.approx(sum(history[7].train_error for history in histories[1:]) / 2)
    assert lines.ends == ((3, histories[0][2].train_error),)


def test_mean_of_ragged_rows() -> None:
    assert mean([[1.0, None, 3.0], [3.0]]) == pytest.approx((2.0, float("nan"), 3.0), nan_ok=True)
    assert mean([]) == ()
