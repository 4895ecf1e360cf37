"""Ours beside the papers' tables: rows found, statistics and failures as printed there, protocols told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import make_record

from ablate.errors import UsageError
from ablate.records import Outcome, Record
from ablate.report import load_frame, write_report
from ablate.report.figures.depth import measure_depth_errors
from ablate.report.reference_table import tabulate_reference
from ablate.report.references import find_counterparts, published, read_reference
from ablate.spec import Study, load_study

SPECS = Path(__file__).parents[2] / "specs"
STUDIES = sorted((SPECS / "studies").glob("*.yaml"))


def records_of(study: Study, **errors: float) -> dict[str, Record]:
    """Test errors by seed: 10, 11, 12, ... for every cell, or those asked for by the cell's name."""
    found = {}
    for trial in study.trials:
        error = errors.get(trial.cell.name, 10.0) + trial.seed
        record = make_record(trial, error)
        found[trial.id] = record.model_copy(update={"final": record.final | {"test_error": error}, "history": ()})
    return found


@pytest.fixture(scope="module")
def shortcuts() -> Study:
    return load_study(SPECS / "studies" / "he2016-shortcuts.yaml")


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_of_a_paper_finds_its_rows(path: Path) -> None:
    study = load_study(path)
    reference = read_reference(study)
    if study.reference is None:
        assert reference is None
        return
    assert reference is not None
    assert len(find_counterparts(reference, study)) >= 5


def test_every_published_table_is_read() -> None:
    tables = sorted((SPECS / "references").glob("*.yaml"))
    assert len(tables) >= 10
    study = load_study(STUDIES[0])
    for path in tables:
        reference = read_reference(replace(study, reference=path.stem))
        assert reference is not None
        assert reference.rows


def test_medians_are_compared_with_medians_and_failures_with_failures(shortcuts: Study) -> None:
    errors = {"shortcut=none": 60.0, "shortcut={dropout: 0.5}": 12.0}
    frame = load_frame(shortcuts, records_of(shortcuts, **errors))
    reference = read_reference(shortcuts)
    assert reference is not None
    table = tabulate_reference(reference, shortcuts, frame)
    rows = {row[0].text: [entry.text for entry in row] for row in table.rows}
    assert rows["original"][1:] == ["6.61", "median of 5", "shortcut=identity", "12.00 ± 1.58", "12.00", "+5.39"]
    assert rows["constant scaling 0, 1"][1] == "fail (> 20)"
    assert rows["constant scaling 0, 1"][5] == "62.00 (fail)"
    assert rows["dropout 0.5 shortcut"][5:] == ["14.00", ""]
    assert len(rows) == 11
    assert "The data differ" not in table.caption


def test_the_best_of_several_is_compared_with_the_best_of_ours() -> None:
    study = load_study(SPECS / "studies" / "he2015-cifar10.yaml")
    reference = read_reference(study)
    assert reference is not None
    frame = load_frame(study, records_of(study))
    numbers = tabulate_reference(reference, study, frame).numbers.set_index("published")
    assert numbers.loc["ResNet-110", ["theirs", "statistic", "ours", "ours_mean"]].tolist() == [
        6.43,
        "best",
        10.0,
        12.0,
    ]
    assert numbers.loc["ResNet-20", ["statistic", "ours"]].tolist() == ["single", 12.0]
    depths = measure_depth_errors(study, frame, published(study, reference))
    assert depths is not None
    assert depths.lines["test_error"][1].published == ((20, 8.75), (32, 7.51), (44, 7.17), (56, 6.97), (110, 6.43))
    assert depths.lines["train_error"][1].published == ()


def test_a_diverged_trial_counts_at_chance_level(shortcuts: Study) -> None:
    records = records_of(shortcuts)
    for trial in shortcuts.trials:
        if trial.cell.name == "shortcut=none":
            records[trial.id] = make_record(trial, 50, outcome=Outcome.DIVERGED)
    reference = read_reference(shortcuts)
    assert reference is not None
    numbers = tabulate_reference(reference, shortcuts, load_frame(shortcuts, records)).numbers.set_index("cell")
    assert numbers.loc["shortcut=none", "ours"] == 90


def test_other_data_are_said_and_not_drawn(study: Study, records: dict[str, Record]) -> None:
    study = replace(study, reference="he2015-cifar10", file=str(SPECS / "studies" / "mine.yaml"))
    reference = read_reference(study)
    assert reference is not None
    caption = tabulate_reference(reference, study, load_frame(study, records)).caption
    assert "The data differ: cifar10 there, digits here. Only the order of rows can be compared." in caption
    assert published(study, reference) == {"test_error": {}}


def test_an_unknown_table_is_an_error_that_names_the_known(study: Study, tmp_path: Path) -> None:
    unknown = replace(study, reference="he2014", file=str(SPECS / "studies" / "mine.yaml"))
    with pytest.raises(UsageError, match=r"report.reference: no published table is called 'he2014'; use one of he2015"):
        write_report(unknown, {}, tmp_path / "report", command="c")
    assert not (tmp_path / "report").exists()
    known = tmp_path / "references" / "broken.yaml"
    known.parent.mkdir()
    known.write_text("rows: [1")
    with pytest.raises(UsageError, match="is no table of published results"):
        read_reference(replace(study, reference="broken", file=str(tmp_path / "mine.yaml")))
