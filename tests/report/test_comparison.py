"""Two studies side by side that share a cell under different names: shown once, with the seeds of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import make_record

from ablate.cli.main import main
from ablate.records import Outcome, Record, Store
from ablate.report import Comparison, load_frame, write_comparison
from ablate.spec import Study

BASELINE = """
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [4, 8, 16]}
  data: {dataset: digits, validation: 0.1}
  train: {epochs: 4}
"""
PLAIN = f"""
question: Do shortcuts help?
{BASELINE}
grid: {{architecture.shortcut: [none, identity]}}
seeds: [0, 1]
claims:
  - says: Shortcuts lower the training error.
    metric: train_error
    compare: {{architecture.shortcut: [identity, none]}}
    expect: lower
"""
DEEP = f"""
question: Does depth help <b>& |how|</b>?
source: He et al. 2015
{BASELINE}
grid: {{architecture.depth: [14, 8]}}
seeds: [1, 2]
"""
ERRORS = {"shortcut=none": 40.0, "shortcut=identity": 5.0, "depth=8": 5.0, "depth=14": 3.0}


@pytest.fixture
def studies(read: Callable[[str, str], Study]) -> tuple[Study, Study]:
    return read(PLAIN, "plain"), read(DEEP, "deep")


@pytest.fixture
def trained(studies: tuple[Study, Study]) -> dict[str, Record]:
    """All but one trial; one has diverged. A trial that both studies have bears the name of the first."""
    records: dict[str, Record] = {}
    for trial in (trial for study in studies for trial in study.trials):
        bad = trial.name == "depth=14 seed=2"
        outcome = Outcome.DIVERGED if bad else Outcome.FINISHED
        records.setdefault(trial.id, make_record(trial, ERRORS[trial.cell.name], outcome=outcome))
    del records[next(trial.id for trial in studies[0].trials if trial.name == "shortcut=none seed=1")]
    return records


@pytest.fixture
def written(studies: tuple[Study, Study], trained: dict[str, Record], tmp_path: Path) -> Comparison:
    return write_comparison(studies, trained, tmp_path / "side", command="ablate compare plain.yaml deep.yaml")


def test_a_shared_cell_is_one_row_with_the_seeds_of_both(
    written: Comparison, studies: tuple[Study, Study], trained: dict[str, Record]
) -> None:
    folder = written.page.parent
    results = pd.read_csv(folder / "results.csv")
    shared = results[results["cell"] == "plain: shortcut=identity = deep: depth=8"]
    assert shared["seed"].tolist() == [0, 1, 2]
    assert set(shared["studies"]) == {"plain, deep"}
    assert set(shared["architecture.shortcut"]) == {"identity"}
    assert set(shared["architecture.depth"]) == {8.0}
    assert len(results) == len(set(results["trial"])) == 7
    assert written.num_shared == 1

    apart = pd.concat([load_frame(study, trained) for study in studies]).drop_duplicates("trial").set_index("trial")
    assert results["train_error"].tolist() == pytest.approx(
        apart.loc[results["trial"], "train_error"].tolist(), nan_ok=True
    )


def test_one_error_table_over_all_cells(written: Comparison) -> None:
    folder = written.page.parent
    results = pd.read_csv(folder / "results.csv")
    table = pd.read_csv(folder / "tables" / "errors.csv").set_index("cell")
    assert list(table.index) == ["plain: shortcut=none", "plain: shortcut=identity = deep: depth=8", "deep: depth=14"]
    for cell, trials in results[results["outcome"] == "finished"].groupby("cell"):
        expected = trials["test_error"].agg(["mean", "count"])
        assert table.loc[cell, ["test_error_mean", "n"]].tolist() == pytest.approx(list(expected))
    assert table[["n", "n_diverged", "n_missing"]].to_numpy().tolist() == [[1, 0, 1], [3, 0, 0], [1, 1, 0]]
    assert set(table["dataset"]) == {"digits"}
    assert set(table["epochs"]) == {4}
    mean, std = table.loc["deep: depth=14", "test_error_mean"], table.iloc[1][["test_error_mean", "test_error_std"]]
    for page in ("index.html", "report.md", "tables/errors.tex"):
        text = (folder / page).read_text().replace(r"\ensuremath{\pm}", "±")
        assert f"{std.iloc[0]:.2f} ± {std.iloc[1]:.2f}" in text
        assert f"{mean:.2f}" in text


def test_questions_and_verdicts_of_every_study(written: Comparison) -> None:
    studies = pd.read_csv(written.page.parent / "tables" / "studies.csv").set_index("study")
    assert studies.loc["plain", ["cells", "shared_cells", "seeds", "trials", "recorded"]].tolist() == [2, 1, 2, 4, 3]
    assert studies.loc["deep", ["finished", "supported", "not_testable"]].tolist() == [3, 0, 0]
    assert studies.loc["plain", "not_testable"] == 1
    claims = pd.read_csv(written.page.parent / "tables" / "claims.csv")
    assert claims[["study", "claim", "verdict"]].to_numpy().tolist() == [["plain", 1, "not testable"]]


def test_names_are_escaped_and_nothing_is_fetched(written: Comparison) -> None:
    page = written.page.read_text()
    assert "<b>& |how|</b>" not in page
    assert "&lt;b&gt;&amp; |how|&lt;/b&gt;" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert r"\|how\|" in (written.page.parent / "report.md").read_text()


def test_studies_of_one_name_are_told_apart_by_their_files(
    read: Callable[[str, str], Study], tmp_path: Path, trained: dict[str, Record]
) -> None:
    (tmp_path / "other").mkdir()
    this, that = read(PLAIN, "plain"), read(DEEP, "other/plain")
    written = write_comparison((this, that), trained, tmp_path / "side", command="c")
    assert [member.name for member in written.members] == [this.file, that.file]
    assert written.num_shared == 1


def test_the_command(
    studies: tuple[Study, Study], trained: dict[str, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for record in trained.values():
        Store(tmp_path / "runs").write(record)
    shown = CliRunner().invoke(main, ["compare", "plain.yaml", "deep.yaml"])
    assert shown.exit_code == 0, shown.output
    assert "Shortcuts lower the training error." in shown.output
    assert f"3 cells, 1 in more than one study · {Path('reports/compare-plain-deep/index.html')}" in shown.output
    assert (tmp_path / "reports" / "compare-plain-deep" / "results.csv").exists()

    told = CliRunner().invoke(main, ["compare", "plain.yaml", "deep.yaml", "--format", "json", "--output", "o"])
    content = json.loads(told.output)
    assert [len(study["claims"]) for study in content["studies"]] == [1, 0]
    assert content["cells"][1]["names"] == [
        {"study": "plain", "cell": "shortcut=identity"},
        {"study": "deep", "cell": "depth=8"},
    ]
    assert content["cells"][0]["test_error_std"] is None
    assert content["cells"][1]["n"] == 3


@pytest.mark.parametrize("files", [["plain.yaml"], ["plain.yaml", "./plain.yaml"], ["plain.yaml", "nowhere.yaml"]])
def test_what_cannot_be_compared(
    files: list[str], studies: tuple[Study, Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["compare", *files])
    assert done.exit_code == 2
    assert "plain.yaml" in done.output or "nowhere.yaml" in done.output or "two studies" in done.output
    assert not (tmp_path / "reports").exists()
