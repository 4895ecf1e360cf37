"""`ablate init`: the study it writes is right, runs, and so do the parts that wait in its comments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ablate.cli import main
from ablate.spec import load_study


def ablate(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert ablate("init").exit_code == 0
    return tmp_path / "study.yaml"


def test_it_is_right_and_asks_one_question(study: Path) -> None:
    assert ablate("check", str(study)).exit_code == 0
    found = load_study(study)
    assert (len(found.cells), len(found.seeds), len(found.claims)) == (2, 3, 1)
    assert found.baseline == "shortcut=identity"


def test_everything_in_its_comments_can_be_used(study: Path) -> None:
    text = study.read_text()
    used = re.sub(r"^#(?=[a-z]|  )(?!   ablate)", "", text, flags=re.MULTILINE)
    assert sum(a != b for a, b in zip(text.split("\n"), used.split("\n"), strict=True)) > 12
    study.write_text(used)
    assert len(load_study(study).cells) == 12  # 2 x 2 x 2 of the grid, the baseline and 3 variants


def test_a_file_that_is_there_is_left_alone(study: Path) -> None:
    study.write_text("mine")
    result = ablate("init", str(study))
    assert result.exit_code == 1
    assert "exists already" in result.stderr
    assert study.read_text() == "mine"


def test_it_runs(study: Path) -> None:
    result = ablate("run", str(study), "--serial", "seeds=1", "train.epochs=1", "architecture.widths=[4, 8, 16]")
    assert result.exit_code == 0, result.output
    assert ablate("status", str(study), "seeds=1", "train.epochs=1", "architecture.widths=[4, 8, 16]").exit_code == 0
