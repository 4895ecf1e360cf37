"""Compiled steps: the eager ones but for rounding, the same bits when repeated, and never the end of a trial."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ablate.records import Store
from ablate.spec.architecture.network import Auxiliary, Operation
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train import Keeping, Manner, train_pack
from ablate.train.diagnostics import Diagnosis
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.step.compilation import compile_step
from ablate.train.step.worth import seconds_saved
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
ON = Manner(compile="on")
CIFAR_EPOCH = 3 * 40.8e6 * 45_000  # multiply-adds of ResNet-20, forward and backward
OPTIONS: dict[str, dict[str, Any]] = {
    "residual": {},
    "dropout": {"architecture": {"shortcut": {"dropout": 0.5}}, "data": {"augment": {"pad": 1, "flip": True}}},
    "accumulated, auxiliary": {"accumulate": 3},
}


def prepare(trial: Trial) -> Run:
    return prepare_run(trial, open_streams(trial.seed, CPU), CPU)


def compiled(trial: Trial) -> Run:
    run = prepare(trial)
    step = compile_step(run, pytest.fail)
    assert step is not None
    run.take_step = step
    return run


def train(run: Run) -> list[Any]:
    torch.manual_seed(1)
    return [train_epoch(run) for _ in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_compiled_steps_are_the_steps(options, create_trial):
    """Full batches compiled, the last of each epoch eager; dropout draws the same numbers."""
    trial = create_trial(3, **options)
    if "accumulate" in options:
        head = (Operation("global-avgpool"), Operation("linear", {"features": 10, "bias": True}))
        network = replace(trial.cell.network, auxiliaries=(Auxiliary(stage=1, unit=0, head=head, weight=0.7),))
        trial = replace(trial, cell=replace(trial.cell, network=network))
    eager, fast = prepare(trial), compiled(trial)
    for slow, quick in zip(train(eager), train(fast), strict=True):
        assert quick.loss == pytest.approx(slow.loss, rel=1e-3)
        assert quick.error == pytest.approx(slow.error, abs=1.0)
    for ours, theirs in zip(fast.module.state_dict().values(), eager.module.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=5e-2, atol=5e-3)


ELSEWHERE = """
import sys, torch
from tests.train.test_compilation import compiled, train
from ablate.spec import load_study

torch.set_num_threads(1)
run = compiled(load_study(sys.argv[1]).trials[0])
print(train(run), float(sum(tensor.double().sum() for tensor in run.module.state_dict().values())).hex())
"""
STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 8, 8], block: basic, shortcut: {dropout: 0.5}}
  data: {dataset: digits, augment: {pad: 1, flip: true}}
  train: {epochs: 2}
seeds: 1
"""


def run_elsewhere(study: Path, cache: Path) -> str:
    environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": str(cache)}
    command = [sys.executable, "-W", "error", "-c", ELSEWHERE, str(study)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert result.stderr == ""  # nothing of what PyTorch's compiler says on its way
    return result.stdout


@pytest.mark.slow
def test_compiled_trainings_repeat_to_the_bit(tmp_path):
    """From an empty cache, from a full one, and compiled once more."""
    (tmp_path / "study.yaml").write_text(STUDY)
    runs = [run_elsewhere(tmp_path / "study.yaml", tmp_path / cache) for cache in ("one", "one", "two")]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.slow
def test_a_diagnostic_sees_the_same_and_changes_nothing(create_trial):
    trial = create_trial(3)
    wanted = read_diagnostics([{"gradients": {"epochs": 2, "steps": 4}}])[0]
    runs = {"eager": prepare(trial), "watched": compiled(trial), "not watched": compiled(trial)}
    seen = [Diagnosis(replace(trial, diagnostics=wanted), runs[name]) for name in ("eager", "watched")]
    means = {name: train(run) for name, run in runs.items()}
    assert means["watched"] == means["not watched"]
    eager, watched = (diagnosis.conclude(trained=False)["gradients"]["table"] for diagnosis in seen)
    assert watched["unit"] == eager["unit"]
    for column in ("weights", "signal"):
        for ours, theirs in zip(watched[column], eager[column], strict=True):
            assert ours == (None if theirs is None else pytest.approx(theirs, rel=0.02))


@pytest.mark.slow
def test_a_compiled_trial_says_so_and_is_continued_only_compiled(create_trial, tmp_path):
    trial = create_trial(epochs=3)
    notes: list[str] = []
    keeping = Keeping(Store(tmp_path), seconds=0.0)

    def interrupt(_trial: Trial, epoch: Any) -> None:
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(train_pack([trial], manner=ON, keeping=keeping, on_epoch=interrupt))
    (record,) = train_pack([trial], manner=Manner("off"), keeping=keeping, on_note=lambda _, text: notes.append(text))
    assert "made with compiled True, and here it is False" in " ".join(notes)
    assert record.environment["compiled"] is False
    (record,) = train_pack([trial], manner=ON)
    assert record.outcome == "finished"
    assert record.environment["compiled"] is True


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["on", "auto"])
def test_without_a_compiler_a_trial_is_trained_eagerly(choice, tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "ablate", "run", "study.yaml", "--serial", "--compile", choice]
    environment = os.environ | {"CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment)
    (path,) = (tmp_path / "runs").glob("??/*.json")
    assert '"compiled": false' in path.read_text().replace('":false', '": false')
    assert ("trained without compilation" in result.stdout) == (choice == "on")


@pytest.mark.parametrize(
    ("epochs", "threads", "precision", "expected"),
    [
        (1, 1, "float32", False),  # 352 steps
        (10, 1, "float32", True),
        (164, 1, "float32", True),  # the full schedule
        (164, 2, "float32", False),  # measured no faster
        (164, 1, "float64", False),  # never measured
    ],
)
def test_compiling_pays_for_long_trials(epochs, threads, precision, expected):
    saved = seconds_saved("cpu", precision, threads, epochs * CIFAR_EPOCH, 106)
    assert (saved > 0) is expected


def test_a_short_trial_is_not_compiled(create_trial):
    (record,) = train_pack([create_trial()], device="cpu")
    assert record.environment["compiled"] is False
