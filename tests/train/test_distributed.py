"""Several processes train one network to the figures of a single process, up to the rounding of float64."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
from processes import run_group

from ablate.records import Outcome, Record, Store
from ablate.spec.study.study import Diagnostics
from ablate.train import Keeping, train_pack

AUGMENT = {"augment": {"pad": 1, "flip": True, "cutout": 3}}
CLOSE = {"rel": 1e-9, "abs": 1e-10}


@pytest.fixture
def trials(create_trial):
    """Each with what is hard to divide: statistics of a batch, random draws, an odd last batch, one of two images."""
    dropout = {"shortcut": {"dropout": 0.3}, "resize": "projection", "widths": [4, 6, 8]}
    half = {"validation": 0.5}  # 718 images to train on
    return [
        create_trial(1, architecture=dropout, data=AUGMENT, precision="float64", batch_size=127),
        create_trial(2, data=half, precision="float64", batch_size=358, epochs=3),
        create_trial(3, precision="float64", lr=1e80),
    ]


def train_alone(trials, folder: Path) -> list[Record]:
    return list(train_pack(trials, device="cpu", keeping=Keeping(Store(folder), weights=True)))


def train_together(group, trials, folder: Path) -> list[Record]:
    keeping = Keeping(Store(folder), weights=True)
    return list(train_pack(trials, device="cpu", keeping=keeping, group=group))


def weights(folder: Path, trial):
    return safetensors.torch.load_file(Store(folder).weights_path(trial.id))


def figures(record: Record) -> list[dict[str, object]]:
    return [epoch.model_dump(exclude={"seconds"}) for epoch in record.history]


@pytest.mark.parametrize(("size", "num"), [(2, 1), pytest.param(3, 3, marks=pytest.mark.slow)])
def test_processes_train_together_as_one_alone(trials, tmp_path, size, num):
    trials = trials[:num]  # the third one diverges
    alone = train_alone(trials, tmp_path / "alone")
    records = run_group(train_together, size, tmp_path / "group", trials, tmp_path / "together")
    assert all(list(map(figures, each)) == list(map(figures, records[0])) for each in records)
    for one, shared, trial in zip(alone, records[0], trials, strict=True):
        assert (one.environment["workers"], shared.environment["workers"]) == (1, size)
        assert shared.outcome is one.outcome
        if one.outcome is Outcome.DIVERGED:
            continue
        for a, b in zip(figures(one), figures(shared), strict=True):
            assert b == pytest.approx(a, **CLOSE)
        expected, found = weights(tmp_path / "alone", trial), weights(tmp_path / "together", trial)
        assert expected.keys() == found.keys()
        assert all((found[name].double() - expected[name].double()).abs().max() < 1e-9 for name in expected)
    assert [record.outcome for record in alone] == [Outcome.FINISHED, Outcome.FINISHED, Outcome.DIVERGED][:num]


def rows(record: Record) -> list[list[float]]:
    table = record.diagnostics["gradients"]["table"]
    return [[math.nan if x is None else x for x in table[name]] for name in ("epoch", "unit", "weights", "signal")]


@pytest.mark.slow
def test_diagnosed_gradients_are_those_of_the_whole_batch(create_trial, tmp_path):
    diagnostics = Diagnostics({"gradients": {"epochs": 2, "steps": 2}, "responses": {"images": 100}}, False)
    trial = replace(create_trial(precision="float64", batch_size=127, data=AUGMENT), diagnostics=diagnostics)
    (alone,) = train_alone([trial], tmp_path / "alone")
    (shared,), (other,) = run_group(train_together, 2, tmp_path / "group", [trial], tmp_path / "together")
    for a, b in zip(rows(alone), rows(shared), strict=True):
        assert b == pytest.approx(a, rel=1e-3, nan_ok=True)  # rounded in the record
    assert shared.diagnostics["responses"]["table"] == alone.diagnostics["responses"]["table"]
    assert not other.diagnostics
