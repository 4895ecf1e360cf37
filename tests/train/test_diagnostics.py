"""Diagnostics as a whole: they change nothing, their findings are plain data, and what fails in one is its finding."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from ablate.records import Record
from ablate.spec.architecture.network import Auxiliary, Operation
from ablate.spec.study.diagnostics import SECTIONS, read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train import train_pack
from ablate.train.diagnostics import Diagnosis
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
SMALL = {name: {"images": 40} for name in ("responses", "shortcuts", "activations")}
ALL = [{"gradients": {"epochs": 2, "steps": 3}}, SMALL, {"lesions": {"images": 40, "draws": 2}}]


def diagnosed(trial: Trial, *wanted: Any) -> Trial:
    diagnostics, problems = read_diagnostics(list(wanted))
    assert not problems
    return replace(trial, diagnostics=diagnostics)


def train(*trials: Trial) -> list[Record]:
    return list(train_pack(trials, device="cpu"))


def result(record: Record) -> dict[str, Any]:
    """All of a record that is a result."""
    content = record.model_dump(include={"id", "outcome", "history", "final", "selected", "error"})
    for epoch in content["history"]:
        del epoch["seconds"]
    return content


@pytest.mark.parametrize(
    ("architecture", "recipe"),
    [
        ({"shortcut": "none"}, {}),
        ({"shortcut": {"dropout": 0.5}}, {"precision": "bfloat16"}),
        ({"shortcut": {"gate": "exclusive", "bias": -2}, "activation": "full-preactivation"}, {"precision": "float64"}),
    ],
    ids=["plain", "dropout", "gate"],
)
def test_a_trial_is_the_same_to_the_bit_with_all_diagnostics(architecture, recipe, create_trial):
    data = {"augment": {"pad": 1, "flip": True, "cutout": 2}}
    trial = create_trial(3, architecture=architecture, data=data, epochs=3, **recipe)
    without, with_all, after = train(trial, diagnosed(trial, *ALL), trial)
    assert result(without) == result(with_all) == result(after)
    assert without.diagnostics == {}
    assert with_all.diagnostics.keys() == SECTIONS.keys()
    assert not any("error" in finding for finding in with_all.diagnostics.values())


def test_nor_do_stochastic_depth_and_auxiliary_classifiers_make_a_difference(create_trial):
    trial = create_trial(architecture={"shortcut": "identity"})
    head = (Operation("global-avgpool"), Operation("linear", {"features": 10, "bias": True}))
    drop = Operation("stochastic-depth", {"survival": 0.5})
    units = [
        replace(unit, paths={**unit.paths, "branch": (*unit.paths["branch"], drop)})
        for unit in trial.cell.network.units()
    ]
    stages = tuple((unit,) for unit in units)
    network = replace(trial.cell.network, stages=stages, auxiliaries=(Auxiliary(1, 0, head, 0.3),))
    trial = replace(trial, cell=replace(trial.cell, network=network))
    without, with_all = train(trial, diagnosed(trial, *ALL))
    assert result(without) == result(with_all)
    assert with_all.diagnostics["gradients"]["table"]["signal"][0] > 0


def test_diagnostics_are_no_part_of_a_trials_identity(create_trial):
    trial = create_trial()
    assert diagnosed(trial, *ALL).id == trial.id
    assert diagnosed(trial, *ALL) == trial


def test_findings_are_plain_columns_with_their_options(create_trial):
    (record,) = train(diagnosed(create_trial(architecture={"shortcut": "identity"}), *ALL))
    assert Record.model_validate_json(record.model_dump_json()) == record
    json.dumps(record.diagnostics, allow_nan=False)
    places = ["stem", "stages[0].units[0]", "stages[1].units[0]", "stages[2].units[0]", "head"]
    for finding in record.diagnostics.values():
        assert finding["units"] == places
        assert finding["seconds"] >= 0
        for table in (value for key, value in finding.items() if key not in ("options", "seconds", "units")):
            assert len({len(column) for column in table.values()}) == 1
    assert record.diagnostics["lesions"]["options"] == {"images": 40, "draws": 2}
    assert record.diagnostics["gradients"]["options"] == {"epochs": 2, "steps": 3}


def test_a_repeated_trial_has_the_same_findings(create_trial):
    trial = diagnosed(create_trial(1), *ALL)
    first, again = (record.diagnostics for record in train(trial, trial))
    for finding in (*first.values(), *again.values()):
        del finding["seconds"]
    assert first == again


def test_a_diverged_trial_has_the_gradients_up_to_there(create_trial):
    (record,) = train(diagnosed(create_trial(lr=1e30, weight_decay=1.0), *ALL))
    assert record.outcome == "diverged"
    assert record.diagnostics.keys() == {"gradients"}
    table = record.diagnostics["gradients"]["table"]
    assert all(norm > 0 for epoch, norm in zip(table["epoch"], table["weights"], strict=True) if epoch == 0)
    assert None in table["weights"]  # the last steps are no numbers, which JSON has none for
    assert record.lacks({"lesions": {}}) == []  # training it again would not help


def test_what_fails_in_a_diagnostic_is_its_finding(create_trial):
    trial = diagnosed(create_trial(), *ALL)
    run = prepare_run(trial, open_streams(0, CPU), CPU)
    diagnosis = Diagnosis(trial, run)
    train_epoch(run)
    run.module.head[1] = nn.Linear(3, 3)  # takes no maps of this network
    found = diagnosis.conclude(trained=True)
    assert found["gradients"]["table"]
    for name in ("responses", "shortcuts", "activations", "lesions"):
        assert "mat1 and mat2" in found[name]["error"]
        assert found[name]["options"]


def test_images_of_a_sorted_test_set_are_of_all_classes(create_trial, write_folder):
    root = str(write_folder(classes=("a", "b", "c"), num_train=4, num_test=5))
    data = {"dataset": "folder", "root": root, "size": 8, "validation": 0.0}
    trial = diagnosed(create_trial(data=data, architecture={"shortcut": "identity"}), {"lesions": {"images": 3}})
    run = prepare_run(trial, open_streams(0, CPU), CPU)
    split = Diagnosis(trial, run)._select(3)
    assert split.take(torch.arange(3))[1].tolist() == [0, 1, 2]
