from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest
import torch

from ablate.errors import DataError, UsageError
from ablate.model import build
from ablate.records import Record
from ablate.spec.architecture.network import Operation
from ablate.spec.study.study import Trial
from ablate.train import train_pack

METRICS = {"train_loss", "train_error", "val_loss", "val_error", "test_loss", "test_error"}


def train(*trials: Trial, **options: object) -> list[Record]:
    return list(train_pack(trials, device="cpu", **options))


def with_head(trial: Trial, *operations: Operation) -> Trial:
    """The trial with another end of its network."""
    network = replace(trial.cell.network, head=operations)
    return replace(trial, cell=replace(trial.cell, network=network))


def test_each_member_has_its_record(create_trial):
    trials = [create_trial(seed) for seed in (0, 1)]
    records = train(*trials)
    assert [record.id for record in records] == [trial.id for trial in trials]
    assert [record.seed for record in records] == [0, 1]
    assert records[0].final != records[1].final
    for record in records:
        assert [epoch.epoch for epoch in record.history] == [1, 2]
        assert set(record.final) == METRICS
        assert Record.model_validate_json(record.model_dump_json()) == record


def test_the_record_says_what_was_trained_with_what_and_at_what_cost(create_trial):
    trial = create_trial(data={"root": "elsewhere"})
    (record,) = train(trial, threads=1)
    assert record.spec["architecture"] == trial.cell.architecture
    assert record.spec["train"]["lr"] == 0.05
    assert "elsewhere" not in record.model_dump_json()
    assert record.cost.parameters == sum(p.numel() for p in build(trial.cell.network).parameters())
    assert record.cost.multiply_adds > record.cost.parameters / 10
    assert 0 < sum(epoch.seconds for epoch in record.history) <= record.cost.seconds
    assert record.cost.images_per_second > 2 * 1293 / record.cost.seconds
    assert record.cost.peak_memory > 100e6
    assert record.environment["torch"] == torch.__version__
    assert (record.environment["device"], record.environment["threads"]) == ("cpu", 1)
    json.dumps(record.environment)


def test_the_selected_epoch_has_the_lowest_validation_error(create_trial):
    (record,) = train(create_trial(epochs=6, lr=0.5))
    assert record.selected is not None
    best = record.history[int(record.selected["epoch"] or 0) - 1]
    assert best.val_error == min(epoch.val_error for epoch in record.history)
    assert record.selected["test_error"] == best.test_error
    assert record.final["test_error"] == record.history[-1].test_error


def test_without_validation_nothing_is_selected(create_trial):
    (record,) = train(create_trial(data={"validation": 0.0}))
    assert record.selected is None
    assert record.final["val_error"] is None


def test_epochs_are_reported_as_they_end(create_trial):
    seen = []
    trial = create_trial()
    (record,) = train(trial, on_epoch=lambda member, epoch: seen.append((member.id, epoch)))
    assert seen == [(trial.id, epoch) for epoch in record.history]


@pytest.mark.parametrize(("lr", "finished_epochs"), [(1e30, 0), (math.sqrt(2) * 1e3, None)])
def test_divergence_is_a_result(lr, finished_epochs, create_trial):
    (record,) = train(create_trial(epochs=30, lr=lr, architecture={"shortcut": "identity"}, weight_decay=1.0))
    assert record.outcome == "diverged"
    assert len(record.history) < 30
    if finished_epochs is not None:
        assert len(record.history) == finished_epochs
    assert set(record.final.values()) == {None}
    assert "lower train.lr" in (record.error or "")
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_a_failing_member_does_not_disturb_the_others(create_trial):
    good = create_trial()
    bad = with_head(good, Operation("global-avgpool"), Operation("linear", {"features": 7, "bias": True}))
    records = train(bad, good)
    assert [record.outcome for record in records] == ["failed", "finished"]
    assert re.fullmatch(r"IndexError: .* \(.*\.py:\d+, in .*\); .*", records[0].error or "")
    assert records[1].final == train(good)[0].final


def test_out_of_memory_says_what_it_asked_for(create_trial):
    trial = create_trial(batch_size=1293, data={"size": 64})
    stem = trial.cell.network.stem
    wide, narrow = (replace(stem[0], arguments={**stem[0].arguments, "channels": num}) for num in (2**16, 4))
    network = replace(trial.cell.network, stem=(wide, narrow, *stem[1:]))  # 1.4 TB for one batch
    (record,) = train(replace(trial, cell=replace(trial.cell, network=network)))
    assert record.outcome == "failed"
    assert re.match(r"out of memory: asked for \d{12,} .*; lower train.batch_size", record.error or "")


def test_an_interrupt_passes_and_leaves_the_process_as_it_was(create_trial):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    torch.manual_seed(7)
    before = torch.get_num_threads(), torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        train(create_trial(), on_epoch=interrupt, threads=before[0] + 1)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (before[0], False)
    assert torch.get_rng_state().equal(before[1])


def test_missing_data_is_no_result(create_trial, tmp_path):
    with pytest.raises(DataError, match="ablate fetch cifar10"):
        train(create_trial(data={"dataset": "cifar10", "root": str(tmp_path)}))


def test_data_that_do_not_fit_the_network_are_no_result(create_trial, write_folder):
    folder = {"dataset": "folder", "root": str(write_folder()), "size": 8}
    trial = create_trial(data=folder)
    for other, shape in (({**folder, "size": 16}, "3, 16, 16"), ({"dataset": "digits"}, "1, 8, 8")):
        cell = replace(trial.cell, data=type(trial.cell.data).model_validate(other))
        with pytest.raises(DataError, match=rf"images are \({shape}\)"):
            train(replace(trial, cell=cell))


@pytest.mark.parametrize(("num_train", "batch_size"), [(2, 3), (1, 1), (3, 8)])
def test_small_and_odd_batches(num_train, batch_size, create_trial, write_folder):
    """Four images in batches of three leave one over, which has no batch statistics; 1x1 maps make that an error."""
    root = str(write_folder(num_train=num_train))
    data = {"dataset": "folder", "root": root, "size": 8, "validation": 0.0, "augment": {"pad": 1, "cutout": 2}}
    (record,) = train(create_trial(data=data, batch_size=batch_size, architecture={"depth": 8}))
    assert record.outcome == ("finished" if batch_size > 1 else record.outcome)


def test_an_unknown_device_is_the_users_error(create_trial):
    with pytest.raises(UsageError, match="not available"):
        list(train_pack([create_trial()], device="abacus"))


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float64"])
def test_every_precision_learns(precision, create_trial):
    (record,) = train(create_trial(epochs=4, precision=precision, lr=0.1))
    assert record.outcome == "finished"
    assert (record.final["test_error"] or 100) < 40
