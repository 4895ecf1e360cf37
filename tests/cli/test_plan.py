"""What `plan` says before anything is spent, and what `run` refuses; by the command itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from ablate.cli.duration import read_duration
from ablate.hardware import num_cpus
from ablate.schedule.options import Options

STUDY = """\
question: Does depth hurt?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: none, widths: [2, 2, 4]}
  data: {dataset: digits}
  train: {epochs: 2}
grid:
  architecture.depth: [8, 14]
seeds: 3
"""
COST = {
    "trials", "pending", "search_pending", "multiply_adds", "device_seconds", "device_hours", "wall_seconds",
    "concurrency", "cpus_per_trial", "gpus_per_trial", "memory_bytes", "measured_by",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def ablate(folder: Path, *arguments: str, returns: int = 0) -> tuple[str, str]:
    """What the command prints on standard output and standard error."""
    return call(folder, "-m", "ablate", *arguments, returns=returns)


def call(folder: Path, *arguments: str, returns: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"ABLATE_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == returns, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def plan(folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ablate(folder, "plan", "study.yaml", "--format", "json", *arguments)[0])
    assert found["cost"].keys() == COST
    return found


def test_a_plan_before_and_after_it_is_probed_and_run(folder: Path) -> None:
    guessed = plan(folder)
    assert guessed["cost"]["measured_by"] == ["estimate"]
    assert guessed["cost"]["memory_bytes"] is None
    assert "ablate plan --probe" in ablate(folder, "plan", "study.yaml")[0]

    probed = plan(folder, "--probe")
    assert probed == plan(folder)  # kept
    assert probed["cost"]["measured_by"] == ["probe"]
    assert probed["cost"]["concurrency"] == min(num_cpus(), probed["cost"]["concurrency"])
    shallow, deep = probed["cells"]
    for cell in (shallow, deep):
        assert cell["measured_by"] == "probe"
        assert cell["peak_memory_bytes"] > 50e6  # a process with PyTorch
        assert cell["seconds_per_trial"] > 2 * cell["seconds_per_epoch"] > 0
    total = 3 * (shallow["seconds_per_trial"] + deep["seconds_per_trial"])
    assert probed["cost"]["device_seconds"] == pytest.approx(total)
    assert probed["cost"]["device_hours"] == pytest.approx(total / 3600)
    assert plan(folder, "--concurrency", "1")["cost"]["wall_seconds"] == pytest.approx(total)

    code = "import sys; from ablate.cli import main; main(['plan', 'study.yaml'], standalone_mode=False); "
    code += "print({'torch', 'ray', 'pandas'} & sys.modules.keys())"
    assert call(folder, "-c", code)[0].splitlines()[-1] == "set()"


@pytest.mark.slow
def test_what_costs_too_much_is_refused_before_anything_is_trained(folder: Path) -> None:
    printed, errors = ablate(folder, "run", "study.yaml", "train.epochs=1000", "--max-cost", "2s", returns=1)
    assert "probing 1 of 2: depth=8" in printed + errors
    assert "6 trials to do would cost about" in errors
    assert "--max-cost allows 0.000556 device-hours (2 s)" in errors
    assert not list(folder.glob("runs/**/*.json"))
    printed, errors = ablate(folder, "plan", "study.yaml", "train.epochs=1000", "--max-cost", "2s", returns=1)
    assert "--max-cost allows" in errors
    assert "probe" in printed  # the plan itself is printed all the same
    ablate(folder, "plan", "study.yaml", "--max-cost", "9h")

    ablate(folder, "run", "study.yaml", "--serial", "--max-cost", "10h")
    done = plan(folder)
    assert (done["cost"]["pending"], done["cost"]["device_seconds"]) == (0, 0)
    assert {cell["measured_by"] for cell in done["cells"]} == {"records"}
    records = [json.loads(path.read_text()) for path in (folder / "runs").glob("??/*.json")]
    longest = max(record["cost"]["peak_memory"] for record in records)
    assert max(cell["peak_memory_bytes"] for cell in done["cells"]) == longest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(serial=True, concurrency=4), "--concurrency has no effect with --serial"),
        (Options(serial=True, gpus=0.5), "--gpus has no effect with --serial"),
        (Options(serial=True, address="auto"), "--address has no effect with --serial"),
        (Options(device="cpu", gpus=0.5), "--gpus has no effect with --device cpu"),
        (Options(workers=2, compile="on"), "--compile has no effect with --workers"),
        (Options(workers=2, recompute="on"), "--recompute has no effect with --workers"),
        (Options(concurrency=9999), f"--concurrency 9999 asks for 9999 CPUs of {num_cpus()}"),
    ],
)
def test_a_setting_without_effect_is_said(options: Options, message: str) -> None:
    (warning,) = options.check()
    assert message in warning


def test_usual_settings_need_no_warning() -> None:
    for options in (Options(), Options(serial=True), Options(concurrency=1), Options(address="auto", concurrency=99)):
        assert options.check() == []


@pytest.mark.parametrize(
    ("arguments", "returns", "message"),
    [
        (["--gpus", "0.5", "--device", "cpu"], 0, "--gpus has no effect with --device cpu"),
        (["--cpus", "4096"], 2, "--cpus 4096: this machine has"),
        (["--max-cost", "soon"], 2, "'soon' is no length of time; write e.g. 2h"),
    ],
)
def test_the_command_says_it_too(folder: Path, arguments: list[str], returns: int, message: str) -> None:
    assert message in ablate(folder, "plan", "study.yaml", *arguments, returns=returns)[1]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h", 7200),
        ("30m", 1800),
        ("1.5", 5400),
        ("90s", 90),
        ("1h30m", 5400),
        ("1 d", 86400),
        (".5H", 1800),
        ("2", 7200),
    ],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0h", "-1", "h", "1x", "1h2", "nan", "inf", "1:30", "2 weeks"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no length of time"):
        read_duration(text)
