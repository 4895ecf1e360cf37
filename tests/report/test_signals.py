"""Shortcut gain, gates, branch scale and dead activations: one table, recomputed by hand from planted findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablate.records import Outcome, Record
from ablate.report import write_report
from ablate.report.signal_table import tabulate_signals
from ablate.spec import Study


def findings(seed: int, shortcut: object) -> dict[str, dict[str, Any]]:
    """What a trial of three units finds, as `train` records it; plain nets have no shortcuts."""
    layers = {"unit": [0, 1, 2], "layer": ["stem[2]", "after[0]", "head[0]"], "zeros": [0.5] * 3}
    found = {"activations": {"table": layers | {"channels": [4, 8, 8], "dead": [0, seed, 1]}}}
    if shortcut == "none":
        return found
    units = {"unit": [1, 2, 3], "gain": [1.0, 0.5, None], "openness": [None] * 3, "ratio": [0.9, 0.1 * seed, None]}
    return found | {"shortcuts": {"table": units}}


@pytest.fixture
def diagnosed(study: Study, records: dict[str, Record]) -> dict[str, Record]:
    kinds = {trial.id: trial.cell.factors["architecture.shortcut"] for trial in study.trials}
    return {
        key: record.model_copy(update={"diagnostics": findings(record.seed, kinds[key])})
        for key, record in records.items()
    }


def test_recomputed_by_hand(study: Study, diagnosed: dict[str, Record]) -> None:
    table = tabulate_signals(study, diagnosed)
    assert table
    assert [column.title for column in table.columns] == [
        "cell",
        "shortcut gain",
        "smallest branch / shortcut",
        "dead channels, %",
    ]  # no cell has a gate
    numbers = table.numbers.set_index("cell")
    clean, plain = numbers.loc["shortcut=identity depth=20"], numbers.loc["shortcut=none depth=20"]
    assert clean[["gain_mean", "gain_std", "gain_n"]].tolist() == [0.75, 0.0, 3]
    assert clean[["ratio_mean", "ratio_std"]].tolist() == pytest.approx([0.1, 0.1])  # 0, 0.1 and 0.2
    assert clean[["dead_mean", "dead_std"]].tolist() == pytest.approx([10.0, 5.0])  # 1, 2 and 3 of 20
    assert plain[["gain_mean", "dead_mean"]].tolist() == pytest.approx([float("nan"), 10.0], nan_ok=True)
    assert plain["gain_n"] == 0
    row = next(row for row in table.rows if row[0].text == "shortcut=none depth=20")
    assert [entry.text for entry in row[1:]] == ["–", "–", "10.00 ± 5.00"]


def test_trials_that_did_not_finish_or_failed_to_measure_are_left_out(
    study: Study, diagnosed: dict[str, Record]
) -> None:
    for trial in study.trials:
        record = diagnosed[trial.id]
        if trial.seed == 0:
            diagnosed[trial.id] = record.model_copy(update={"diagnostics": {"activations": {"error": "no"}}})
        if trial.seed == 1:
            diagnosed[trial.id] = record.model_copy(update={"outcome": Outcome.DIVERGED})
    table = tabulate_signals(study, diagnosed)
    assert table
    assert set(table.numbers["dead_n"]) == {1}
    assert set(table.numbers["dead_mean"]) == {15.0}


def test_a_study_without_them_has_no_such_table(study: Study, records: dict[str, Record]) -> None:
    assert tabulate_signals(study, records) is None


def test_the_report_has_it_in_every_form(study: Study, diagnosed: dict[str, Record], tmp_path: Path) -> None:
    folder = write_report(study, diagnosed, tmp_path / "report", command="c").page.parent
    assert 'id="table-signals"' in (folder / "index.html").read_text()
    assert "## Signals" in (folder / "report.md").read_text()
    assert "10.00" in (folder / "tables" / "signals.tex").read_text()
    assert len(pd.read_csv(folder / "tables" / "signals.csv")) == len(study.cells)
