"""`ablate show`: what is said of the shortcuts, and the picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from ablate.cli import main

ZOO = Path(__file__).parents[2] / "specs" / "architectures"


def show(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["show", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain-20", "Shortcuts in none of 9 units."),
        ("resnet-20", "in 9 of 9 units; from the stem to the head they meet 9 relu, 2 subsample, 2 pad-channels."),
        ("resnet-110-scaling-0.5-0.5", "Gain along them at initialisation: 5.55e-17."),  # 0.5 to the 54
    ],
)
def test_the_cleanliness_of_shortcuts_is_said(name: str, said: str) -> None:
    code, printed, _ = show(ZOO / f"{name}.yaml")
    assert code == 0
    assert said in printed


def test_the_diagram_is_a_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "new" / "net.svg"
    code, printed, _ = show(ZOO / "resnet-20.yaml", "--diagram", file)
    assert (code, printed) == (0, f"resnet-20 is drawn in {file}\n")
    assert ElementTree.parse(file).getroot().tag.endswith("svg")
    assert [entry.name for entry in file.parent.iterdir()] == ["net.svg"]


def test_a_diagram_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, error = show(ZOO / "resnet-20.yaml", "--diagram", tmp_path / "file" / "net.svg")
    assert code == 1
    assert error.count("\n") == 1
    assert "cannot be written" in error
