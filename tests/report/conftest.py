"""Studies read from YAML, and records with planted effects: deterministic, and as public as a user's own."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablate.records import Cost, Epoch, Outcome, Record
from ablate.report import write_report
from ablate.spec import Study, load_study
from ablate.spec.architecture.summary import summarise
from ablate.spec.study.study import Cell, Trial

DEPTHS = """
question: Do deeper plain nets train worse, and do shortcuts repair it?
source: He et al. 2015, Fig. 6
baseline:
  architecture: {family: cifar, depth: 20, block: basic, shortcut: identity, widths: [4, 8, 16]}
  data: {dataset: digits, validation: 0.1}
  train: {epochs: 8, lr: 0.05, milestones: [6]}
grid:
  architecture.shortcut: [none, identity]
  architecture.depth: [8, 20, 56]
seeds: 3
claims:
  - says: A deeper plain net has the higher training error.
    source: He et al. 2015, Fig. 6 (left)
    metric: train_error
    where: {architecture.shortcut: none}
    compare: {architecture.depth: [56, 8]}
    expect: higher
    margin: 10.0
  - says: With identity shortcuts the deep net is at least as good as the shallow one.
    source: He et al. 2015, Fig. 6 (middle)
    metric: train_error
    where: {architecture.shortcut: identity}
    compare: {architecture.depth: [56, 8]}
    expect: not-higher
    margin: 5.0
  - says: Shortcuts make the test error worse.
    metric: test_error
    compare: {architecture.shortcut: [identity, none]}
    expect: higher
  - says: Residual nets of 20 layers test better than those of 8.
    metric: test_error
    where: {architecture.shortcut: identity}
    compare: {architecture.depth: [20, 8]}
    expect: lower
"""
ENVIRONMENT = {
    "python": "3.11.9",
    "torch": "2.15.0",
    "device": "cpu",
    "threads": 1,
    "git": {"commit": "0123abc", "dirty": False},
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Study]:
    """Study text -> Study."""

    def read_text(text: str, name: str = "depths") -> Study:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return load_study(path)

    return read_text


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("study") / "depths.yaml"
    path.write_text(DEPTHS, encoding="utf-8")
    return load_study(path)


@pytest.fixture(scope="session")
def finished_records(study: Study) -> dict[str, Record]:
    return {trial.id: make_record(trial, planted(trial.cell)) for trial in study.trials}


@pytest.fixture(scope="session")
def report_folder(study: Study, finished_records: dict[str, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with one diverged trial, as a reader finds it on disk; not to be changed."""
    trial = next(trial for trial in study.trials if trial.cell.name == "shortcut=none depth=56")
    records = finished_records | {trial.id: make_record(trial, 70, outcome=Outcome.DIVERGED)}
    folder = tmp_path_factory.mktemp("out") / "report"
    return write_report(study, records, folder, command="ablate report depths.yaml").page.parent


def planted(cell: Cell) -> float:
    """The training error that a cell of the depth study tends to: plain nets degrade with depth."""
    depth = cell.factors.get("architecture.depth", 20)
    return {8: 0.5, 20: 9.0, 56: 74.0}[depth] if cell.factors.get("architecture.shortcut") == "none" else 0.4


def make_record(
    trial: Trial, error: float, *, spread: float = 0.1, outcome: Outcome = Outcome.FINISHED, seconds: float = 1.0
) -> Record:
    """A record whose training error tends to `error`, with seeded noise in proportion to `spread`."""
    noise = np.random.default_rng([zlib.crc32(trial.cell.name.encode()), trial.seed])
    num_epochs = trial.cell.train.epochs if outcome is Outcome.FINISHED else 3
    start, target = 88.0, max(0.0, error * (1 + spread * noise.standard_normal()))
    history = tuple(_epoch(number, start, target, noise, seconds) for number in range(1, num_epochs + 1))
    metrics = {key: value for key, value in history[-1].model_dump().items() if key.endswith(("_loss", "_error"))}
    best = min(history, key=lambda epoch: epoch.val_error or 0.0)
    size = summarise(trial.cell.network)
    bad = outcome is not Outcome.FINISHED
    return Record(
        id=trial.id,
        seed=trial.seed,
        outcome=outcome,
        spec={"architecture": dict(trial.cell.architecture)},
        history=history,
        final=dict.fromkeys(metrics) if bad else metrics,
        selected=None if bad else {key: getattr(best, key) for key in ("epoch", *metrics)},
        cost=Cost(
            seconds=seconds * num_epochs,
            images_per_second=1437 / seconds,
            peak_memory=50_000_000,
            parameters=size.parameters,
            multiply_adds=size.multiply_adds,
        ),
        environment=ENVIRONMENT,
        error={Outcome.DIVERGED: "the loss became NaN in epoch 3", Outcome.FAILED: "RuntimeError: out of memory"}.get(
            outcome
        ),
    )


def _epoch(number: int, start: float, target: float, noise: np.random.Generator, seconds: float) -> Epoch:
    train = target + (start - target) * float(np.exp(-0.8 * number))
    val, test = (train + 1.5 + 0.4 * float(abs(noise.standard_normal())) for _ in range(2))
    return Epoch(
        epoch=number,
        lr=0.05,
        seconds=seconds,
        train_loss=train / 30,
        train_error=train,
        val_loss=val / 30,
        val_error=val,
        test_loss=test / 30,
        test_error=test,
    )


@pytest.fixture
def records(finished_records: dict[str, Record]) -> dict[str, Record]:
    """All trials of the depth study, finished; a test may change them."""
    return dict(finished_records)
