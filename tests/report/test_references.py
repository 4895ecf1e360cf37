"""Ours beside the papers' tables: rows found, statistics and failures as printed there, protocols told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DEPTHS, make_record

from ablate.records import Outcome, Record
from ablate.report import load_frame, write_report
from ablate.report.figures.depth import measure_depth_errors
from ablate.report.reference_table import tabulate_reference
from ablate.report.references import compare_protocols, find_counterparts, published
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
    for reference in study.references.values():
        assert len(find_counterparts(reference, study)) >= 4


def test_medians_are_compared_with_medians_and_failures_with_failures(shortcuts: Study) -> None:
    errors = {"shortcut=none": 60.0, "shortcut={dropout: 0.5}": 12.0}
    frame = load_frame(shortcuts, records_of(shortcuts, **errors))
    table = tabulate_reference("he2016-shortcuts", shortcuts, frame)
    rows = {row[0].text: [entry.text for entry in row] for row in table.rows}
    assert rows["original"][1:] == ["6.61", "median of 5", "shortcut=identity", "12.00 ± 1.58", "12.00", "+5.39"]
    assert rows["constant scaling 0, 1"][1] == "fail (> 20)"
    assert rows["constant scaling 0, 1"][5] == "62.00 (fail)"
    assert rows["dropout 0.5 shortcut"][5:] == ["14.00", ""]
    assert len(rows) == 11
    assert "The data differ" not in table.caption


def test_equal_crops_are_no_difference() -> None:
    study = load_study(SPECS / "studies" / "he2015-imagenet.yaml")
    said = " ".join(compare_protocols(study.references["he2015-imagenet-plain"], study))
    assert "Ours: 3 seeds, after the last of 120 epochs, 10-crop." in said
    assert "test images are seen" not in said
    assert "The data differ" not in said
    single = load_study(SPECS / "studies" / "he2015-imagenet.yaml", ["baseline.data.testing.crops=1"])
    said = " ".join(compare_protocols(single.references["he2015-imagenet-plain"], single))
    assert "test images are seen as 10-crop there, once and whole here" in said


def test_the_best_of_several_is_compared_with_the_best_of_ours() -> None:
    study = load_study(SPECS / "studies" / "he2015-cifar10.yaml")
    frame = load_frame(study, records_of(study))
    numbers = tabulate_reference("he2015-cifar10", study, frame).numbers.set_index("published")
    assert numbers.loc["ResNet-110", ["theirs", "statistic", "ours", "ours_mean"]].tolist() == [
        6.43,
        "best",
        10.0,
        12.0,
    ]
    assert numbers.loc["ResNet-20", ["statistic", "ours"]].tolist() == ["single", 12.0]
    depths = measure_depth_errors(study, frame, published(study))
    assert depths is not None
    assert depths.lines["test_error"][1].published == ((20, 8.75), (32, 7.51), (44, 7.17), (56, 6.97), (110, 6.43))
    assert depths.lines["train_error"][1].published == ()


def test_a_diverged_trial_counts_at_chance_level(shortcuts: Study) -> None:
    records = records_of(shortcuts)
    for trial in shortcuts.trials:
        if trial.cell.name == "shortcut=none":
            records[trial.id] = make_record(trial, 50, outcome=Outcome.DIVERGED)
    numbers = tabulate_reference("he2016-shortcuts", shortcuts, load_frame(shortcuts, records)).numbers.set_index(
        "cell"
    )
    assert numbers.loc["shortcut=none", "ours"] == 90


def test_other_data_are_said_and_not_drawn(read: Callable[[str], Study], records: dict[str, Record]) -> None:
    study = read(DEPTHS + "report: {reference: [he2015-cifar10, he2016-activation]}")
    caption = tabulate_reference("he2015-cifar10", study, load_frame(study, records)).caption
    assert "The data differ: cifar10 there, digits here. Only the order of rows can be compared." in caption
    assert "The protocols differ: theirs are single figures, ours means of 3 seeds." in caption
    assert published(study) == {}


def test_a_default_that_is_not_written_matches_too(read: Callable[[str], Study]) -> None:
    study = read(
        DEPTHS.replace("[8, 20, 56]", "[8, 20, 110]").partition("claims:")[0] + "report: {reference: he2016-activation}"
    )
    (reference,) = study.references.values()
    found = [(one.row.name, one.cell.name) for one in find_counterparts(reference, study)]
    assert found == [("original 110", f"shortcut={s} depth=110") for s in ("none", "identity")]


def test_every_table_stands_on_the_pages_and_in_files(
    read: Callable[[str], Study], records: dict[str, Record], tmp_path: Path
) -> None:
    study = read(DEPTHS + "report: {reference: [he2015-cifar10, he2016-cifar10, huang2016-cifar10]}")
    folder = write_report(study, records, tmp_path / "report", command="c").page.parent
    assert {path.name for path in folder.glob("tables/reference-*.csv")} == {"reference-he2015-cifar10.csv"}
    for page in ("index.html", "report.md"):
        assert "Beside He et al. 2015" in (folder / page).read_text()
    assert "8.75" in (folder / "index.html").read_text()


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("he2015-imagenet-10crop", "test images are seen as 10-crop there, once and whole here"),
        ("he2015-imagenet-ensembles", "theirs are top-5 errors, ours top-1"),
        ("huang2016-cifar10", "the epoch is chosen there as epoch of best validation error, here it is the last"),
        ("he2016-shortcuts", "theirs are the median of 5 runs, ours of 3"),
        ("srivastava2015-cifar10", "theirs are the best of an unknown number of runs, ours of 3"),
    ],
)
def test_what_differs_in_the_protocol_is_said(read: Callable[[str], Study], metric: str, said: str) -> None:
    study = read(DEPTHS + f"report: {{reference: {metric}}}")
    assert said in " ".join(compare_protocols(study.references[metric], study))
