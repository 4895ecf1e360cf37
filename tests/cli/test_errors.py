"""Every fault a person makes, as the command line shows it: one line each, exit code 2, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """\
question: Does depth hurt?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: none}
  data: {dataset: digits}
  train: {epochs: 1, lr: 1e-1}
grid:
  architecture.depth: [8, 14]
seeds: 2
"""


def ablate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ablate", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def check(folder: Path, text: str) -> str:
    (folder / "study.yaml").write_text(text)
    result = ablate("check", "study.yaml", cwd=folder)
    assert result.returncode == 2, result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_good_file_is_ok(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    result = ablate("check", "study.yaml", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "study.yaml: ok, study of 2 cells, 4 trials, 0 claims\n"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("depth: 8, block", "depht: 8, block", "study.yaml:3:33: architecture.depht: unknown key, got 8; did you mean"),
        ("epochs: 1", "epochs: many", "study.yaml:5:19: train.epochs: expected a whole number above 0, got"),
        ("seeds: 2", "seeds: 2\nseeds: 3", "study.yaml:9:1: seeds: "),
        ("shortcut: none", "shortcut: off", "study.yaml:3:67: architecture.shortcut: expected none"),
        ("[8, 14]", "[8, 15]", "study.yaml:7:27: architecture.depth: "),
        ("dataset: digits", "dataset: digitz", "study.yaml:4:19: data.dataset: expected one of"),
    ],
)
def test_a_fault_is_one_line_with_position_and_remedy(tmp_path: Path, old: str, new: str, line: str) -> None:
    printed = check(tmp_path, GOOD.replace(old, new))
    assert printed.startswith(line)
    assert printed.count("\n") == 1


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    printed = check(tmp_path, GOOD.replace("epochs: 1", "epochs: 0").replace("digits", "digitz").replace("14", "15"))
    assert [line.split(": ")[0] for line in printed.splitlines()] == [
        "study.yaml:4:19",
        "study.yaml:5:19",
        "study.yaml:7:27",
    ]


def test_a_number_written_with_an_exponent_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    result = ablate("run", "study.yaml", "train.lr=fast", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("command line: train.lr: ")


@pytest.mark.parametrize("text", ["", "{", "- 1\n- 2\n", "just words", "a: b: c", "\ttab: 1"])
def test_what_is_not_a_study_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    printed = check(tmp_path, text)
    assert printed.startswith("study.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = ablate("check", "nowhere.yaml", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("nowhere.yaml: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["check", "show", "plan", "run", "status", "report", "fetch"])
def test_help_teaches(tmp_path: Path, command: str) -> None:
    result = ablate(command, "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) > 8


@pytest.mark.parametrize("arguments", [("--help",), ("check", "study.yaml"), ("plan", "study.yaml")])
def test_quick_commands_import_neither_torch_nor_ray(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    code = (
        f"import sys\nfrom ablate.cli import main\ntry:\n    main({list(arguments)!r})\nexcept SystemExit as end:\n"
        "    assert not end.code\nprint({'torch', 'ray', 'pandas', 'scipy', 'matplotlib'} & sys.modules.keys())"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[-1] == "set()", result.stderr


def test_overrides_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    result = ablate("check", "study.yaml", "seeds=1", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "study.yaml: ok, study of 2 cells, 2 trials, 0 claims\n")
    result = ablate("check", "study.yaml", "train.epochs=none", "seedz=1", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.count("command line: ") == 2
    result = ablate("check", "seeds=1", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, "no file to check, only seeds=1; name one ahead of it\n")
