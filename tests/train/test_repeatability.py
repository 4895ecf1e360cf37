"""On a CPU the same trial gives the same bits: again, elsewhere, and after anything else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from ablate.records import Record
from ablate.spec.study.study import Trial
from ablate.train import train_pack
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
AUGMENT = {"augment": {"pad": 1, "flip": True, "cutout": 2}}
DROPOUT = {"shortcut": {"dropout": 0.5}}


def bits(record: Record) -> list[dict[str, float | None]]:
    """Everything of the history that is a result."""
    return [epoch.model_dump(exclude={"seconds"}) for epoch in record.history]


def train(*trials: Trial, threads: int | None = None) -> list[list[dict[str, float | None]]]:
    return [bits(record) for record in train_pack(trials, device="cpu", threads=threads)]


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_repeated_after_other_trials(threads, create_trial):
    trial = create_trial(5, architecture=DROPOUT, data=AUGMENT)
    other = create_trial(1, architecture={"depth": 14}, precision="float64", batch_size=50)
    first, _, again = train(trial, other, trial, threads=threads)
    assert first == again


def test_repeated_after_the_process_was_changed(create_trial):
    trial = create_trial(5, architecture=DROPOUT)
    first = train(trial)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(99)
    try:
        with torch.no_grad():
            assert train(trial) == first
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)


ELSEWHERE = """
import json, sys
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.study.recipe import Data, Train
from ablate.spec.study.study import Cell, Trial
from ablate.train import train_pack

written, data, recipe, seed = json.load(sys.stdin)
network, _ = read_architecture(written, {}, (1, 8, 8), 10)
cell = Cell("another name", {}, written, network, Data.model_validate_json(data), Train.model_validate_json(recipe))
(record,) = train_pack([Trial(cell, seed)], device="cpu")
print(record.model_dump_json())
"""


def test_repeated_in_another_process(create_trial):
    trial = create_trial(5, architecture=DROPOUT, data=AUGMENT)
    cell = trial.cell
    spec = [cell.architecture, cell.data.model_dump_json(), cell.train.model_dump_json(), trial.seed]
    result = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps(spec),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "2"},
    )
    record = Record.model_validate_json(result.stdout)
    assert record.id == trial.id
    assert [bits(record)] == train(trial)


def test_compared_cells_start_from_the_same_weights(create_trial):
    """Plain and residual nets of one depth have the same parameters; so have their initial values, seed by seed."""
    weights = {
        (shortcut, seed): prepare_run(
            create_trial(seed, architecture={"shortcut": shortcut}), open_streams(seed, CPU), CPU
        ).module.state_dict()
        for shortcut in ("none", "identity")
        for seed in (0, 1)
    }
    plain, residual, other = weights["none", 0], weights["identity", 0], weights["none", 1]
    assert [tensor.shape for tensor in plain.values()] == [tensor.shape for tensor in residual.values()]
    assert all(a.equal(b) for a, b in zip(plain.values(), residual.values(), strict=True))
    assert not all(a.equal(b) for a, b in zip(plain.values(), other.values(), strict=True))


def test_compared_cells_see_the_same_images(create_trial):
    """Order and augmentation do not depend on how much randomness the network itself uses, or how large it is."""
    states = []
    for architecture in ({"shortcut": "none"}, DROPOUT, {"depth": 14}):
        streams = open_streams(4, CPU)
        run = prepare_run(create_trial(4, architecture=architecture, data=AUGMENT), streams, CPU)
        train_epoch(run)
        states.append((streams.order.get_state(), streams.augmentation.get_state()))
    assert all(a.equal(b) for state in states for a, b in zip(state, states[0], strict=True))


def test_seeds_differ(create_trial):
    first, second = train(create_trial(0), create_trial(1))
    assert first != second
