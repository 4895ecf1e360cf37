"""Published tables: all of ours are right, each is found from anywhere, and a wrong one is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.errors import SpecError
from ablate.spec import load_study
from ablate.spec.study.references import OURS, find_reference, load_reference

TABLES = sorted((Path(__file__).parents[2] / "specs" / "references").glob("*.yaml"))
STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8}
  data: {dataset: digits}
report: {reference: NAME}
"""
TABLE = """\
source: Someone 2026, Table 1
dataset: digits
metric: test_error
unit: percent
protocol: {statistic: mean, runs: 3, selection: last epoch, crops: single view}
rows:
  - {name: ours, value: 5.0, match: {architecture.depth: 8}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_table_comes_with_ablate() -> None:
    assert len(TABLES) >= 16
    assert [path.name for path in sorted(OURS.glob("*.yaml"))] == [path.name for path in TABLES]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_table_is_right(path: Path) -> None:
    reference = load_reference(path)
    assert reference.rows
    assert all(row.value is not None or row.top5 is not None for row in reference.rows)
    assert reference.metric in ("test_error", "val_error", "multiply_adds")
    for row in reference.rows:
        assert row.value != "fail" or reference.fail_above
        assert all(key.startswith("architecture.") for key in row.match or {})


def test_a_table_is_found_from_any_folder(here: Path) -> None:
    (here / "mine.yaml").write_text(STUDY.replace("NAME", "[he2015-cifar10, he2016-shortcuts]"))
    study = load_study("mine.yaml")
    assert [*study.references] == ["he2015-cifar10", "he2016-shortcuts"]
    assert study.references["he2015-cifar10"].rows[-1].value == 7.93


@pytest.mark.parametrize("folder", ["references", "specs/references", "specs/studies/references"])
def test_a_table_of_ones_own_comes_first(here: Path, folder: str) -> None:
    for place in (folder, "specs/studies"):
        (here / place).mkdir(parents=True, exist_ok=True)
    (here / folder / "he2015-cifar10.yaml").write_text(TABLE)
    (here / "specs" / "studies" / "mine.yaml").write_text(STUDY.replace("NAME", "he2015-cifar10"))
    (reference,) = load_study("specs/studies/mine.yaml").references.values()
    assert reference.source == "Someone 2026, Table 1"


def test_a_table_in_the_working_folder_serves_a_study_elsewhere(here: Path) -> None:
    (here / "references").mkdir()
    (here / "references" / "mine.yaml").write_text(TABLE)
    assert find_reference("mine", "/elsewhere/x.yaml") == here / "references" / "mine.yaml"
    assert find_reference("yours", "/elsewhere/x.yaml") is None


def test_all_that_is_wrong_with_a_table_is_told_with_its_place(here: Path) -> None:
    (here / "references").mkdir()
    text = TABLE.replace("statistic: mean", "statistic: averge").replace("value: 5.0", "valu: 5.0")
    (here / "references" / "mine.yaml").write_text(text)
    (here / "x.yaml").write_text(STUDY.replace("NAME", "mine").replace("depth: 8", "dept: 8"))
    with pytest.raises(SpecError) as caught:
        load_study("x.yaml")
    lines = [line.removeprefix(f"{here}/") for line in str(caught.value).splitlines()]
    start = "references/mine.yaml:5:23: protocol.statistic: expected one of 'single'"
    assert any(line.startswith(start) for line in lines), lines
    assert "references/mine.yaml:7:18: rows[0].valu: unknown key, got 5.0; did you mean 'value'?" in lines
    assert any(line.startswith("x.yaml:2:") for line in lines)
