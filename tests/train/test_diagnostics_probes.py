"""What is seen while test images pass, against the same figures computed by hand, unit by unit, with NumPy."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ablate.spec.architecture.network import Operation
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train.diagnostics import Diagnosis
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
IMAGES = 100
Columns = dict[str, list[Any]]


def prepare(trial: Trial) -> Run:
    """The network after an epoch, so that running statistics are not those it starts from."""
    run = prepare_run(trial, open_streams(trial.seed, CPU), CPU)
    train_epoch(run)
    run.module.eval().requires_grad_(False)
    return run


def examine(trial: Trial, run: Run, name: str) -> Columns:
    wanted = read_diagnostics([{name: {"images": IMAGES}}])[0]
    finding = Diagnosis(replace(trial, diagnostics=wanted), run).conclude(trained=True)[name]
    assert "error" not in finding
    table: Columns = finding["table"]
    return table


def images_of(run: Run) -> Tensor:
    positions = torch.tensor([i * 360 // IMAGES for i in range(IMAGES)])  # the digits have 360 test images
    return run.splits.normalisation(run.splits.test.take(positions)[0])


def array(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.double().numpy()


def rms(values: NDArray[np.float64]) -> float:
    return math.sqrt((values**2).mean())


def approx(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_responses_are_taken_after_normalisation_and_before_activation_and_addition(create_trial):
    """He et al. 2015, Fig. 7."""
    trial = create_trial(architecture={"shortcut": "identity", "depth": 14})
    run = prepare(trial)
    found = examine(trial, run, "responses")
    x = run.module.stem[1](run.module.stem[0](images_of(run)))
    expected, x = [array(x).std()], torch.relu(x)
    for unit in (unit for stage in run.module.stages for unit in stage):
        conv1, bn1, _, conv2, bn2 = unit.branch
        first = bn1(conv1(x))
        second = bn2(conv2(torch.relu(first)))
        expected += [array(first).std(), array(second).std()]
        x = torch.relu(second + unit.shortcut(x))
    assert found["std"] == approx(expected)
    assert found["unit"] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert found["layer"] == ["stem[0]"] + ["branch[0]", "branch[3]"] * 6
    assert set(found["kernel"]) == {3}


def test_a_convolution_with_no_normalisation_right_after_it_is_its_own_response(create_trial):
    trial = create_trial(architecture={"shortcut": "projection", "activation": "full-preactivation"})
    run = prepare(trial)
    found = examine(trial, run, "responses")
    unit = run.module.stages[1][0]
    x = unit.before(run.module.stages[0](run.module.stem(images_of(run))))
    first = unit.branch[1](unit.branch[0](x))
    second = unit.branch[3](torch.relu(first))
    rows = [i for i, number in enumerate(found["unit"]) if number == 2]
    expected = {"branch[0]": (3, first), "branch[3]": (3, second), "shortcut[0]": (1, unit.shortcut[0](x))}
    assert [found["layer"][i] for i in rows] == list(expected)
    assert [found["kernel"][i] for i in rows] == [kernel for kernel, _ in expected.values()]
    assert [found["std"][i] for i in rows] == approx([array(output).std() for _, output in expected.values()])


def test_shortcuts_and_branches_as_they_enter_the_sum(create_trial):
    trial = create_trial(architecture={"shortcut": {"scale": 0.5, "branch": 0.25}, "depth": 14})
    run = prepare(trial)
    found = examine(trial, run, "shortcuts")
    x = run.module.stem(images_of(run))
    for index, unit in enumerate(unit for stage in run.module.stages for unit in stage):
        branch, shortcut = unit.branch(x), unit.shortcut(x)
        assert found["gain"][index] == approx(rms(array(shortcut)) / rms(array(x)))
        assert found["branch_std"][index] == approx(array(branch).std())
        assert found["shortcut_std"][index] == approx(array(shortcut).std())
        assert found["ratio"][index] == approx(array(branch).std() / array(shortcut).std())
        x = torch.relu(branch + shortcut)
    assert found["gain"][0] == found["gain"][1] == found["gain"][3] == 0.5  # where the shape stays, exactly the scale
    assert found["openness"] == [None] * 6
    assert found["unit"] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("gate", "weighs_branch"), [("exclusive", True), ("shortcut-only", False)])
def test_gates_are_as_open_as_their_mean_sigmoid(gate, weighs_branch, create_trial):
    trial = create_trial(architecture={"shortcut": {"gate": gate, "bias": -3}})
    run = prepare(trial)
    found = examine(trial, run, "shortcuts")
    x = run.module.stem(images_of(run))
    for index, (unit,) in enumerate(run.module.stages):
        opening = 1 / (1 + np.exp(-array(unit.gate[0](x))))
        branch = array(unit.branch(x)) * (opening if weighs_branch else 1)
        shortcut = array(unit.shortcut(x)) * (1 - opening)
        assert found["openness"][index] == approx(opening.mean())
        assert found["gain"][index] == approx(rms(shortcut) / rms(array(x)))
        assert found["ratio"][index] == approx(branch.std() / shortcut.std())
        x = torch.relu(torch.from_numpy(branch + shortcut).float())


def test_an_untouched_shortcut_has_gain_one_and_a_plain_network_has_none(create_trial):
    trial = create_trial(architecture={"shortcut": "identity", "depth": 14})
    gains = examine(trial, prepare(trial), "shortcuts")["gain"]
    assert [gains[i] for i in (0, 1, 3, 5)] == [1, 1, 1, 1]
    assert 0 < gains[2] < 1  # padded with zeros
    plain = create_trial(architecture={"shortcut": "none"})
    assert examine(plain, prepare(plain), "shortcuts")["unit"] == []


def test_a_branch_of_zeros_is_seen_to_be_redundant(create_trial):
    trial = create_trial(architecture={"shortcut": "identity"})
    run = prepare(trial)
    nn.init.zeros_(run.module.stages[0][0].branch[4].weight)
    nn.init.zeros_(run.module.stages[0][0].branch[4].bias)
    found = examine(trial, run, "shortcuts")
    assert found["ratio"][0] == 0
    assert found["ratio"][1] > 0.1


def test_planted_dead_channels_are_counted(create_trial):
    trial = create_trial(architecture={"shortcut": "none", "widths": [6, 8, 8]})
    run = prepare(trial)
    before = examine(trial, run, "activations")
    norm = run.module.stages[0][0].branch[1]
    norm.weight[[1, 4]] = 0  # the ReLU after it gets -1 and 0 there, whatever the image
    norm.bias[[1, 4]] = torch.tensor([-1.0, 0.0])
    x = run.module.stem(images_of(run))
    opened = array(torch.relu(norm(run.module.stages[0][0].branch[0](x))))
    after = examine(trial, run, "activations")
    assert after["layer"][:3] == ["stem[2]", "branch[2]", "after[0]"]
    assert after["channels"] == [6, 6, 6, 8, 8, 8, 8]
    assert after["dead"][1] == 2 + before["dead"][1]
    assert after["dead"][0] == before["dead"][0]
    assert after["zeros"][1] == approx((opened == 0).mean())


def test_only_activations_that_can_stay_closed_are_counted(create_trial):
    trial = create_trial(architecture={"shortcut": "identity"})
    unit, *rest = trial.cell.network.units()
    path = tuple(Operation("leaky", {"slope": 0.1}) if o.kind == "relu" else o for o in unit.paths["branch"])
    stages = ((replace(unit, paths={**unit.paths, "branch": path}),), *((other,) for other in rest))
    cell = replace(trial.cell, network=replace(trial.cell.network, stages=stages))
    trial = replace(trial, cell=cell)
    assert [unit for unit in examine(trial, prepare(trial), "activations")["unit"] if unit == 1] == [1]


def test_units_inside_paths_are_seen_in_their_place(create_trial):
    pair = {
        "paths": {
            "one": [{"conv1x1": {"channels": "0.5x"}}],
            "three": ["relu", {"conv3x3": {"channels": "0.5x"}}, "bn"],
        },
        "join": "concat",
    }
    fused = {"branch": ["pair", "conv1x1", "bn"], "shortcut": ["identity"], "join": "add", "after": ["relu"]}
    written = {"family": "cifar", "units": [2], "widths": [8], "block": "fused"}
    network, problems = read_architecture(written, {"pair": pair, "fused": fused}, (1, 8, 8), 10)
    assert network, problems
    trial = create_trial()
    trial = replace(trial, cell=replace(trial.cell, network=network))
    run = prepare(trial)
    found = examine(trial, run, "responses")
    x = run.module.stem(images_of(run))
    expected = [array(run.module.stem[1](run.module.stem[0](images_of(run)))).std()]
    for unit in run.module.stages[0]:
        one, three = unit.branch[0].one(x), unit.branch[0].three(x)
        fusion = unit.branch[2](unit.branch[1](torch.cat([one, three], 1)))
        expected += [array(output).std() for output in (one, three, fusion)]
        x = torch.relu(fusion + x)
    assert found["layer"] == ["stem[0]"] + ["branch[0].one[0]", "branch[0].three[1]", "branch[1]"] * 2
    assert found["unit"] == [0, 1, 1, 1, 2, 2, 2]
    assert found["std"] == approx(expected)
    assert examine(trial, run, "activations")["layer"][:2] == ["stem[2]", "branch[0].three[0]"]
