"""`ablate diff` as a person meets it: text, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ablate.cli import main

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 8, 16]}
  data: {dataset: digits}
  train: {epochs: 2}
grid: {architecture.depth: [8, 14], architecture.shortcut: [none, identity]}
"""


@pytest.fixture
def study(tmp_path: Path) -> str:
    (tmp_path / "study.yaml").write_text(STUDY)
    return str(tmp_path / "study.yaml")


def diff(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def test_equal_networks_exit_with_0(study: str) -> None:
    result = diff(study, study)
    assert (result.exit_code, result.stdout) == (
        0,
        "A  depth=8 shortcut=identity\nB  depth=8 shortcut=identity\n\nThe same.\n",
    )


def test_different_ones_exit_with_1_and_name_key_and_confounds(study: str) -> None:
    result = diff(study, "--cell-a", "depth=8 shortcut=none", "--cell-b", "depth=14 shortcut=none")
    assert result.exit_code == 1
    assert "architecture.depth  8  14" in result.stdout
    assert "weighted-layers       8       14  1.75×" in result.stdout


def test_an_override_changes_the_chosen_cell_and_nothing_else(study: str) -> None:
    result = diff(study, "--cell-a", "depth=14 shortcut=none", "train.lr=0.2", "--format", "json")
    found = json.loads(result.stdout)
    assert (found["this"], found["that"], found["same_network"]) == ("depth=14 shortcut=none",) * 2 + (True,)
    assert found["recipe"] == [{"name": "train.lr", "this": 0.1, "that": 0.2}]


def test_an_override_of_an_axis_keeps_the_other_axes(study: str) -> None:
    result = diff(study, "--cell-a", "depth=14 shortcut=none", "architecture.shortcut=identity")
    assert "architecture.depth" not in result.stdout
    assert "architecture.shortcut  none  identity" in result.stdout


def test_units_shows_operations(study: str) -> None:
    result = diff(study, "architecture.activation=relu-before-addition", "--units")
    assert "  branch  conv3x3 bn relu conv3x3 bn {+relu+}\n  after   [-relu-]" in result.stdout
    assert "Nothing else changed" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.yaml",), "nowhere.yaml: "),
        (("--cell-a", "deep"), "no cell is called 'deep'"),
        (("train.lr=fast",), "command line: train.lr: "),
        (("b.yaml", "c.yaml"), "one or two files, got 3"),
    ],
)
def test_trouble_exits_with_2(study: str, arguments: tuple[str, ...], message: str) -> None:
    result = diff(study, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
