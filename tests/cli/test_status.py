"""`ablate status`, from another terminal while trials are trained, and after."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ablate.records import Store
from ablate.schedule import run_study
from ablate.spec import load_study

STUDY = """\
question: Is it still running?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [2, 2, 2]}
  data: {dataset: digits}
  train: {epochs: 100000, lr: 0.05}
grid:
  architecture.shortcut: [none, identity]
seeds: 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ablate", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ablate(folder: Path, *arguments: str) -> str:
    with start(folder, *arguments) as process:
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed


def train(folder: Path, *overrides: str) -> None:
    study = load_study(folder / "study.yaml", overrides)
    run_study(study, Store(folder / "runs"), serial=True, tensorboard=False)


def read(folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ablate(folder, "status", "study.yaml", *arguments, "--format", "json"))
    return found


def wait_for(found: Callable[[], Any], seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return value


def test_what_is_being_trained_and_by_whom(folder: Path) -> None:
    with start(folder, "run", "study.yaml", "--serial", "--checkpoint-seconds", "0") as run:
        try:
            (trial,) = wait_for(lambda: [one for one in read(folder)["training"] if one["epoch"]])
            assert trial["name"] == "shortcut=none seed=0"
            assert trial["epochs"] == 100_000
            assert 0 < trial["test_error"] <= 100
            assert str(run.pid) in trial["holder"]
            printed = ablate(folder, "status", "study.yaml")
            assert "2 trials: 0 done; 1 being trained, 1 to do; " in printed
            assert f"training: shortcut=none seed=0 ({trial['id']}): epoch " in printed
        finally:
            run.kill()
    assert read(folder)["training"] == []
    assert "none being trained, 2 to do" in ablate(folder, "status", "study.yaml")


def test_failures_have_their_reason(folder: Path) -> None:
    train(folder, "train.epochs=1", "train.lr=1e9")
    assert all(trial["state"] == "diverged" for trial in read(folder, "train.epochs=1", "train.lr=1e9")["trials"])
    printed = ablate(folder, "status", "study.yaml", "train.epochs=1", "train.lr=1e9")
    assert "2 trials: 2 done (2 diverged)\n" in printed
    for trial in read(folder, "train.epochs=1", "train.lr=1e9")["trials"]:
        assert trial["error"]
        assert f"diverged: {trial['name']} ({trial['id']}): {trial['error']}" in printed


def test_watching_prints_what_changes_until_all_is_done(folder: Path) -> None:
    with start(folder, "status", "study.yaml", "train.epochs=1", "--watch") as watch:
        assert watch.stdout is not None
        assert any("none being trained, 2 to do" in line for line in iter(watch.stdout.readline, ""))
        train(folder, "train.epochs=1")
        assert "2 trials: 2 done" in watch.stdout.read()
    assert watch.returncode == 0


def test_ctrl_c_ends_the_watching_quietly(folder: Path) -> None:
    with start(folder, "status", "study.yaml", "--watch") as watch:
        assert watch.stdout is not None
        assert any("2 to do" in line for line in iter(watch.stdout.readline, ""))
        os.kill(watch.pid, signal.SIGINT)
        assert watch.stdout.read().strip() == ""
    assert watch.returncode == 0
